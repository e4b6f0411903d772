//! `enteteResponse`, the head of every answer (contract.md, D14).

use crate::{code_erreur::CodeErreur, libelle::libelle_erreur, xml::Writer};

/// A refusal as the wire shows it: code and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ko {
    /// The code of §4.
    pub code: CodeErreur,
    /// Its label, and what the caller can do.
    pub libelle: String,
}

impl Ko {
    /// A refusal with an advice to the caller, which may be empty.
    pub fn new(code: CodeErreur, advice: &str) -> Self {
        Self { code, libelle: libelle_erreur(code, advice) }
    }
}

/// Writes `enteteResponse` with `statut` OK.
pub(crate) fn write_ok(w: &mut Writer) {
    w.start("enteteResponse").element("statut", "OK").end();
}

/// Writes `enteteResponse` with `statut` KO, the code and the label.
pub(crate) fn write_ko(w: &mut Writer, ko: &Ko) {
    w.start("enteteResponse")
        .element("statut", "KO")
        .element("codeErreur", &ko.code.to_string())
        .element("libelleErreur", &ko.libelle)
        .end();
}
