//! Passwords verified against argon2 hashes, without paying for argon2 on every call, and without
//! telling by time what a login is: every password that is refused has cost two hashes, or none where
//! its login and address have to wait.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use ereprov_wire::security::Password;
use hmac::{Hmac, KeyInit, Mac};
use prometheus_client::metrics::counter::Counter;
use sha2::Sha256;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::Instant,
};

use super::{
    backoff::{Attempt, Backoff, BackoffSettings},
    certificate::{self, Fingerprint},
    credentials::{Barred, Claim, LoginProblem},
    digest::{DigestClaim, Digests},
    password,
    verified::{Proof, Verified},
};
use crate::{clock::Entropy, store::operators::Operator};

/// Verifies logins; one for the whole process.
pub struct Credentials {
    /// Of a password that nobody has: it stands for what an operator does not have.
    decoy_hash: String,
    key: [u8; 32],
    /// The last passwords that were right, hashed with a key that dies with the process.
    verified: Verified,
    argon2_runs: Arc<Semaphore>,
    /// One gate for each login that is being verified: the same one twice is hashed once.
    gates: Mutex<HashMap<[u8; 32], Weak<AsyncMutex<()>>>>,
    /// Logins that run or wait for argon2: a flood of wrong passwords ends here, not in a queue.
    argon2_queue: Semaphore,
    backoff: Backoff,
    hashed: Counter,
}

/// How logins are verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifySettings {
    /// How long a verified password is believed.
    pub cache_for: Duration,
    /// How many passwords are hashed at the same time.
    pub runs_max: usize,
    /// Who waits after wrong passwords.
    pub backoff: BackoffSettings,
}

/// Where and when somebody asks to be let in.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Where from.
    pub address: IpAddr,
    /// When, by the clock that ends old passwords.
    pub at_ms: i64,
    /// What the connection has presented.
    pub certificate: Option<Fingerprint>,
}

/// Why nobody is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unverified {
    /// The login (10000).
    Login(LoginProblem),
    /// There is no telling now: too many others wait to be verified.
    Busy,
}

/// Logins that wait for argon2 at the most: about a second's worth.
const QUEUE_MAX: usize = 32;

/// Passwords of an operator that may be right at the same time: the current one and the old one.
pub(super) const PASSWORDS: usize = 2;

impl Credentials {
    /// Nobody is verified yet; each password that is hashed is counted.
    ///
    /// # Panics
    /// Never: the decoy is a password like any other.
    pub fn new(entropy: &Entropy, settings: VerifySettings, hashed: Counter) -> Self {
        let decoy = password::generate(entropy);
        Self {
            decoy_hash: password::hash(&decoy, entropy).expect("20 letters are a password"),
            key: entropy.bytes(),
            verified: Verified::new(settings.cache_for),
            gates: Mutex::default(),
            argon2_runs: Arc::new(Semaphore::new(settings.runs_max)),
            argon2_queue: Semaphore::new(settings.runs_max + QUEUE_MAX),
            backoff: Backoff::new(settings.backoff),
            hashed,
        }
    }

    /// Whether the claim is believed to be this operator's, having been verified a moment ago, and
    /// let in from the same place before.
    pub fn believes(&self, claim: &Claim, operator: Option<&Operator>, asking: Asking) -> bool {
        let free = operator.filter(|operator| barred(operator, asking).is_none());
        self.hashes(operator, asking.at_ms).iter().any(|hash| {
            let proof = self.keyed(&[hash, claim.password.expose()]);
            free.is_some_and(|operator| self.is_believed(operator, &[proof], asking))
        })
    }

