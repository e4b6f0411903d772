//! Time and chance, handed over by whoever starts the program, so that tests hold both.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use zeroize::{Zeroize, Zeroizing};

/// The time of day, in milliseconds since 1970-01-01 UTC. Deadlines use the monotonic clock of the
/// runtime instead.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// A test's, which moves when it is told to.
    Manual(Arc<AtomicI64>),
}

/// The time of the machine: what it says is written down, as in the log, and never decided by.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
pub(crate) fn machine_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

impl Clock {
    /// A clock that stands at this time.
    pub fn manual(now_ms: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now_ms)))
    }

    /// Now.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => machine_time().as_millisecond(),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock.
    ///
    /// # Panics
    /// On the machine's clock, which nobody moves.
    pub fn advance_ms(&self, ms: i64) {
        match self {
            Self::System => panic!("the machine's clock cannot be moved"),
            Self::Manual(now) => _ = now.fetch_add(ms, Ordering::SeqCst),
        }
    }
}

/// How many random bytes the machine is asked for at once.
const AT_A_TIME_BYTES: usize = 512;

fn ask_the_machine(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the machine gives random bytes");
}

/// Where random bytes come from.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// The machine's, asked for some hundred bytes at a time: each request takes ten for its id.
    ///
    /// # Panics
    /// When used, on a machine that cannot give random bytes: nothing here is safe without them.
    pub fn system() -> Self {
        let store = Mutex::new((Zeroizing::new([0; AT_A_TIME_BYTES]), 0));
        Self::from_fn(move |bytes| {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            let (random, left) = &mut *store;
            if bytes.len() > *left {
                if bytes.len() > AT_A_TIME_BYTES {
                    return ask_the_machine(bytes);
                }
                ask_the_machine(&mut random[..]);
                *left = AT_A_TIME_BYTES;
            }
            let taken = &mut random[*left - bytes.len()..*left];
            bytes.copy_from_slice(taken);
            // Nothing is given twice, nor found in memory by whoever comes later.
            taken.zeroize();
            *left -= bytes.len();
        })
    }

    /// A test's.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// As many random bytes as are asked for.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// An id that sorts by time (UUID version 7).
    pub fn id(&self, now_ms: i64) -> String {
        let millis = u64::try_from(now_ms).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid();
        id.to_string()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_machines_bytes_never_come_twice_however_many_are_asked_for() {
        let entropy = Entropy::system();
        let mut seen = HashSet::new();
        for _ in 0..100 {
            assert!(seen.insert(entropy.bytes::<10>().to_vec()));
            assert!(seen.insert(entropy.bytes::<32>().to_vec()));
            assert!(seen.insert(entropy.bytes::<{ AT_A_TIME_BYTES }>().to_vec()));
            assert!(seen.insert(entropy.bytes::<{ AT_A_TIME_BYTES + 1 }>().to_vec()));
        }
        let zeros = |bytes: &Vec<u8>| bytes.windows(8).any(|eight| eight == [0; 8]);
        assert!(!seen.iter().any(zeros), "what was given is wiped, and never given again");
    }
}
