//! The four methods, one file each: English in, French over the wire, English out.

pub mod follow_up;
pub mod put;
pub mod routes;
pub mod structure;

use ereprov_domain::reason::Reason;
use ereprov_wire::{etat::Label, motif::Motif};

/// What the service said of a state: one of those that the specification has, or words of its own.
pub type Said<T> = Label<T>;

/// The reason that one of the fifteen labels of table 3.4.1 names, whatever its case and accents; `None`:
/// the text is none of them.
pub fn read_reason(label: &str) -> Option<Reason> {
    Motif::read(label).map(ereprov_words::reason)
}

/// A label's words in English, where it has any of the table's.
fn said<F: Copy, E>(label: Label<F>, english: impl Fn(F) -> E) -> Said<E> {
    match label {
        Label::Known(known) => Label::Known(english(known)),
        Label::Other(text) => Label::Other(text),
    }
}

/// A PM, and where the route stands on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pm {
    /// The PM.
    pub reference: String,
    /// The position on it.
    pub position: String,
}

impl From<ereprov_wire::put_reprovisionning::Pm> for Pm {
    fn from(pm: ereprov_wire::put_reprovisionning::Pm) -> Self {
        Self { reference: pm.reference, position: pm.position }
    }
}
