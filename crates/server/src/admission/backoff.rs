//! Wrong passwords, counted by login and address: after a few different ones the pair waits, longer
//! each time. No other address waits with it, and an unknown login waits like a known one. The same
//! password again is counted by itself, so that a program that keeps trying an old one makes nobody
//! wait but itself.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::ip_list::neighbourhood;

/// Longest wait that can be set.
pub const WAIT_MAX: Duration = Duration::from_hours(1);

/// How long who stays away is remembered, from the end of the wait.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Who waits, and how long.
#[derive(Debug, Clone, Copy)]
pub struct BackoffSettings {
    /// Wrong passwords, or repetitions of one, after which there is a wait.
    pub failures_max: u32,
    /// The first wait; each wrong password after it doubles it.
    pub first: Duration,
    /// The longest one.
    pub longest: Duration,
    /// Counts that are kept at the most; the oldest is forgotten first.
    pub counts_max: usize,
}

/// What is remembered.
#[derive(Debug)]
pub(super) struct Backoff {
    settings: BackoffSettings,
    counts: Mutex<HashMap<Key, Count>>,
}

/// A password that is tried for a login from somewhere; the texts as hashes, which fit any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pair: Key,
    password: Key,
}

/// What is counted, from an address or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    what: [u8; 32],
    address: IpAddr,
}

#[derive(Debug)]
struct Count {
    failures: u32,
    last: Instant,
    /// Until when there is no other try.
    until: Instant,
}

impl Attempt {
    /// Of a login, and of it with the password.
    pub(super) fn new(login: [u8; 32], password: [u8; 32], address: IpAddr) -> Self {
        let key = |what| Key { what, address: neighbourhood(address) };
        Self { pair: key(login), password: key(password) }
    }
}

impl Backoff {
    pub(super) fn new(settings: BackoffSettings) -> Self {
        Self { settings, counts: Mutex::default() }
    }

    /// Lets a password be tried. It counts as a wrong one from now on, so that many at once are not
    /// more than many in turn; [`Self::right`] takes it back.
    ///
    /// # Errors
    /// There is so long to wait.
    pub(super) fn enter(&self, attempt: Attempt, now: Instant) -> Result<(), Duration> {
        let Attempt { pair, password } = attempt;
        let mut counts = self.lock();
        look(&counts, attempt, now)?;
        let again = counts.get(&password).is_some_and(|count| !count.is_forgotten(now));
        self.count(&mut counts, password, now);
        if !again {
            self.count(&mut counts, pair, now);
        }
        Ok(())
    }

    /// Whether a password may be tried; nothing is counted.
    ///
    /// # Errors
    /// There is so long to wait.
    pub(super) fn look(&self, attempt: Attempt, now: Instant) -> Result<(), Duration> {
        look(&self.lock(), attempt, now)
    }

    /// The password was right: what was tried for the login from there is forgotten.
    pub(super) fn right(&self, attempt: Attempt) {
        let mut counts = self.lock();
        counts.remove(&attempt.pair);
        counts.remove(&attempt.password);
    }

