//! Why a request is refused: meanings, no codes, no text for the caller.

use crate::{eligibility::Rule, order::OrderProblem};

/// A refusal of a business kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such contract for this operator; another operator's is the same (contract.md, D21).
    UnknownContract,
    /// The place asked for is not on the contract's site.
    UnknownPlace,
    /// The PBO is not at the place, and serves nothing there.
    UnknownPbo,
    /// There is nothing to show.
    NothingToShow,
    /// There never was a re-provisioning for this contract.
    NeverReprovisioned,
    /// The contract's order does not allow it.
    Order(OrderProblem),
    /// Another request for this contract is being decided.
    BeingDecided,
    /// A re-provisioning runs for this contract.
    AlreadyRunning,
    /// No such fibre.
    UnknownFibre,
    /// No such socket on the contract's site.
    UnknownPto,
    /// A rule of §1.1 or §3.4.1 says no.
    NotAllowed(Rule),
    /// The request's own name was used for a request with other content.
    NameReused,
    /// The inventory contradicts itself; the text says where, for the log.
    Inconsistent(&'static str),
}
