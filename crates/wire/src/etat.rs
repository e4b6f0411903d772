//! The labels of states, as the tables write them (contract.md, D16).

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $label] $variant,)* }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The label, with its accents.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

labels! {
    /// `informationConstruction` (tables 3.2.2 and 3.3.2).
    InformationConstruction {
        AConstruire "A construire",
        EnConstruction "En construction",
        Construite "Construite",
    }
}

labels! {
    /// `informationUtilisation` (tables 3.2.2 and 3.3.2).
    InformationUtilisation {
        Disponible "Disponible",
        Occupe "Occupé",
        Reserve "Réservé",
    }
}

labels! {
    /// `reprovisionning/@statut` (table 3.5.2).
    Etat {
        Initie "Initié",
        EnCours "En cours",
        Termine "Terminé",
        Annule "Annulé",
        EnEchec "En échec",
    }
}