    fn count(&self, counts: &mut HashMap<Key, Count>, key: Key, now: Instant) {
        let BackoffSettings { failures_max, first, longest, counts_max } = self.settings;
        if !counts.contains_key(&key) && counts.len() >= counts_max {
            make_room(counts, now);
        }
        let fresh = Count { failures: 0, last: now, until: now };
        let count = counts.entry(key).or_insert(fresh);
        if count.is_forgotten(now) {
            count.failures = 0;
        }
        count.failures = count.failures.saturating_add(1);
        count.last = now;
        count.until = now;
        if let Some(doublings) = count.failures.checked_sub(failures_max) {
            let wait = first.saturating_mul(2_u32.saturating_pow(doublings)).min(longest);
            count.until = now + wait;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn is_forgotten(&self, now: Instant) -> bool {
        self.until + REMEMBERED <= now
    }
}

fn look(counts: &HashMap<Key, Count>, attempt: Attempt, now: Instant) -> Result<(), Duration> {
    let counts = [attempt.pair, attempt.password].map(|key| counts.get(&key));
    let until = counts.into_iter().flatten().map(|count| count.until).max();
    until.filter(|until| *until > now).map_or(Ok(()), |until| Err(until - now))
}

/// Forgets the counts whose time has come, or else the oldest. Each new one has cost its hashes
/// before there is another: to push one out takes far longer than to wait.
fn make_room(counts: &mut HashMap<Key, Count>, now: Instant) {
    let before = counts.len();
    counts.retain(|_, count| !count.is_forgotten(now));
    if counts.len() == before {
        let oldest = counts.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| *key);
        oldest.and_then(|oldest| counts.remove(&oldest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Who tries for a login from an address, another password each time.
    struct Guesser {
        login: u8,
        address: &'static str,
        tried: u8,
    }

    impl Guesser {
        fn new(login: u8, address: &'static str) -> Self {
            Self { login, address, tried: 0 }
        }

        fn attempt(&self, password: u8) -> Attempt {
            let tried = [[self.login; 16], [password; 16]].concat().try_into().unwrap();
            Attempt::new([self.login; 32], tried, self.address.parse().unwrap())
        }

        fn guess(&mut self, backoff: &Backoff, now: Instant) -> Result<(), Duration> {
            self.tried += 1;
            backoff.enter(self.attempt(100 + self.tried), now)
        }
    }

    fn backoff(counts_max: usize) -> Backoff {
        let settings = BackoffSettings { failures_max: 3, first: S, longest: 5 * S, counts_max };
        Backoff::new(settings)
    }

    #[test]
    fn who_guesses_waits_longer_each_time_and_nobody_else_does() {
        let (backoff, mut now) = (backoff(100), Instant::now());
        let mut one = Guesser::new(1, "192.0.2.1");
        for _ in 0..3 {
            assert_eq!(one.guess(&backoff, now), Ok(()));
        }
        for wait in [1, 2, 4, 5, 5] {
            assert_eq!(one.guess(&backoff, now), Err(wait * S));
            assert_eq!(
                one.guess(&backoff, now + wait * S / 2),
                Err(wait * S / 2),
                "asking is free"
            );
            for mut other in [Guesser::new(2, "192.0.2.1"), Guesser::new(1, "192.0.2.2")] {
                assert_eq!(other.guess(&backoff, now), Ok(()));
                backoff.right(other.attempt(101));
            }
            now += wait * S;
            assert_eq!(one.guess(&backoff, now), Ok(()), "after {wait} s");
        }
        backoff.right(one.attempt(99));
        for _ in 0..3 {
            assert_eq!(one.guess(&backoff, now), Ok(()), "a right password makes it new");
        }
        assert!(one.guess(&backoff, now).is_err());
    }

    #[test]
    fn who_repeats_itself_waits_and_does_not_make_its_neighbours_wait() {
        let (backoff, mut now) = (backoff(100), Instant::now());
        let mut here = Guesser::new(1, "192.0.2.1");
        let old = here.attempt(99);
        for _ in 0..3 {
            assert_eq!(backoff.enter(old, now), Ok(()));
        }
        for wait in [1, 2, 4, 5] {
            assert_eq!(backoff.enter(old, now), Err(wait * S));
            now += wait * S;
            assert_eq!(backoff.enter(old, now), Ok(()));
        }
        assert_eq!(here.guess(&backoff, now), Ok(()), "the second password from there");
        assert_eq!(here.guess(&backoff, now), Ok(()), "the third");
        assert_eq!(here.guess(&backoff, now), Err(S));
    }

    #[test]
    fn who_stays_away_is_forgotten_and_who_keeps_trying_is_not() {
        let (backoff, mut now) = (backoff(100), Instant::now());
        let mut one = Guesser::new(1, "2001:db8::1");
        let mut other = Guesser::new(2, "2001:db8::1");
        for _ in 0..3 {
            one.guess(&backoff, now).unwrap();
            other.guess(&backoff, now).unwrap();
        }
        now += REMEMBERED;
        one.guess(&backoff, now).unwrap();
        assert_eq!(one.guess(&backoff, now), Err(2 * S));
        now += S;
        other.guess(&backoff, now).unwrap();
        other.guess(&backoff, now).unwrap();
        // The same customer's network, whichever address of it.
        assert!(Guesser::new(1, "2001:db8::ffff").guess(&backoff, now).is_err());
        assert!(Guesser::new(1, "2001:db8:0:1::1").guess(&backoff, now).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let (backoff, now) = (backoff(8), Instant::now());
        let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
        let mut all = addresses.map(|address| Guesser::new(1, address));
        // Each has one count for the pair and three for its passwords.
        for (n, one) in (0..).zip(&mut all) {
            for _ in 0..3 {
                one.guess(&backoff, now + n * S / 10).unwrap();
            }
        }
        let soon = now + S / 2;
        assert_eq!(backoff.lock().len(), 8);
        assert!(all[1].guess(&backoff, soon).is_err(), "it is still known");
        assert!(all[2].guess(&backoff, soon).is_err(), "it is still known");
        assert!(all[0].guess(&backoff, soon).is_ok(), "it was forgotten");
        assert_eq!(backoff.lock().len(), 8);
    }

    #[test]
    fn many_at_once_are_as_many_as_in_turn() {
        let (backoff, now) = (backoff(100), Instant::now());
        let mut one = Guesser::new(1, "192.0.2.1");
        assert_eq!((0..100).filter(|_| one.guess(&backoff, now).is_ok()).count(), 3);
    }
}
