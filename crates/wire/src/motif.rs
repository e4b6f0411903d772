//! `motif`: the fifteen labels of table 3.4.1, as written and as tolerated (contract.md, D12).

use crate::text::fold;

macro_rules! motifs {
    ($($variant:ident $label:literal,)*) => {
        /// Why the technician asks (table 3.4.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Motif { $(#[doc = $label] $variant,)* }

        impl Motif {
            /// The fifteen of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The label, as the table writes it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

motifs! {
    PtoExistante "PTO existante",
    BatimentErrone "Bâtiment erroné",
    EscalierErrone "Escalier erroné",
    FibreOccupee "Fibre occupée",
    FibreCassee "Fibre cassée",
    AdresseErronee "Adresse erronée",
    EtageErrone "Etage erroné",
    PboErrone "PBO erroné",
    AbsenceDeSignal "Absence de signal",
    PtoInexistante "PTO inexistante",
    PtoErronee "PTO erronée",
    PboSature "PBO saturé",
    PboEloigne "PBO éloigné",
    ProblemeGenieCivil "Problème génie civil",
    RouteOptiqueVirtuelle "Route optique virtuelle",
}

impl Motif {
    /// Reads a label without regard to case, accents and repeated blanks.
    pub fn read(text: &str) -> Option<Self> {
        let folded = fold(text);
        Self::ALL.iter().copied().find(|motif| fold(motif.label()) == folded)
    }

    /// The label closest to a text that is none of them, where one is close.
    pub fn nearest(text: &str) -> Option<Self> {
        let folded = fold(text);
        let distance = |motif: &Self| strsim::osa_distance(&fold(motif.label()), &folded);
        Self::ALL.iter().copied().min_by_key(distance).filter(|motif| distance(motif) <= 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifteen_are_read_as_written_and_as_tolerated() {
        assert_eq!(Motif::ALL.len(), 15);
        for motif in Motif::ALL {
            let label = motif.label();
            assert_eq!(Motif::read(label), Some(*motif));
            assert_eq!(Motif::read(&label.to_uppercase()), Some(*motif), "{label}");
            assert_eq!(Motif::read(&label.replace(' ', " \u{20} ")), Some(*motif), "{label}");
            let bare: String = label.replace(['é', 'è', 'ê'], "e").replace('â', "a");
            assert_eq!(Motif::read(&bare), Some(*motif), "{label}");
        }
        assert_eq!(Motif::read("Fibre casse\u{301}e"), Some(Motif::FibreCassee));
        assert_eq!(Motif::read("Étage erroné"), Some(Motif::EtageErrone));
    }

    #[test]
    fn anything_else_is_not_a_motif() {
        for text in ["", "Fibre", "FibreCassée", "Fibre cassÃ©e", "Fibre cassée."] {
            assert_eq!(Motif::read(text), None, "{text}");
        }
        assert_eq!(Motif::nearest("Fibre casée"), Some(Motif::FibreCassee));
        assert_eq!(Motif::nearest("Déménagement"), None);
    }
}
