//! The 26 codes of §4, as sentences.

use ereprov_client::{CodeErreur, Operation, Usage};

use super::{Act, Words, retry, unavailable, warn, words};

/// What a code means for a technician, whatever the method.
pub(super) fn of_code(
    code: CodeErreur,
    operation: Operation,
    usage: Option<&Usage>,
    label: &str,
) -> Words {
    use CodeErreur as C;
    match code {
        C::WsFerme
        | C::ErreurInconnue
        | C::LoginIncorrect
        | C::ProblemeBase
        | C::BaseIndisponible
        | C::TimeoutProxy
        | C::ErreurParDefaut
        | C::TimeoutClient
        | C::RessourcesDepassees
        | C::ErreurNetworks
        | C::TimeoutNetworks
        | C::ProfilIntrouvable
        | C::MethodeNonAutorisee => of_the_service(code, label),
        C::PasDeValeur => no_value(operation),
        C::ArgumentIncorrect => words(
            "Une référence est mal écrite",
            "Corrigez-la : lettres, chiffres, tirets, 30 caractères au plus.",
            "Corriger",
            if operation == Operation::PutReprovisionning { Act::Recap } else { Act::Contract },
        ),
        C::CommandeInvalide => words(
            "Commande non valable",
            "Vérifiez le contrat sur votre ordre de travail. Si c'est le bon, demandez à votre entreprise de contrôler la commande.",
            "Vérifier le contrat",
            Act::Contract,
        ),
        C::RequeteDejaEnCours
        | C::TropDeRequetes
        | C::AppelNetworksEnCours
        | C::TacheIntrouvable
        | C::ReprovisionningEnCours
        | C::ReprovisionningIntrouvable => of_what_goes_on(code, operation),
        C::OperationNonAutorisee => words(
            "L'opérateur n'accepte pas ce choix",
            "Vos autres réponses sont gardées.",
            "Corriger",
            Act::Correct,
        ),
        C::MaximumAtteint => spent(usage),
        C::AucuneCommande => words(
            "Pas de commande en cours",
            "Elle est peut-être close ou annulée. Vérifiez le contrat, puis demandez à votre entreprise.",
            "Vérifier le contrat",
            Act::Contract,
        ),
        C::ContratIntrouvable => words(
            "Contrat introuvable",
            "Relisez la référence : zéro ou O ? un ou I ?",
            "Corriger",
            Act::Contract,
        ),
    }
}

/// Codes about what is going on for the contract, or for the operator.
fn of_what_goes_on(code: CodeErreur, operation: Operation) -> Words {
    use CodeErreur as C;
    match code {
        C::RequeteDejaEnCours => words(
            "On traite déjà votre demande",
            "Attendez, et actualisez dans 15 secondes. Ne renvoyez rien.",
            "Actualiser",
            if operation == Operation::PutReprovisionning { Act::Follow } else { Act::Retry },
        ),
        C::TropDeRequetes => words(
            "Tous les accès de votre entreprise sont pris",
            "Un autre programme de votre entreprise occupe ses deux accès chez l'opérateur. Attendez une minute, puis reprenez.",
            "Rester dans la file",
            Act::Retry,
        ),
        C::AppelNetworksEnCours => words(
            "Une opération est en cours sur cette ligne",
            "Attendez 1 minute, puis actualisez.",
            "Actualiser",
            Act::Retry,
        ),
        C::TacheIntrouvable => words(
            "Changement impossible sur ce contrat",
            "Vérifiez le contrat. S'il est bon, la commande n'est pas à l'étape du raccordement : appelez la hotline avec le code 20011.",
            "Vérifier le contrat",
            Act::Contract,
        ),
        C::ReprovisionningEnCours => words(
            "Un changement est déjà demandé",
            "Inutile de le refaire : voyez où il en est.",
            "Voir le suivi",
            Act::Follow,
        ),
        C::ReprovisionningIntrouvable => words(
            "Pas de demande pour ce contrat",
            "Vous pouvez en faire une.",
            "Faire la demande",
            Act::Ask,
        ),
        _ => unavailable(),
    }
}

