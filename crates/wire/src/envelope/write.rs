//! From an answer to text.

use std::sync::Arc;

use super::{Addressing, SoapVersion};
use crate::{
    NAMESPACE,
    entete::{Ko, write_ko, write_ok},
    get_reprovisionning::Suivi,
    get_ro_site::RoSite,
    get_site_structure::Site,
    operation::Operation,
    put_reprovisionning::ContratReprovisionne,
    xml::Writer,
};

/// What a method answers when it is OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// §3.2.2
    Site(Site),
    /// §3.3.2
    RoSite(RoSite),
    /// §3.4.2
    Contrat(ContratReprovisionne),
    /// §3.5.2
    Suivi(Suivi),
}

impl Answer {
    /// Writes it, whatever envelope it will leave in.
    pub fn write(&self) -> Written {
        let mut w = Writer::part();
        write_ok(&mut w);
        match self {
            Self::Site(site) => site.write(&mut w),
            Self::RoSite(routes) => routes.write(&mut w),
            Self::Contrat(contract) => contract.write(&mut w),
            Self::Suivi(follow_up) => follow_up.write(&mut w),
        }
        Written(w.finish().into())
    }
}

/// An [`Answer`], written: cheap to keep and to send again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written(Arc<str>);

impl Written {
    /// How long it is, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// Writes the answer of a method, OK or KO, as a whole document (contract.md, D14).
pub fn write_answer(
    version: SoapVersion,
    operation: Operation,
    related: Option<&Addressing>,
    answer: Result<&Written, &Ko>,
) -> String {
    let mut w = Writer::document();
    w.start("S:Envelope").attribute("xmlns:S", version.namespace());
    if let Some(question) = related {
        write_relation(&mut w, operation, question);
    }
    w.start("S:Body");
    w.start(operation.response_element()).attribute("xmlns:ns2", NAMESPACE);
    w.start("return");
    match answer {
        Err(ko) => write_ko(&mut w, ko),
        Ok(written) => {
            w.written(&written.0);
        }
    }
    w.finish()
}

/// A question that named itself gets an answer that relates to it (WS-Addressing 1.0 §3.4).
fn write_relation(w: &mut Writer, operation: Operation, question: &Addressing) {
    let action = format!("{NAMESPACE}eReprov/{operation}Response");
    w.start("S:Header");
    w.start("wsa:Action").attribute("xmlns:wsa", question.namespace).text(&action).end();
    w.start("wsa:RelatesTo").attribute("xmlns:wsa", question.namespace);
    w.text(&question.message_id).end();
    w.end();
}
