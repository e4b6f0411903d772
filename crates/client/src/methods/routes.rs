//! getRoSite: the optical routes of a floor or of a PBO (§3.3).

use ereprov_domain::{
    refs::{ContractRef, FibreRef, PboRef, Place, PtoRef},
    route::{Construction, Usage},
};
use ereprov_wire::{
    envelope::Answer,
    get_ro_site::{self, GetRoSite, Lieu},
    question::Question,
};
use ereprov_words::{read_construction, read_usage};

use super::{Said, said};
use crate::{Answered, Client, Error};

/// Where to look for routes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct At {
    /// The floor; none: the contract's own, which some services do not know how to find.
    pub place: Option<Place>,
    /// Only what this PBO serves, on whatever floor.
    pub pbo: Option<PboRef>,
}

/// A PBO and its fibres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbo {
    /// The PBO; its reference is unique on its floor only.
    pub pbo: PboRef,
    /// Where it is, in words.
    pub location: String,
    /// Its fibres, in the order of the answer.
    pub fibres: Vec<Fibre>,
}

/// A fibre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fibre {
    /// Its reference.
    pub fibre: FibreRef,
    /// The socket on it.
    pub pto: Option<PtoRef>,
    /// Its cable, in words.
    pub cable: String,
    /// The colour of its tube, as the service says it.
    pub tube: String,
    /// Its colour, as the service says it.
    pub colour: String,
    /// How far its socket is built.
    pub construction: Said<Construction>,
    /// Who uses it.
    pub usage: Said<Usage>,
}

impl Client {
    /// Reads the routes of a floor or of a PBO (§3.3); one call.
    ///
    /// # Errors
    /// See [`Error`]; the call changes nothing and may be repeated.
    pub async fn routes(
        &self,
        contract: &ContractRef,
        at: &At,
    ) -> Result<Answered<Vec<Pbo>>, Error> {
        let question = Question::GetRoSite(GetRoSite {
            reference_contrat: contract.as_str().to_owned(),
            lieu: at.place.as_ref().map(|place| Lieu {
                reference_batiment: place.building.clone(),
                reference_escalier: place.staircase.clone(),
                reference_etage: place.floor.clone(),
            }),
            reference_pbo: at.pbo.as_ref().map(|pbo| pbo.as_str().to_owned()),
        });
        let answered = self.call(&question, None).await?;
        Ok(answered.map(|answer| match answer {
            Answer::RoSite(routes) => routes.pbos.into_iter().map(pbo).collect(),
            _ => unreachable!("an answer is of the method that was asked"),
        }))
    }
}

fn pbo(pbo: get_ro_site::Pbo) -> Pbo {
    Pbo {
        pbo: PboRef::new(pbo.reference),
        location: pbo.localisation,
        fibres: pbo.fibres.into_iter().map(fibre).collect(),
    }
}

fn fibre(fibre: get_ro_site::Fibre) -> Fibre {
    Fibre {
        fibre: FibreRef::new(fibre.reference),
        pto: fibre.reference_pto.map(PtoRef::new),
        cable: fibre.cable,
        tube: fibre.tube,
        colour: fibre.fibre,
        construction: said(fibre.construction, read_construction),
        usage: said(fibre.utilisation, read_usage),
    }
}
