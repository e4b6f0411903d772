//! The only file that chooses a code of §4, and what the caller is told beside its label.

use std::time::Duration;

use ereprov_domain::{Refusal, eligibility::Rule, order::OrderProblem, route::Usage};
use ereprov_wire::{
    code_erreur::CodeErreur, entete::Ko, envelope::FaultKind, question::BadArgument,
};

use crate::{
    admission::credentials::{Barred, LoginProblem},
    calendar,
    network::NetworkError,
    store::StoreError,
};

/// Why a question gets a KO.
#[derive(Debug)]
pub enum Refused {
    /// The OI has closed the service.
    Closed {
        /// Why.
        reason: String,
        /// Until when.
        until_ms: Option<i64>,
    },
    /// Nobody we know.
    Login(LoginProblem),
    /// The operator's profile is not one of the configuration.
    NoProfile,
    /// The profile has not this method.
    MethodNotAllowed,
    /// As many requests in progress as allowed.
    TooManySessions(i64),
    /// As many calls this month as allowed.
    OverQuota(i64),
    /// An argument is wrong.
    Argument(BadArgument),
    /// Too many logins wait to be verified.
    Overloaded,
    /// A rule, or something that is not there.
    Business(Refusal),
    /// Networks did not say yes.
    Network(NetworkError),
    /// The database.
    Store(StoreError),
    /// The whole request took too long.
    Deadline,
    /// A bug of ours.
    Bug,
}

/// When to come back after 20004, in seconds.
pub const RETRY_OVERLOADED_S: i64 = 5;

/// Whether §4 has a code with this number.
pub fn is_code(number: i32) -> bool {
    CodeErreur::try_from(number).is_ok()
}

/// The fault of a request that finds no room, before its method is known (contract.md, D37).
pub fn overloaded() -> FaultKind {
    FaultKind::Receiver(CodeErreur::RessourcesDepassees, "réessayez dans quelques secondes")
}

/// The fault of a request whose body does not arrive in time (contract.md, D37).
pub fn client_too_slow() -> FaultKind {
    FaultKind::Receiver(
        CodeErreur::TimeoutClient,
        "le corps de la requête n'est pas arrivé à temps",
    )
}

/// The code and label of a refusal.
pub fn ko(refused: &Refused) -> Ko {
    Ko::new(code(refused), &advice(refused))
}

fn code(refused: &Refused) -> CodeErreur {
    match refused {
        Refused::Closed { .. } => CodeErreur::WsFerme,
        Refused::Login(_) => CodeErreur::LoginIncorrect,
        Refused::NoProfile => CodeErreur::ProfilIntrouvable,
        Refused::MethodNotAllowed => CodeErreur::MethodeNonAutorisee,
        Refused::TooManySessions(_) => CodeErreur::TropDeRequetes,
        Refused::OverQuota(_) => CodeErreur::MaximumAtteint,
        Refused::Argument(_) => CodeErreur::ArgumentIncorrect,
        Refused::Overloaded => CodeErreur::RessourcesDepassees,
        Refused::Business(refusal) => business_code(*refusal),
        Refused::Network(error) => match error {
            NetworkError::Failed => CodeErreur::ErreurNetworks,
            NetworkError::Busy => CodeErreur::AppelNetworksEnCours,
            NetworkError::TimedOut => CodeErreur::TimeoutNetworks,
            NetworkError::NoTask => CodeErreur::TacheIntrouvable,
        },
        Refused::Store(error) => match error {
            StoreError::Unavailable(_) => CodeErreur::BaseIndisponible,
            StoreError::Broken(_) | StoreError::Again(_) | StoreError::Changed => {
                CodeErreur::ProblemeBase
            }
            // Nobody reads this one: the caller has its answer.
            StoreError::Answered | StoreError::Bug(_) => CodeErreur::ErreurInconnue,
        },
        Refused::Deadline => CodeErreur::TimeoutProxy,
        Refused::Bug => CodeErreur::ErreurInconnue,
    }
}

