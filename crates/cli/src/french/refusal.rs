//! What is wrong with the arguments, in French.

use clap::{
    Error,
    error::{ContextKind as Context, ContextValue as Value, ErrorKind as Kind},
};

use crate::failure::Failure;

/// What values must be, as those say who read them: clap, and the commands themselves.
const CAUSES: &[(&str, &str)] = &[
    ("ztd or zmd", "ztd ou zmd"),
    ("collective or house", "collective ou house"),
    ("real or virtual", "real ou virtual"),
    ("yes or no", "oui ou non"),
    ("1 to 64 of: letters, digits, - and _", "de 1 à 64 parmi : lettres, chiffres, - et _"),
    ("a day, such as 2026-11-01", "un jour, comme 2026-11-01"),
    ("invalid digit found in string", "ce n'est pas un nombre entier"),
    ("cannot parse integer from empty string", "ce n'est pas un nombre entier"),
    ("number too large to fit in target type", "le nombre est trop grand"),
    ("invalid socket address syntax", "une adresse et un port, comme 127.0.0.1:8090"),
];

/// The refusal of a command line; `None`: clap says it itself, as it does with help, which is none.
pub fn refusal(error: &Error) -> Option<Failure> {
    let text = |kind| error.get(kind).map(told);
    let arg = text(Context::InvalidArg).unwrap_or_default();
    let value = text(Context::InvalidValue).unwrap_or_default();
    let (message, possible) = match error.kind() {
        Kind::MissingRequiredArgument => (format!("il manque {arg}"), None),
        Kind::MissingSubcommand => {
            ("il manque une commande".to_owned(), text(Context::ValidSubcommand))
        }
        Kind::UnknownArgument => {
            (format!("{arg} n'est pas un argument"), text(Context::SuggestedArg))
        }
        Kind::InvalidSubcommand => {
            let command = text(Context::InvalidSubcommand)?;
            (format!("{command} n'est pas une commande"), text(Context::SuggestedSubcommand))
        }
        Kind::InvalidValue if value.is_empty() => {
            (format!("il manque une valeur à {arg}"), text(Context::ValidValue))
        }
        Kind::InvalidValue | Kind::ValueValidation => {
            let message = format!("« {value} » n'est pas une valeur de {arg}");
            (message, text(Context::ValidValue))
        }
        Kind::ArgumentConflict => match text(Context::PriorArg) {
            Some(prior) if prior == arg => (format!("{arg} est donné deux fois"), None),
            Some(prior) => (format!("{arg} ne va pas avec {prior}"), None),
            None => (format!("{arg} ne va pas avec le reste"), None),
        },
        Kind::TooManyValues if value.is_empty() => (format!("{arg} a trop de valeurs"), None),
        Kind::TooManyValues => (format!("« {value} » est de trop pour {arg}"), None),
        Kind::TooFewValues | Kind::WrongNumberOfValues => {
            (format!("{arg} n'a pas le nombre de valeurs qu'il lui faut"), None)
        }
        Kind::NoEquals => (format!("il manque un « = » après {arg}"), None),
        Kind::InvalidUtf8 => ("un argument n'est pas en UTF-8".to_owned(), None),
        _ => return None,
    };
    let mut failure = Failure::usage(message);
    if let Some(source) = std::error::Error::source(error) {
        failure = failure.cause(cause(&source.to_string()));
    }
    if let Some(possible) = possible {
        failure = failure.hint(possible);
    }
    let usage = text(Context::Usage).unwrap_or_default();
    let usage = usage.trim_start_matches("Usage:").trim();
    Some(if usage.is_empty() { failure } else { failure.hint(usage) })
}

fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Strings(texts) => texts.join(", "),
        Value::StyledStr(text) => text.to_string(),
        _ => String::new(),
    }
}

/// Why a value is none; what the table does not have stays English.
fn cause(english: &str) -> String {
    if let Some((number, range)) = english.split_once(" is not in ") {
        let (least, most) = range.split_once("..=").unwrap_or((range, ""));
        return format!("{number} n'est pas entre {least} et {most}");
    }
    let known = CAUSES.iter().find(|(known, _)| *known == english);
    known.map_or(english, |(_, french)| french).to_owned()
}
