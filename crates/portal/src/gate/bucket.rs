//! How often something may be done: so many times at once, then once in a while. Nobody is locked out,
//! for what was used up comes back by itself.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Allowances, one for each key.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    allowance: Allowance,
    /// For each key that has used some of its allowance, when it has all of it again, in milliseconds.
    full_ms: Mutex<HashMap<K, i64>>,
}

/// How much may be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// At once.
    pub at_once: u32,
    /// Then one more each time this has passed.
    pub every: Duration,
}

/// Keys at the most; the ones that have used least are forgotten first.
const KEYS_MAX: usize = 20_000;

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Nobody has done anything yet.
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, full_ms: Mutex::default() }
    }

    /// Does it once.
    ///
    /// # Errors
    /// For how long it may not be done.
    pub fn take(&self, key: &K, now_ms: i64) -> Result<(), Duration> {
        let every = self.every_ms();
        let mut all = self.lock();
        let full = all.get(key).copied().unwrap_or(now_ms).max(now_ms);
        let after = full + every;
        let room = every * i64::from(self.allowance.at_once);
        if after - now_ms > room {
            return Err(Duration::from_millis((after - now_ms - room).unsigned_abs()));
        }
        if all.len() >= KEYS_MAX && !all.contains_key(key) {
            forget(&mut all, now_ms);
        }
        all.insert(key.clone(), after);
        Ok(())
    }

    /// Whether some of it is used up.
    pub fn is_used(&self, key: &K, now_ms: i64) -> bool {
        self.lock().get(key).is_some_and(|full| *full > now_ms)
    }

    /// It was not done after all.
    pub fn give_back(&self, key: &K) {
        let every = self.every_ms();
        if let Some(full) = self.lock().get_mut(key) {
            *full -= every;
        }
    }

    fn every_ms(&self) -> i64 {
        i64::try_from(self.allowance.every.as_millis()).unwrap_or(i64::MAX / 1_000_000)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        self.full_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets who has all of it again, or else the half that has used least.
fn forget<K: Hash + Eq>(all: &mut HashMap<K, i64>, now_ms: i64) {
    all.retain(|_, full| *full > now_ms);
    if all.len() >= KEYS_MAX {
        let mut ends: Vec<_> = all.values().copied().collect();
        let middle = ends.len() / 2;
        let (_, half, _) = ends.select_nth_unstable(middle);
        let half = *half;
        all.retain(|_, full| *full > half);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_then_one_a_second() -> Buckets<u32> {
        Buckets::new(Allowance { at_once: 3, every: Duration::from_secs(1) })
    }

    #[test]
    fn what_was_used_up_comes_back() {
        let buckets = three_then_one_a_second();
        let take = |now| buckets.take(&1, now);
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(Duration::from_secs(1)));
        assert_eq!(take(400), Err(Duration::from_millis(600)), "asking costs nothing");
        assert_eq!(take(1000), Ok(()));
        assert!(take(1000).is_err());
        assert_eq!(buckets.take(&2, 1000), Ok(()), "another has its own");
        buckets.give_back(&1);
        assert_eq!(take(1000), Ok(()));
        let later = 1_000_000;
        assert_eq!([take(later), take(later), take(later)], [Ok(()); 3]);
        assert!(take(later).is_err(), "it never comes to more");
    }

    #[test]
    fn memory_is_bounded_and_who_did_most_is_still_known() {
        let buckets = three_then_one_a_second();
        for _ in 0..3 {
            buckets.take(&0, 0).unwrap();
        }
        for key in 1..=100_000 {
            buckets.take(&key, 0).unwrap();
        }
        assert!(buckets.lock().len() <= KEYS_MAX);
        assert!(buckets.take(&0, 0).is_err());
    }
}
