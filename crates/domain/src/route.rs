//! The states of a socket and of the fibre that serves it (§3.3.2).

use crate::tokens::tokens;

tokens! {
    /// How far the socket is built.
    Construction {
        /// Nothing there yet.
        ToBuild = "to_build",
        /// Somebody is at it.
        BeingBuilt = "being_built",
        /// It hangs on the wall.
        Built = "built",
    }
}

tokens! {
    /// Who uses the fibre, as far as the label says.
    Usage {
        /// Nobody.
        Available = "available",
        /// Somebody, or nobody may.
        Occupied = "occupied",
        /// Somebody soon.
        Reserved = "reserved",
    }
}

tokens! {
    /// Who holds a fibre or a socket, whatever its label (contract.md, D31).
    Holder {
        /// No contract that we know of.
        Nobody = "nobody",
        /// The contract that asks.
        ThisContract = "this_contract",
        /// Another one.
        AnotherContract = "another_contract",
    }
}

tokens! {
    /// What becomes of a route that the line leaves (contract.md, D34).
    Fate {
        /// Never offered again until the OI says so; shows as occupied.
        OutOfService = "out_of_service",
        /// Somebody was found on it.
        Occupied = "occupied",
        /// Given back.
        Available = "available",
    }
}
