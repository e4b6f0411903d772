//! Argon2 hashes of passwords.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::clock::Entropy;

/// Longest password, in bytes: hashing more is work for nothing.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Shortest password that is set, in bytes.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// Hashes a password with a salt of its own; takes some tens of milliseconds and 19 MiB.
///
/// # Errors
/// The password is too short or too long.
pub fn hash(password: &str, entropy: &Entropy) -> Result<String, BadPassword> {
    if password.len() < PASSWORD_BYTES_MIN {
        return Err(BadPassword::TooShort);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(BadPassword::TooLong);
    }
    let salt: [u8; 16] = entropy.bytes();
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hashed.map_err(|_| BadPassword::TooLong)?.to_string())
}

/// Why a password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Less than 8 bytes.
    #[error("the password is shorter than 8 characters")]
    TooShort,
    /// More than 256 bytes.
    #[error("the password is longer than 256 bytes")]
    TooLong,
}

/// Whether a password is the one that was hashed; as slow as [`hash`].
pub fn verify(password: &str, hash: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a text is an argon2 hash in PHC form.
pub fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2"))
}

/// A new password: 20 letters and digits, some 100 bits.
pub fn generate(entropy: &Entropy) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 20] = entropy.bytes();
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_hash_only() {
        let entropy = Entropy::system();
        let hashed = hash("sésame ouvre-toi", &entropy).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("sésame ouvre-toi", &hashed));
        assert!(!verify("sesame ouvre-toi", &hashed));
        assert!(!verify("sésame ouvre-toi", "not a hash"));
        assert!(is_hash(&hashed) && !is_hash("not a hash"));
        assert_ne!(hash("sésame ouvre-toi", &entropy).unwrap(), hashed, "each has its own salt");
        assert_eq!(hash("sésame", &entropy), Err(BadPassword::TooShort));
        assert_eq!(hash(&"x".repeat(257), &entropy), Err(BadPassword::TooLong));
    }
}
