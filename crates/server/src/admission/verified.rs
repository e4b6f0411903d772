//! Passwords that were right, by operator: until when each is believed, and where it was right. Only
//! from there is one let in past a wait (`backoff.rs`): who guesses elsewhere is not told, by being let
//! in at once, that he has guessed it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::verify::PASSWORDS;
use crate::ip_list::neighbourhood;

/// Places that are remembered of a password; the one where it was verified longest ago goes first.
const PLACES_MAX: usize = 64;

/// Wrong passwords a second, from a place that has to wait, beside which a right one is looked at.
const WRONG_MAX: u32 = 20;

const SECOND: Duration = Duration::from_secs(1);

/// Of a password and the hash that it was verified against: a keyed hash, which a changed password
/// makes worthless at once.
pub(super) type Proof = [u8; 32];

/// The last passwords that were right.
#[derive(Debug)]
pub(super) struct Verified {
    believed_for: Duration,
    operators: Mutex<HashMap<i64, Vec<Password>>>,
}

#[derive(Debug)]
struct Password {
    proof: Proof,
    believed_until: Instant,
    places: Vec<Place>,
}

/// An address, or an IPv6 /64.
#[derive(Debug)]
struct Place {
    address: IpAddr,
    /// Wrong passwords from there during a wait, since when.
    wrong: u32,
    since: Instant,
}

impl Verified {
    /// Nothing was right yet.
    pub(super) fn new(believed_for: Duration) -> Self {
        Self { believed_for, operators: Mutex::default() }
    }

    /// The one of the proofs that is believed, wherever it is from.
    pub(super) fn believed(&self, operator: i64, proofs: &[Proof], now: Instant) -> Option<Proof> {
        let operators = self.lock();
        let fits = |known: &&Password| {
            proofs.iter().any(|proof| known.is(proof)) && known.believed_until > now
        };
        operators.get(&operator)?.iter().find(fits).map(|known| known.proof)
    }

    /// Whether one of the proofs is believed from there, whatever else was tried from there.
    pub(super) fn believed_at(
        &self,
        operator: i64,
        proofs: &[Proof],
        address: IpAddr,
        now: Instant,
    ) -> bool {
        self.has(operator, proofs, address, now, |known| known.believed_until > now)
    }

    /// Whether one of the proofs was right from there, however long ago.
    pub(super) fn was_right_at(
        &self,
        operator: i64,
        proofs: &[Proof],
        address: IpAddr,
        now: Instant,
    ) -> bool {
        self.has(operator, proofs, address, now, |_| true)
    }

    fn has(
        &self,
        operator: i64,
        proofs: &[Proof],
        address: IpAddr,
        now: Instant,
        counts: impl Fn(&Password) -> bool,
    ) -> bool {
        let address = neighbourhood(address);
        let fits = |known: &Password| {
            proofs.iter().any(|proof| known.is(proof))
                && counts(known)
                && known.places.iter().any(|place| place.address == address && place.is_open(now))
        };
        self.lock().get(&operator).is_some_and(|all| all.iter().any(fits))
    }

    /// A password was verified: it is believed for a while.
    pub(super) fn verified(&self, operator: i64, proof: Proof, address: IpAddr, now: Instant) {
        let mut operators = self.lock();
        let known = operators.entry(operator).or_default();
        let at = known.iter().position(|known| known.is(&proof));
        let places = at.map(|at| known.remove(at).places).unwrap_or_default();
        known.truncate(PASSWORDS - 1);
        let mut password = Password { proof, believed_until: now + self.believed_for, places };
        password.right_at(address, now);
        known.insert(0, password);
    }

    /// One that is believed came from somewhere else, where it was let in.
    pub(super) fn right_at(&self, operator: i64, proof: Proof, address: IpAddr, now: Instant) {
        let mut operators = self.lock();
        let known = operators.get_mut(&operator).into_iter().flatten();
        known.filter(|known| known.is(&proof)).for_each(|known| known.right_at(address, now));
    }

