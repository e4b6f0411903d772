//! Contracts whose request is being decided at this moment (code 20006; contract.md, D25).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The contracts being decided, by operator and reference.
#[derive(Debug, Clone, Default)]
pub struct Deciding {
    contracts: Arc<Mutex<HashSet<(i64, String)>>>,
}

/// Holds a contract until dropped.
#[derive(Debug)]
pub struct Decision {
    deciding: Deciding,
    contract: (i64, String),
}

impl Deciding {
    /// Begins to decide about a contract; `None`: another request for it is being decided.
    pub fn begin(&self, operator_id: i64, contract_ref: &str) -> Option<Decision> {
        let contract = (operator_id, contract_ref.to_owned());
        let mut contracts = self.contracts.lock().unwrap_or_else(PoisonError::into_inner);
        contracts.insert(contract.clone()).then(|| Decision { deciding: self.clone(), contract })
    }
}

impl Drop for Decision {
    fn drop(&mut self) {
        let contracts = &self.deciding.contracts;
        contracts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.contract);
    }
}

#[cfg(test)]
mod tests {
    use super::Deciding;

    #[test]
    fn one_at_a_time_and_again_afterwards() {
        let deciding = Deciding::default();
        let first = deciding.begin(1, "A").expect("nobody decides yet");
        assert!(deciding.begin(1, "A").is_none());
        assert!(deciding.begin(1, "B").is_some(), "another contract");
        drop(first);
        assert!(deciding.begin(1, "A").is_some());
    }
}
