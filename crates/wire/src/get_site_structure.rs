//! §3.2 getSiteStructure: the site of a contract, building by building, floor by floor.

use roxmltree::Node;

use crate::{
    etat::{InformationConstruction, InformationUtilisation},
    question::{BadArgument, Parameters},
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
}

/// The answer (§3.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub construction: InformationConstruction,
    /// `pto/@informationUtilisation`
    pub utilisation: InformationUtilisation,
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
}

impl Etage {
    fn write(&self, w: &mut Writer) {
        w.start("etage").attribute("reference", &self.reference);
        for pbo in &self.pbos {
            w.start("pbo").attribute("reference", pbo).end();
        }
        for pto in &self.ptos {
            w.start("pto")
                .attribute("reference", &pto.reference)
                .attribute("informationConstruction", pto.construction.label())
                .attribute("informationUtilisation", pto.utilisation.label())
                .end();
        }
        w.end();
    }
}
