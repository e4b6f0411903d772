//! What went wrong, as it is kept and shown: without words, which are `words.rs`'s.

use ereprov_client::{Broken, Code, CodeErreur, Error, Ko, Label, Operation, Rule, Why};
use serde::{Deserialize, Serialize};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub kind: Kind,
    /// The method that was called, by its name in the contract.
    pub method: String,
    /// `codeErreur`, as it came.
    pub code: Option<String>,
    /// `libelleErreur`, the fault's sentence or the cause, as it came.
    pub label: String,
    pub at_ms: i64,
    /// What the service calls the request in its log.
    pub request_id: Option<String>,
    /// When to come back, where the service said so.
    pub retry_after_s: Option<u64>,
}

/// Of which kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The service said no, with a code.
    Ko,
    /// A SOAP fault.
    Fault,
    /// Something on the way answered.
    Http,
    /// The service's certificate is not believed; nothing was sent.
    Certificate,
    /// There was no connection; nothing was sent.
    NotSent,
    /// It was sent, and no whole answer came.
    NoAnswer,
    /// What came cannot be understood.
    Unreadable,
    /// A value is wrong; nothing was sent.
    Argument,
    /// The month's calls are used up, as far as is known here; nothing was sent.
    Quota,
    /// The operator's seats are taken by others; nothing was sent.
    Busy,
    /// The machine that the portal runs on; nothing was sent.
    Machine,
    /// Just before it was asked for, the fibre was found taken; nothing was sent.
    Taken,
    /// An earlier request for the contract is not settled; nothing was sent.
    Earlier,
    /// Whether it was accepted is not known.
    Unknown,
    /// It was not accepted, and nothing was done.
    NotAccepted,
    /// Another one runs for the contract.
    Another,
    /// The portal was stopped before it was sent.
    Stopped,
}

impl Trouble {
    /// One of the portal's own.
    pub fn own(kind: Kind, at_ms: i64) -> Self {
        Self {
            kind,
            method: String::new(),
            code: None,
            label: String::new(),
            at_ms,
            request_id: None,
            retry_after_s: None,
        }
    }

    /// What a call ended with.
    pub fn of(error: &Error, operation: Operation, at_ms: i64, request_id: Option<String>) -> Self {
        let mut trouble = Self {
            method: operation.to_string(),
            label: error.to_string(),
            request_id,
            ..Self::own(kind(error), at_ms)
        };
        match innermost(error) {
            // What the machine is to blame for is for whoever runs it; the page has no path to show.
            Error::Folder(cause) => {
                tracing::error!(%cause, "the folder of what processes share cannot be used");
            }
            Error::Ko(Ko { operation, code, label, retry_after, .. }) => {
                trouble.method = operation.to_string();
                trouble.code = Some(number(code));
                trouble.label.clone_from(label);
                trouble.retry_after_s = retry_after.map(|after| after.as_secs());
            }
            Error::Fault(fault) => {
                trouble.code = fault.code_erreur.as_ref().map(number);
                trouble.label.clone_from(&fault.reason);
            }
            Error::Http { retry_after, .. } => {
                trouble.retry_after_s = retry_after.map(|after| after.as_secs());
            }
            Error::Argument(bad) => trouble.label = bad.to_string(),
            _ => {}
        }
        trouble
    }

    /// What it failed of at first stays known: who finds out about it later is not told that again.
    pub fn after(self, earlier: Option<&Self>) -> Self {
        match earlier {
            Some(Self { code: Some(code), label, request_id, .. })
                if self.code.is_none()
                    && matches!(self.kind, Kind::NotAccepted | Kind::Unknown | Kind::Another) =>
            {
                let (code, label) = (Some(code.clone()), label.clone());
                Self { code, label, request_id: request_id.clone(), ..self }
            }
            _ => self,
        }
    }

    /// The code, where there is one.
    pub fn code(&self) -> Option<Code> {
        self.code.as_deref().map(CodeErreur::read)
    }

    /// The code, where §4 has it and the service itself said it.
    pub fn known(&self) -> Option<CodeErreur> {
        match (self.kind, self.code()?) {
            (Kind::Ko, Label::Known(code)) => Some(code),
            _ => None,
        }
    }

    /// Whether the contract has nothing that could be followed.
    pub fn is_nothing_there(&self) -> bool {
        self.kind == Kind::NotAccepted
            || self.known() == Some(CodeErreur::ReprovisionningIntrouvable)
    }

    /// Whether it is about the request for a fibre.
    pub fn is_about_put(&self) -> bool {
        self.method.is_empty() || self.method == Operation::PutReprovisionning.to_string()
    }

