//! Wrong passwords, counted by login and address: after a few, the pair waits, longer each time. No
//! other address waits with it, and an unknown login waits like a known one.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::ip_list::neighbourhood;

/// Longest wait that can be set: what a pair did is forgotten an hour after its wait.
pub const WAIT_MAX: Duration = Duration::from_hours(1);

/// How long a pair that stays away is remembered, from the end of its wait.
const REMEMBERED: Duration = Duration::from_hours(1);

/// When a pair waits, and how long.
#[derive(Debug, Clone, Copy)]
pub struct BackoffSettings {
    /// Wrong passwords after which a pair waits.
    pub failures_max: u32,
    /// The first wait; each wrong password after it doubles it.
    pub first: Duration,
    /// The longest one.
    pub longest: Duration,
    /// Pairs that are remembered at the most; the oldest is forgotten first.
    pub pairs_max: usize,
}

/// What is remembered of the pairs.
#[derive(Debug)]
pub(super) struct Backoff {
    settings: BackoffSettings,
    pairs: Mutex<HashMap<Pair, Failures>>,
}

/// A login, as a hash that fits any text, and where it is tried from: an address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    login: [u8; 32],
    address: IpAddr,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
    /// Until when the pair waits.
    until: Instant,
}

impl Pair {
    pub(super) fn new(login: [u8; 32], address: IpAddr) -> Self {
        Self { login, address: neighbourhood(address) }
    }
}

impl Backoff {
    pub(super) fn new(settings: BackoffSettings) -> Self {
        Self { settings, pairs: Mutex::default() }
    }

    /// Lets a pair try a password. It counts as a wrong one from now on, so that many at once are not
    /// more than many in turn; [`Self::right`] takes it back.
    ///
    /// # Errors
    /// The pair has to wait for so long.
    pub(super) fn enter(&self, pair: Pair, now: Instant) -> Result<(), Duration> {
        let BackoffSettings { failures_max, first, longest, pairs_max } = self.settings;
        let mut pairs = self.lock();
        if !pairs.contains_key(&pair) && pairs.len() >= pairs_max {
            make_room(&mut pairs, now);
        }
        let fresh = Failures { count: 0, last: now, until: now };
        let failures = pairs.entry(pair).or_insert(fresh);
        if failures.until > now {
            return Err(failures.until - now);
        }
        if failures.is_forgotten(now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.until = now;
        if let Some(doublings) = failures.count.checked_sub(failures_max.max(1)) {
            let wait = first.saturating_mul(2_u32.saturating_pow(doublings)).min(longest);
            failures.until = now + wait;
        }
        Ok(())
    }

    /// The password was right: whatever the pair did is forgotten.
    pub(super) fn right(&self, pair: Pair) {
        self.lock().remove(&pair);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, Failures>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn is_forgotten(&self, now: Instant) -> bool {
        self.until + REMEMBERED <= now
    }
}

/// Forgets the pairs whose time has come, or else the oldest. Each new pair has cost its hashes
/// before there is another: to push a pair out takes far longer than to wait.
fn make_room(pairs: &mut HashMap<Pair, Failures>, now: Instant) {
    let before = pairs.len();
    pairs.retain(|_, failures| !failures.is_forgotten(now));
    if pairs.len() == before {
        let oldest = pairs.iter().min_by_key(|(_, failures)| failures.last).map(|(pair, _)| *pair);
        oldest.and_then(|oldest| pairs.remove(&oldest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn backoff(pairs_max: usize) -> Backoff {
        let settings = BackoffSettings { failures_max: 3, first: S, longest: 5 * S, pairs_max };
        Backoff::new(settings)
    }

    fn pair(login: u8, address: &str) -> Pair {
        Pair::new([login; 32], address.parse().unwrap())
    }

    #[test]
    fn a_pair_waits_longer_each_time_and_nobody_else_does() {
        let (backoff, mut now) = (backoff(10), Instant::now());
        let one = pair(1, "192.0.2.1");
        for _ in 0..3 {
            assert_eq!(backoff.enter(one, now), Ok(()));
        }
        for wait in [1, 2, 4, 5, 5] {
            assert_eq!(backoff.enter(one, now), Err(wait * S));
            assert_eq!(backoff.enter(one, now + wait * S / 2), Err(wait * S / 2), "asking is free");
            for other in [pair(2, "192.0.2.1"), pair(1, "192.0.2.2")] {
                assert_eq!(backoff.enter(other, now), Ok(()));
                backoff.right(other);
            }
            now += wait * S;
            assert_eq!(backoff.enter(one, now), Ok(()), "after {wait} s");
        }
        backoff.right(one);
        for _ in 0..3 {
            assert_eq!(backoff.enter(one, now), Ok(()), "a right password makes it new");
        }
        assert!(backoff.enter(one, now).is_err());
    }

    #[test]
    fn who_stays_away_is_forgotten_and_who_keeps_trying_is_not() {
        let (backoff, mut now) = (backoff(10), Instant::now());
        let (one, other) = (pair(1, "2001:db8::1"), pair(2, "2001:db8::1"));
        for _ in 0..3 {
            backoff.enter(one, now).unwrap();
            backoff.enter(other, now).unwrap();
        }
        now += REMEMBERED;
        backoff.enter(one, now).unwrap();
        assert_eq!(backoff.enter(one, now), Err(2 * S));
        now += S;
        backoff.enter(other, now).unwrap();
        backoff.enter(other, now).unwrap();
        // The same customer's network, whichever address of it.
        assert!(backoff.enter(pair(1, "2001:db8::ffff"), now).is_err());
        assert!(backoff.enter(pair(1, "2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let (backoff, now) = (backoff(2), Instant::now());
        let pairs = [pair(1, "192.0.2.1"), pair(2, "192.0.2.1"), pair(3, "192.0.2.1")];
        for (second, pair) in [0, 1, 2].into_iter().zip(pairs) {
            for _ in 0..3 {
                backoff.enter(pair, now + second * S / 10).unwrap();
            }
        }
        let soon = now + S / 2;
        assert_eq!(backoff.lock().len(), 2);
        assert!(backoff.enter(pairs[1], soon).is_err(), "it is still known");
        assert!(backoff.enter(pairs[2], soon).is_err(), "it is still known");
        assert!(backoff.enter(pairs[0], soon).is_ok(), "it was forgotten");
        assert_eq!(backoff.lock().len(), 2);
    }

    #[test]
    fn many_at_once_are_as_many_as_in_turn() {
        let (backoff, now) = (backoff(10), Instant::now());
        let let_in = (0..100).filter(|_| backoff.enter(pair(1, "192.0.2.1"), now).is_ok());
        assert_eq!(let_in.count(), 3);
    }
}
