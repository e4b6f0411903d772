//! What goes wrong, told apart by what can be done about it.

use std::{fmt, io, time::Duration};

use ereprov_wire::{
    code_erreur::CodeErreur,
    envelope::{NoAnswer, ReadFault},
    etat::Label,
    operation::Operation,
    question::BadValue,
};

use crate::{
    advice::{Advice, Retry, advice, next_step},
    broken::Broken,
    methods::follow_up::FollowUp,
    shared::{ledger::Usage, pending::Unsettled},
};

/// A code of §4, or one that it does not have, as it came.
pub type Code = Label<CodeErreur>;

/// The service said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ko {
    /// What was asked.
    pub operation: Operation,
    /// `codeErreur`
    pub code: Code,
    /// `libelleErreur`, as it came.
    pub label: String,
    /// When to come back, where the service said so.
    pub retry_after: Option<Duration>,
    /// For how many seconds the service remembers an accepted put by its name; none: it does not.
    pub(crate) remembers_s: Option<i64>,
}

impl Ko {
    /// What the code means, and what to do next.
    pub fn advice(&self) -> Advice {
        let advice = advice(&self.code, self.operation);
        match (advice.retry, self.retry_after) {
            (Retry::After(_), Some(told)) => Advice { retry: Retry::After(told), ..advice },
            _ => advice,
        }
    }
}

impl fmt::Display for Ko {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.operation, self.code, self.label)
    }
}

/// Why a call has no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service would refuse a value with 20001; nothing was sent.
    #[error("a value would be refused with 20001; nothing was sent")]
    Argument(#[source] BadValue),
    /// The month's calls are used up, as far as this machine knows; nothing was sent.
    #[error("{} of {} calls of this month are used; nothing was sent", .0.used, .0.quota)]
    QuotaSpent(Usage),
    /// Both of the operator's seats, or the contract, are taken; nothing was sent.
    #[error("two requests of this operator were in progress for {} s; nothing was sent", .0.as_secs())]
    Busy(Duration),
    /// As many calls were made as were allowed ([`Client::settle`](crate::Client::settle)): this one was not.
    #[error("as many calls were made as were allowed; this one was not")]
    CallsSpent,
    /// The folder of what processes share cannot be used; nothing was sent.
    #[error("the folder of what processes share cannot be used; nothing was sent")]
    Folder(#[source] io::Error),
    /// There was no connection: nothing was sent.
    #[error("no connection to the service; nothing was sent: {0}")]
    NotSent(Broken),
    /// The question was sent, and no answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// The question was sent, and the connection ended before the answer did.
    #[error("the connection ended before the answer did: {0}")]
    Cut(Broken),
    /// The program that sent it ended before the answer came.
    #[error("the program that sent it ended before the answer came")]
    Interrupted,
    /// The answer has more bytes than are read.
    #[error("the answer is longer than is read")]
    TooBig,
    /// What came is no answer of the method.
    #[error("what came cannot be understood")]
    Unreadable(#[source] NoAnswer),
    /// What came is in no charset that is read.
    #[error("what came is in another charset than it says")]
    Charset,
    /// Something on the way answered instead of the service.
    #[error("HTTP {status} instead of an answer of the service")]
    Http {
        /// The status.
        status: u16,
        /// When to come back, where it said so.
        retry_after: Option<Duration>,
    },
    /// A SOAP fault.
    #[error("SOAP fault {}: {}", .0.code, .0.reason)]
    Fault(ReadFault),
    /// The service said no.
    #[error("{0}")]
    Ko(Ko),
    /// An earlier put for the contract has an unknown outcome: settle it first. Nothing was sent.
    #[error("the outcome of an earlier put for this contract is unknown; settle it first")]
    EarlierUnsettled(Box<Unsettled>),
    /// The put may have been accepted, or not: it is written down, and is to be settled, not sent again.
    #[error("it is unknown whether the put was accepted; settle it, do not send it again")]
    OutcomeUnknown(Box<Unknown>),
    /// The put was not accepted, and nothing was done: it may be sent again.
    #[error("the put was not accepted; nothing was done")]
    NotAccepted {
        /// Why it had no answer.
        #[source]
        cause: Box<Error>,
        /// Another re-provisioning that runs for the contract.
        another: Option<Box<FollowUp>>,
    },
}

/// What is known of a put whose outcome is not.
#[derive(Debug)]
pub struct Unknown {
    /// The put, as it was written down.
    pub unsettled: Unsettled,
    /// Why it had no answer.
    pub cause: Error,
    /// What getReprovisionning showed last, if it could be read.
    pub seen: Option<FollowUp>,
    /// Why the last reading failed, if it did.
    pub reading: Option<Error>,
}

impl Error {
    /// Whether to try again, and when. For a put, what leaves its outcome unknown was looked into
    /// already: this is about the error that is left.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Argument(_) => Retry::WhenMended,
            Self::QuotaSpent(_) => Retry::NextMonth,
            Self::Folder(_)
            | Self::CallsSpent
            | Self::Unreadable(_)
            | Self::Charset
            | Self::TooBig => Retry::Never,
            Self::Busy(_) => Retry::After(Duration::from_secs(20)),
            Self::NotSent(_) | Self::TimedOut | Self::Cut(_) | Self::Interrupted => {
                Retry::After(Duration::from_secs(30))
            }
            Self::Http { status, retry_after, .. } => match status {
                408 | 429 | 500..=599 => {
                    Retry::After(retry_after.unwrap_or(Duration::from_mins(1)))
                }
                _ => Retry::Never,
            },
            Self::Fault(fault) => match &fault.code_erreur {
                Some(code) => advice(code, Operation::GetReprovisionning).retry,
                None if fault.blames_the_message() => Retry::Never,
                None => Retry::After(Duration::from_mins(1)),
            },
            Self::Ko(ko) => ko.advice().retry,
            Self::EarlierUnsettled(_) | Self::OutcomeUnknown(_) => {
                Retry::AfterReading(Duration::from_mins(1))
            }
            Self::NotAccepted { another: Some(_), .. } => {
                Retry::AfterReading(Duration::from_mins(1))
            }
            Self::NotAccepted { cause, another: None } => cause.retry(),
        }
    }

    /// What to do next, in English and in French.
    pub fn next_step(&self) -> (&'static str, &'static str) {
        next_step(self)
    }

    /// Whether a put that ended so may have been accepted all the same.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match self {
            Self::Argument(_)
            | Self::QuotaSpent(_)
            | Self::Busy(_)
            | Self::CallsSpent
            | Self::Folder(_)
            | Self::NotSent(_)
            | Self::EarlierUnsettled(_)
            | Self::NotAccepted { .. } => false,
            Self::TimedOut
            | Self::Cut(_)
            | Self::Interrupted
            | Self::TooBig
            | Self::Unreadable(_)
            | Self::Charset
            | Self::OutcomeUnknown(_) => true,
            // A gateway that says so has not let it through; what else it says may be about the answer.
            Self::Http { status, .. } => {
                !matches!(status, 300..=399 | 400 | 401 | 403..=407 | 411 | 413..=417 | 429 | 431)
            }
            Self::Fault(fault) => !fault.blames_the_message(),
            Self::Ko(ko) => ko.advice().leaves_doubt,
        }
    }

    /// Whether the service counts a call that ended so (contract.md, D23); where that cannot be known,
    /// it is taken to.
    pub(crate) fn is_counted(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Ko(ko) => advice(&ko.code, ko.operation).is_counted,
            _ => true,
        }
    }
}
