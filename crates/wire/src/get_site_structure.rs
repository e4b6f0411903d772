//! §3.2 getSiteStructure: the site of a contract, building by building, floor by floor.

use roxmltree::Node;

use crate::{
    etat::{InformationConstruction, InformationUtilisation, Label},
    lenient::Lenient,
    question::{BadArgument, BadValue, Parameters, write_field},
    xml::Writer,
};

/// The question (§3.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetSiteStructure {
    /// STRING(30), mandatory.
    pub reference_contrat: String,
}

impl GetSiteStructure {
    pub(crate) fn read(wrapper: Node<'_, '_>) -> Result<Self, BadArgument> {
        let mut parameters = Parameters::read(wrapper, &["referenceContrat"])?;
        Ok(Self { reference_contrat: parameters.required("referenceContrat")? })
    }

    pub(crate) fn write(&self, w: &mut Writer) -> Result<(), BadValue> {
        write_field(w, "referenceContrat", &self.reference_contrat)
    }
}

/// The answer (§3.2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// `site/@reference`
    pub reference: String,
    /// In the order of the inventory (contract.md, D17), as everything below.
    pub batiments: Vec<Batiment>,
}

/// A building of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batiment {
    /// `batiment/@reference`
    pub reference: String,
    /// Its staircases.
    pub escaliers: Vec<Escalier>,
}

/// A staircase of the building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalier {
    /// `escalier/@reference`
    pub reference: String,
    /// Its floors.
    pub etages: Vec<Etage>,
}

/// A floor of the staircase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etage {
    /// `etage/@reference`
    pub reference: String,
    /// `pbo/@reference` of each PBO on this floor.
    pub pbos: Vec<String>,
    /// The sockets on this floor.
    pub ptos: Vec<Pto>,
}

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pto {
    /// `pto/@reference`
    pub reference: String,
    /// `pto/@informationConstruction`
    pub construction: Label<InformationConstruction>,
    /// `pto/@informationUtilisation`
    pub utilisation: Label<InformationUtilisation>,
}

impl Site {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("site").attribute("reference", &self.reference);
        for batiment in &self.batiments {
            w.start("batiment").attribute("reference", &batiment.reference);
            for escalier in &batiment.escaliers {
                w.start("escalier").attribute("reference", &escalier.reference);
                for etage in &escalier.etages {
                    etage.write(w);
                }
                w.end();
            }
            w.end();
        }
        w.end();
    }

    pub(crate) fn read(site: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(site, ["reference"]).map(Option::unwrap_or_default);
        let batiments = r.children(site, &["batiment"]).into_iter();
        Self { reference, batiments: batiments.map(|node| Batiment::read(node, r)).collect() }
    }
}

impl Batiment {
    fn read(batiment: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(batiment, ["reference"]).map(Option::unwrap_or_default);
        let escaliers = r.children(batiment, &["escalier"]).into_iter();
        Self { reference, escaliers: escaliers.map(|node| Escalier::read(node, r)).collect() }
    }
}

impl Escalier {
    fn read(escalier: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(escalier, ["reference"]).map(Option::unwrap_or_default);
        let etages = r.children(escalier, &["etage"]).into_iter();
        Self { reference, etages: etages.map(|node| Etage::read(node, r)).collect() }
    }
}

impl Etage {
    fn read(etage: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        let [reference] = r.attributes(etage, ["reference"]).map(Option::unwrap_or_default);
        let mut read = Self { reference, pbos: Vec::new(), ptos: Vec::new() };
        for node in r.children(etage, &["pbo", "pto"]) {
            if node.tag_name().name() == "pbo" {
                let [pbo] = r.attributes(node, ["reference"]).map(Option::unwrap_or_default);
                read.pbos.push(pbo);
            } else {
                read.ptos.push(Pto::read(node, r));
            }
        }
        read
    }

    fn write(&self, w: &mut Writer) {
        w.start("etage").attribute("reference", &self.reference);
        for pbo in &self.pbos {
            w.start("pbo").attribute("reference", pbo).end();
        }
        for pto in &self.ptos {
            w.start("pto")
                .attribute("reference", &pto.reference)
                .attribute("informationConstruction", pto.construction.text())
                .attribute("informationUtilisation", pto.utilisation.text())
                .end();
        }
        w.end();
    }
}

impl Pto {
    fn read(pto: Node<'_, '_>, r: &mut Lenient<'_>) -> Self {
        const STATES: [&str; 2] = ["informationConstruction", "informationUtilisation"];
        let [reference, construction, utilisation] =
            r.attributes(pto, ["reference", STATES[0], STATES[1]]);
        Self {
            reference: reference.unwrap_or_default(),
            construction: r.label(pto, STATES[0], construction, InformationConstruction::read),
            utilisation: r.label(pto, STATES[1], utilisation, InformationUtilisation::read),
        }
    }
}
