//! The exit codes: a contract with scripts. They are only ever added to.

use ereprov_client::{Code, CodeErreur, Error, Label, Operation};

/// Anything that has no code of its own.
pub const FAILED: u8 = 1;
/// The arguments or the profile cannot be.
pub const USAGE: u8 = 2;
/// The service said no, in a way that has no exit code of its own.
pub const KO: u8 = 3;
/// The service does not let this login do it.
pub const ACCESS: u8 = 4;
/// There is nothing by that name.
pub const NOTHING: u8 = 5;
/// Busy, closed, or still under way: the same again later.
pub const LATER: u8 = 6;
/// The month's calls are used up.
pub const QUOTA: u8 = 7;
/// Whether the put was accepted is unknown: find out before anything is sent again.
pub const UNKNOWN: u8 = 8;
/// A rule forbids it, or a value is wrong.
pub const REFUSED: u8 = 9;
/// Ctrl-C
pub const INTERRUPTED: u8 = 130;

/// What `--help` says of them.
pub const HELP: &str = "\
Exit codes:
  0    done
  1    failed
  2    wrong arguments or profile
  3    the service said no, for another reason than those below
  4    access: login, profile or method refused (10000, 20020, 20021)
  5    nothing found (20005, 20014, 20018, 20019)
  6    busy, closed or still under way: try again later (-1, 20004, 20006, 20007, 20009, 20012)
  7    the month's calls are used up (20016)
  8    unknown whether the put was accepted: `ereprov status CONTRACT --settle` finds out
  9    refused by a rule or for a value (20001, 20002, 20011, 20015)
  130  interrupted
Take any other code for a failure.";

/// The same in French.
pub const HELP_FR: &str = "\
Codes de sortie:
  0    fait
  1    échec
  2    arguments ou profil incorrects
  3    le service a refusé, pour une autre raison que celles qui suivent
  4    accès : identifiant, profil ou méthode refusés (10000, 20020, 20021)
  5    rien trouvé (20005, 20014, 20018, 20019)
  6    occupé, fermé ou en cours : réessayer plus tard (-1, 20004, 20006, 20007, 20009, 20012)
  7    les requêtes du mois sont épuisées (20016)
  8    on ne sait pas si la demande a été acceptée : `ereprov status CONTRAT --settle` l'établit
  9    refusé par une règle ou pour une valeur (20001, 20002, 20011, 20015)
  130  interrompu
Prenez tout autre code pour un échec.";

/// The exit code of an error.
pub fn of(error: &Error) -> u8 {
    match error {
        Error::Argument(_) => REFUSED,
        Error::QuotaSpent(_) => QUOTA,
        Error::Busy(_) => LATER,
        Error::EarlierUnsettled(_) | Error::OutcomeUnknown(_) => UNKNOWN,
        Error::Http { status: 401 | 403 | 407, .. } => ACCESS,
        Error::Http { status: 429 | 503, .. } => LATER,
        Error::Fault(fault) => {
            fault.code_erreur.as_ref().map_or(FAILED, |code| of_code(code, None))
        }
        Error::Ko(ko) => of_code(&ko.code, Some(ko.operation)),
        Error::NotAccepted { another: Some(_), .. } => LATER,
        // Its outcome is known by now, whatever the first answer left open.
        Error::NotAccepted { cause, another: None } => match of(cause) {
            UNKNOWN => FAILED,
            other => other,
        },
        _ => FAILED,
    }
}

/// The exit code of a code of §4 that answers a method.
pub fn of_code(code: &Code, operation: Option<Operation>) -> u8 {
    use CodeErreur as C;
    let Label::Known(code) = code else { return KO };
    match code {
        C::LoginIncorrect | C::ProfilIntrouvable | C::MethodeNonAutorisee => ACCESS,
        C::PasDeValeur
        | C::ReprovisionningIntrouvable
        | C::AucuneCommande
        | C::ContratIntrouvable => NOTHING,
        C::WsFerme
        | C::RessourcesDepassees
        | C::RequeteDejaEnCours
        | C::TropDeRequetes
        | C::AppelNetworksEnCours
        | C::ReprovisionningEnCours => LATER,
        C::MaximumAtteint => QUOTA,
        // A reading that had no answer leaves nothing unknown.
        C::TimeoutProxy | C::TimeoutClient | C::TimeoutNetworks => match operation {
            Some(Operation::PutReprovisionning) => UNKNOWN,
            _ => LATER,
        },
        C::ArgumentIncorrect
        | C::CommandeInvalide
        | C::TacheIntrouvable
        | C::OperationNonAutorisee => REFUSED,
        C::ErreurInconnue
        | C::ProblemeBase
        | C::BaseIndisponible
        | C::ErreurParDefaut
        | C::ErreurNetworks => KO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_frozen() {
        let of_put = CodeErreur::ALL.iter().map(|code| {
            (code.number(), of_code(&(*code).into(), Some(Operation::PutReprovisionning)))
        });
        let expected = [
            (-1, 6),
            (0, 3),
            (10000, 4),
            (10100, 3),
            (10101, 3),
            (10200, 8),
            (20000, 3),
            (20001, 9),
            (20002, 9),
            (20003, 8),
            (20004, 6),
            (20005, 5),
            (20006, 6),
            (20007, 6),
            (20008, 3),
            (20009, 6),
            (20010, 8),
            (20011, 9),
            (20012, 6),
            (20014, 5),
            (20015, 9),
            (20016, 7),
            (20018, 5),
            (20019, 5),
            (20020, 4),
            (20021, 4),
        ];
        assert_eq!(of_put.collect::<Vec<_>>(), expected);
        let read = of_code(&CodeErreur::TimeoutProxy.into(), Some(Operation::GetRoSite));
        assert_eq!(read, LATER);
        assert_eq!(of_code(&Label::Other("20013".into()), None), KO);
    }
}
