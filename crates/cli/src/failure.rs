//! What is said where a command did not do what it was asked: what happened, why, and what to do.

use std::{error::Error as _, process::ExitCode};

use ereprov_client::{Code, CodeErreur, Error, Ko, SetupError};
use serde_json::{Value, json};

use crate::{
    exit,
    lang::{Both, Lang},
    output::{self, Format, printable, printable_lines},
    words,
};

/// A command that did not do what it was asked.
#[derive(Debug)]
pub struct Failure(Box<Parts>);

#[derive(Debug)]
struct Parts {
    exit: u8,
    message: Both,
    cause: Option<Both>,
    hints: Vec<String>,
    /// `codeErreur` and `libelleErreur`, where the service said no.
    ko: Option<(Code, String)>,
}

impl Failure {
    /// What happened.
    pub fn new(exit: u8, message: impl Into<Both>) -> Self {
        let message = message.into();
        Self(Box::new(Parts { exit, message, cause: None, hints: Vec::new(), ko: None }))
    }

    /// The arguments or the profile cannot be.
    pub fn usage(message: impl Into<Both>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// Why.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Both>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// An error of the client, told about a contract where it is about one.
    pub fn of(lang: Lang, error: &Error, contract: Option<&str>) -> Self {
        let (en, fr) = error.next_step();
        let failure = Self::new(exit::of(error), words::error(lang, error)).hint(lang.pick(en, fr));
        let contract = contract.unwrap_or(lang.pick("CONTRACT", "CONTRAT"));
        match error {
            Error::Ko(ko) => failure.hint_capitals(lang, ko, contract).ko(lang, ko),
            Error::EarlierUnsettled(_) => failure.hint(settle(contract)),
            Error::OutcomeUnknown(unknown) => {
                failure.cause(words::error(lang, &unknown.cause)).hint(settle(contract))
            }
            Error::NotAccepted { cause, another } => {
                let mut failure = failure.cause(words::error(lang, cause));
                if let Error::Ko(ko) = &**cause {
                    failure = failure.ko(lang, ko);
                }
                match another {
                    Some(_) => failure.hint(format!("ereprov follow {contract}")),
                    None => failure,
                }
            }
            Error::Argument(bad) => failure.cause(bad),
            Error::Folder(error) => failure.cause(error),
            Error::Unreadable(error) => failure.cause(error),
            other => match other.source() {
                Some(cause) => failure.cause(cause.to_string()),
                None => failure,
            },
        }
    }

    /// References are told apart by their capitals, and few services have one in small letters.
    fn hint_capitals(self, lang: Lang, ko: &Ko, contract: &str) -> Self {
        let is_unknown = ko.code == Code::Known(CodeErreur::ContratIntrouvable);
        let capitals = contract.to_uppercase();
        if !is_unknown || capitals == contract {
            return self;
        }
        let hint = lang.pick("try it in capitals: ", "essayez en majuscules : ");
        self.hint(format!("{hint}{}", printable(&capitals)))
    }

    fn ko(mut self, lang: Lang, ko: &Ko) -> Self {
        if ko.retry_after.is_some() {
            self.0.hints.extend(words::retry(lang, ko.advice().retry));
        }
        self.0.ko = Some((ko.code.clone(), ko.label.clone()));
        self.hint(format!("ereprov explain {}", printable(&ko.code.to_string())))
    }

    /// A client that cannot be made.
    pub fn of_setup(lang: Lang, error: &SetupError) -> Self {
        let message = lang.pick("the profile cannot be used", "le profil ne peut pas être utilisé");
        Self::usage(message).cause(error).hint("ereprov profile show")
    }

    /// Says it on standard error: in JSON on one line, or in words.
    pub fn report(&self, lang: Lang, format: Format) -> ExitCode {
        if format == Format::Json {
            output::aside(&self.json(lang).to_string());
        } else {
            output::aside(&self.for_people(lang));
        }
        ExitCode::from(self.0.exit)
    }

    fn json(&self, lang: Lang) -> Value {
        let (code, label) =
            self.0.ko.clone().map(|(code, label)| (code.to_string(), label)).unzip();
        json!({"error": {
            "exit": self.0.exit, "message": self.0.message.say(lang),
            "cause": self.0.cause.as_ref().map(|cause| cause.say(lang)), "hints": self.0.hints,
            "code": code, "label": label,
        }})
    }

    fn for_people(&self, lang: Lang) -> String {
        let (error, cause, hint) =
            lang.pick(("error: ", "cause: ", "hint:  "), ("erreur:  ", "cause:   ", "conseil: "));
        let mut lines = said(error, self.0.message.say(lang));
        lines.extend(self.0.cause.iter().flat_map(|text| said(cause, text.say(lang))));
        for (index, text) in self.0.hints.iter().enumerate() {
            let head = if index == 0 { hint } else { &" ".repeat(hint.len()) };
            lines.extend(said(head, text));
        }
        lines.join("\n")
    }
}

/// A text behind its head, and its further lines below.
fn said(head: &str, text: &str) -> Vec<String> {
    let blank = " ".repeat(head.len());
    let line = |(index, line): (usize, &str)| {
        format!("{}{line}", if index == 0 { head } else { &blank }).trim_end().to_owned()
    };
    printable_lines(text).split('\n').enumerate().map(line).collect()
}

fn settle(contract: &str) -> String {
    format!("ereprov status {contract} --settle")
}
