//! SOAP 1.1 and 1.2 envelopes, in and out: the question's version decides the answer's (D1).

mod answered;
mod asked;
mod fault;
mod header;
mod read;
mod write;

pub use answered::{Answered, NoAnswer, Reply, read_answer};
pub use asked::write_question;
pub use fault::{Fault, FaultKind, ReadFault, write_fault};
pub use header::{Addressing, Header};
pub use read::{Message, read};
pub use write::{Answer, Written, write_answer};

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// SOAP 1.1
    V11,
    /// SOAP 1.2
    V12,
}

impl SoapVersion {
    /// The namespace of the envelope.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// The Content-Type of an answer; stacks refuse the other version's.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    fn of_namespace(namespace: &str) -> Option<Self> {
        [Self::V11, Self::V12].into_iter().find(|version| version.namespace() == namespace)
    }
}
