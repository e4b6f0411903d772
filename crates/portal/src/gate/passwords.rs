//! Passwords of accounts: verified without telling what a login is, and guessed by nobody.
//!
//! Wrong ones are counted by login and address, by address, and by login. A phone on which somebody has
//! signed in before is counted by itself alone: whoever guesses elsewhere keeps nobody waiting there.

use std::{
    net::{IpAddr, Ipv4Addr},
    thread::available_parallelism,
    time::Duration,
};

use ereprov_client::{Entropy, Password};
use ereprov_door::{ip_list::neighbourhood, password};
use sha2::{Digest, Sha256};

use super::{
    bucket::{Allowance, Buckets},
    lanes::{Busy, Lane, Lanes, Origin, network},
    secret,
};
use crate::store::sessions::Key;

/// Shortest password that is set, in characters.
pub(crate) const CHARACTERS_MIN: usize = 12;

/// Hashes passwords, a few at a time.
pub(super) struct Passwords {
    /// Of a password that nobody has: it stands for what a login does not have.
    decoy: String,
    lanes: Lanes,
}

impl Passwords {
    pub fn new(entropy: &Entropy) -> Self {
        let nobodys = secret::new(entropy);
        let decoy = password::hash(&nobodys, entropy.bytes());
        let runs = available_parallelism().map_or(1, Into::into);
        Self { decoy: decoy.expect("43 letters are a password"), lanes: Lanes::new(runs) }
    }

    /// Whether a password is the one that was hashed; where there is no hash it is not, after the same work. Which
    /// comes first where many are to be verified is said by where they come from.
    pub async fn verify(
        &self,
        password: &Password,
        hash: Option<String>,
        (this, now_ms): (&Try, i64),
    ) -> Result<bool, Busy> {
        let origin = match this.device {
            Some(_) => Origin { lane: Lane::Known, network: network(this.address) },
            None => self.lanes.stranger(this.address, now_ms),
        };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let password = password.clone();
        let lanes = self.lanes.clone();
        // Held against whoever sent it, were he gone meanwhile.
        let verify = move || {
            let right = password::verify(password.expose(), &hash) && known;
            if !right && origin.lane != Lane::Known {
                lanes.stain(origin, now_ms);
            }
            right
        };
        self.work(origin, verify).await
    }

    /// Hashes one that is to be set by somebody who is signed in; none: it is too long.
    pub async fn hash(
        &self,
        password: &Password,
        entropy: &Entropy,
    ) -> Result<Option<String>, Busy> {
        let (password, salt) = (password.clone(), entropy.bytes());
        let origin = Origin { lane: Lane::Known, network: Ipv4Addr::UNSPECIFIED.into() };
        self.work(origin, move || password::hash(password.expose(), salt).ok()).await
    }

    async fn work<T: Send + 'static>(
        &self,
        origin: Origin,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let running = self.lanes.enter(origin).await?;
        let done = tokio::task::spawn_blocking(move || {
            let value = work();
            drop(running);
            value
        });
        done.await.map_err(|_| Busy)
    }
}

/// Why a password is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPassword {
    /// It is short.
    #[error("a password has at least {CHARACTERS_MIN} characters")]
    TooShort,
    /// It is long.
    #[error("a password has at most {} bytes", password::PASSWORD_BYTES_MAX)]
    TooLong,
    /// Whoever knows the login guesses it first.
    #[error("a password is not the login")]
    IsTheLogin,
}

/// Whether a password may be set for a login.
pub(super) fn check(password: &Password, login: &str) -> Result<(), BadPassword> {
    let text = password.expose();
    if text.chars().count() < CHARACTERS_MIN {
        return Err(BadPassword::TooShort);
    }
    if text.len() > password::PASSWORD_BYTES_MAX {
        return Err(BadPassword::TooLong);
    }
    if text.to_lowercase() == login {
        return Err(BadPassword::IsTheLogin);
    }
    Ok(())
}

/// Wrong passwords, counted.
pub(super) struct Tries {
    devices: Buckets<Key>,
    pairs: Buckets<(Key, IpAddr)>,
    addresses: Buckets<IpAddr>,
    logins: Buckets<Key>,
    networks: Buckets<(Key, IpAddr)>,
}

/// Which of the allowances one has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Device,
    Login,
    /// The login's was used up, by guesses from wherever: this network's few for it.
    Network,
}

/// One that is under way.
pub(super) struct Try {
    login: Key,
    address: IpAddr,
    /// A phone that this login is known on.
    device: Option<Key>,
}

impl Try {
    /// Of a login that may be nobody's.
    pub fn new(login: &str, address: IpAddr, device: Option<Key>) -> Self {
        let login = Sha256::digest(login.as_bytes()).into();
        Self { login, address: neighbourhood(address), device }
    }
}

