//! Requests in progress, by operator (contract.md, D24).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Who has how many requests in progress.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    open: Arc<Mutex<HashMap<i64, i64>>>,
}

/// A request in progress, until dropped.
#[derive(Debug)]
pub struct Session {
    sessions: Sessions,
    operator_id: i64,
}

impl Sessions {
    /// Opens one more; `None`: the operator has as many as it may.
    pub fn open(&self, operator_id: i64, sessions_max: i64) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(operator_id).or_default();
        if *count >= sessions_max {
            return None;
        }
        *count += 1;
        Some(Session { sessions: self.clone(), operator_id })
    }

    /// How many an operator has.
    pub fn count(&self, operator_id: i64) -> i64 {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&operator_id).copied().unwrap_or_default()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut open = self.sessions.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.operator_id) {
            *count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sessions;

    #[test]
    fn the_third_of_two_waits_for_nobody() {
        let sessions = Sessions::default();
        let first = sessions.open(1, 2).unwrap();
        let _second = sessions.open(1, 2).unwrap();
        assert!(sessions.open(1, 2).is_none());
        assert!(sessions.open(2, 2).is_some(), "another operator");
        drop(first);
        assert!(sessions.open(1, 2).is_some());
    }
}
