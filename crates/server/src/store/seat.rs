//! What a request holds for as long as it is in progress, counted over every instance: one of its
//! operator's sessions (contract.md, D24) and the contract that it decides about (D25).
//!
//! On PostgreSQL the connection holds it on which the request does everything: whoever lost the
//! connection commits nothing any more, and what it held is free. On SQLite, where one process
//! serves, its memory does.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{Engine, Store, apart, error::StoreError};

/// What the requests of this process hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    sessions: Mutex<HashMap<i64, i64>>,
    decisions: Mutex<HashSet<(i64, String)>>,
}

/// One request's place; what it holds is let go of when it is dropped, at the latest.
pub struct Seat {
    store: Store,
    session: Option<i64>,
    decision: Option<(i64, String)>,
}

impl Store {
    /// A place for one request.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn seat(&self) -> Result<Seat, StoreError> {
        let mut store = self.clone();
        if let Engine::Postgres(postgres) = &self.engine {
            store.engine = Engine::Postgres(apart(postgres.own()).await?);
        }
        Ok(Seat { store, session: None, decision: None })
    }

    /// How many sessions the requests of this process hold for an operator.
    pub fn sessions(&self, operator_id: i64) -> i64 {
        lock(&self.held.sessions).get(&operator_id).copied().unwrap_or_default()
    }
}

impl Seat {
    /// The store, as everything that the request does must use it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens a session, once; false: the operator has as many as it may.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open_session(&mut self, operator_id: i64, max: i64) -> Result<bool, StoreError> {
        if self.session == Some(operator_id) {
            return Ok(true);
        }
        if let Engine::Postgres(postgres) = &self.store.engine
            && !apart(postgres.hold_session(operator_id, max)).await?
        {
            return Ok(false);
        }
        let mut sessions = lock(&self.store.held.sessions);
        let count = sessions.entry(operator_id).or_default();
        // Over all instances, PostgreSQL has counted; here it is counted for those who watch.
        if matches!(self.store.engine, Engine::Sqlite(_)) && *count >= max {
            return Ok(false);
        }
        *count += 1;
        self.session = Some(operator_id);
        Ok(true)
    }

    /// Begins to decide about a contract; false: another request for it is being decided.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin_decision(
        &mut self,
        operator_id: i64,
        contract_ref: &str,
    ) -> Result<bool, StoreError> {
        if let Engine::Postgres(postgres) = &self.store.engine {
            return apart(postgres.hold_decision(key(operator_id, contract_ref))).await;
        }
        let contract = (operator_id, contract_ref.to_owned());
        let begun = lock(&self.store.held.decisions).insert(contract.clone());
        self.decision = begun.then_some(contract);
        Ok(begun)
    }

    /// Ends, with the reason, when what this holds is lost: a request that waits for something else
    /// than the database has no session any more, and has to end.
    pub async fn lost(&self) -> StoreError {
        match &self.store.engine {
            Engine::Postgres(postgres) => postgres.lost().await,
            Engine::Sqlite(_) => std::future::pending().await,
        }
        StoreError::Unavailable("the request's connection was lost".into())
    }

    /// Lets go of everything.
    pub async fn leave(self) {
        if let Engine::Postgres(postgres) = &self.store.engine {
            apart(postgres.let_go()).await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let held = &self.store.held;
        if let Some(operator_id) = self.session
            && let Some(count) = lock(&held.sessions).get_mut(&operator_id)
        {
            *count -= 1;
        }
        if let Some(contract) = &self.decision {
            lock(&held.decisions).remove(contract);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands for a contract among PostgreSQL's locks: 64 bits of a hash. Where two contracts share
/// one, a put of theirs may get 20006 once in the life of the universe.
fn key(operator_id: i64, contract_ref: &str) -> i64 {
    let digest = Sha256::new()
        .chain_update(operator_id.to_be_bytes())
        .chain_update(contract_ref.as_bytes())
        .finalize();
    digest.iter().take(8).fold(0, |key, byte| (key << 8) | i64::from(*byte))
}
