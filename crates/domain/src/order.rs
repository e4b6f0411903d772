//! What was ordered for a contract.

use crate::tokens::tokens;

tokens! {
    /// Where the building stands, by density.
    Zone {
        /// Zone très dense
        Ztd = "ztd",
        /// Zone moins dense
        Zmd = "zmd",
    }
}

tokens! {
    /// What kind of building the line ends in.
    BuildingKind {
        /// Several homes behind one door.
        Collective = "collective",
        /// A house.
        House = "house",
    }
}

tokens! {
    /// Whether the order came with a route of its own.
    RouteKind {
        /// Route optique réelle (ROR): this fibre.
        Real = "real",
        /// Route optique virtuelle (ROV): a place in the PBO, the fibre to be said.
        Virtual = "virtual",
    }
}

tokens! {
    /// Where the contract's order stands.
    OrderState {
        /// There is none.
        None = "none",
        /// Ordered; its CR CMD has not been sent.
        AwaitingReport = "awaiting_report",
        /// Its CR CMD was sent; the technician may come.
        Open = "open",
        /// Called off.
        Cancelled = "cancelled",
        /// The line is connected.
        Done = "done",
    }
}

tokens! {
    /// What the technician comes for.
    Intervention {
        /// The connection of the end customer, the only one that §1.1 covers.
        Connection = "connection",
        /// Anything else.
        Other = "other",
    }
}

/// Why a contract's order does not allow a re-provisioning (contract.md, D26a).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderProblem {
    /// The contract has no order.
    None,
    /// The line is connected.
    Done,
    /// The order is cancelled.
    Cancelled,
    /// Its CR CMD has not been sent.
    ReportNotSent,
    /// It is not for the connection of the end customer.
    OtherIntervention,
}

/// Whether an order allows a re-provisioning.
///
/// # Errors
/// The first thing that forbids it, those of 20018 before those of 20002.
pub const fn check(state: OrderState, intervention: Intervention) -> Result<(), OrderProblem> {
    match (state, intervention) {
        (OrderState::None, _) => Err(OrderProblem::None),
        (OrderState::Done, _) => Err(OrderProblem::Done),
        (OrderState::Cancelled, _) => Err(OrderProblem::Cancelled),
        (OrderState::AwaitingReport, _) => Err(OrderProblem::ReportNotSent),
        (OrderState::Open, Intervention::Other) => Err(OrderProblem::OtherIntervention),
        (OrderState::Open, Intervention::Connection) => Ok(()),
    }
}
