//! §4: the 26 codes, number and label, as one table.

use std::fmt;

use crate::etat::Label;

macro_rules! codes {
    ($($number:literal $name:ident $label:literal;)*) => {
        /// A code of §4 of the specification.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CodeErreur {
            $(#[doc = $label] $name,)*
        }

        impl CodeErreur {
            /// Every code of §4, in ascending order.
            pub const ALL: &[CodeErreur] = &[$(CodeErreur::$name,)*];

            /// The number, as `codeErreur` carries it.
            pub const fn number(self) -> i32 {
                match self { $(CodeErreur::$name => $number,)* }
            }

            /// The label of §4, to the letter.
            pub const fn libelle(self) -> &'static str {
                match self { $(CodeErreur::$name => $label,)* }
            }
        }

        impl TryFrom<i32> for CodeErreur {
            type Error = i32;

            /// The code with this number; a number that §4 does not have comes back as it is.
            fn try_from(number: i32) -> Result<Self, i32> {
                match number { $($number => Ok(CodeErreur::$name),)* other => Err(other) }
            }
        }
    };
}

codes! {
       -1 WsFerme "WS fermé";
        0 ErreurInconnue "Erreur inconnue";
    10000 LoginIncorrect "Login/Password incorrect";
    10100 ProblemeBase "Problème base de données";
    10101 BaseIndisponible "Base de données indisponible";
    10200 TimeoutProxy "Timeout Proxy";
    20000 ErreurParDefaut "Erreur par défaut";
    20001 ArgumentIncorrect "Argument incorrect";
    20002 CommandeInvalide "Commande invalide";
    20003 TimeoutClient "Timeout client";
    20004 RessourcesDepassees "Dépassement des ressources systèmes";
    20005 PasDeValeur "Pas de valeur";
    20006 RequeteDejaEnCours "Requête déjà en cours";
    20007 TropDeRequetes "Maximum de requêtes simultanées atteint. Réessayer plus tard";
    20008 ErreurNetworks "Erreur Networks";
    20009 AppelNetworksEnCours "Appel Networks déjà en cours";
    20010 TimeoutNetworks "Timeout Networks";
    20011 TacheIntrouvable "Impossible de trouver la tâche de Re-Provisionning / Impossible d’initier le Re-Provisionning";
    20012 ReprovisionningEnCours "Opération de Re-Provisionning déjà en cours";
    20014 ReprovisionningIntrouvable "Re-Provisionning introuvable";
    20015 OperationNonAutorisee "Opération non autorisée";
    20016 MaximumAtteint "Maximum de modifications autorisées atteint";
    20018 AucuneCommande "Aucune commande en cours pour la référence contrat spécifiée";
    20019 ContratIntrouvable "Référence contrat introuvable";
    20020 ProfilIntrouvable "Profil technique introuvable";
    20021 MethodeNonAutorisee "Profil technique, méthode non autorisée";
}

impl CodeErreur {
    /// Reads `codeErreur` as it came; numbers that §4 does not have are kept.
    pub fn read(text: &str) -> Label<Self> {
        let number = text.trim().parse::<i32>().ok();
        let known = number.and_then(|number| Self::try_from(number).ok());
        known.map_or_else(|| Label::Other(text.trim().to_owned()), Label::Known)
    }
}

impl fmt::Display for CodeErreur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification, whole: every code of its §4 is in the table, and no other.
    #[test]
    fn the_table_is_section_4() {
        let specification = include_str!("../tests/contract/section-4.txt");
        let mut expected = Vec::new();
        for line in specification.lines() {
            let (number, label) = line.split_once(' ').expect("a number, a blank, a label");
            expected.push((number.parse::<i32>().expect("a number"), label));
        }
        expected.sort_unstable();
        let table: Vec<_> = CodeErreur::ALL.iter().map(|c| (c.number(), c.libelle())).collect();
        assert_eq!(table, expected);
        assert_eq!(table.len(), 26);
    }

    #[test]
    fn numbers_without_a_code_are_kept() {
        assert_eq!(CodeErreur::try_from(20015), Ok(CodeErreur::OperationNonAutorisee));
        assert_eq!(CodeErreur::try_from(20013), Err(20013));
        assert_eq!(CodeErreur::try_from(20017), Err(20017));
        assert_eq!(CodeErreur::read(" -1\n"), CodeErreur::WsFerme.into());
        assert_eq!(CodeErreur::read("20013"), Label::Other("20013".into()));
        assert_eq!(CodeErreur::read("SQL-42"), Label::Other("SQL-42".into()));
    }
}
