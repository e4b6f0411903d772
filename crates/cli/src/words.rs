//! Words for people, in English and in French. French labels of the contract are `wire`'s.

use std::time::Duration;

use ereprov_client::{
    Construction, Error, Fact, FibreUsage, Label, Mark, Reason, Retry, Rule, Said, State, Usage,
};
use ereprov_wire::motif::Motif;

use crate::lang::{Both, Lang};

/// The word that stands for a value in JSON and CSV, or the service's own words.
pub fn token<T: std::fmt::Display>(said: &Said<T>) -> String {
    said.to_string()
}

/// A state, for people.
pub fn state(lang: Lang, said: &Said<State>) -> String {
    known(lang, said, |state| ereprov_words::state(state).label())
}

/// How far a socket is built, for people.
pub fn construction(lang: Lang, said: &Said<Construction>) -> String {
    known(lang, said, |construction| ereprov_words::construction(construction).label())
}

/// Who uses a fibre, for people.
pub fn usage(lang: Lang, said: &Said<FibreUsage>) -> String {
    known(lang, said, |usage| ereprov_words::usage(usage).label())
}

fn known<T: Copy + std::fmt::Display>(
    lang: Lang,
    said: &Said<T>,
    french: impl Fn(T) -> &'static str,
) -> String {
    match (lang, said) {
        (Lang::Fr, Label::Known(known)) => french(*known).to_owned(),
        (Lang::En, Label::Known(known)) => known.to_string().replace('_', " "),
        (_, Label::Other(text)) => text.clone(),
    }
}

/// A reason by its French label or its English word.
///
/// # Errors
/// The nearest label, where one is near.
pub fn read_reason(text: &str) -> Result<Reason, Option<&'static str>> {
    let token = text.trim().to_lowercase().replace([' ', '-'], "_");
    let found = Motif::read(text).map(ereprov_words::reason).or_else(|| Reason::parse(&token));
    found.ok_or_else(|| Motif::nearest(text).map(Motif::label))
}

/// A reason, for people: as the contract says it, whatever the language.
pub fn reason(reason: Reason) -> &'static str {
    ereprov_words::motif(reason).label()
}

/// An error, in one line.
pub fn error(lang: Lang, error: &Error) -> String {
    let Lang::Fr = lang else { return error.to_string() };
    match error {
        Error::Argument(_) => "une valeur serait refusée avec 20001 ; rien n'a été envoyé".into(),
        Error::QuotaSpent(usage) => format!(
            "{} requêtes sur {} de ce mois sont utilisées ; rien n'a été envoyé",
            usage.used, usage.quota
        ),
        Error::Busy(waited) => format!(
            "deux requêtes de cet opérateur étaient en cours pendant {} s ; rien n'a été envoyé",
            waited.as_secs()
        ),
        Error::Folder(_) => {
            "le dossier commun aux processus ne peut pas être utilisé ; rien n'a été envoyé".into()
        }
        Error::NotSent(broken) => {
            let why = Both::from(broken);
            format!("pas de connexion au service ; rien n'a été envoyé : {}", why.say(lang))
        }
        Error::TimedOut => "pas de réponse à temps".into(),
        Error::Cut(broken) => {
            let why = Both::from(broken);
            format!("la connexion a été coupée avant la réponse : {}", why.say(lang))
        }
        Error::Interrupted => "le programme qui l'a envoyée s'est arrêté avant la réponse".into(),
        Error::TooBig => "la réponse est plus longue que ce qui est lu".into(),
        Error::Unreadable(_) => "la réponse ne peut pas être comprise".into(),
        Error::Charset => "la réponse n'est pas dans le jeu de caractères qu'elle annonce".into(),
        Error::Http { status, .. } => format!("HTTP {status} au lieu d'une réponse du service"),
        Error::EarlierUnsettled(_) => {
            "l'issue d'une demande précédente pour ce contrat est inconnue : réglez-la d'abord"
                .into()
        }
        Error::OutcomeUnknown(_) => "on ne sait pas si la demande a été acceptée".into(),
        Error::Fault(fault) => format!("erreur SOAP {} : {}", fault.code, fault.reason),
        Error::NotAccepted { .. } => "la demande n'a pas été acceptée ; rien n'a été fait".into(),
        other => other.to_string(),
    }
}

/// Whether to try again, where that is worth a word.
pub fn retry(lang: Lang, retry: Retry) -> Option<String> {
    Some(match retry {
        Retry::Never | Retry::WhenMended => return None,
        Retry::After(time) => {
            let time = duration(time);
            lang.pick(format!("try again in {time}"), format!("réessayez dans {time}"))
        }
        Retry::AfterReading(time) => {
            let time = duration(time);
            lang.pick(
                format!("read where it stands in {time}: ereprov status CONTRACT"),
                format!("lisez où elle en est dans {time} : ereprov status CONTRAT"),
            )
        }
        Retry::NextMonth => {
            lang.pick("the count starts again on the 1st", "le compteur repart le 1er").to_owned()
        }
    })
}

/// A time, as people say it.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// How much of the quota is used.
pub fn used(lang: Lang, usage: &Usage) -> String {
    let Usage { used, quota, .. } = usage;
    lang.pick(
        format!("{used} of {quota} calls of this month are used"),
        format!("requêtes du mois : {used} sur {quota}"),
    )
}

/// A part of the quota that a call has reached.
pub fn reached(lang: Lang, usage: &Usage) -> Option<String> {
    let Usage { used, quota, reached } = usage;
    let part = match (*reached)? {
        Mark::Eighty => "80 %",
        Mark::NinetyFive => "95 %",
        Mark::All => "100 %",
    };
    Some(lang.pick(
        format!("warning: {part} of the month's calls are used ({used} of {quota})"),
        format!("attention: {part} des requêtes du mois sont utilisées ({used} sur {quota})"),
    ))
}

