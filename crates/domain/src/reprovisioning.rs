//! The states of a re-provisioning, and the only moves between them (contract.md, D32).

use crate::tokens::tokens;

tokens! {
    /// Where a re-provisioning stands.
    State {
        /// Accepted: the fibre is reserved, the discharge code given.
        Initiated = "initiated",
        /// Networks is re-patching.
        InProgress = "in_progress",
        /// The contract has its new route.
        Completed = "completed",
        /// The OI called it off.
        Cancelled = "cancelled",
        /// Networks refused or kept failing.
        Failed = "failed",
    }
}

impl State {
    /// Whether nothing moves any more.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Initiated | Self::InProgress => false,
            Self::Completed | Self::Cancelled | Self::Failed => true,
        }
    }

    /// Whether this state may become that one.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Initiated | Self::InProgress, Self::Initiated) => false,
            (Self::Initiated, _) => true,
            (Self::InProgress, next) => next.is_final(),
            (Self::Completed | Self::Cancelled | Self::Failed, _) => false,
        }
    }

    /// Whether the asked or new route is shown (contract.md, D33).
    pub const fn shows_route(self) -> bool {
        match self {
            Self::Initiated | Self::InProgress | Self::Completed => true,
            Self::Cancelled | Self::Failed => false,
        }
    }
}

tokens! {
    /// What the driver has to do next for a re-provisioning that runs.
    Step {
        /// Hand the change to Networks.
        Submit = "submit",
        /// Ask Networks how far it is.
        Watch = "watch",
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Cancelled, Completed, Failed, InProgress, Initiated};

    #[test]
    fn the_moves_of_d32_and_no_other() {
        let allowed = [
            (Initiated, InProgress),
            (Initiated, Completed),
            (Initiated, Cancelled),
            (Initiated, Failed),
            (InProgress, Completed),
            (InProgress, Cancelled),
            (InProgress, Failed),
        ];
        for from in State::ALL {
            for to in State::ALL {
                let expected = allowed.contains(&(*from, *to));
                assert_eq!(from.may_become(*to), expected, "{from} to {to}");
            }
        }
    }
}
