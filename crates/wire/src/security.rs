//! A login as the wire carries it (contract.md, D20).

use std::fmt;

use zeroize::Zeroizing;

/// A password, which no log and no `Debug` shows, and which is wiped where it stood.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Wraps a password.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsernameToken {
    /// `wsse:Username`
    pub username: String,
    /// `wsse:Password` as PasswordText; `None` where there is none.
    pub password: Option<Password>,
    /// `wsse:Password` as PasswordDigest; `None` where there is none.
    pub digest: Option<PasswordDigest>,
}

/// A PasswordDigest as it came (UsernameToken Profile 1.1.1, §3.1): Base64(SHA-1(nonce + created +
/// password)). Nothing in it has been verified.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest {
    /// `wsse:Password`, in Base64.
    pub digest: String,
    /// `wsse:Nonce`, in Base64; `None` where there is none, or one in another encoding.
    pub nonce: Option<String>,
    /// `wsu:Created`, word for word, for it is part of what is hashed.
    pub created: Option<String>,
    /// `wsu:Created` of a `wsu:Timestamp` beside the token.
    pub message_created: Option<String>,
    /// `wsu:Expires` of a `wsu:Timestamp` beside the token.
    pub message_expires: Option<String>,
}

impl fmt::Debug for PasswordDigest {
    /// A digest with its nonce is a login for some minutes: neither is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordDigest").field("created", &self.created).finish_non_exhaustive()
    }
}
