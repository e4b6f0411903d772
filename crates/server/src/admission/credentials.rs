//! Login and password of a request (contract.md, D20): HTTP Basic or a UsernameToken, verified
//! against argon2 hashes without paying for argon2 on every call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_wire::security::{Password, UsernameToken};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::Instant,
};

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
    /// Unknown, disabled or wrong: which, the caller does not learn.
    Wrong {
        /// The login, where it is an operator's.
        known: Option<String>,
    },
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

/// Verifies logins; one for the whole process.
pub struct Credentials {
    /// Of a password that nobody has: an unknown login costs what a wrong password costs.
    decoy_hash: String,
    cache_key: [u8; 32],
    cache_for: Duration,
    /// The last password that was right, by operator: hashed with a key that dies with the process.
    verified: Mutex<HashMap<i64, Verified>>,
    argon2_runs: Arc<Semaphore>,
    /// One gate for each login that is being verified: the same one twice is hashed once.
    gates: Mutex<HashMap<[u8; 32], Weak<AsyncMutex<()>>>>,
    /// Logins that run or wait for argon2: a flood of wrong passwords ends here, not in a queue.
    argon2_queue: Semaphore,
}

/// Logins that wait for argon2 at the most: about a second's worth.
const QUEUE_MAX: usize = 32;

/// Too many logins wait to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

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
            gates: Mutex::default(),
            argon2_runs: Arc::new(Semaphore::new(runs_max)),
            argon2_queue: Semaphore::new(runs_max + QUEUE_MAX),
        }
    }

    /// Whether the claim is this operator's. `None` stands for an unknown login, which takes as
    /// long as a wrong password.
    ///
    /// # Errors
    /// There is no telling now: too many others wait.
    pub async fn verify(&self, claim: &Claim, operator: Option<&Operator>) -> Result<bool, Busy> {
        let hash = operator.map_or(self.decoy_hash.as_str(), |o| o.password_hash.as_str());
        let proof = self.proof(claim.password.expose(), hash);
        if let Some(operator) = operator
            && self.is_verified(operator.id, &proof)
        {
            return Ok(!operator.disabled);
        }
        let gate = self.gate(proof);
        let _alone = gate.lock().await;
        match operator {
            Some(operator) if self.is_verified(operator.id, &proof) => Ok(!operator.disabled),
            known => {
                let verified = Box::pin(self.hash(claim.password.clone(), hash.to_owned())).await?;
                let Some(operator) = known.filter(|_| verified) else { return Ok(false) };
                self.remember(operator.id, proof);
                Ok(!operator.disabled)
            }
        }
    }

    fn gate(&self, proof: [u8; 32]) -> Arc<AsyncMutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&proof).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(proof, Arc::downgrade(&gate));
        gate
    }

    async fn hash(&self, password: Password, hash: String) -> Result<bool, Busy> {
        let _queued = self.argon2_queue.try_acquire().map_err(|_| Busy)?;
        let running = Arc::clone(&self.argon2_runs).acquire_owned().await.map_err(|_| Busy)?;
        let verified = tokio::task::spawn_blocking(move || {
            let verified = password::verify(password.expose(), &hash);
            drop(running);
            verified
        });
        Ok(verified.await.unwrap_or(false))
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
        let known = operator("the right one", &entropy);
        let credentials = Credentials::new(&entropy, Duration::from_mins(1), 1);
        assert_eq!(credentials.verify(&claim("the right one"), Some(&known)).await, Ok(true));
        // With the only place for a hash taken, whatever needs one has to wait.
        let _place = credentials.argon2_runs.acquire().await.unwrap();
        let waits = async |claim: Claim, operator: Option<&Operator>| {
            let verified = credentials.verify(&claim, operator);
            tokio::time::timeout(Duration::from_millis(50), verified).await.is_err()
        };
        assert_eq!(credentials.verify(&claim("the right one"), Some(&known)).await, Ok(true));
        assert!(waits(claim("wrong"), Some(&known)).await);
        assert!(waits(claim("the right one"), None).await, "an unknown login costs the same");
        let changed = operator("a changed one", &entropy);
        assert!(waits(claim("the right one"), Some(&changed)).await, "a new password, at once");
        let disabled = Operator { disabled: true, ..known };
        assert_eq!(credentials.verify(&claim("the right one"), Some(&disabled)).await, Ok(false));
    }

    #[tokio::test]
    async fn a_flood_of_logins_is_turned_away_and_verified_ones_are_not() {
        let entropy = Entropy::system();
        let known = operator("the right one", &entropy);
        let credentials = Arc::new(Credentials::new(&entropy, Duration::from_mins(1), 1));
        assert_eq!(credentials.verify(&claim("the right one"), Some(&known)).await, Ok(true));
        let _place = credentials.argon2_runs.acquire().await.unwrap();
        let waiting: Vec<_> = (0..=QUEUE_MAX)
            .map(|n| {
                let credentials = Arc::clone(&credentials);
                let wrong = claim(&format!("wrong {n}"));
                tokio::spawn(async move { credentials.verify(&wrong, None).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(credentials.verify(&claim("wrong"), Some(&known)).await, Err(Busy));
        assert_eq!(credentials.verify(&claim("the right one"), Some(&known)).await, Ok(true));
        for task in waiting {
            task.abort();
        }
    }

    #[tokio::test]
    async fn a_verified_login_is_forgotten_after_its_time() {
        let entropy = Entropy::system();
        let known = operator("the right one", &entropy);
        let credentials = Credentials::new(&entropy, Duration::ZERO, 1);
        assert_eq!(credentials.verify(&claim("the right one"), Some(&known)).await, Ok(true));
        let _place = credentials.argon2_runs.acquire().await.unwrap();
        let again = claim("the right one");
        let again = credentials.verify(&again, Some(&known));
        assert!(tokio::time::timeout(Duration::from_millis(50), again).await.is_err());
    }

    #[tokio::test]
    async fn the_same_login_many_times_at_once_is_hashed_once() {
        let entropy = Entropy::system();
        let known = operator("the right one", &entropy);
        let credentials = Arc::new(Credentials::new(&entropy, Duration::from_mins(1), 1));
        let many = (0..4 * QUEUE_MAX).map(|_| {
            let (credentials, known) = (Arc::clone(&credentials), known.clone());
            tokio::spawn(
                async move { credentials.verify(&claim("the right one"), Some(&known)).await },
            )
        });
        for task in many.collect::<Vec<_>>() {
            assert_eq!(task.await.unwrap(), Ok(true));
        }
    }
}
