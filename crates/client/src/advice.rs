//! The 26 codes of §4, each with what it means for who asked, and what to do next: works offline.

use std::time::Duration;

use ereprov_wire::{code_erreur::CodeErreur, etat::Label, operation::Operation};

use crate::error::{Code, Error};

/// Whether a call is worth repeating, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not as it is, whatever the time: somebody has to act first.
    Never,
    /// Once the request is mended.
    WhenMended,
    /// The same again, after a while.
    After(Duration),
    /// Read getReprovisionning after a while, and decide on what it shows.
    AfterReading(Duration),
    /// When the month's count starts again.
    NextMonth,
}

impl Retry {
    /// Whether time alone may help.
    pub const fn is_worth_waiting(self) -> bool {
        matches!(self, Self::After(_) | Self::AfterReading(_))
    }
}

/// What a code means, and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Whether to ask again.
    pub retry: Retry,
    /// Whether a put that was answered so may have been accepted all the same: it is found out about
    /// before anything is sent again.
    pub leaves_doubt: bool,
    /// Whether the service counts the call (contract.md, D23).
    pub is_counted: bool,
    /// What happened and what to do next, in English.
    pub en: &'static str,
    /// The same in French.
    pub fr: &'static str,
}

/// What a code means when it answers a method.
pub fn advice(code: &Code, operation: Operation) -> Advice {
    let Label::Known(code) = code else { return UNKNOWN_CODE };
    let (retry, leaves_doubt, is_counted) = behaviour(*code);
    let (en, fr) = words(*code, operation);
    Advice { retry, leaves_doubt, is_counted, en, fr }
}

/// A code that §4 does not have: nothing is taken for granted.
const UNKNOWN_CODE: Advice = Advice {
    retry: Retry::After(Duration::from_mins(1)),
    leaves_doubt: true,
    is_counted: true,
    en: "The specification does not have this code. Try again once; then give the code and its label to the OI.",
    fr: "Ce code n'est pas dans la spécification. Réessayez une fois ; sinon donnez à l'OI le code et son libellé.",
};

/// When to retry; whether a put may have been accepted; whether the call counts.
const fn behaviour(code: CodeErreur) -> (Retry, bool, bool) {
    use CodeErreur as C;
    const fn after(seconds: u64) -> Retry {
        Retry::After(Duration::from_secs(seconds))
    }
    const fn reading(seconds: u64) -> Retry {
        Retry::AfterReading(Duration::from_secs(seconds))
    }
    match code {
        C::WsFerme => (after(900), false, false),
        C::LoginIncorrect | C::ProfilIntrouvable | C::MethodeNonAutorisee => {
            (Retry::Never, false, false)
        }
        C::TropDeRequetes => (after(20), false, false),
        C::MaximumAtteint => (Retry::NextMonth, false, false),
        C::ErreurInconnue | C::ErreurParDefaut => (after(60), true, true),
        C::ProblemeBase => (after(120), true, true),
        C::BaseIndisponible => (after(300), true, true),
        C::TimeoutProxy => (after(30), true, true),
        C::TimeoutClient => (after(10), true, true),
        C::RessourcesDepassees => (after(60), true, true),
        C::ErreurNetworks | C::TimeoutNetworks => (after(120), true, true),
        C::RequeteDejaEnCours => (reading(15), false, true),
        C::AppelNetworksEnCours => (reading(60), false, true),
        C::ReprovisionningEnCours => (reading(0), false, true),
        C::ArgumentIncorrect
        | C::CommandeInvalide
        | C::PasDeValeur
        | C::TacheIntrouvable
        | C::ReprovisionningIntrouvable
        | C::OperationNonAutorisee
        | C::AucuneCommande
        | C::ContratIntrouvable => (Retry::WhenMended, false, true),
    }
}

