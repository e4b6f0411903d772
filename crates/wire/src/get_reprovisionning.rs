//! §3.5 getReprovisionning: where the contract's latest re-provisioning stands.

use roxmltree::Node;

use crate::{
    etat::Etat,
    put_reprovisionning::Pm,
    question::{BadArgument, Parameters},
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
}

/// The answer (§3.5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suivi {
    /// `contrat/@reference`: the question's.
    pub reference: String,
    /// `reprovisionning/@statut`
    pub statut: Etat,
    /// The route, absent in `Annulé` and `En échec` (contract.md, D33).
    pub route: Option<Route>,
}

/// The route asked for or, once it is done, the contract's new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `pm`
    pub pm: Pm,
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
    pub(crate) fn write(&self, w: &mut Writer) {
        w.start("contrat").attribute("reference", &self.reference);
        w.start("reprovisionning").attribute("statut", self.statut.label()).end();
        if let Some(route) = &self.route {
            route.pm.write(w);
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
}
