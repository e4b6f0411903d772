//! §3.5 getReprovisionning: where the contract's latest re-provisioning stands.

use roxmltree::Node;

use crate::{
    etat::{Etat, Label},
    lenient::Lenient,
    put_reprovisionning::Pm,
    question::{BadArgument, BadValue, Parameters, write_field},
    xml::Writer,
};

/// The question (§3.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetReprovisionning {
    /// STRING(30), mandatory.
    pub reference_contrat: String,
}

impl GetReprovisionning {
    pub(crate) fn read(wrapper: Node<'_, '_>) -> Result<Self, BadArgument> {
        let mut parameters = Parameters::read(wrapper, &["referenceContrat"])?;
        Ok(Self { reference_contrat: parameters.required("referenceContrat")? })
    }

    pub(crate) fn write(&self, w: &mut Writer) -> Result<(), BadValue> {
        write_field(w, "referenceContrat", &self.reference_contrat)
    }
}

/// The answer (§3.5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suivi {
    /// `contrat/@reference`: the question's.
    pub reference: String,
    /// `reprovisionning/@statut`
    pub statut: Label<Etat>,
    /// The route, absent in `Annulé` and `En échec` (contract.md, D33).
    pub route: Option<Route>,
}

/// The route asked for or, once it is done, the contract's new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// `pm`; ours gives it always.
    pub pm: Option<Pm>,
    /// `fibre/@reference`
    pub reference: String,
    /// `fibre/@referencePTO`, absent where no socket is known.
    pub reference_pto: Option<String>,
    /// `fibre/@informationCable`
    pub cable: String,
    /// `fibre/@informationTube`
    pub tube: String,
    /// `fibre/@informationFibre`
    pub fibre: String,
}

impl Suivi {
    /// One that says nothing.
    pub(crate) fn unknown(reference: String) -> Self {
        Self { reference, statut: Label::Other(String::new()), route: None }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("contrat").attribute("reference", &self.reference);
        w.start("reprovisionning").attribute("statut", self.statut.text()).end();
        if let Some(route) = &self.route {
            if let Some(pm) = &route.pm {
                pm.write(w);
            }
            w.start("fibre")
                .attribute("reference", &route.reference)
                .optional("referencePTO", route.reference_pto.as_deref())
                .attribute("informationCable", &route.cable)
                .attribute("informationTube", &route.tube)
                .attribute("informationFibre", &route.fibre)
                .end();
        }
        w.end();
    }

    pub(crate) fn read(contrat: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(contrat, ["reference"]).map(Option::unwrap_or_default);
        let mut read = Self::unknown(reference);
        let (mut stated, mut pm, mut fibre) = (false, None, None);
        for node in r.children(contrat, &["reprovisionning", "pm", "fibre"]) {
            match node.tag_name().name() {
                "reprovisionning" => {
                    let [said] = r.attributes(node, ["statut"]);
                    read.statut = r.label(node, "statut", said, Etat::read);
                    stated = true;
                }
                "pm" => pm = Some(Pm::read(node, r)),
                _ => fibre = Some(Route::read(node, r)),
            }
        }
        if !stated {
            r.missing(contrat, "reprovisionning");
        }
        read.route = match (pm, fibre) {
            (None, None) => None,
            (pm, fibre) => Some(Route { pm, ..fibre.unwrap_or_default() }),
        };
        read
    }
}

impl Route {
    fn read(fibre: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        const NAMES: [&str; 5] = [
            "reference",
            "referencePTO",
            "informationCable",
            "informationTube",
            "informationFibre",
        ];
        let [reference, reference_pto, cable, tube, fibre] = r.attributes(fibre, NAMES);
        Self {
            pm: None,
            reference: reference.unwrap_or_default(),
            reference_pto,
            cable: cable.unwrap_or_default(),
            tube: tube.unwrap_or_default(),
            fibre: fibre.unwrap_or_default(),
        }
    }
}