fn business_code(refusal: Refusal) -> CodeErreur {
    match refusal {
        Refusal::UnknownContract => CodeErreur::ContratIntrouvable,
        Refusal::UnknownPlace
        | Refusal::UnknownPbo
        | Refusal::NothingToShow
        | Refusal::UnknownFibre
        | Refusal::UnknownPto => CodeErreur::PasDeValeur,
        Refusal::NeverReprovisioned => CodeErreur::ReprovisionningIntrouvable,
        Refusal::Order(problem) => match problem {
            OrderProblem::None | OrderProblem::Done => CodeErreur::AucuneCommande,
            OrderProblem::Cancelled
            | OrderProblem::ReportNotSent
            | OrderProblem::OtherIntervention => CodeErreur::CommandeInvalide,
        },
        Refusal::BeingDecided => CodeErreur::RequeteDejaEnCours,
        Refusal::AlreadyRunning => CodeErreur::ReprovisionningEnCours,
        Refusal::NotAllowed(_) => CodeErreur::OperationNonAutorisee,
        Refusal::NameReused => CodeErreur::ArgumentIncorrect,
        Refusal::Inconsistent(_) => CodeErreur::ErreurParDefaut,
    }
}

/// What the OI reads in its log and its audit: what the caller was told, or, where that is not for
/// the caller, the cause.
pub fn cause(refused: &Refused) -> String {
    match refused {
        Refused::Login(problem) => login_cause(problem).unwrap_or_else(|| advice(refused)),
        Refused::Business(Refusal::Inconsistent(what)) => (*what).to_owned(),
        Refused::Store(error) => error.chain(),
        Refused::Closed { .. }
        | Refused::NoProfile
        | Refused::MethodNotAllowed
        | Refused::TooManySessions(_)
        | Refused::OverQuota(_)
        | Refused::Argument(_)
        | Refused::Overloaded
        | Refused::Business(_)
        | Refused::Network(_)
        | Refused::Deadline
        | Refused::Bug => advice(refused),
    }
}

/// Why a login is refused, where the caller is not told.
fn login_cause(problem: &LoginProblem) -> Option<String> {
    match problem {
        LoginProblem::Missing
        | LoginProblem::Two
        | LoginProblem::Unreadable
        | LoginProblem::Incomplete
        | LoginProblem::OutOfTime => None,
        LoginProblem::DigestOff { known } => Some(format!("PasswordDigest is off for: {known}")),
        LoginProblem::Replayed { known } => {
            Some(format!("a PasswordDigest that was accepted before: {known}"))
        }
        // What was typed may be a password: it is not shown.
        LoginProblem::Wrong { known: None } => Some("unknown login".to_owned()),
        LoginProblem::Wrong { known: Some(login) } => Some(format!("wrong password: {login}")),
        LoginProblem::Barred { login, why, right } => {
            let password = if *right { "right" } else { "wrong" };
            Some(match why {
                Barred::Disabled => format!("disabled, {password} password: {login}"),
                Barred::Address(address) => {
                    format!("not from {address}, {password} password: {login}")
                }
                Barred::Certificate(None) => {
                    format!("no certificate was presented, {password} password: {login}")
                }
                Barred::Certificate(Some(other)) => {
                    format!("certificate {other:?} was presented, {password} password: {login}")
                }
            })
        }
        LoginProblem::HeldBack { known, .. } => {
            let login = known.as_deref().unwrap_or("unknown login");
            Some(format!("held back after too many wrong passwords: {login}"))
        }
    }
}

/// What the caller can do about it, in French.
fn advice(refused: &Refused) -> String {
    match refused {
        Refused::Closed { reason, until_ms: None } => reason.clone(),
        Refused::Closed { reason, until_ms: Some(until) } => {
            format!("réouverture prévue le {} ; {reason}", calendar::french(*until))
        }
        Refused::Argument(argument) => argument.to_string(),
        Refused::TooManySessions(max) => format!("{} à la fois par opérateur", requests(*max)),
        Refused::OverQuota(quota) => {
            format!("{} par mois ; le compteur repart le 1er du mois prochain", requests(*quota))
        }
        Refused::Business(refusal) => business_advice(*refusal).to_owned(),
        Refused::Login(problem) => login_advice(problem),
        Refused::NoProfile => "l'opérateur n'a pas de profil connu ; contactez l'OI".to_owned(),
        Refused::MethodNotAllowed => {
            "le profil de l'opérateur n'ouvre pas cette méthode ; contactez l'OI".to_owned()
        }
        Refused::Overloaded => "réessayez dans quelques secondes".to_owned(),
        Refused::Network(error) => network_advice(*error).to_owned(),
        Refused::Store(
            StoreError::Unavailable(_)
            | StoreError::Broken(_)
            | StoreError::Again(_)
            | StoreError::Changed,
        ) => "réessayez plus tard ; après putReprovisionning, lisez d'abord getReprovisionning"
            .to_owned(),
        Refused::Deadline => {
            "pas de réponse à temps ; après putReprovisionning, lisez d'abord getReprovisionning"
                .to_owned()
        }
        Refused::Store(StoreError::Answered | StoreError::Bug(_)) | Refused::Bug => {
            "donnez à l'OI la valeur de l'en-tête X-Request-Id".to_owned()
        }
    }
}