/// Codes that say that the service, or the company's access to it, has a problem.
fn of_the_service(code: CodeErreur, label: &str) -> Words {
    use CodeErreur as C;
    match code {
        C::WsFerme => {
            let text = match opening(label) {
                Some(hour) => format!("Il rouvre à {hour}. En attendant, appelez la hotline."),
                None => "Réessayez plus tard. En attendant, appelez la hotline.".to_owned(),
            };
            Words { title: "Service fermé", text, button: ("Réessayer", Act::Retry) }
        }
        C::LoginIncorrect => warn(
            "Accès refusé",
            "Ce n'est pas votre mot de passe, c'est celui de votre entreprise chez l'opérateur. Prévenez-la, et appelez la hotline pour cette intervention.",
        ),
        C::ProblemeBase => retry(
            "Incident chez l'opérateur",
            "Réessayez dans 2 minutes. Si ça continue, appelez la hotline.",
        ),
        C::TimeoutProxy => {
            retry("Pas de réponse à temps", "L'opérateur a mis trop de temps. Réessayez.")
        }
        C::TimeoutClient => retry(
            "Connexion trop lente",
            "La question est arrivée trop lentement chez l'opérateur. Réessayez.",
        ),
        C::RessourcesDepassees => retry("Service surchargé", "Réessayez dans 1 minute."),
        C::ErreurNetworks => retry(
            "Le plan du réseau ne répond pas bien",
            "Réessayez dans 2 minutes. Sinon appelez la hotline avec le code 20008.",
        ),
        C::TimeoutNetworks => {
            retry("Le plan du réseau n'a pas répondu", "Réessayez dans 2 minutes.")
        }
        C::ProfilIntrouvable => warn(
            "Votre entreprise n'est pas déclarée chez cet opérateur",
            "Prévenez-la. Pour cette intervention, appelez la hotline.",
        ),
        C::MethodeNonAutorisee => warn(
            "Votre entreprise n'a pas accès à cette action",
            "Prévenez-la. Pour cette intervention, appelez la hotline.",
        ),
        C::ErreurInconnue => retry(
            "Erreur inconnue",
            "Réessayez une fois. Si elle revient, appelez la hotline et lisez-lui les détails.",
        ),
        C::ErreurParDefaut => retry(
            "Erreur non précisée",
            "Réessayez une fois. Si elle revient, appelez la hotline et lisez-lui les détails.",
        ),
        _ => unavailable(),
    }
}

fn no_value(operation: Operation) -> Words {
    match operation {
        Operation::GetSiteStructure => words(
            "Pas de plan pour ce contrat",
            "L'opérateur n'a pas de plan pour ce contrat. Continuez avec l'étage de la commande.",
            "Continuer",
            Act::Fibres,
        ),
        Operation::GetRoSite => words(
            "Aucune fibre ici",
            "Essayez un autre étage ou un autre boîtier.",
            "Changer d'étage",
            Act::Place,
        ),
        Operation::PutReprovisionning => words(
            "Un élément n'a pas été trouvé",
            "L'opérateur n'a pas trouvé la fibre ou la prise. Reprenez le choix de la fibre.",
            "Reprendre le choix",
            Act::Fibres,
        ),
        Operation::GetReprovisionning => words(
            "Rien à afficher pour l'instant",
            "Vérifiez de nouveau dans 1 minute.",
            "Vérifier",
            Act::Retry,
        ),
    }
}

/// 20016 has two meanings (§2.4, §4): the company's count of the month tells which.
fn spent(usage: Option<&Usage>) -> Words {
    let (title, text) = match usage.filter(|usage| usage.used >= usage.quota) {
        Some(usage) => (
            "Plus de demandes ce mois-ci",
            format!(
                "Votre entreprise a utilisé ses {} demandes. Appelez la hotline pour cette intervention.",
                usage.quota
            ),
        ),
        None => (
            "Trop de changements",
            "L'opérateur n'en accepte plus. Appelez la hotline, elle peut débloquer.".to_owned(),
        ),
    };
    Words { title, text, button: ("Appeler la hotline", Act::Hotline) }
}

/// The hour at which a closed service says that it opens again: "14:00" or "14 h 00" somewhere in its label.
pub(super) fn opening(label: &str) -> Option<String> {
    let text: Vec<char> = label.chars().filter(|c| !c.is_whitespace()).collect();
    text.windows(5).enumerate().find_map(|(at, window)| {
        let [a, b, mark, c, d] = *window else { return None };
        let is_clock =
            [a, b, c, d].iter().all(char::is_ascii_digit) && matches!(mark, ':' | 'h' | 'H');
        let alone = at == 0 || !text[at - 1].is_ascii_digit();
        let hours = format!("{a}{b}").parse::<u8>().ok().filter(|hours| *hours < 24);
        (is_clock && alone && hours.is_some()).then(|| format!("{a}{b} h {c}{d}"))
    })
}