    /// The method that was called.
    pub fn operation(&self) -> Operation {
        let all = Operation::ALL;
        let found = all.iter().copied().find(|operation| operation.to_string() == self.method);
        found.unwrap_or(Operation::PutReprovisionning)
    }

    /// Whether not a byte of it has left.
    pub fn nothing_left(&self) -> bool {
        matches!(
            self.kind,
            Kind::Certificate
                | Kind::NotSent
                | Kind::Argument
                | Kind::Quota
                | Kind::Busy
                | Kind::Machine
                | Kind::Taken
                | Kind::Earlier
                | Kind::Stopped
        )
    }

    /// After how many seconds a reading that failed so is repeated by itself, time after time.
    pub fn retries_s(&self) -> Vec<u64> {
        use CodeErreur as C;
        let told = |usual: u64| vec![self.retry_after_s.unwrap_or(usual)];
        match (self.kind, self.known()) {
            (_, Some(C::WsFerme)) => self.retry_after_s.into_iter().collect(),
            (_, Some(C::ProblemeBase)) => told(120),
            (_, Some(C::BaseIndisponible)) => told(300),
            (_, Some(C::RessourcesDepassees)) => vec![60, 180],
            (_, Some(C::RequeteDejaEnCours)) => vec![15],
            (_, Some(C::AppelNetworksEnCours)) => vec![60],
            (Kind::Fault | Kind::Http, _) => told(300),
            _ => Vec::new(),
        }
    }
}

/// A code's number, as `codeErreur` carries it.
pub(crate) fn number(code: &Code) -> String {
    match code {
        Label::Known(code) => code.number().to_string(),
        Label::Other(text) => text.clone(),
    }
}

/// What a put that was looked into failed of at first.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::OutcomeUnknown(unknown) => &unknown.cause,
        Error::NotAccepted { cause, .. } => cause,
        error => error,
    }
}

fn kind(error: &Error) -> Kind {
    match error {
        Error::Ko(_) => Kind::Ko,
        Error::Fault(_) => Kind::Fault,
        Error::Http { .. } => Kind::Http,
        Error::NotSent(Broken {
            why: Why::TheirCertificate(_) | Why::OwnCertificate | Why::Tls,
            ..
        }) => Kind::Certificate,
        Error::NotSent(_) => Kind::NotSent,
        Error::TimedOut | Error::Cut(_) | Error::Interrupted => Kind::NoAnswer,
        Error::TooBig | Error::Unreadable(_) | Error::Charset => Kind::Unreadable,
        Error::Argument(_) => Kind::Argument,
        Error::QuotaSpent(_) => Kind::Quota,
        Error::Busy(_) => Kind::Busy,
        Error::Folder(_) => Kind::Machine,
        Error::EarlierUnsettled(_) => Kind::Earlier,
        Error::OutcomeUnknown(_) | Error::CallsSpent => Kind::Unknown,
        Error::NotAccepted { another: Some(_), .. } => Kind::Another,
        Error::NotAccepted { another: None, .. } => Kind::NotAccepted,
        // The library may learn to fail in other ways.
        _ => Kind::NoAnswer,
    }
}

/// A rule, as a sentence for whoever chose.
pub(crate) fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::OtherPm => "Cette fibre n'est pas sur le PM prévu : restez sur ce PM.",
        Rule::OtherPboInZmd | Rule::OtherPboOutsideCollective => {
            "Hors zone très dense, il faut rester sur le boîtier de la commande."
        }
        Rule::PboOfAnotherSite => "Ce boîtier n'est pas dans l'immeuble du contrat.",
        Rule::SameFibre => "C'est déjà la fibre de la commande : prenez-en une autre.",
        Rule::KeepsExistingSocket => {
            "Commande sur prise existante : seul le motif « Fibre cassée » permet de garder la prise."
        }
        Rule::KeepsOpacSocket => "Parc OPAC : la prise ne peut pas être gardée.",
        Rule::KeepsDespiteReason => "Avec ce motif, la prise ne peut pas être gardée.",
        Rule::KeepsOnVirtualRoute => "Route optique virtuelle : la prise ne peut pas être gardée.",
        Rule::KeptSocketNeedsFreshFibre => {
            "Prise gardée : il faut une fibre « A construire » libre, ou « En construction » réservée."
        }
        Rule::NamesSocketOnVirtualRoute => {
            "Route optique virtuelle : aucune prise n'est à indiquer."
        }
        Rule::NoSocketToKeep => "Aucune prise n'est connue : indiquez celle qui est posée.",
        Rule::NotAvailable(_) => "Cette fibre n'est pas libre.",
        Rule::HeldByAnother => "Cette fibre est retenue par une autre ligne.",
        Rule::SocketHeldByAnother => "La prise à garder est celle d'une autre ligne.",
    }
}