fn requests(count: i64) -> String {
    if count < 2 { format!("{count} requête") } else { format!("{count} requêtes") }
}

/// When to come back after a wait, in whole seconds.
pub fn seconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

fn login_advice(problem: &LoginProblem) -> String {
    let said = match problem {
        LoginProblem::Missing => "HTTP Basic ou WS-Security UsernameToken attendu",
        LoginProblem::Two => "deux identifications différentes dans la même requête",
        LoginProblem::Unreadable => "seuls HTTP Basic et UsernameToken PasswordText sont acceptés",
        LoginProblem::Incomplete => "PasswordDigest : wsse:Nonce en Base64 et wsu:Created attendus",
        LoginProblem::OutOfTime => {
            "PasswordDigest hors délai : vérifiez l'horloge et envoyez une nouvelle wsu:Created"
        }
        LoginProblem::Replayed { .. } => {
            "PasswordDigest déjà employé : chaque requête a sa propre wsse:Nonce"
        }
        LoginProblem::Wrong { .. }
        | LoginProblem::DigestOff { .. }
        | LoginProblem::Barred { .. } => "vérifiez-les ; s'ils sont justes, contactez l'OI",
        LoginProblem::HeldBack { wait, .. } => {
            let wait = seconds(*wait);
            return format!("trop d'essais refusés ; vérifiez-les, puis réessayez dans {wait} s");
        }
    };
    said.to_owned()
}

fn network_advice(error: NetworkError) -> &'static str {
    match error {
        NetworkError::Failed => "rien n'est engagé ; réessayez dans quelques minutes",
        NetworkError::Busy => "rien n'est engagé ; attendez la fin de l'opération sur cette ligne",
        NetworkError::TimedOut => "rien n'est engagé ; réessayez dans quelques minutes",
        NetworkError::NoTask => "rien n'est engagé ; vérifiez le contrat ou contactez l'OI",
    }
}

fn business_advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownContract => "vérifiez referenceContrat",
        Refusal::UnknownPlace => {
            "referenceBatiment, referenceEscalier, referenceEtage : lieu absent du site du contrat ; voyez getSiteStructure"
        }
        Refusal::UnknownPbo => "referencePBO : absent de ce lieu, et n'y dessert aucune prise",
        Refusal::NothingToShow => "aucune route optique à cet endroit ; essayez un autre étage",
        Refusal::NeverReprovisioned => "aucun reprovisionning n'a été demandé pour ce contrat",
        Refusal::Order(problem) => match problem {
            OrderProblem::None => "le contrat n'a pas de commande ; vérifiez referenceContrat",
            OrderProblem::Done => "la ligne est déjà raccordée",
            OrderProblem::Cancelled => "la commande est annulée ; vérifiez referenceContrat",
            OrderProblem::ReportNotSent => {
                "le CR de commande n'a pas encore été envoyé ; attendez-le"
            }
            OrderProblem::OtherIntervention => {
                "l'intervention n'est pas le raccordement du client final (§1.1)"
            }
        },
        Refusal::BeingDecided => "une demande pour ce contrat est à l'étude ; attendez sa réponse",
        Refusal::AlreadyRunning => "suivez-la par getReprovisionning ; ne renvoyez pas la demande",
        Refusal::UnknownFibre => "referenceFibre : fibre inconnue ; voyez getRoSite",
        Refusal::UnknownPto => {
            "referencePTO : prise inconnue sur le site du contrat ; voyez getSiteStructure"
        }
        Refusal::NotAllowed(rule) => rule_advice(rule),
        Refusal::NameReused => {
            "Idempotency-Key ou MessageID déjà employé pour une demande différente"
        }
        Refusal::Inconsistent(_) => {
            "les données de ce contrat se contredisent ; donnez à l'OI l'en-tête X-Request-Id"
        }
    }
}

