//! Why a technician asks for another fibre (table 3.4.1).

use crate::{route::Fate, tokens::tokens};

tokens! {
    /// One of the fifteen reasons.
    Reason {
        /// PTO existante
        ExistingPto = "existing_pto",
        /// Bâtiment erroné
        WrongBuilding = "wrong_building",
        /// Escalier erroné
        WrongStaircase = "wrong_staircase",
        /// Fibre occupée
        OccupiedFibre = "occupied_fibre",
        /// Fibre cassée
        BrokenFibre = "broken_fibre",
        /// Adresse erronée
        WrongAddress = "wrong_address",
        /// Etage erroné
        WrongFloor = "wrong_floor",
        /// PBO erroné
        WrongPbo = "wrong_pbo",
        /// Absence de signal
        NoSignal = "no_signal",
        /// PTO inexistante
        MissingPto = "missing_pto",
        /// PTO erronée
        WrongPto = "wrong_pto",
        /// PBO saturé
        FullPbo = "full_pbo",
        /// PBO éloigné
        DistantPbo = "distant_pbo",
        /// Problème génie civil
        CivilWorks = "civil_works",
        /// Route optique virtuelle
        VirtualRoute = "virtual_route",
    }
}

impl Reason {
    /// Whether the socket may not be kept for this reason (§3.4.1, fourth rule).
    pub const fn forbids_keeping(self) -> bool {
        match self {
            Self::ExistingPto
            | Self::MissingPto
            | Self::WrongPto
            | Self::VirtualRoute
            | Self::WrongBuilding
            | Self::WrongStaircase
            | Self::WrongFloor
            | Self::WrongAddress => true,
            Self::OccupiedFibre
            | Self::BrokenFibre
            | Self::WrongPbo
            | Self::NoSignal
            | Self::FullPbo
            | Self::DistantPbo
            | Self::CivilWorks => false,
        }
    }

    /// What becomes of the route that the line leaves (contract.md, D34).
    pub const fn fate_of_old_route(self) -> Fate {
        match self {
            Self::BrokenFibre | Self::NoSignal => Fate::OutOfService,
            Self::OccupiedFibre => Fate::Occupied,
            Self::ExistingPto
            | Self::WrongBuilding
            | Self::WrongStaircase
            | Self::WrongAddress
            | Self::WrongFloor
            | Self::WrongPbo
            | Self::MissingPto
            | Self::WrongPto
            | Self::FullPbo
            | Self::DistantPbo
            | Self::CivilWorks
            | Self::VirtualRoute => Fate::Available,
        }
    }
}
