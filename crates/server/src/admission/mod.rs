//! Who may ask, how much, how often: logins, profiles, sessions, quota (§2.2, §2.4).

pub mod backoff;
pub mod certificate;
pub mod credentials;
pub mod digest;
pub mod keyring;
pub mod password;
pub mod profile;
mod verified;
pub mod verify;
