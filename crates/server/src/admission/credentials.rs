//! Login and password of a request (contract.md, D20): HTTP Basic or a UsernameToken.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_wire::security::{Password, UsernameToken};

use super::certificate::Fingerprint;

/// A login that a request claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who it says it is.
    pub login: String,
    /// What it proves it with.
    pub password: Password,
}

/// Longest login, in characters.
pub const LOGIN_MAX: usize = 60;

/// What a login is, in words.
pub const LOGIN_RULE: &str = "a login is 1 to 60 letters, digits and - _ . @";

/// Whether a text can be a login: it travels in HTTP Basic, which ends it at the first colon.
pub fn is_login(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    !text.is_empty() && text.len() <= LOGIN_MAX && text.chars().all(fine)
}

/// Why a request's login is refused (10000).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginProblem {
    /// There is none.
    Missing,
    /// Two different ones in one request.
    Two,
    /// Neither Basic nor PasswordText.
    Unreadable,
    /// A digest without its nonce or its creation, or with what cannot be read.
    Incomplete,
    /// A digest that was made too long ago, or is not of this time yet.
    OutOfTime,
    /// A digest of an operator that did not opt in. The caller learns no more than from a wrong one.
    DigestOff {
        /// Whose.
        known: String,
    },
    /// A digest that was accepted before.
    Replayed {
        /// Whose.
        known: String,
    },
    /// Unknown or wrong: which, the caller does not learn.
    Wrong {
        /// The login, where it is an operator's.
        known: Option<String>,
    },
    /// An operator's that is not let in whatever the password; the caller is told that it is wrong.
    Barred {
        /// The login.
        login: String,
        /// Why.
        why: Barred,
        /// Whether the password is the operator's.
        right: bool,
    },
    /// Not looked at, after too many wrong passwords for the same login from the same place.
    HeldBack {
        /// The login, where it is an operator's.
        known: Option<String>,
        /// For how long.
        wait: Duration,
    },
}

/// Why an operator is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// It is disabled.
    Disabled,
    /// It asks from here, which is none of its addresses.
    Address(IpAddr),
    /// It needs a certificate, and its connection has presented this one, or none.
    Certificate(Option<Fingerprint>),
}

impl LoginProblem {
    /// What it is counted as.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Two => "two",
            Self::Unreadable => "unreadable",
            Self::Incomplete => "incomplete",
            Self::OutOfTime => "out_of_time",
            Self::Replayed { .. } => "replayed",
            Self::DigestOff { .. } => "digest_off",
            Self::Wrong { .. } => "wrong",
            Self::Barred { why: Barred::Disabled, .. } => "disabled",
            Self::Barred { why: Barred::Address(_), .. } => "address",
            Self::Barred { why: Barred::Certificate(_), .. } => "certificate",
            Self::HeldBack { .. } => "held_back",
        }
    }
}

/// The login of a request, from its Authorization headers and each `UsernameToken`.
///
/// # Errors
/// There is none, there are two different ones, or one that cannot be verified.
pub fn claimed(authorization: &[String], tokens: &[UsernameToken]) -> Result<Claim, LoginProblem> {
    let basic = authorization.iter();
    let basic = basic.map(|header| read_basic(header).ok_or(LoginProblem::Unreadable));
    let tokens = tokens.iter().map(|token| {
        let password = token.password.clone().ok_or(LoginProblem::Unreadable)?;
        Ok(Claim { login: token.username.clone(), password })
    });
    let mut claim = None;
    for next in basic.chain(tokens) {
        let next = next?;
        match &claim {
            None => claim = Some(next),
            Some(first) if *first == next => {}
            Some(_) => return Err(LoginProblem::Two),
        }
    }
    claim.ok_or(LoginProblem::Missing)
}

/// Reads `Basic <base64(login:password)>` (RFC 7617), UTF-8 or, as older stacks send it, Latin-1.
fn read_basic(header: &str) -> Option<Claim> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().map(|byte| char::from(*byte)).collect());
    let (login, password) = text.split_once(':')?;
    Some(Claim { login: login.to_owned(), password: Password::new(password.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(login: &str, password: Option<&str>) -> UsernameToken {
        UsernameToken {
            username: login.into(),
            password: password.map(|p| Password::new(p.to_owned())),
            digest: None,
        }
    }

    fn basic(text: &[u8]) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn one_login_in_either_form_or_the_same_in_both() {
        let header = basic(b"oc:a:b");
        let claim = claimed(std::slice::from_ref(&header), &[]).unwrap();
        assert_eq!((claim.login.as_str(), claim.password.expose()), ("oc", "a:b"));
        assert_eq!(claimed(&[], &[token("oc", Some("a:b"))]), Ok(claim.clone()));
        assert_eq!(claimed(std::slice::from_ref(&header), &[token("oc", Some("a:b"))]), Ok(claim));
    }

    #[test]
    fn older_stacks_send_latin_1() {
        let claim = claimed(&[basic(b"oc:\xe9")], &[]).unwrap();
        assert_eq!(claim.password.expose(), "é");
    }

    #[test]
    fn what_cannot_be_believed() {
        let header = basic(b"oc:a");
        assert_eq!(claimed(&[], &[]), Err(LoginProblem::Missing));
        let two = [basic(b"oc:a"), basic(b"other:a")];
        assert_eq!(claimed(&two, &[]), Err(LoginProblem::Two));
        let other = [token("oc", Some("b"))];
        assert_eq!(claimed(&[header], &other), Err(LoginProblem::Two));
        assert_eq!(claimed(&[], &[token("oc", None)]), Err(LoginProblem::Unreadable));
        for unreadable in ["Bearer x", "Basic", "Basic ???", &basic(b"no colon")] {
            assert_eq!(claimed(&[unreadable.to_owned()], &[]), Err(LoginProblem::Unreadable));
        }
    }
}
