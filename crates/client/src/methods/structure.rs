//! getSiteStructure: the site of a contract, floor by floor (§3.2).

use ereprov_domain::{
    refs::{ContractRef, PboRef, Place, PtoRef},
    route::{Construction, Usage},
};
use ereprov_wire::{
    envelope::Answer,
    get_site_structure::{GetSiteStructure, Pto, Site},
    question::Question,
};
use ereprov_words::{read_construction, read_usage};

use super::{Said, said};
use crate::{Answered, Client, Error};

/// A contract's site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// Its reference.
    pub site: String,
    /// Its floors, in the order of the answer.
    pub floors: Vec<Floor>,
}

/// A floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// Where it is.
    pub place: Place,
    /// The PBOs on it.
    pub pbos: Vec<PboRef>,
    /// The sockets on it.
    pub sockets: Vec<Socket>,
}

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Its reference.
    pub pto: PtoRef,
    /// How far it is built.
    pub construction: Said<Construction>,
    /// Who uses it.
    pub usage: Said<Usage>,
}

impl Structure {
    /// The socket of this reference, wherever it is.
    pub fn socket(&self, pto: &PtoRef) -> Option<&Socket> {
        self.floors.iter().flat_map(|floor| &floor.sockets).find(|socket| socket.pto == *pto)
    }
}

impl Client {
    /// Reads the site of a contract (§3.2); one call.
    ///
    /// # Errors
    /// See [`Error`]; the call changes nothing and may be repeated.
    pub async fn structure(&self, contract: &ContractRef) -> Result<Answered<Structure>, Error> {
        let reference_contrat = contract.as_str().to_owned();
        let question = Question::GetSiteStructure(GetSiteStructure { reference_contrat });
        let answered = self.call(&question, None).await?;
        Ok(answered.map(|answer| match answer {
            Answer::Site(site) => structure(site),
            _ => unreachable!("an answer is of the method that was asked"),
        }))
    }
}

fn structure(site: Site) -> Structure {
    let mut floors = Vec::new();
    for building in site.batiments {
        for staircase in building.escaliers {
            for floor in staircase.etages {
                let place = Place {
                    building: building.reference.clone(),
                    staircase: staircase.reference.clone(),
                    floor: floor.reference,
                };
                floors.push(Floor {
                    place,
                    pbos: floor.pbos.into_iter().map(PboRef::new).collect(),
                    sockets: floor.ptos.into_iter().map(socket).collect(),
                });
            }
        }
    }
    Structure { site: site.reference, floors }
}

fn socket(pto: Pto) -> Socket {
    Socket {
        pto: PtoRef::new(pto.reference),
        construction: said(pto.construction, read_construction),
        usage: said(pto.utilisation, read_usage),
    }
}
