//! Every act, with the technician who did it, for the operator.

use super::Technician;
pub use crate::store::journal::Entry;
use crate::store::{Store, StoreError, journal};

impl Entry {
    /// Something that a technician did.
    pub(crate) fn of(technician: &Technician, at_ms: i64, act: &str) -> Self {
        Self {
            at_ms,
            login: technician.login.clone(),
            name: technician.name.clone(),
            act: act.to_owned(),
            ..Self::default()
        }
    }

    /// For a contract.
    #[must_use]
    pub(crate) fn contract(self, contract: &str) -> Self {
        Self { contract: contract.to_owned(), ..self }
    }

    /// What came of it: `OK`, a code of the contract, or a word.
    #[must_use]
    pub(crate) fn outcome(self, outcome: &str) -> Self {
        Self { outcome: outcome.to_owned(), ..self }
    }

    /// With the rest, for people.
    #[must_use]
    pub(crate) fn detail(self, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..self }
    }

    /// Writes it down.
    pub(crate) async fn keep(self, store: &Store) -> Result<(), StoreError> {
        store.with(move |db| journal::add(db, &self)).await
    }
}

/// Writes down that somebody did something for a contract.
pub(crate) async fn record(
    store: &Store,
    technician: &Technician,
    at_ms: i64,
    act: &'static str,
    contract: &str,
    detail: &str,
) -> Result<(), StoreError> {
    Entry::of(technician, at_ms, act).contract(contract).detail(detail).keep(store).await
}