fn rule_advice(rule: Rule) -> &'static str {
    match rule {
        Rule::OtherPm => {
            "referenceFibre : la fibre n'est pas sur le PM de la commande (§1.1) ; restez sur ce PM"
        }
        Rule::OtherPboInZmd => {
            "referenceFibre : en ZMD, seul le PBO du CR de commande est permis (§1.1)"
        }
        Rule::OtherPboOutsideCollective => {
            "referenceFibre : changer de PBO n'est permis que dans un immeuble collectif en ZTD (§1.1)"
        }
        Rule::PboOfAnotherSite => {
            "referenceFibre : le PBO n'est pas sur le site du contrat (§1.1) ; voyez getRoSite"
        }
        Rule::SameFibre => {
            "referenceFibre : c'est déjà la fibre du contrat (§3.4.1) ; demandez-en une autre"
        }
        Rule::KeepsExistingSocket => {
            "conservationPTO : 0 obligatoire pour une commande sur prise existante, sauf motif « Fibre cassée » (§3.4.1)"
        }
        Rule::KeepsOpacSocket => {
            "conservationPTO : 0 obligatoire pour une commande sur le parc OPAC (§3.4.1)"
        }
        Rule::KeepsDespiteReason => "conservationPTO : 0 obligatoire avec ce motif (§3.4.1)",
        Rule::KeepsOnVirtualRoute => {
            "conservationPTO : 0 obligatoire pour une route optique virtuelle (§3.4.1)"
        }
        Rule::KeptSocketNeedsFreshFibre => {
            "conservationPTO 1 : la fibre doit être « A construire » et « Disponible », ou « En construction » et « Réservé » (§3.4.1) ; sinon 0"
        }
        Rule::NamesSocketOnVirtualRoute => {
            "referencePTO : vide obligatoire pour une route optique virtuelle (§3.4.1)"
        }
        Rule::NoSocketToKeep => {
            "conservationPTO 1 : le contrat n'a pas de prise connue ; donnez referencePTO"
        }
        Rule::NotAvailable(Usage::Occupied) => {
            "referenceFibre : la fibre est à l'état « Occupé » ; choisissez-en une « Disponible »"
        }
        Rule::NotAvailable(Usage::Reserved | Usage::Available) => {
            "referenceFibre : la fibre est à l'état « Réservé » ; choisissez-en une « Disponible »"
        }
        Rule::HeldByAnother => {
            "referenceFibre : la fibre est retenue par une autre ligne ; choisissez-en une autre"
        }
        Rule::SocketHeldByAnother => {
            "referencePTO : cette prise dessert une autre ligne ; elle ne peut pas être conservée"
        }
    }
}

#[cfg(test)]
mod tests {
    use ereprov_wire::text::LIBELLE_MAX;

    use super::*;

    #[test]
    fn every_advice_leaves_room_for_its_label() {
        let rules = [
            Rule::OtherPm,
            Rule::OtherPboInZmd,
            Rule::OtherPboOutsideCollective,
            Rule::PboOfAnotherSite,
            Rule::SameFibre,
            Rule::KeepsExistingSocket,
            Rule::KeepsOpacSocket,
            Rule::KeepsDespiteReason,
            Rule::KeepsOnVirtualRoute,
            Rule::KeptSocketNeedsFreshFibre,
            Rule::NamesSocketOnVirtualRoute,
            Rule::NoSocketToKeep,
            Rule::NotAvailable(Usage::Occupied),
            Rule::HeldByAnother,
            Rule::SocketHeldByAnother,
        ];
        for rule in rules {
            let refused = Refused::Business(Refusal::NotAllowed(rule));
            let whole = format!("{} : {}", code(&refused).libelle(), advice(&refused));
            assert!(whole.chars().count() <= LIBELLE_MAX, "{whole}");
        }
        let refused = Refused::Network(NetworkError::NoTask);
        let ko = ko(&refused);
        assert!(ko.libelle.ends_with("contactez l'OI"), "{}", ko.libelle);
    }

    #[test]
    fn a_wrong_password_and_an_unknown_login_read_alike() {
        let ko = ko(&Refused::Login(LoginProblem::Wrong { known: None }));
        assert_eq!(
            ko.libelle,
            "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"
        );
    }
}