impl Tries {
    pub fn new() -> Self {
        let some = |at_once, every_s| Allowance { at_once, every: Duration::from_secs(every_s) };
        Self {
            devices: Buckets::new(some(10, 30)),
            pairs: Buckets::new(some(5, 60)),
            // Phones of one mobile network share addresses.
            addresses: Buckets::new(some(50, 10)),
            logins: Buckets::new(some(100, 60)),
            // Whoever guesses at a login from a thousand places does not keep its owner waiting in another one.
            networks: Buckets::new(some(2, 12 * 60 * 60)),
        }
    }

    /// Before a password is looked at.
    ///
    /// # Errors
    /// For how long none is looked at.
    pub fn begin(&self, one: &Try, now_ms: i64) -> Result<Counted, Duration> {
        if let Some(device) = &one.device {
            return self.devices.take(device, now_ms).map(|()| Counted::Device);
        }
        let pair = (one.login, one.address);
        self.pairs.take(&pair, now_ms)?;
        if let Err(wait) = self.addresses.take(&one.address, now_ms) {
            self.pairs.give_back(&pair);
            return Err(wait);
        }
        let Err(wait) = self.logins.take(&one.login, now_ms) else { return Ok(Counted::Login) };
        if self.networks.take(&(one.login, network(one.address)), now_ms).is_ok() {
            return Ok(Counted::Network);
        }
        self.pairs.give_back(&pair);
        self.addresses.give_back(&one.address);
        Err(wait)
    }

    /// It was right, or was not looked at: it does not count.
    pub fn forgive(&self, one: &Try, counted: Counted) {
        if let Some(device) = &one.device {
            return self.devices.give_back(device);
        }
        self.pairs.give_back(&(one.login, one.address));
        self.addresses.give_back(&one.address);
        match counted {
            Counted::Network => self.networks.give_back(&(one.login, network(one.address))),
            Counted::Login | Counted::Device => self.logins.give_back(&one.login),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_and_a_known_phone_does_not() {
        let tries = Tries::new();
        let address = |n: u8| IpAddr::from([192, 0, 2, n]);
        let guess = |login: &str, n| tries.begin(&Try::new(login, address(n), None), 0).is_ok();
        assert_eq!((0..20).filter(|_| guess("jeanne", 1)).count(), 5);
        assert!(guess("jeanne", 2), "another address");
        assert!(guess("paul", 1), "another login");
        let from_everywhere = (0..=255).map(|n| (0..5).filter(|_| guess("ali", n)).count());
        assert_eq!(from_everywhere.sum::<usize>(), 100 + 2, "and the network's own two");
        let elsewhere = Try::new("ali", IpAddr::from([198, 51, 100, 1]), None);
        let tried = [0, 1, 2].map(|_| tries.begin(&elsewhere, 0).ok());
        assert_eq!(tried, [Some(Counted::Network), Some(Counted::Network), None], "ali himself");
        let phone = Try::new("ali", address(1), Some([7; 32]));
        let counted = tries.begin(&phone, 0).unwrap();
        tries.forgive(&phone, counted);
        let logins = (0..200).filter(|n| guess(&n.to_string(), 77)).count();
        assert_eq!(logins, 50, "many logins from one address");
    }

    #[test]
    fn a_right_password_does_not_count() {
        let tries = Tries::new();
        let one = Try::new("jeanne", IpAddr::from([192, 0, 2, 1]), None);
        for _ in 0..1000 {
            let counted = tries.begin(&one, 0).unwrap();
            tries.forgive(&one, counted);
        }
    }

    #[tokio::test]
    async fn who_has_no_password_is_not_let_in_by_any() {
        let entropy = Entropy::system();
        let passwords = Passwords::new(&entropy);
        let password = Password::new("quatre mots pris au hasard".into());
        let address = IpAddr::from([192, 0, 2, 1]);
        let this = Try::new("jeanne", address, None);
        let hash = passwords.hash(&password, &entropy).await.unwrap();
        assert_eq!(passwords.verify(&password, hash.clone(), (&this, 0)).await, Ok(true));
        assert_eq!(passwords.verify(&password, None, (&this, 0)).await, Ok(false));
        let other = Password::new("quatre mots pris au hazard".into());
        assert_eq!(passwords.verify(&other, hash, (&this, 0)).await, Ok(false));
    }

    #[test]
    fn passwords_that_are_set() {
        let bad = |text: &str| check(&Password::new(text.into()), "jeanne.martin@oc.example").err();
        assert_eq!(bad("azertyuiopq"), Some(BadPassword::TooShort));
        assert_eq!(bad("azertyuiopqs"), None);
        assert_eq!(bad("éééééééééééé"), None, "characters count, not bytes");
        assert_eq!(bad(&"é".repeat(129)), Some(BadPassword::TooLong));
        assert_eq!(bad("Jeanne.Martin@oc.example"), Some(BadPassword::IsTheLogin));
    }
}
