//! The checker: were the four promises kept? It reads the tables and what the clients saw, and
//! knows nothing of how the service works.

pub(super) mod chain;
mod fibres;
mod quota;
mod requests;
mod sessions;
mod tenants;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use super::{facts::Facts, history::Seen};

/// A promise, and what else must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A fibre that two lines have.
    FibreTwice,
    /// A request that was accepted and is not there.
    RequestLost,
    /// More calls than the quota, or another number than there were.
    Quota,
    /// More requests at once than an operator may have.
    Sessions,
    /// Something of another operator's.
    Tenants,
    /// A row of the audit that is not as it was sealed, or in no seal.
    Chain,
    /// No answer on a connection that stayed open, or the answer of a bug.
    Answers,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FibreTwice => "fibres assigned twice",
            Self::RequestLost => "acknowledged requests missing",
            Self::Quota => "quota exceeded or miscounted",
            Self::Sessions => "sessions over the limit",
            Self::Tenants => "other tenants' data seen",
            Self::Chain => "audit not as sealed",
            Self::Answers => "answers that never came, or came from a bug",
        })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The offending rows, in words.
    pub(super) violations: BTreeMap<Kind, Vec<String>>,
    /// What could not be checked, and why.
    pub(super) notes: Vec<String>,
}

impl Report {
    fn add(&mut self, kind: Kind, what: String) {
        self.violations.entry(kind).or_default().push(what);
    }

    /// How many violations there are.
    pub(super) fn count(&self) -> usize {
        self.violations.values().map(Vec::len).sum()
    }
}

/// Checks everything.
pub(super) fn check(facts: &Facts, seen: &[Seen]) -> Report {
    let index = Index::new(facts, seen);
    let mut report = Report::default();
    fibres::check(&index, &mut report);
    requests::check(&index, &mut report);
    quota::check(&index, &mut report);
    sessions::check(&index, &mut report);
    tenants::check(&index, &mut report);
    chain::check(facts.chain.as_ref(), &mut report);
    report
}

/// The tables, by what is looked up in them.
struct Index<'a> {
    facts: &'a Facts,
    seen: &'a [Seen],
    contracts: BTreeMap<i64, &'a str>,
    fibres: BTreeMap<i64, &'a str>,
    operators: BTreeMap<&'a str, i64>,
    /// Changes by their discharge code; a retry has its first attempt's.
    codes: BTreeMap<&'a str, &'a super::facts::Change>,
    audit: BTreeMap<&'a str, &'a super::facts::Audit>,
}

impl<'a> Index<'a> {
    fn new(facts: &'a Facts, seen: &'a [Seen]) -> Self {
        let names = |id: i64, name: &'a String| (id, name.as_str());
        Self {
            facts,
            seen,
            contracts: facts.contracts.iter().map(|row| names(row.id, &row.reference)).collect(),
            fibres: facts.fibres.iter().map(|row| names(row.id, &row.reference)).collect(),
            operators: facts.operators.iter().map(|row| (row.login.as_str(), row.id)).collect(),
            codes: facts.changes.iter().map(|row| (row.discharge_code.as_str(), row)).collect(),
            audit: facts.audit.iter().map(|row| (row.request_id.as_str(), row)).collect(),
        }
    }

    fn contract(&self, id: i64) -> &'a str {
        self.contracts.get(&id).copied().unwrap_or("a contract that is not there")
    }

    fn fibre(&self, id: i64) -> &'a str {
        self.fibres.get(&id).copied().unwrap_or("a fibre that is not there")
    }

    fn operator(&self, login: &str) -> Option<i64> {
        self.operators.get(login).copied()
    }
}
