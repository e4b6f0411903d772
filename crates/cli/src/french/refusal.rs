//! What is wrong with the arguments, in French.

use clap::{
    Error,
    error::{ContextKind as Context, ContextValue as Value, ErrorKind as Kind},
};

use crate::failure::Failure;

/// The refusal of a command line; `None`: clap says it itself, as it does with help, which is none.
pub fn refusal(error: &Error) -> Option<Failure> {
    let text = |kind| error.get(kind).map(told);
    let arg = text(Context::InvalidArg).unwrap_or_default();
    let value = text(Context::InvalidValue).unwrap_or_default();
    let (message, possible) = match error.kind() {
        Kind::MissingRequiredArgument => (format!("il manque {arg}"), None),
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
        Kind::ArgumentConflict => {
            (format!("{arg} ne va pas avec {}", text(Context::PriorArg)?), None)
        }
        _ => return None,
    };
    let mut failure = Failure::usage(message);
    if let Some(source) = std::error::Error::source(error) {
        failure = failure.cause(source.to_string());
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
