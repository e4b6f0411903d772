//! Argon2 hashes of passwords.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Longest password, in bytes: hashing more is work for nothing.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Shortest password that is set, in bytes.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// Hashes a password with a salt that no other one has; takes some tens of milliseconds and 19 MiB.
///
/// # Errors
/// The password is too short or too long.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, BadPassword> {
    if password.len() < PASSWORD_BYTES_MIN {
        return Err(BadPassword::TooShort);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(BadPassword::TooLong);
    }
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
