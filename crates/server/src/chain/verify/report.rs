//! What a verification comes to, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::{calendar, chain::Head, store::records::Record};

/// Findings that are kept; more are counted.
const FINDINGS_MAX: usize = 1000;

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A row has changed.
    RowAltered {
        /// Its seal.
        seal: i64,
        /// Which.
        #[serde(flatten)]
        row: Row,
    },
    /// A row of a seal has changed, and there is no telling which.
    ARowAltered {
        /// The seal.
        seal: i64,
    },
    /// Rows are gone.
    RowsRemoved {
        /// Their seal.
        seal: i64,
        /// `request` or `act`.
        table: &'static str,
        /// Their first number.
        from: i64,
        /// Their last.
        to: i64,
    },
    /// A row is there that no seal has, among those that are sealed.
    RowInserted {
        /// Which.
        #[serde(flatten)]
        row: Row,
    },
    /// A seal has changed.
    SealAltered {
        /// Its number.
        seal: i64,
        /// In what.
        what: &'static str,
    },
    /// Seals are gone.
    SealsRemoved {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// The chain ends before a head that was noted down.
    CutOff {
        /// The head's number.
        noted: i64,
    },
    /// The chain has another seal where a head was noted down.
    Rewritten {
        /// The head's number.
        noted: i64,
        /// The hash that is there.
        hash: String,
    },
}

/// A row, as it is found now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `request` or `act`.
    pub table: &'static str,
    /// Its number.
    pub seq: i64,
    /// Its own id.
    pub id: String,
    /// Its own time.
    pub at_ms: i64,
}

impl Row {
    pub(super) fn of(table: &'static str, record: &Record) -> Self {
        Self { table, seq: record.seq, id: record.id().to_owned(), at_ms: record.at_ms() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}, {})", self.table, self.seq, self.id, calendar::iso(self.at_ms))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowAltered { seal, row } => write!(f, "altered: {row} of seal {seal}"),
            Self::ARowAltered { seal } => {
                write!(f, "altered: a row of seal {seal}, there is no telling which")
            }
            Self::RowsRemoved { seal, table, from, to } if from == to => {
                write!(f, "removed: {table} {from} of seal {seal}")
            }
            Self::RowsRemoved { seal, table, from, to } => {
                write!(f, "removed: {table}s {from} to {to} of seal {seal}")
            }
            Self::RowInserted { row } => write!(f, "inserted: {row}, which no seal has"),
            Self::SealAltered { seal, what } => write!(f, "altered: seal {seal}, {what}"),
            Self::SealsRemoved { from, to } if from == to => write!(f, "removed: seal {from}"),
            Self::SealsRemoved { from, to } => write!(f, "removed: seals {from} to {to}"),
            Self::CutOff { noted } => write!(f, "cut off: the chain ends before seal {noted}"),
            Self::Rewritten { noted, hash } => {
                write!(f, "rewritten: seal {noted} has the hash {hash} and not the one noted down")
            }
        }
    }
}

/// What was removed because it had been kept long enough, as the chain itself tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Up to which seal.
    pub to_seal: i64,
    /// How many rows.
    pub rows: i64,
    /// When the last of them was sealed.
    pub sealed_until_ms: i64,
    /// When that was last decided.
    pub decided_ms: i64,
}

/// What a verification comes to.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How many seals there are.
    pub seals: i64,
    /// How many rows were held against their seals.
    pub rows: i64,
    /// What retention has removed.
    pub removed: Option<Removed>,
    /// Requests that no seal has yet.
    pub requests_not_sealed: i64,
    /// Acts that no seal has yet.
    pub acts_not_sealed: i64,
    /// Rows that were sealed more than an hour before or after their own time.
    pub off_their_time: i64,
    /// The seals that have some of them.
    pub off_their_time_in: String,
    /// What is wrong, the first of it.
    pub findings: Vec<Finding>,
    /// How much more is wrong.
    pub more_findings: u64,
    /// Where the chain ends.
    pub head: Option<Head>,
}

impl Report {
    /// Whether everything is as it was sealed.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}
