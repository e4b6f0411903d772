//! The e-Reprov FTTH 2.0 contract on the wire, and nothing else: no I/O, no rule, no clock.
//!
//! Names are the contract's own, in French, so that a reader can hold this crate beside the
//! specification line by line. They cross into English in the server's `soap` folder.

pub mod charset;
pub mod code_erreur;
pub mod entete;
pub mod envelope;
pub mod etat;
pub mod get_reprovisionning;
pub mod get_ro_site;
pub mod get_site_structure;
pub mod lenient;
pub mod libelle;
pub mod motif;
pub mod operation;
pub mod put_reprovisionning;
pub mod question;
pub mod security;
pub mod text;
pub mod wsdl;
pub mod xml;

/// The service's target namespace (contract.md, D2).
pub const NAMESPACE: &str = "http://sfr.fr/hermes/eReprov/";

/// The HTTP header of an answer in which a service says for how many seconds it remembers an accepted
/// put by its `Idempotency-Key` (contract.md, D22a). A client that sees it may send a put again under the
/// same name, and gets the first answer again.
pub const KEPT_HEADER: &str = "idempotency-key-kept";
