//! getSiteStructure's use case: the site of a contract, floor by floor (§3.2).

use std::collections::HashMap;

use ereprov_domain::{Refusal, refs::ContractRef};

use crate::{
    reprovisioning::request::Stop,
    store::{
        Tx, contracts,
        sites::{self, FloorPto},
    },
};

/// Which contract, and who asks.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub operator_id: i64,
    /// About which contract.
    pub contract: ContractRef,
}

/// A site, whole.
#[derive(Debug)]
pub struct Structure {
    /// What it is called.
    pub site: String,
    /// Its floors, in the order of the inventory (contract.md, D17).
    pub floors: Vec<StructureFloor>,
}

/// A floor with what is on it.
#[derive(Debug)]
pub struct StructureFloor {
    /// Building of the site.
    pub building: String,
    /// Staircase of the building.
    pub staircase: String,
    /// Floor of the staircase.
    pub floor: String,
    /// The PBOs on it.
    pub pbos: Vec<String>,
    /// The sockets on it.
    pub ptos: Vec<FloorPto>,
}

/// Reads the site of a contract.
///
/// # Errors
/// The contract is not the operator's, or there is nothing on its site; or a failure of the
/// database.
pub async fn structure(tx: &mut Tx<'_>, ask: &Ask) -> Result<Structure, Stop> {
    let contract = contracts::find(tx, ask.contract.as_str(), ask.operator_id).await?;
    let contract = contract.ok_or(Refusal::UnknownContract)?;
    let place = contract.place.ok_or(Refusal::Inconsistent("contract without a place"))?;
    let site = sites::reference(tx, place.site_id).await?;
    let mut index = HashMap::new();
    let mut floors = Vec::new();
    for floor in sites::floors(tx, place.site_id).await? {
        index.insert(floor.id, floors.len());
        floors.push(StructureFloor {
            building: floor.building,
            staircase: floor.staircase,
            floor: floor.floor,
            pbos: Vec::new(),
            ptos: Vec::new(),
        });
    }
    for pbo in sites::pbos(tx, place.site_id).await? {
        if let Some(at) = index.get(&pbo.floor_id) {
            floors[*at].pbos.push(pbo.reference);
        }
    }
    for pto in sites::ptos(tx, place.site_id).await? {
        if let Some(at) = index.get(&pto.floor_id) {
            floors[*at].ptos.push(pto);
        }
    }
    Ok(Structure { site, floors })
}
