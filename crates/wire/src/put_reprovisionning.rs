//! §3.4 putReprovisionning: the line asks for another fibre.

use roxmltree::Node;

use crate::{
    lenient::Lenient,
    motif::Motif,
    question::{BadArgument, BadValue, Parameters, text_of, write_field},
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

    pub(crate) fn write(&self, w: &mut Writer) -> Result<(), BadValue> {
        write_field(w, FIELDS[0], &self.reference_contrat)?;
        write_field(w, FIELDS[1], &self.reference_fibre)?;
        if let Some(pto) = &self.reference_pto {
            write_field(w, FIELDS[2], pto)?;
        }
        w.element(FIELDS[3], if self.conservation_pto { "1" } else { "0" });
        w.element(FIELDS[4], self.motif.label());
        Ok(())
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContratReprovisionne {
    /// `contrat/@reference`: the question's.
    pub reference: String,
    /// `codeDecharge`; ours gives it always.
    pub code_decharge: Option<String>,
    /// `pm`, as sample 3.4.5 shows it (contract.md, D15).
    pub pm: Option<Pm>,
    /// `fibre`
    pub fibre: Option<FibreDemandee>,
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
        if let Some(code) = &self.code_decharge {
            w.element("codeDecharge", code);
        }
        if let Some(pm) = &self.pm {
            pm.write(w);
        }
        if let Some(fibre) = &self.fibre {
            w.start("fibre")
                .attribute("reference", &fibre.reference)
                .optional("referencePTO", fibre.reference_pto.as_deref())
                .end();
        }
        w.end();
    }

    pub(crate) fn read(contrat: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(contrat, ["reference"]).map(Option::unwrap_or_default);
        let mut read = Self { reference, code_decharge: None, pm: None, fibre: None };
        for node in r.children(contrat, &["codeDecharge", "pm", "fibre"]) {
            match node.tag_name().name() {
                "codeDecharge" => {
                    let text = text_of(node).map(|text| text.trim().to_owned());
                    read.code_decharge = text.filter(|text| !text.is_empty());
                }
                "pm" => read.pm = Some(Pm::read(node, r)),
                _ => {
                    let [reference, reference_pto] =
                        r.attributes(node, ["reference", "referencePTO"]);
                    let reference = reference.unwrap_or_default();
                    read.fibre = Some(FibreDemandee { reference, reference_pto });
                }
            }
        }
        if read.code_decharge.is_none() {
            r.missing(contrat, "codeDecharge");
        }
        read
    }
}

impl Pm {
    pub(crate) fn read(pm: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference, position] =
            r.attributes(pm, ["reference", "position"]).map(Option::unwrap_or_default);
        Self { reference, position }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("pm")
            .attribute("reference", &self.reference)
            .attribute("position", &self.position)
            .end();
    }
}
