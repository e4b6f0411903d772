//! The n-th call to the database fails.

use std::sync::{Arc, Mutex};

use ereprov_server::store::{Faults, StoreError};

use super::Database;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The database is out of reach.
    Unavailable,
    /// It answers with an error.
    Broken,
    /// PostgreSQL wants to see the transaction again.
    Again,
}

impl Kind {
    /// Those that a database has; SQLite, where one writes at a time, wants to see nothing again.
    pub fn of(database: Database) -> &'static [Self] {
        match database {
            Database::Sqlite => &[Self::Unavailable, Self::Broken],
            Database::Postgres => &[Self::Unavailable, Self::Broken, Self::Again],
        }
    }

    fn error(self) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable("on purpose".into()),
            Self::Broken => StoreError::Broken("on purpose".into()),
            Self::Again => StoreError::Again("on purpose".into()),
        }
    }
}

/// Counts calls, once it is armed, and fails one of them.
#[derive(Clone, Default)]
pub struct Nth(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    armed: Option<(usize, Kind)>,
    fired: Option<String>,
}

impl Nth {
    /// What the store is given.
    pub fn faults(&self) -> Faults {
        let state = Arc::clone(&self.0);
        Faults::from_fn(move |call| {
            let mut state = state.lock().unwrap();
            let (left, kind) = state.armed?;
            if left > 1 {
                state.armed = Some((left - 1, kind));
                return None;
            }
            state.armed = None;
            state.fired = Some(call.to_owned());
            Some(kind.error())
        })
    }

    /// From now on, the n-th call fails, and no other.
    pub fn arm(&self, n: usize, kind: Kind) {
        *self.0.lock().unwrap() = State { armed: Some((n, kind)), fired: None };
    }

    /// The call that failed; none: there were not so many.
    pub fn disarm(&self) -> Option<String> {
        let mut state = self.0.lock().unwrap();
        state.armed = None;
        state.fired.take()
    }
}
