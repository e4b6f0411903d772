//! Which content of the database somebody has read: a number that is another one after each change.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What was in the database at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(u64);

/// The number of what is there now, odd while a change is on its way to its commit. Every clone is
/// the same one; only the writer moves it.
#[derive(Clone, Default)]
pub(super) struct Versions(Arc<AtomicU64>);

impl Versions {
    /// To be asked before the snapshot begins that is read. `None`: a change is on its way, and there
    /// is no telling whether the snapshot has it.
    pub(super) fn now(&self) -> Option<Version> {
        let number = self.0.load(Ordering::SeqCst);
        number.is_multiple_of(2).then_some(Version(number))
    }

    /// A use case has changed something.
    pub(super) fn change(&self) {
        self.0.fetch_or(1, Ordering::SeqCst);
    }

    /// What was changed is committed, or undone.
    pub(super) fn settle(&self) {
        let number = self.0.load(Ordering::SeqCst);
        self.0.store(number + number % 2, Ordering::SeqCst);
    }

    /// Another process has committed something.
    pub(super) fn changed_elsewhere(&self) {
        self.0.fetch_add(2, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_ends_with_each_change_and_there_is_none_during_one() {
        let versions = Versions::default();
        let first = versions.now().unwrap();
        assert_eq!(versions.now(), Some(first));
        versions.change();
        versions.change();
        assert_eq!(versions.now(), None);
        versions.settle();
        let second = versions.now().unwrap();
        assert_ne!(second, first);
        versions.settle();
        assert_eq!(versions.now(), Some(second));
        versions.changed_elsewhere();
        assert!(versions.now().is_some_and(|third| third != second && third != first));
    }
}
