//! §3.4 putReprovisionning: the line asks for another fibre.

use roxmltree::Node;

use crate::{
    motif::Motif,
    question::{BadArgument, Parameters},
    xml::Writer,
};

/// The question (§3.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PutReprovisionning {
    /// STRING(30), mandatory.
    pub reference_contrat: String,
    /// STRING(255), mandatory: the fibre asked for.
    pub reference_fibre: String,
    /// STRING(30), optional: the socket that is installed.
    pub reference_pto: Option<String>,
    /// Whether the socket stays; `0`, `1`, `false` or `true` (contract.md, D11).
    pub conservation_pto: bool,
    /// One of the fifteen (contract.md, D12).
    pub motif: Motif,
}

const FIELDS: [&str; 5] =
    ["referenceContrat", "referenceFibre", "referencePTO", "conservationPTO", "motif"];

impl PutReprovisionning {
    pub(crate) fn read(wrapper: Node<'_, '_>) -> Result<Self, BadArgument> {
        let mut parameters = Parameters::read(wrapper, &FIELDS)?;
        Ok(Self {
            reference_contrat: parameters.required("referenceContrat")?,
            reference_fibre: parameters.required("referenceFibre")?,
            reference_pto: parameters.optional("referencePTO"),
            conservation_pto: read_boolean(&parameters.required("conservationPTO")?)?,
            motif: read_motif(&parameters.required("motif")?)?,
        })
    }
}

fn read_boolean(text: &str) -> Result<bool, BadArgument> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(BadArgument::new("conservationPTO", "0 ou 1 attendu")),
    }
}

fn read_motif(text: &str) -> Result<Motif, BadArgument> {
    Motif::read(text).ok_or_else(|| {
        let hint = Motif::nearest(text)
            .map_or(String::new(), |motif| format!(" ; vouliez-vous « {} » ?", motif.label()));
        BadArgument::new(
            "motif",
            format_args!("n'est pas un des quinze motifs (§3.4.1 ; ils sont dans le WSDL){hint}"),
        )
    })
}

/// The answer (§3.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContratReprovisionne {
    /// `contrat/@reference`: the question's.
    pub reference: String,
    /// `codeDecharge`
    pub code_decharge: String,
    /// `pm`, as sample 3.4.5 shows it (contract.md, D15).
    pub pm: Pm,
    /// `fibre`
    pub fibre: FibreDemandee,
}

/// The PM of a route, and the route's position on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pm {
    /// `pm/@reference`
    pub reference: String,
    /// `pm/@position`
    pub position: String,
}

/// The fibre asked for, with the socket it will serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FibreDemandee {
    /// `fibre/@reference`
    pub reference: String,
    /// `fibre/@referencePTO`, absent where no socket is known.
    pub reference_pto: Option<String>,
}

impl ContratReprovisionne {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("contrat").attribute("reference", &self.reference);
        w.element("codeDecharge", &self.code_decharge);
        self.pm.write(w);
        w.start("fibre")
            .attribute("reference", &self.fibre.reference)
            .optional("referencePTO", self.fibre.reference_pto.as_deref())
            .end();
        w.end();
    }
}

impl Pm {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("pm")
            .attribute("reference", &self.reference)
            .attribute("position", &self.position)
            .end();
    }
}
