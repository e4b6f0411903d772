//! Argon2 hashes of passwords, and new ones.

pub use ereprov_door::password::{
    BadPassword, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN, is_hash, verify,
};

use crate::clock::Entropy;

/// Hashes a password with a salt of its own; takes some tens of milliseconds and 19 MiB.
///
/// # Errors
/// The password is too short or too long.
pub fn hash(password: &str, entropy: &Entropy) -> Result<String, BadPassword> {
    ereprov_door::password::hash(password, entropy.bytes())
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