    /// Whose the claim is. `None` stands for an unknown login, which is refused as a wrong password is
    /// and after the same work, and so is an operator that is barred.
    ///
    /// # Errors
    /// It is nobody's, or there is no telling now.
    pub async fn verify<'a>(
        &self,
        claim: &Claim,
        operator: Option<&'a Operator>,
        asking: Asking,
    ) -> Result<&'a Operator, Unverified> {
        let (login, password) = (claim.login.as_str(), claim.password.expose());
        let barred = operator.and_then(|operator| barred(operator, asking));
        let free = operator.filter(|_| barred.is_none());
        let hashes = self.hashes(operator, asking.at_ms);
        let current = self.keyed(&[hashes[0], password]);
        let believed = |proofs: &[_]| free.filter(|free| self.is_believed(free, proofs, asking));
        if let Some(operator) = believed(&[current]) {
            return Ok(operator);
        }
        let proofs = [current, self.keyed(&[hashes[1], password])];
        let tried = self.keyed(&[login, password]);
        let gate = self.gate(tried);
        let _alone = gate.lock().await;
        if let Some(operator) = believed(&proofs) {
            return Ok(operator);
        }
        let attempt = Attempt::new(self.keyed(&[login]), tried, asking.address);
        // One that was right from there is hashed again, whatever others do there.
        let waits = free.is_none_or(|free| !self.was_right(free, &proofs, asking));
        let held = |wait| self.held(operator, asking, wait);
        if waits {
            self.backoff.look(attempt, Instant::now()).map_err(held)?;
            if let Some(operator) = free.filter(|free| self.moves(free, &proofs, asking)) {
                self.backoff.right(attempt);
                return Ok(operator);
            }
        }
        let _queued = self.argon2_queue.try_acquire().map_err(|_| Unverified::Busy)?;
        if waits {
            self.backoff.enter(attempt, Instant::now()).map_err(held)?;
        }
        let right = Box::pin(self.hash(&claim.password, hashes, free.is_none())).await;
        match (free, right) {
            (Some(operator), Some(which)) => {
                let proof = proofs[which];
                self.verified.verified(operator.id, proof, asking.address, Instant::now());
                if waits {
                    self.backoff.right(attempt);
                }
                Ok(operator)
            }
            (_, right) => Err(Unverified::Login(match (login_of(operator), barred) {
                (Some(login), Some(why)) => {
                    LoginProblem::Barred { login, why, right: right.is_some() }
                }
                (known, _) => LoginProblem::Wrong { known },
            })),
        }
    }

    /// Whose a digest is: as [`Self::verify`], where the work is a seal that is opened. A right
    /// one waits like any other: no digest is sent twice, so none is known from before.
    ///
    /// # Errors
    /// It is nobody's.
    pub fn verify_digest<'a>(
        &self,
        digests: &Digests,
        claim: &DigestClaim,
        operator: Option<&'a Operator>,
        asking: Asking,
    ) -> Result<&'a Operator, Unverified> {
        let login = self.keyed(&[&claim.login]);
        let attempt = Attempt::new(login, self.keyed(&[&claim.proof()]), asking.address);
        let known = login_of(operator);
        if let Err(wait) = self.backoff.enter(attempt, Instant::now()) {
            return Err(Unverified::Login(LoginProblem::HeldBack { known, wait }));
        }
        let right = digests.verify(claim, operator);
        let Some(operator) = operator else {
            return Err(Unverified::Login(LoginProblem::Wrong { known }));
        };
        let login = operator.login.clone();
        Err(Unverified::Login(match barred(operator, asking) {
            Some(why) => LoginProblem::Barred { login, why, right },
            None if right => {
                self.backoff.right(attempt);
                return Ok(operator);
            }
            None if operator.digest_secret.is_none() => LoginProblem::DigestOff { known: login },
            None => LoginProblem::Wrong { known },
        }))
    }

    /// What a password is held against: always as many, so that the work tells nothing.
    fn hashes<'a>(&'a self, operator: Option<&'a Operator>, at_ms: i64) -> [&'a str; PASSWORDS] {
        let current = operator.map(|operator| operator.password_hash.as_str());
        let old = operator.and_then(|operator| operator.old_password_at(at_ms));
        [current, old.map(|old| old.hash.as_str())].map(|hash| hash.unwrap_or(&self.decoy_hash))
    }

    fn gate(&self, key: [u8; 32]) -> Arc<AsyncMutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(key, Arc::downgrade(&gate));
        gate
    }

    /// Which of the hashes is the password's: the first one, or, where `all` are looked at whatever
    /// they say, any.
    async fn hash(
        &self,
        password: &Password,
        hashes: [&str; PASSWORDS],
        all: bool,
    ) -> Option<usize> {
        // Nobody closes it.
        let running = Arc::clone(&self.argon2_runs).acquire_owned().await.ok()?;
        let (password, hashes) = (password.clone(), hashes.map(str::to_owned));
        let hashed = self.hashed.clone();
        let verified = tokio::task::spawn_blocking(move || {
            let mut right = None;
            for (which, hash) in hashes.iter().enumerate() {
                hashed.inc();
                if password::verify(password.expose(), hash) {
                    right = right.or(Some(which));
                }
                if right.is_some() && !all {
                    break;
                }
            }
            drop(running);
            right
        });
        verified.await.unwrap_or_default()
    }

    /// A keyed hash of texts; of a password and the hash it was verified against, it is a proof that a
    /// changed password makes worthless at once.
    fn keyed(&self, texts: &[&str]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for text in texts {
            mac.update(&text.len().to_le_bytes());
            mac.update(text.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether one of the proofs is believed now, from where somebody asks.
    fn is_believed(&self, operator: &Operator, proofs: &[Proof], asking: Asking) -> bool {
        self.verified.believed_at(operator.id, proofs, asking.address, Instant::now())
    }

    /// Whether one of the proofs was right from there, since the process began.
    fn was_right(&self, operator: &Operator, proofs: &[Proof], asking: Asking) -> bool {
        self.verified.was_right_at(operator.id, proofs, asking.address, Instant::now())
    }

    /// Whether one of the proofs is believed, if not from there: from now on it is.
    fn moves(&self, operator: &Operator, proofs: &[Proof], asking: Asking) -> bool {
        let proof = self.verified.believed(operator.id, proofs, Instant::now());
        if let Some(proof) = proof {
            self.verified.right_at(operator.id, proof, asking.address, Instant::now());
        }
        proof.is_some()
    }

    /// Who comes with this password has to wait, right or wrong.
    fn held(&self, operator: Option<&Operator>, asking: Asking, wait: Duration) -> Unverified {
        if let Some(operator) = operator {
            self.verified.wrong_at(operator.id, asking.address, Instant::now());
        }
        Unverified::Login(LoginProblem::HeldBack { known: login_of(operator), wait })
    }
}

fn login_of(operator: Option<&Operator>) -> Option<String> {
    operator.map(|operator| operator.login.clone())
}

/// Why an operator is not let in, whatever its password.
fn barred(operator: &Operator, asking: Asking) -> Option<Barred> {
    let Asking { address, certificate, .. } = asking;
    if operator.disabled {
        return Some(Barred::Disabled);
    }
    if operator.addresses.as_ref().is_some_and(|list| !list.contains(address)) {
        return Some(Barred::Address(address));
    }
    let permitted = certificate::permits(operator.certificates.as_deref(), certificate);
    (!permitted).then_some(Barred::Certificate(certificate))
}

#[cfg(test)]
mod tests;
