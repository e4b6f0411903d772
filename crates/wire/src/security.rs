//! A login as the wire carries it (contract.md, D20).

use std::fmt;

/// A password, which no log and no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The password itself, for the one place that verifies it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A WS-Security UsernameToken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsernameToken {
    /// `wsse:Username`
    pub username: String,
    /// `wsse:Password` as PasswordText; `None` for a PasswordDigest, which cannot be verified
    /// without storing a recoverable password, and where there is none.
    pub password: Option<Password>,
}

impl UsernameToken {
    pub(crate) fn new(username: String, password: Option<String>) -> Self {
        Self { username, password: password.map(Password::new) }
    }
}
