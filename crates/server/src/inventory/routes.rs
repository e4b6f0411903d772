//! getRoSite's use case: the routes of a floor or of a PBO (§3.3; contract.md, D13 and D18).

use ereprov_domain::{
    Refusal,
    refs::{ContractRef, PboRef, Place},
};

use crate::{
    reprovisioning::request::Stop,
    store::{
        Tx, contracts,
        sites::{self, PboFibre},
    },
};

/// Which contract, which place, and who asks.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub operator_id: i64,
    /// About which contract.
    pub contract: ContractRef,
    /// Where; none: the contract's own place.
    pub place: Option<Place>,
    /// Only this PBO.
    pub pbo: Option<PboRef>,
}

/// Reads the routes, PBO by PBO in the order of the inventory.
///
/// # Errors
/// The contract is not the operator's, the place or PBO is not on its site, or there is nothing to
/// show; or a failure of the database.
pub async fn routes(tx: &mut Tx<'_>, ask: &Ask) -> Result<Vec<PboFibre>, Stop> {
    let contract = contracts::find(tx, ask.contract.as_str(), ask.operator_id).await?;
    let contract = contract.ok_or(Refusal::UnknownContract)?;
    let own = contract.place.ok_or(Refusal::Inconsistent("contract without a place"))?;
    let floor_id = match &ask.place {
        None => own.floor_id,
        Some(Place { building, staircase, floor }) => {
            let found = sites::floor_at(tx, own.site_id, building, staircase, floor).await?;
            found.ok_or(Refusal::UnknownPlace)?
        }
    };
    let fibres = match &ask.pbo {
        None => sites::routes_of_floor(tx, floor_id).await?,
        Some(pbo) => {
            let mut pbos = sites::pbos_named(tx, floor_id, pbo.as_str()).await?;
            if pbos.is_empty() {
                return Err(Refusal::UnknownPbo.into());
            }
            pbos.sort_unstable();
            let mut fibres = Vec::new();
            for pbo_id in pbos {
                fibres.extend(sites::routes_of_pbo(tx, pbo_id).await?);
            }
            fibres
        }
    };
    if fibres.is_empty() { Err(Refusal::NothingToShow.into()) } else { Ok(fibres) }
}
