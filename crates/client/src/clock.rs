//! Time and chance, handed over by whoever starts the program, so that tests hold both.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

/// The time of day, in milliseconds since 1970-01-01 UTC, and the waits of [`Client`](crate::Client).
/// Deadlines of a connection use the monotonic clock of the runtime instead.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// A test's: a wait moves it, and takes no time.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at this time.
    pub fn manual(now_ms: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now_ms)))
    }

    /// Now.
    pub fn now_ms(&self) -> i64 {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Waits.
    pub async fn wait(&self, time: Duration) {
        match self {
            Self::System => tokio::time::sleep(time).await,
            Self::Manual(now) => {
                let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
                now.fetch_add(ms, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    }

    /// The calendar month in Europe/Paris, in which calls are counted (contract.md, D23): `2026-11`.
    pub(crate) fn month(&self) -> String {
        let paris = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let now = Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned_datetime(paris).strftime("%Y-%m").to_string()
    }
}

/// Where random bytes come from.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// The machine's.
    ///
    /// # Panics
    /// When used, on a machine that cannot give random bytes: no request could be told from another.
    pub fn system() -> Self {
        Self::from_fn(|bytes| getrandom::fill(bytes).expect("the machine gives random bytes"))
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

    /// A name that no other request has: 128 bits, in hexadecimal.
    pub fn name(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.bytes()))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_paris() {
        let at = |text: &str| Clock::manual(text.parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(at("2026-11-30T22:59:59Z").month(), "2026-11");
        assert_eq!(at("2026-11-30T23:00:00Z").month(), "2026-12");
        assert_eq!(at("2026-06-30T21:59:59Z").month(), "2026-06");
        assert_eq!(at("2026-06-30T22:00:00Z").month(), "2026-07");
    }
}
