//! `enteteResponse`, the head of every answer (contract.md, D14).

use roxmltree::Node;

use crate::{
    code_erreur::CodeErreur,
    etat::Label,
    lenient::{Lenient, What},
    libelle::libelle_erreur,
    question::text_of,
    xml::Writer,
};

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

/// A refusal, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadKo {
    /// `codeErreur`
    pub code: Label<CodeErreur>,
    /// `libelleErreur`
    pub libelle: String,
}

/// `enteteResponse`, whatever it is called, or its fields where it should be.
pub(crate) struct Head {
    pub(crate) statut: Option<String>,
    pub(crate) code: Option<String>,
    libelle: Option<String>,
}

/// Its fields; the second name of the code heads the tables of §4.
pub(crate) const HEAD: [&str; 4] = ["statut", "codeErreur", "codeMotif", "libelleErreur"];

impl Head {
    pub(crate) fn read(content: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let head = elements(content).find(|child| is_head(*child));
        match head {
            None => r.note(What::NoHead, content),
            Some(head) => {
                if head.tag_name().name() != "enteteResponse" {
                    r.note(What::Name, head);
                }
                // For what it notes.
                r.children(head, &HEAD);
            }
        }
        let head = head.unwrap_or(content);
        let mut field = |name: &str| {
            let found = elements(head).find(|child| child.tag_name().name() == name);
            found.and_then(text_of).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
        };
        let [statut, code, motif, libelle] = HEAD.map(&mut field);
        Self { statut, code: code.or(motif), libelle }
    }

    pub(crate) fn ko(self) -> ReadKo {
        ReadKo {
            code: CodeErreur::read(self.code.as_deref().unwrap_or_default()),
            libelle: self.libelle.unwrap_or_default(),
        }
    }
}

pub(crate) fn is_head(node: Node<'_, '_>) -> bool {
    node.tag_name().name().eq_ignore_ascii_case("enteteResponse")
}

/// The elements in an element.
pub(crate) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}