/// A rule that refuses a put.
pub fn rule(lang: Lang, rule: Rule) -> String {
    let (en, fr) = match rule {
        Rule::OtherPm => (
            "the fibre is not on the PM that was planned (§1.1)",
            "la fibre n'est pas sur le PM initialement prévu (§1.1)",
        ),
        Rule::OtherPboInZmd => (
            "in ZMD, only the order's PBO (§1.1)",
            "en ZMD, seulement le PBO de la commande (§1.1)",
        ),
        Rule::OtherPboOutsideCollective => (
            "outside a collective building, only the order's PBO (§1.1)",
            "hors immeuble collectif, seulement le PBO de la commande (§1.1)",
        ),
        Rule::PboOfAnotherSite => (
            "the PBO is not on the contract's site (§1.1)",
            "le PBO n'est pas sur le site du contrat (§1.1)",
        ),
        Rule::SameFibre => (
            "it is the contract's present fibre (§3.4.1)",
            "c'est la fibre actuelle du contrat (§3.4.1)",
        ),
        Rule::KeepsExistingSocket => (
            "an existing socket is kept for a broken fibre only (§3.4.1)",
            "une prise existante n'est conservée que pour « Fibre cassée » (§3.4.1)",
        ),
        Rule::KeepsOpacSocket => (
            "on the OPAC base no socket is kept (§3.4.1)",
            "sur le parc OPAC, la prise n'est pas conservée (§3.4.1)",
        ),
        Rule::KeepsDespiteReason => (
            "with this reason the socket cannot be kept (§3.4.1)",
            "avec ce motif, la prise ne peut pas être conservée (§3.4.1)",
        ),
        Rule::KeepsOnVirtualRoute => (
            "with a virtual route no socket is kept (§3.4.1)",
            "avec une route optique virtuelle, la prise n'est pas conservée (§3.4.1)",
        ),
        Rule::KeptSocketNeedsFreshFibre => (
            "a kept socket needs a fibre whose socket is still to be built (§3.4.1)",
            "une prise conservée demande une fibre dont la prise reste à construire (§3.4.1)",
        ),
        Rule::NamesSocketOnVirtualRoute => (
            "with a virtual route no socket is named (§3.4.1)",
            "avec une route optique virtuelle, aucune prise n'est nommée (§3.4.1)",
        ),
        Rule::NoSocketToKeep => (
            "there is no socket to keep: name it with --pto",
            "il n'y a pas de prise à conserver : nommez-la avec --pto",
        ),
        Rule::NotAvailable(label) => {
            let label = usage(lang, &label.into());
            return lang.pick(
                format!("the fibre is {label}, not available"),
                format!("la fibre est « {label} », pas disponible"),
            );
        }
        Rule::HeldByAnother => ("another line has the fibre", "une autre ligne a la fibre"),
        Rule::SocketHeldByAnother => (
            "the socket to be kept is another line's",
            "la prise à conserver est celle d'une autre ligne",
        ),
    };
    lang.pick(en, fr).to_owned()
}

/// A fact that decides and is not known.
pub fn fact(lang: Lang, fact: Fact) -> &'static str {
    let (en, fr) = match fact {
        Fact::Zone => ("the zone (--zone)", "la zone (--zone)"),
        Fact::Building => {
            ("the kind of building (--building-kind)", "le type de bâtiment (--building-kind)")
        }
        Fact::Route => ("real or virtual route (--route)", "route réelle ou virtuelle (--route)"),
        Fact::ExistingSocket => (
            "existing socket or not (--existing-socket)",
            "prise existante ou non (--existing-socket)",
        ),
        Fact::Opac => ("OPAC base or not (--opac)", "parc OPAC ou non (--opac)"),
        Fact::HasSocket => ("the contract's socket (--socket)", "la prise du contrat (--socket)"),
        Fact::Pm => ("the fibre's PM", "le PM de la fibre"),
        Fact::Pbo | Fact::PboOfTheSite => {
            ("the order's PBO (--order-pbo)", "le PBO de la commande (--order-pbo)")
        }
        Fact::CurrentRoute => {
            ("the present fibre (--current-fibre)", "la fibre actuelle (--current-fibre)")
        }
        Fact::Construction => {
            ("how far the fibre's socket is built", "l'état de construction de la prise")
        }
        Fact::Usage => ("the fibre's label", "l'état de la fibre"),
        Fact::Holder => ("who holds the fibre", "qui tient la fibre"),
        Fact::KeptSocketHolder => {
            ("whose the kept socket is (--socket)", "à qui est la prise conservée (--socket)")
        }
    };
    lang.pick(en, fr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_in_french_and_in_english() {
        for one in Reason::ALL {
            assert_eq!(read_reason(reason(*one)), Ok(*one));
            assert_eq!(read_reason(one.as_str()), Ok(*one));
            assert_eq!(read_reason(&one.as_str().replace('_', "-")), Ok(*one));
        }
        assert_eq!(read_reason("fibre cassee"), Ok(Reason::BrokenFibre));
        assert_eq!(read_reason("Fibre casée"), Err(Some("Fibre cassée")));
        assert_eq!(read_reason("whim"), Err(None));
    }

    #[test]
    fn times_are_said_shortly() {
        let said = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(
            (said(15), said(60), said(255)),
            ("15 s".into(), "1 min".into(), "4 min 15 s".into())
        );
    }
}
