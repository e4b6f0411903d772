//! How the writer has spent its time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What the one writer has done since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Groups of use cases that it committed, or tried to.
    pub commits: u64,
    /// Use cases in them.
    pub use_cases: u64,
    /// Time in which it ran use cases.
    pub running: Duration,
    /// Time in which it committed: writing to the disk, and waiting for it.
    pub committing: Duration,
}

/// The account of it, which only the writer adds to. Every clone is the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Account(Arc<Totals>);

#[derive(Debug, Default)]
struct Totals {
    commits: AtomicU64,
    use_cases: AtomicU64,
    running_ns: AtomicU64,
    committing_ns: AtomicU64,
}

impl Account {
    /// Adds a group.
    pub(super) fn add(&self, use_cases: usize, running: Duration, committing: Duration) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let add = |total: &AtomicU64, more: u64| total.fetch_add(more, Ordering::Relaxed);
        add(&self.0.commits, 1);
        add(&self.0.use_cases, use_cases as u64);
        add(&self.0.running_ns, nanos(running));
        add(&self.0.committing_ns, nanos(committing));
    }

    /// What is in it.
    pub(super) fn spent(&self) -> Spent {
        let total = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Spent {
            commits: total(&self.0.commits),
            use_cases: total(&self.0.use_cases),
            running: Duration::from_nanos(total(&self.0.running_ns)),
            committing: Duration::from_nanos(total(&self.0.committing_ns)),
        }
    }
}
