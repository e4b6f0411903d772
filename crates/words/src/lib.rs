//! The contract's French words for the domain's English ones, and back: where `wire` and `domain`, which
//! do not know each other, meet. The service and the client library cross here.

pub mod colours;

use ereprov_domain::{
    reason::Reason,
    reprovisioning::State,
    route::{Construction, Usage},
};
use ereprov_wire::{
    etat::{Etat, InformationConstruction, InformationUtilisation},
    motif::Motif,
};

macro_rules! words {
    ($(#[$doc:meta])* $to:ident: $english:ty => $french:ty,
     $(#[$back_doc:meta])* $from:ident { $($one:ident = $other:ident,)* }) => {
        $(#[$doc])*
        pub const fn $to(english: $english) -> $french {
            match english { $(<$english>::$one => <$french>::$other,)* }
        }

        $(#[$back_doc])*
        pub const fn $from(french: $french) -> $english {
            match french { $(<$french>::$other => <$english>::$one,)* }
        }
    };
}

words! {
    /// How far a socket is built, as the tables say it.
    construction: Construction => InformationConstruction,
    /// How far a socket is built, from the tables' words.
    read_construction {
        ToBuild = AConstruire,
        BeingBuilt = EnConstruction,
        Built = Construite,
    }
}

words! {
    /// Who uses a fibre, as the tables say it.
    usage: Usage => InformationUtilisation,
    /// Who uses a fibre, from the tables' words.
    read_usage {
        Available = Disponible,
        Occupied = Occupe,
        Reserved = Reserve,
    }
}

words! {
    /// Where a re-provisioning stands, as the table says it.
    state: State => Etat,
    /// Where a re-provisioning stands, from the table's word.
    read_state {
        Initiated = Initie,
        InProgress = EnCours,
        Completed = Termine,
        Cancelled = Annule,
        Failed = EnEchec,
    }
}

words! {
    /// The table's word for a reason.
    motif: Reason => Motif,
    /// A reason, from the table's word.
    reason {
        ExistingPto = PtoExistante,
        WrongBuilding = BatimentErrone,
        WrongStaircase = EscalierErrone,
        OccupiedFibre = FibreOccupee,
        BrokenFibre = FibreCassee,
        WrongAddress = AdresseErronee,
        WrongFloor = EtageErrone,
        WrongPbo = PboErrone,
        NoSignal = AbsenceDeSignal,
        MissingPto = PtoInexistante,
        WrongPto = PtoErronee,
        FullPbo = PboSature,
        DistantPbo = PboEloigne,
        CivilWorks = ProblemeGenieCivil,
        VirtualRoute = RouteOptiqueVirtuelle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both tables stand in the order of the specification's own.
    #[test]
    fn words_are_in_the_order_of_the_specification() {
        let motifs: Vec<_> = Reason::ALL.iter().copied().map(motif).collect();
        assert_eq!(motifs, Motif::ALL);
        let states: Vec<_> = State::ALL.iter().copied().map(state).collect();
        assert_eq!(states, Etat::ALL);
    }
}
