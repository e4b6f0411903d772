//! French words for English ones, and back.

use ereprov_domain::{
    reason::Reason,
    reprovisioning::State,
    route::{Construction, Usage},
};
use ereprov_wire::{
    etat::{Etat, InformationConstruction, InformationUtilisation},
    motif::Motif,
};

/// How far a socket is built, as the tables say it.
pub(super) fn construction(construction: Construction) -> InformationConstruction {
    match construction {
        Construction::ToBuild => InformationConstruction::AConstruire,
        Construction::BeingBuilt => InformationConstruction::EnConstruction,
        Construction::Built => InformationConstruction::Construite,
    }
}

/// Who uses a fibre, as the tables say it.
pub(super) fn usage(usage: Usage) -> InformationUtilisation {
    match usage {
        Usage::Available => InformationUtilisation::Disponible,
        Usage::Occupied => InformationUtilisation::Occupe,
        Usage::Reserved => InformationUtilisation::Reserve,
    }
}

/// Where a re-provisioning stands, as the table says it.
pub(crate) fn state(state: State) -> Etat {
    match state {
        State::Initiated => Etat::Initie,
        State::InProgress => Etat::EnCours,
        State::Completed => Etat::Termine,
        State::Cancelled => Etat::Annule,
        State::Failed => Etat::EnEchec,
    }
}

macro_rules! reasons {
    ($($motif:ident = $reason:ident,)*) => {
        /// A reason, from the table's word.
        pub(super) fn reason(motif: Motif) -> Reason {
            match motif { $(Motif::$motif => Reason::$reason,)* }
        }

        /// The table's word for a reason.
        pub(crate) fn motif(reason: Reason) -> Motif {
            match reason { $(Reason::$reason => Motif::$motif,)* }
        }
    };
}

reasons! {
    PtoExistante = ExistingPto,
    BatimentErrone = WrongBuilding,
    EscalierErrone = WrongStaircase,
    FibreOccupee = OccupiedFibre,
    FibreCassee = BrokenFibre,
    AdresseErronee = WrongAddress,
    EtageErrone = WrongFloor,
    PboErrone = WrongPbo,
    AbsenceDeSignal = NoSignal,
    PtoInexistante = MissingPto,
    PtoErronee = WrongPto,
    PboSature = FullPbo,
    PboEloigne = DistantPbo,
    ProblemeGenieCivil = CivilWorks,
    RouteOptiqueVirtuelle = VirtualRoute,
}
