//! Technical profiles (§2.4): which methods, how many calls a month, how many at once.

use std::collections::BTreeMap;

use ereprov_wire::operation::Operation;

/// What a profile allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The methods that may be called.
    pub methods: Vec<Operation>,
    /// Calls a calendar month, where the operator has no number of its own.
    pub quota: i64,
    /// Requests at once, where the operator has no number of its own.
    pub sessions: i64,
}

/// The profiles, by name.
pub type Profiles = BTreeMap<String, Profile>;
