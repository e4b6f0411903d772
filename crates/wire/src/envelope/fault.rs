//! SOAP faults: for what is not a readable question of a known method (contract.md, D5).

use roxmltree::Node;

use super::SoapVersion;
use crate::{
    NAMESPACE, code_erreur::CodeErreur, etat::Label, libelle::libelle_erreur, question::text_of,
    xml::Writer,
};

/// A fault, ready to be written in either version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The version to answer in.
    pub version: SoapVersion,
    /// What went wrong.
    pub kind: FaultKind,
}

/// What a fault says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The envelope is in neither namespace.
    VersionMismatch,
    /// Header blocks (namespace, name) that must be understood and are not.
    MustUnderstand(Vec<(String, String)>),
    /// The message is wrong; the text says how, in French.
    Client(String),
    /// WS-Addressing asks for an answer on another connection.
    OnlyAnonymousAddress,
    /// The server could not read the question: code and advice (contract.md, D37).
    Receiver(CodeErreur, &'static str),
}

impl FaultKind {
    /// The fault, in this version.
    pub fn in_version(self, version: SoapVersion) -> Fault {
        Fault { version, kind: self }
    }

    /// The code that the fault's detail carries, where it has one.
    pub fn code(&self) -> Option<CodeErreur> {
        match self {
            Self::Client(_) | Self::OnlyAnonymousAddress => Some(CodeErreur::ArgumentIncorrect),
            Self::Receiver(code, _) => Some(*code),
            Self::VersionMismatch | Self::MustUnderstand(_) => None,
        }
    }

    /// The sentence for the caller, in French.
    pub fn reason(&self) -> String {
        match self {
            Self::VersionMismatch => {
                "Enveloppe SOAP inconnue : SOAP 1.1 ou SOAP 1.2 attendu".to_owned()
            }
            Self::MustUnderstand(blocks) => {
                let names: Vec<_> = blocks.iter().map(|(_, name)| name.as_str()).collect();
                format!("En-tête mustUnderstand non pris en charge : {}", names.join(", "))
            }
            Self::Client(reason) => format!("Requête illisible : {reason}"),
            Self::OnlyAnonymousAddress => {
                "WS-Addressing : la réponse ne part que sur la connexion de la question".to_owned()
            }
            Self::Receiver(code, advice) => libelle_erreur(*code, advice),
        }
    }
}

/// Writes a fault as a whole document.
pub fn write_fault(fault: &Fault) -> String {
    let mut w = Writer::document();
    w.start("S:Envelope").attribute("xmlns:S", fault.version.namespace());
    write_header(&mut w, fault);
    w.start("S:Body").start("S:Fault");
    match fault.version {
        SoapVersion::V11 => {
            w.element("faultcode", value_11(&fault.kind));
            w.element("faultstring", &fault.kind.reason());
            write_detail(&mut w, "detail", &fault.kind);
        }
        SoapVersion::V12 => {
            w.start("S:Code").element("S:Value", value_12(&fault.kind)).end();
            w.start("S:Reason").start("S:Text").attribute("xml:lang", "fr");
            w.text(&fault.kind.reason()).end().end();
            write_detail(&mut w, "S:Detail", &fault.kind);
        }
    }
    w.finish()
}

fn value_11(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::VersionMismatch => "S:VersionMismatch",
        FaultKind::MustUnderstand(_) => "S:MustUnderstand",
        FaultKind::Client(_) | FaultKind::OnlyAnonymousAddress => "S:Client",
        FaultKind::Receiver(..) => "S:Server",
    }
}

fn value_12(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::VersionMismatch => "S:VersionMismatch",
        FaultKind::MustUnderstand(_) => "S:MustUnderstand",
        FaultKind::Client(_) | FaultKind::OnlyAnonymousAddress => "S:Sender",
        FaultKind::Receiver(..) => "S:Receiver",
    }
}

/// SOAP 1.2 Part 1 §5.4.7 and §5.4.8: the versions and the blocks are told in the header.
fn write_header(w: &mut Writer, fault: &Fault) {
    match &fault.kind {
        FaultKind::VersionMismatch => {
            w.start("S:Header").start("u:Upgrade");
            w.attribute("xmlns:u", SoapVersion::V12.namespace());
            for version in [SoapVersion::V12, SoapVersion::V11] {
                w.start("u:SupportedEnvelope").attribute("qname", "v:Envelope");
                w.attribute("xmlns:v", version.namespace()).end();
            }
            w.end().end();
        }
        FaultKind::MustUnderstand(blocks) if fault.version == SoapVersion::V12 => {
            w.start("S:Header");
            for (namespace, name) in blocks {
                w.start("S:NotUnderstood");
                // A prefix cannot be bound to no namespace.
                if namespace.is_empty() {
                    w.attribute("qname", name).end();
                } else {
                    w.attribute("qname", &format!("b:{name}"));
                    w.attribute("xmlns:b", namespace).end();
                }
            }
            w.end();
        }
        _ => {}
    }
}

fn write_detail(w: &mut Writer, element: &'static str, kind: &FaultKind) {
    let Some(code) = kind.code() else { return };
    w.start(element).start("ns2:erreur").attribute("xmlns:ns2", NAMESPACE);
    w.element("codeErreur", &code.to_string());
    w.element("libelleErreur", code.libelle());
    w.end().end();
}

/// A fault, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFault {
    /// The fault's code, without its prefix: `Client`, `Sender`, `Server`, `Receiver`, …
    pub code: String,
    /// Its sentence.
    pub reason: String,
    /// The code of §4 in its detail, where there is one (contract.md, D37).
    pub code_erreur: Option<Label<CodeErreur>>,
}

impl ReadFault {
    /// Whether the message was refused as such, so that nothing was done about it.
    pub fn blames_the_message(&self) -> bool {
        let first = self.code.split('.').next().unwrap_or_default();
        ["Client", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown"]
            .contains(&first)
    }
}

/// Reads a fault of either version.
pub(super) fn read_fault(fault: Node<'_, '_>) -> ReadFault {
    let text = |names: [&str; 2]| {
        let mut all = fault.descendants().filter(Node::is_element);
        let found = all.find(|node| names.contains(&node.tag_name().name()));
        found.and_then(text_of).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let code = text(["faultcode", "Value"]).unwrap_or_default();
    ReadFault {
        code: code.rsplit(':').next().unwrap_or_default().to_owned(),
        reason: text(["faultstring", "Text"]).unwrap_or_default(),
        code_erreur: text(["codeErreur", "codeMotif"]).map(|code| CodeErreur::read(&code)),
    }
}