    /// A password that has to wait was not right. Where too many are not in a second, none is looked
    /// at any more until it is over.
    pub(super) fn wrong_at(&self, operator: i64, address: IpAddr, now: Instant) {
        let address = neighbourhood(address);
        let mut operators = self.lock();
        let known = operators.get_mut(&operator).into_iter().flatten();
        let places = known.flat_map(|known| &mut known.places);
        for place in places.filter(|place| place.address == address) {
            if place.since + SECOND <= now {
                (place.wrong, place.since) = (0, now);
            }
            place.wrong = place.wrong.saturating_add(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Vec<Password>>> {
        self.operators.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Password {
    /// Both sides are keyed hashes: their first different byte tells an outsider nothing.
    fn is(&self, proof: &Proof) -> bool {
        self.proof == *proof
    }

    fn right_at(&mut self, address: IpAddr, now: Instant) {
        let address = neighbourhood(address);
        let place = match self.places.iter().position(|place| place.address == address) {
            Some(at) => self.places.remove(at),
            None => Place { address, wrong: 0, since: now },
        };
        if self.places.len() == PLACES_MAX {
            self.places.remove(0);
        }
        self.places.push(place);
    }
}

impl Place {
    fn is_open(&self, now: Instant) -> bool {
        self.wrong < WRONG_MAX || self.since + SECOND <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const PROOF: Proof = [1; 32];

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_password_is_known_where_it_was_right_and_nowhere_else() {
        let (verified, now) = (Verified::new(MINUTE), Instant::now());
        verified.verified(1, PROOF, address("2001:db8::1"), now);
        let known = |operator, proof, from, now| {
            let from = address(from);
            let believed = verified.believed_at(operator, &[proof], from, now);
            (believed, verified.was_right_at(operator, &[proof], from, now))
        };
        assert_eq!(known(1, PROOF, "2001:db8::ffff", now), (true, true), "the same network");
        for (operator, proof, from) in [
            (1, PROOF, "2001:db8:0:1::1"),
            (1, PROOF, "192.0.2.1"),
            (2, PROOF, "2001:db8::1"),
            (1, [2; 32], "2001:db8::1"),
        ] {
            assert_eq!(known(operator, proof, from, now), (false, false), "{operator} {from}");
        }
        assert_eq!(verified.believed(1, &[[2; 32], PROOF], now), Some(PROOF), "from anywhere");
        // Let in from elsewhere, it is known there too, and believed no longer for that.
        verified.right_at(1, PROOF, address("192.0.2.1"), now + MINUTE / 2);
        assert_eq!(known(1, PROOF, "192.0.2.1", now + MINUTE / 2), (true, true));
        let later = now + MINUTE;
        for from in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"] {
            assert_eq!(known(1, PROOF, from, later), (false, true), "{from}");
        }
        assert_eq!(verified.believed(1, &[PROOF], later), None);
    }

    #[test]
    fn who_guesses_where_the_operator_works_is_told_of_few_a_second() {
        let (verified, now) = (Verified::new(MINUTE), Instant::now());
        let here = address("192.0.2.1");
        verified.verified(1, PROOF, here, now);
        verified.verified(1, PROOF, address("192.0.2.2"), now);
        let open = |now| verified.was_right_at(1, &[PROOF], here, now);
        for second in 0..3 {
            let now = now + second * SECOND;
            for _ in 0..WRONG_MAX {
                assert!(open(now));
                verified.wrong_at(1, here, now);
            }
            assert!(!open(now) && !open(now + SECOND - Duration::from_millis(1)));
            assert!(verified.was_right_at(1, &[PROOF], address("192.0.2.2"), now), "elsewhere");
        }
        assert!(open(now + 3 * SECOND), "it is over by itself");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (verified, now) = (Verified::new(MINUTE), Instant::now());
        let place = |n: usize| address(&format!("192.0.2.{n}"));
        for n in 0..=PLACES_MAX {
            verified.verified(1, PROOF, place(n), now);
        }
        let known = |proof, n| verified.was_right_at(1, &[proof], place(n), now);
        assert!(!known(PROOF, 0), "the first place is forgotten");
        assert!((1..=PLACES_MAX).all(|n| known(PROOF, n)));
        verified.verified(1, [2; 32], place(1), now);
        assert!(known(PROOF, 1) && known([2; 32], 1), "the new password and the old one");
        verified.verified(1, [3; 32], place(1), now);
        assert!(!known(PROOF, 1) && known([2; 32], 1) && known([3; 32], 1));
    }
}
