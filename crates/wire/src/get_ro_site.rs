//! §3.3 getRoSite: the optical routes of a floor or of a PBO.

use roxmltree::Node;

use crate::{
    etat::{InformationConstruction, InformationUtilisation, Label},
    lenient::Lenient,
    question::{BadArgument, BadValue, Parameters, write_field},
    xml::Writer,
};

/// The question (§3.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetRoSite {
    /// STRING(30), mandatory.
    pub reference_contrat: String,
    /// The place asked for; `None`: the contract's own (contract.md, D13).
    pub lieu: Option<Lieu>,
    /// STRING(30), optional; `referenceBE` is another name for it (D10).
    pub reference_pbo: Option<String>,
}

/// Building, staircase and floor, all three given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lieu {
    /// STRING(30)
    pub reference_batiment: String,
    /// STRING(30)
    pub reference_escalier: String,
    /// STRING(30)
    pub reference_etage: String,
}

const FIELDS: [&str; 6] = [
    "referenceContrat",
    "referenceBatiment",
    "referenceEscalier",
    "referenceEtage",
    "referencePBO",
    "referenceBE",
];

impl GetRoSite {
    pub(crate) fn read(wrapper: Node<'_, '_>) -> Result<Self, BadArgument> {
        let mut parameters = Parameters::read(wrapper, &FIELDS)?;
        let reference_contrat = parameters.required("referenceContrat")?;
        let place = [FIELDS[1], FIELDS[2], FIELDS[3]].map(|field| parameters.optional(field));
        let lieu = match place {
            [None, None, None] => None,
            [Some(reference_batiment), Some(reference_escalier), Some(reference_etage)] => {
                Some(Lieu { reference_batiment, reference_escalier, reference_etage })
            }
            [batiment, escalier, _] => {
                let missing = match (batiment, escalier) {
                    (None, _) => FIELDS[1],
                    (_, None) => FIELDS[2],
                    _ => FIELDS[3],
                };
                let reason = "absent ; donnez bâtiment, escalier et étage, ou aucun des trois";
                return Err(BadArgument::new(missing, reason));
            }
        };
        let reference_pbo = match (parameters.optional(FIELDS[4]), parameters.optional(FIELDS[5])) {
            (Some(pbo), Some(be)) if pbo != be => {
                return Err(BadArgument::new("referenceBE", "différent de referencePBO"));
            }
            (pbo, be) => pbo.or(be),
        };
        Ok(Self { reference_contrat, lieu, reference_pbo })
    }

    pub(crate) fn write(&self, w: &mut Writer) -> Result<(), BadValue> {
        write_field(w, FIELDS[0], &self.reference_contrat)?;
        if let Some(lieu) = &self.lieu {
            write_field(w, FIELDS[1], &lieu.reference_batiment)?;
            write_field(w, FIELDS[2], &lieu.reference_escalier)?;
            write_field(w, FIELDS[3], &lieu.reference_etage)?;
        }
        self.reference_pbo.as_ref().map_or(Ok(()), |pbo| write_field(w, FIELDS[4], pbo))
    }
}

/// The answer (§3.3.2): the PBOs, each with its fibres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoSite {
    /// One for each PBO that has something to show (contract.md, D18).
    pub pbos: Vec<Pbo>,
}

/// A PBO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbo {
    /// `pbo/@reference`
    pub reference: String,
    /// `pbo/@localisation`
    pub localisation: String,
    /// Its fibres, in the order of the inventory.
    pub fibres: Vec<Fibre>,
}

/// A fibre of the PBO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fibre {
    /// `fibre/@reference`
    pub reference: String,
    /// `fibre/@referencePTO`, absent where no socket hangs on the fibre.
    pub reference_pto: Option<String>,
    /// `fibre/@informationCable`
    pub cable: String,
    /// `fibre/@informationTube`
    pub tube: String,
    /// `fibre/@informationFibre`
    pub fibre: String,
    /// `fibre/@informationConstruction`
    pub construction: Label<InformationConstruction>,
    /// `fibre/@informationUtilisation`
    pub utilisation: Label<InformationUtilisation>,
}

impl RoSite {
    pub(crate) fn write(&self, w: &mut Writer) {
        for pbo in &self.pbos {
            w.start("pbo")
                .attribute("reference", &pbo.reference)
                .attribute("localisation", &pbo.localisation);
            for fibre in &pbo.fibres {
                fibre.write(w);
            }
            w.end();
        }
    }
}

impl Pbo {
    pub(crate) fn read(pbo: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference, localisation] =
            r.attributes(pbo, ["reference", "localisation"]).map(Option::unwrap_or_default);
        let fibres = r.children(pbo, &["fibre"]).into_iter();
        Self { reference, localisation, fibres: fibres.map(|node| Fibre::read(node, r)).collect() }
    }
}

impl Fibre {
    fn read(node: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        const STATES: [&str; 2] = ["informationConstruction", "informationUtilisation"];
        let names = [
            "reference",
            "referencePTO",
            "informationCable",
            "informationTube",
            "informationFibre",
            STATES[0],
            STATES[1],
        ];
        let [reference, reference_pto, cable, tube, fibre, construction, utilisation] =
            r.attributes(node, names);
        Self {
            reference: reference.unwrap_or_default(),
            reference_pto,
            cable: cable.unwrap_or_default(),
            tube: tube.unwrap_or_default(),
            fibre: fibre.unwrap_or_default(),
            construction: r.label(node, STATES[0], construction, InformationConstruction::read),
            utilisation: r.label(node, STATES[1], utilisation, InformationUtilisation::read),
        }
    }

    fn write(&self, w: &mut Writer) {
        w.start("fibre")
            .attribute("reference", &self.reference)
            .optional("referencePTO", self.reference_pto.as_deref())
            .attribute("informationCable", &self.cable)
            .attribute("informationTube", &self.tube)
            .attribute("informationFibre", &self.fibre)
            .attribute("informationConstruction", self.construction.text())
            .attribute("informationUtilisation", self.utilisation.text())
            .end();
    }
}