fn words(code: CodeErreur, operation: Operation) -> (&'static str, &'static str) {
    if code == CodeErreur::PasDeValeur {
        return no_value(operation);
    }
    let found = WORDS.iter().find(|(known, _, _)| *known == code);
    found.map(|(_, en, fr)| (*en, *fr)).expect("every other code has its words below")
}

/// What happened and what to do next, in English and in French.
const WORDS: [(CodeErreur, &str, &str); 25] = [
    (
        CodeErreur::WsFerme,
        "The OI has closed the service. Try again at the hour that the label gives, or in a quarter of an hour.",
        "L'OI a fermé le service. Réessayez à l'heure que donne le libellé, ou dans un quart d'heure.",
    ),
    (
        CodeErreur::ErreurInconnue,
        "The service failed in a way it has no code for. Try again once; then give the OI the request id.",
        "Le service a échoué d'une façon qu'il n'a pas prévue. Réessayez une fois ; sinon donnez à l'OI l'identifiant de la requête.",
    ),
    (
        CodeErreur::LoginIncorrect,
        "Login or password is wrong. Do not repeat it, or the login is held back: correct the profile, or ask the OI.",
        "Login ou mot de passe faux. Ne répétez pas, au risque de bloquer le login : corrigez le profil, ou voyez l'OI.",
    ),
    (
        CodeErreur::ProblemeBase,
        "The service's database failed. Try again in two minutes.",
        "La base de données du service a échoué. Réessayez dans deux minutes.",
    ),
    (
        CodeErreur::BaseIndisponible,
        "The service's database is out of reach. Try again in five minutes.",
        "La base de données du service est hors d'atteinte. Réessayez dans cinq minutes.",
    ),
    (
        CodeErreur::TimeoutProxy,
        "The service had no answer in time. Try again in half a minute.",
        "Le service n'a pas eu de réponse à temps. Réessayez dans une demi-minute.",
    ),
    (
        CodeErreur::ErreurParDefaut,
        "The service refuses without a reason of its own. Try again once; then give the OI code 20000 and the request id.",
        "Le service refuse sans raison précise. Réessayez une fois ; sinon donnez à l'OI le code 20000 et l'identifiant de la requête.",
    ),
    (
        CodeErreur::ArgumentIncorrect,
        "A value is wrong: the label names it. Correct it.",
        "Une valeur est fausse : le libellé la nomme. Corrigez-la.",
    ),
    (
        CodeErreur::CommandeInvalide,
        "The order does not allow it: cancelled, without its CR CMD, or not a connection. Check the contract and its order.",
        "La commande ne le permet pas : annulée, sans CR CMD, ou pas un raccordement. Vérifiez le contrat et sa commande.",
    ),
    (
        CodeErreur::TimeoutClient,
        "The question arrived too slowly. Look for a better network, then try again.",
        "La question est arrivée trop lentement. Cherchez un meilleur réseau, puis réessayez.",
    ),
    (
        CodeErreur::RessourcesDepassees,
        "The service is overloaded. Try again in a minute.",
        "Le service est surchargé. Réessayez dans une minute.",
    ),
    (
        CodeErreur::RequeteDejaEnCours,
        "Another request for this contract is being decided. Send nothing; read where it stands in 15 seconds.",
        "Une autre demande pour ce contrat est à l'étude. N'envoyez rien ; lisez où elle en est dans 15 secondes.",
    ),
    (
        CodeErreur::TropDeRequetes,
        "Both of the operator's requests at once are taken. Try again in 20 seconds.",
        "Les deux requêtes simultanées de l'opérateur sont prises. Réessayez dans 20 secondes.",
    ),
    (
        CodeErreur::ErreurNetworks,
        "The OI's network system failed. Try again in two minutes; then call the hotline with code 20008.",
        "Le système réseau de l'OI a échoué. Réessayez dans deux minutes ; sinon appelez la hotline avec le code 20008.",
    ),
    (
        CodeErreur::AppelNetworksEnCours,
        "Another operation is under way on this line. Read where it stands in a minute.",
        "Une autre opération est en cours sur cette ligne. Lisez où elle en est dans une minute.",
    ),
    (
        CodeErreur::TimeoutNetworks,
        "The OI's network system did not answer in time. Try again in two minutes.",
        "Le système réseau de l'OI n'a pas répondu à temps. Réessayez dans deux minutes.",
    ),
    (
        CodeErreur::TacheIntrouvable,
        "The OI's network system has no task for this contract. Check the contract; then call the hotline with code 20011.",
        "Le système réseau de l'OI n'a pas de tâche pour ce contrat. Vérifiez-le ; sinon appelez la hotline avec le code 20011.",
    ),
    (
        CodeErreur::ReprovisionningEnCours,
        "A re-provisioning runs for this contract already. Do not ask again: follow it.",
        "Un reprovisionning est déjà en cours pour ce contrat. Ne redemandez pas : suivez-le.",
    ),
    (
        CodeErreur::ReprovisionningIntrouvable,
        "No re-provisioning was ever asked for this contract. You may ask for one.",
        "Aucun reprovisionning n'a été demandé pour ce contrat. Vous pouvez en demander un.",
    ),
    (
        CodeErreur::OperationNonAutorisee,
        "A rule of §1.1 or §3.4.1 forbids it: the label names it. Choose another fibre, or do not keep the socket.",
        "Une règle du §1.1 ou du §3.4.1 l'interdit : le libellé la nomme. Choisissez une autre fibre, ou ne conservez pas la prise.",
    ),
    (
        CodeErreur::MaximumAtteint,
        "The operator's calls of this month are used up. Call the hotline; the count starts again on the 1st.",
        "Les requêtes du mois de l'opérateur sont épuisées. Appelez la hotline ; le compteur repart le 1er.",
    ),
    (
        CodeErreur::AucuneCommande,
        "The contract has no order in progress. Check the contract; the line may be connected already.",
        "Le contrat n'a pas de commande en cours. Vérifiez-le ; la ligne est peut-être déjà raccordée.",
    ),
    (
        CodeErreur::ContratIntrouvable,
        "The service does not know this contract, or it is not yours. Check its reference: 0 or O, 1 or I?",
        "Le service ne connaît pas ce contrat, ou il n'est pas à vous. Relisez sa référence : 0 ou O, 1 ou I ?",
    ),
    (
        CodeErreur::ProfilIntrouvable,
        "The OI has no profile for the operator. Ask the OI for one.",
        "L'OI n'a pas de profil pour l'opérateur. Demandez-lui-en un.",
    ),
    (
        CodeErreur::MethodeNonAutorisee,
        "The operator's profile does not allow this method. Ask the OI to open it.",
        "Le profil de l'opérateur n'ouvre pas cette méthode. Demandez à l'OI de l'ouvrir.",
    ),
];

