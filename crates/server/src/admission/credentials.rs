//! Login and password of a request (contract.md, D20): HTTP Basic or a UsernameToken, verified
//! against argon2 hashes without paying for argon2 on every call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_wire::security::{Password, UsernameToken};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{sync::Semaphore, time::Instant};

use super::password;
use crate::{clock::Entropy, store::operators::Operator};

/// A login that a request claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who it says it is.
    pub login: String,
    /// What it proves it with.
    pub password: Password,
}

/// Why a request's login is refused (10000).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginProblem {
    /// There is none.
    Missing,
    /// Two different ones in one request.
    Two,
    /// Neither Basic nor PasswordText.
    Unreadable,
    /// Unknown, disabled or wrong: which, nobody learns.
    Wrong,
}

/// The login of a request, from its Authorization header and each `UsernameToken`.
///
/// # Errors
/// There is none, there are two different ones, or one that cannot be verified.
pub fn claimed(
    authorization: Option<&str>,
    tokens: &[UsernameToken],
) -> Result<Claim, LoginProblem> {
    let basic = authorization.map(|header| read_basic(header).ok_or(LoginProblem::Unreadable));
    let tokens = tokens.iter().map(|token| {
        let password = token.password.clone().ok_or(LoginProblem::Unreadable)?;
        Ok(Claim { login: token.username.clone(), password })
    });
    let mut claim = None;
    for next in basic.into_iter().chain(tokens) {
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

/// Verifies logins; one for the whole process.
pub struct Credentials {
    /// Of a password that nobody has: an unknown login costs what a wrong password costs.
    decoy_hash: String,
    cache_key: [u8; 32],
    cache_for: Duration,
    /// The last password that was right, by operator: hashed with a key that dies with the process.
    verified: Mutex<HashMap<i64, Verified>>,
    argon2_runs: Arc<Semaphore>,
}

struct Verified {
    proof: [u8; 32],
    until: Instant,
}

impl Credentials {
    /// Verifies with at most `runs_max` argon2 runs at once, and believes a verified password for
    /// `cache_for`.
    ///
    /// # Panics
    /// Never: the decoy is a password like any other.
    pub fn new(entropy: &Entropy, cache_for: Duration, runs_max: usize) -> Self {
        let decoy = password::generate(entropy);
        Self {
            decoy_hash: password::hash(&decoy, entropy).expect("20 letters are a password"),
            cache_key: entropy.bytes(),
            cache_for,
            verified: Mutex::default(),
            argon2_runs: Arc::new(Semaphore::new(runs_max)),
        }
    }

    /// Whether the claim is this operator's. `None` stands for an unknown login, which takes as
    /// long as a wrong password.
    pub async fn verify(&self, claim: &Claim, operator: Option<&Operator>) -> bool {
        let hash = operator.map_or(self.decoy_hash.as_str(), |o| o.password_hash.as_str());
        let proof = self.proof(claim.password.expose(), hash);
        if let Some(operator) = operator
            && self.is_verified(operator.id, &proof)
        {
            return !operator.disabled;
        }
        let (password, hash) = (claim.password.clone(), hash.to_owned());
        let Ok(permit) = Arc::clone(&self.argon2_runs).acquire_owned().await else { return false };
        let verified = tokio::task::spawn_blocking(move || {
            let verified = password::verify(password.expose(), &hash);
            drop(permit);
            verified
        });
        let verified = verified.await.unwrap_or(false);
        match operator {
            Some(operator) if verified => {
                self.remember(operator.id, proof);
                !operator.disabled
            }
            _ => false,
        }
    }

    /// A keyed hash of the password and of the hash it was verified against: a changed password
    /// makes every older proof worthless at once.
    fn proof(&self, password: &str, hash: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.cache_key)
            .expect("HMAC takes a key of any length");
        mac.update(hash.as_bytes());
        mac.update(&[0]);
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn is_verified(&self, operator_id: i64, proof: &[u8; 32]) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let known = verified.get(&operator_id).filter(|known| known.until > Instant::now());
        // Both sides are keyed hashes: their first different byte tells an outsider nothing.
        known.is_some_and(|known| known.proof == *proof)
    }

    fn remember(&self, operator_id: i64, proof: [u8; 32]) {
        let until = Instant::now() + self.cache_for;
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.insert(operator_id, Verified { proof, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(login: &str, password: Option<&str>) -> UsernameToken {
        UsernameToken {
            username: login.into(),
            password: password.map(|p| Password::new(p.to_owned())),
        }
    }

    fn basic(text: &[u8]) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn one_login_in_either_form_or_the_same_in_both() {
        let header = basic(b"oc:a:b");
        let claim = claimed(Some(&header), &[]).unwrap();
        assert_eq!((claim.login.as_str(), claim.password.expose()), ("oc", "a:b"));
        assert_eq!(claimed(None, &[token("oc", Some("a:b"))]), Ok(claim.clone()));
        assert_eq!(claimed(Some(&header), &[token("oc", Some("a:b"))]), Ok(claim));
    }

    #[test]
    fn older_stacks_send_latin_1() {
        let claim = claimed(Some(&basic(b"oc:\xe9")), &[]).unwrap();
        assert_eq!(claim.password.expose(), "é");
    }

    #[test]
    fn what_cannot_be_believed() {
        let header = basic(b"oc:a");
        assert_eq!(claimed(None, &[]), Err(LoginProblem::Missing));
        let other = [token("oc", Some("b"))];
        assert_eq!(claimed(Some(&header), &other), Err(LoginProblem::Two));
        assert_eq!(claimed(None, &[token("oc", None)]), Err(LoginProblem::Unreadable));
        for unreadable in ["Bearer x", "Basic", "Basic ???", &basic(b"no colon")] {
            assert_eq!(claimed(Some(unreadable), &[]), Err(LoginProblem::Unreadable));
        }
    }

    fn operator(password: &str, entropy: &Entropy) -> Operator {
        Operator {
            id: 1,
            login: "oc".into(),
            name: "OC".into(),
            password_hash: password::hash(password, entropy).unwrap(),
            profile: None,
            quota: None,
            sessions: None,
            disabled: false,
            created_ms: 0,
        }
    }

    fn claim(password: &str) -> Claim {
        Claim { login: "oc".into(), password: Password::new(password.to_owned()) }
    }

    #[tokio::test]
    async fn a_verified_login_costs_no_hash_and_everything_else_does() {
        let entropy = Entropy::system();
        let known = operator("right", &entropy);
        let credentials = Credentials::new(&entropy, Duration::from_secs(60), 1);
        assert!(credentials.verify(&claim("right"), Some(&known)).await);
        // With the only place for a hash taken, whatever needs one has to wait.
        let _place = credentials.argon2_runs.acquire().await.unwrap();
        let waits = async |claim: Claim, operator: Option<&Operator>| {
            let verified = credentials.verify(&claim, operator);
            tokio::time::timeout(Duration::from_millis(50), verified).await.is_err()
        };
        assert!(credentials.verify(&claim("right"), Some(&known)).await);
        assert!(waits(claim("wrong"), Some(&known)).await);
        assert!(waits(claim("right"), None).await, "an unknown login costs the same");
        let changed = operator("changed", &entropy);
        assert!(waits(claim("right"), Some(&changed)).await, "a new password, at once");
        let disabled = Operator { disabled: true, ..known };
        assert!(!credentials.verify(&claim("right"), Some(&disabled)).await);
    }

    #[tokio::test]
    async fn a_verified_login_is_forgotten_after_its_time() {
        let entropy = Entropy::system();
        let known = operator("right", &entropy);
        let credentials = Credentials::new(&entropy, Duration::ZERO, 1);
        assert!(credentials.verify(&claim("right"), Some(&known)).await);
        let _place = credentials.argon2_runs.acquire().await.unwrap();
        let again = claim("right");
        let again = credentials.verify(&again, Some(&known));
        assert!(tokio::time::timeout(Duration::from_millis(50), again).await.is_err());
    }
}
