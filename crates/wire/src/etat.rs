//! The labels of states, as the tables write them (contract.md, D16), and read with or without their
//! accents (D19).

use std::fmt;

use crate::{lenient::Spelled, text::fold};

/// What a field says: one of the values of its table, or words of the sender's own, kept as they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Label<T> {
    /// A value of the table.
    Known(T),
    /// Any other words; none where the field was absent.
    Other(String),
}

impl<T> From<T> for Label<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<T: fmt::Display> fmt::Display for Label<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => known.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

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

            /// Reads a label without regard to case, accents and repeated blanks.
            pub fn read(text: &str) -> Label<Self> {
                let folded = fold(text);
                let known = Self::ALL.iter().copied().find(|one| fold(one.label()) == folded);
                known.map_or_else(|| Label::Other(text.to_owned()), Label::Known)
            }
        }

        impl Label<$name> {
            /// The words to show: the table's, or those that came.
            pub fn text(&self) -> &str {
                match self {
                    Self::Known(known) => known.label(),
                    Self::Other(text) => text,
                }
            }
        }

        impl Spelled for Label<$name> {
            fn spelled(&self) -> &str {
                self.text()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_and_without_accents_and_others_are_kept() {
        for etat in Etat::ALL {
            let bare = etat.label().replace(['é', 'è'], "e");
            assert_eq!(Etat::read(etat.label()), Label::Known(*etat));
            assert_eq!(Etat::read(&bare.to_uppercase()), Label::Known(*etat));
        }
        assert_eq!(InformationUtilisation::read("Occupe").text(), "Occupé");
        assert_eq!(InformationConstruction::read("A  construire").text(), "A construire");
        assert_eq!(Etat::read("Suspendu"), Label::Other("Suspendu".into()));
        assert_eq!(Etat::read("Suspendu").text(), "Suspendu");
    }
}
