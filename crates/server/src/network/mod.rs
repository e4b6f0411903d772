//! Networks, the OI's system that re-patches the route: what is asked of it, and the built-in one.

mod built_in;

pub use built_in::{AskBehaviour, Behaviour, Networks, Settings};

/// A change to hand over.
#[derive(Debug, Clone, Copy)]
pub struct NetworkOrder<'a> {
    /// The re-provisioning's key: the same order handed over twice is one order.
    pub id: &'a str,
    /// The contract that moves.
    pub contract_ref: &'a str,
    /// The fibre it moves to.
    pub fibre_ref: &'a str,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Taken; re-patching has not begun, and will at about this time.
    Waiting {
        /// When to look again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// Being re-patched; it will end at about this time.
    Working {
        /// When to look again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// Re-patched.
    Done,
    /// Refused for good, with the reason for the OI.
    Refused(String),
    /// Called off.
    CalledOff,
    /// Never heard of it.
    Unknown,
}

/// What calling an order off comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be done.
    CalledOff,
    /// Too late.
    AlreadyDone,
}

/// Why Networks has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It answered with an error.
    #[error("Networks answered with an error")]
    Failed,
    /// Another call for the same contract is running there.
    #[error("Networks is busy with another call for this contract")]
    Busy,
    /// It did not answer in time.
    #[error("Networks did not answer in time")]
    TimedOut,
    /// It has no task for this contract, or cannot start one.
    #[error("Networks has no task for this contract")]
    NoTask,
}
