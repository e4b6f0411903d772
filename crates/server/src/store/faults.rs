//! Failures on purpose: a test's handle that is asked before each call to the database.

use std::sync::{Arc, OnceLock};

use super::error::StoreError;

/// Asked with the name of the call that is about to be made: a statement's, `CONNECT`, `BEGIN`,
/// `COMMIT` (PostgreSQL is lost in it where the answer is [`StoreError::Unavailable`], and nothing is
/// kept) or `COMMITTED` (PostgreSQL alone, and the same, but everything is kept).
#[derive(Clone)]
pub struct Faults(Arc<Ask>);

type Ask = dyn Fn(&str) -> Option<StoreError> + Send + Sync;

impl Faults {
    /// A handle that answers with this function: with what goes wrong, or nothing.
    pub fn from_fn(ask: impl Fn(&str) -> Option<StoreError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

/// Where a handle may be; every clone of a store has the same one.
#[derive(Clone, Default)]
pub(super) struct FaultHook(Arc<OnceLock<Faults>>);

impl FaultHook {
    /// Sets the handle, once.
    pub(super) fn set(&self, faults: Faults) {
        self.0.get_or_init(|| faults);
    }

    /// What the handle, where there is one, says about a call.
    pub(super) fn ask(&self, call: &str) -> Result<(), StoreError> {
        match self.0.get().and_then(|faults| (faults.0)(call)) {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}
