//! What the technician reads when something goes wrong: a title, a sentence or two, and a button. For each of
//! the 26 codes of §4, for codes that it does not have, and for what has no code.

mod codes;

use ereprov_client::{CodeErreur, Usage};

use self::codes::of_code;
use crate::flow::{Kind, Trouble};

/// A screen about something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub title: &'static str,
    pub text: String,
    pub button: (&'static str, Act),
}

/// What the button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The same again.
    Retry,
    /// Finds out what became of it.
    Verify,
    /// Back to the contract's reference, which stays in its field.
    Contract,
    /// Another floor or PBO.
    Place,
    /// Back to the list of fibres.
    Fibres,
    /// The recap with the same answers.
    Recap,
    /// The recap without keeping the socket, or the list of fibres.
    Correct,
    /// Where the contract's re-provisioning stands.
    Follow,
    /// A new request for the contract.
    Ask,
    /// The company's own people are told.
    Warn,
    /// The telephone.
    Hotline,
}

fn words(title: &'static str, text: &str, button: &'static str, act: Act) -> Words {
    Words { title, text: text.to_owned(), button: (button, act) }
}

impl Words {
    /// For something that went wrong; `usage` is the company's count of the month.
    pub fn of(trouble: &Trouble, usage: Option<&Usage>) -> Self {
        if let Some(code) = trouble.known() {
            return of_code(code, trouble.operation(), usage, &trouble.label);
        }
        let is_put = trouble.is_about_put();
        match trouble.kind {
            Kind::Ko => of_code(CodeErreur::ErreurParDefaut, trouble.operation(), usage, ""),
            Kind::Fault | Kind::Http => unavailable(),
            Kind::Certificate => words(
                "Le service de l'opérateur n'est pas sûr",
                "Son certificat n'est pas reconnu. Prévenez votre entreprise. Pour cette intervention, appelez la hotline.",
                "Prévenir mon entreprise",
                Act::Warn,
            ),
            Kind::NotSent => words(
                "L'opérateur est injoignable",
                "La liaison entre votre entreprise et l'opérateur est coupée. Réessayez dans une minute.",
                "Réessayer",
                Act::Retry,
            ),
            Kind::NoAnswer if is_put => doubt(),
            Kind::NoAnswer => words(
                "Pas de réponse à temps",
                "L'opérateur n'a pas répondu. Réessayez.",
                "Réessayer",
                Act::Retry,
            ),
            Kind::Unreadable if is_put => doubt(),
            Kind::Unreadable => words(
                "Réponse incompréhensible",
                "L'opérateur a répondu dans un format inattendu. Réessayez une fois. Si ça continue, appelez la hotline.",
                "Réessayer",
                Act::Retry,
            ),
            Kind::Argument => {
                of_code(CodeErreur::ArgumentIncorrect, trouble.operation(), usage, "")
            }
            Kind::Quota => of_code(CodeErreur::MaximumAtteint, trouble.operation(), usage, ""),
            Kind::Busy => of_code(CodeErreur::TropDeRequetes, trouble.operation(), usage, ""),
            Kind::Machine => words(
                "Le portail a un problème",
                "La machine de votre entreprise ne peut rien enregistrer. Prévenez votre entreprise. Pour cette intervention, appelez la hotline.",
                "Prévenir mon entreprise",
                Act::Warn,
            ),
            Kind::Unknown => doubt(),
            Kind::Another => {
                of_code(CodeErreur::ReprovisionningEnCours, trouble.operation(), usage, "")
            }
            Kind::Taken | Kind::Earlier | Kind::NotAccepted | Kind::Stopped => {
                of_the_portal(trouble.kind)
            }
        }
    }
}

/// What the portal itself found before anything was sent, or after.
fn of_the_portal(kind: Kind) -> Words {
    match kind {
        Kind::Taken => words(
            "Cette fibre vient d'être prise",
            "Choisissez-en une autre.",
            "Choisir une autre fibre",
            Act::Fibres,
        ),
        Kind::Earlier => words(
            "Une demande précédente est en suspens",
            "Il faut d'abord savoir ce qu'elle est devenue.",
            "Voir où elle en est",
            Act::Follow,
        ),
        Kind::NotAccepted => words(
            "Votre demande n'était pas passée",
            "Vous pouvez la renvoyer.",
            "Renvoyer",
            Act::Recap,
        ),
        Kind::Stopped => words(
            "Le portail a redémarré",
            "Votre demande attendait son tour. Vous pouvez la renvoyer.",
            "Renvoyer",
            Act::Recap,
        ),
        _ => doubt(),
    }
}

fn unavailable() -> Words {
    words(
        "Service indisponible",
        "Continuez le reste de l'intervention et réessayez dans 5 minutes. Si vous êtes pressé, appelez la hotline.",
        "Réessayer",
        Act::Retry,
    )
}

fn doubt() -> Words {
    words(
        "On ne sait pas encore si la demande est passée",
        "Ne la refaites pas, on vérifie.",
        "Vérifier",
        Act::Verify,
    )
}

fn warn(title: &'static str, text: &str) -> Words {
    words(title, text, "Prévenir mon entreprise", Act::Warn)
}

fn retry(title: &'static str, text: &str) -> Words {
    words(title, text, "Réessayer", Act::Retry)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ereprov_client::Operation;

    use super::{codes::opening, *};

    fn ko(code: &str, operation: Operation) -> Trouble {
        Trouble {
            method: operation.to_string(),
            code: Some(code.to_owned()),
            label: "libellé".to_owned(),
            ..Trouble::own(Kind::Ko, 0)
        }
    }

    #[test]
    fn each_code_has_a_title_of_its_own_words_and_a_button_for_every_method() {
        for operation in Operation::ALL {
            let mut titles = BTreeSet::new();
            for code in CodeErreur::ALL {
                let words = Words::of(&ko(&code.number().to_string(), operation), None);
                assert!(
                    words.text.ends_with('.') || words.text.ends_with('?'),
                    "{code:?}: {}",
                    words.text
                );
                assert!(!words.button.0.is_empty());
                titles.insert(words.title);
            }
            assert_eq!(titles.len(), 26, "{operation}: some codes are told by the same title");
        }
    }

    #[test]
    fn a_code_that_no_table_has_is_told_like_one_without_a_reason() {
        let operation = Operation::GetRoSite;
        for code in ["20013", "20017", "99999", "E-42"] {
            let unknown = Words::of(&ko(code, operation), None);
            assert_eq!(unknown, Words::of(&ko("20000", operation), None));
        }
    }

    #[test]
    fn the_two_meanings_of_20016() {
        let trouble = ko("20016", Operation::GetRoSite);
        let usage = |used| Usage { used, quota: 2000, reached: None };
        assert_eq!(Words::of(&trouble, Some(&usage(2000))).title, "Plus de demandes ce mois-ci");
        assert_eq!(Words::of(&trouble, Some(&usage(12))).title, "Trop de changements");
    }

    #[test]
    fn a_closed_service_says_when_it_opens() {
        for (label, hour) in [
            ("WS fermé : réouverture à 14:00", Some("14 h 00")),
            ("Fermé jusqu'à 07 h 30", Some("07 h 30")),
            ("Fermé le 12/11/2026", None),
            ("WS fermé", None),
            ("code 99:99", None),
        ] {
            assert_eq!(opening(label).as_deref(), hour, "{label}");
        }
    }
}