const fn no_value(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::GetSiteStructure => (
            "The service has no plan of this contract's site. Go on with the floor of the order.",
            "Le service n'a pas de plan du site de ce contrat. Continuez avec l'étage de la commande.",
        ),
        Operation::GetRoSite => (
            "There is no optical route at this place, or no such place. Try another floor or another PBO.",
            "Pas de route optique à cet endroit, ou pas de tel endroit. Essayez un autre étage ou un autre PBO.",
        ),
        Operation::PutReprovisionning => (
            "The service does not know the fibre or the socket. Read the routes again and choose among them.",
            "Le service ne connaît pas la fibre ou la prise. Relisez les routes et choisissez parmi elles.",
        ),
        Operation::GetReprovisionning => (
            "There is nothing to show yet. Read again in a minute.",
            "Rien à montrer pour l'instant. Relisez dans une minute.",
        ),
    }
}

/// What to do next about an error, in English and in French.
pub(crate) fn next_step(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::Ko(ko) => {
            let advice = ko.advice();
            (advice.en, advice.fr)
        }
        Error::Argument(_) => {
            ("Correct the value; nothing was sent.", "Corrigez la valeur ; rien n'est parti.")
        }
        Error::QuotaSpent(_) => (
            "Call the hotline; the count starts again on the 1st. Nothing was sent.",
            "Appelez la hotline ; le compteur repart le 1er. Rien n'est parti.",
        ),
        Error::Busy(_) => (
            "Wait for the other requests of the operator, then try again. Nothing was sent.",
            "Attendez la fin des autres requêtes de l'opérateur, puis réessayez. Rien n'est parti.",
        ),
        Error::CallsSpent => {
            ("Allow more calls, and ask again.", "Autorisez d'autres appels, puis recommencez.")
        }
        Error::Folder(_) => (
            "Make the folder writable for this user, or name another one.",
            "Rendez le dossier accessible en écriture, ou nommez-en un autre.",
        ),
        Error::NotSent(_) => (
            "Check address, network, proxy and certificates, then try again. Nothing was sent.",
            "Vérifiez adresse, réseau, proxy et certificats, puis réessayez. Rien n'est parti.",
        ),
        Error::TimedOut | Error::Cut(_) | Error::Interrupted => {
            ("Try again in half a minute.", "Réessayez dans une demi-minute.")
        }
        Error::TooBig | Error::Unreadable(_) | Error::Charset => (
            "Check that the address is the service's; then show the OI what came.",
            "Vérifiez que l'adresse est celle du service ; sinon montrez à l'OI ce qui est venu.",
        ),
        Error::Http { .. } => (
            "Something on the way answered: check the address and the proxy, then try again later.",
            "Un intermédiaire a répondu : vérifiez l'adresse et le proxy, puis réessayez plus tard.",
        ),
        Error::Fault(_) => (
            "Try again once; then give the OI the sentence of the fault and the request id.",
            "Réessayez une fois ; sinon donnez à l'OI la phrase de l'erreur et l'identifiant de la requête.",
        ),
        Error::EarlierUnsettled(_) => (
            "Settle the earlier request for this contract first. Nothing was sent.",
            "Réglez d'abord le sort de la demande précédente pour ce contrat. Rien n'est parti.",
        ),
        Error::OutcomeUnknown(_) => (
            "Do not ask again elsewhere: settle it in a minute, or call the hotline.",
            "Ne refaites pas la demande ailleurs : réglez son sort dans une minute, ou appelez la hotline.",
        ),
        Error::NotAccepted { another: Some(_), .. } => (
            "Another re-provisioning runs for this contract: follow that one.",
            "Un autre reprovisionning est en cours pour ce contrat : suivez celui-là.",
        ),
        Error::NotAccepted { .. } => (
            "Nothing was done: you may ask again.",
            "Rien n'a été fait : vous pouvez refaire la demande.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_of_every_method_has_its_own_words_in_both_languages() {
        for operation in Operation::ALL {
            let all = CodeErreur::ALL.iter().map(|code| advice(&(*code).into(), operation));
            let (mut english, mut french) = (BTreeSet::new(), BTreeSet::new());
            for advice in all {
                assert!(advice.en.ends_with(['.', '?']) && advice.fr.ends_with(['.', '?']));
                assert_ne!(advice.en, advice.fr);
                english.insert(advice.en);
                french.insert(advice.fr);
            }
            assert_eq!((english.len(), french.len()), (26, 26), "{operation}");
        }
        assert_eq!(advice(&Label::Other("20013".into()), Operation::GetRoSite), UNKNOWN_CODE);
    }

    /// A refusal that is none of these is certain: nothing was done.
    #[test]
    fn the_codes_that_leave_a_put_in_doubt() {
        let doubtful = CodeErreur::ALL
            .iter()
            .filter(|code| advice(&(**code).into(), Operation::PutReprovisionning).leaves_doubt);
        let numbers: Vec<_> = doubtful.map(|code| code.number()).collect();
        let expected = [0, 10100, 10101, 10200, 20000, 20003, 20004, 20008, 20010];
        assert_eq!(numbers, expected);
    }
}
