//! getReprovisionning's use case: where the contract's latest re-provisioning stands (§3.5).

use ereprov_domain::{Refusal, refs::ContractRef, reprovisioning::State};

use super::request::Stop;
use crate::store::{
    Tx, contracts,
    fibres::{self, Fibre},
    reprovisionings,
};

/// Which contract, and who asks.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub operator_id: i64,
    /// About which contract.
    pub contract: ContractRef,
}

/// What there is to say.
#[derive(Debug)]
pub struct Status {
    /// Where it stands.
    pub state: State,
    /// The route, where it is shown (contract.md, D33), and its socket.
    pub route: Option<(Fibre, Option<String>)>,
}

/// Finds the latest one; it needs no order in progress.
///
/// # Errors
/// The contract is not the operator's, or never had one; or a failure of the database.
pub async fn status(tx: &mut Tx<'_>, ask: &Ask) -> Result<Status, Stop> {
    let contract = contracts::find(tx, ask.contract.as_str(), ask.operator_id).await?;
    let contract = contract.ok_or(Refusal::UnknownContract)?;
    let latest = reprovisionings::latest(tx, contract.id).await?;
    let latest = latest.ok_or(Refusal::NeverReprovisioned)?;
    if !latest.state.shows_route() {
        return Ok(Status { state: latest.state, route: None });
    }
    let fibre = fibres::by_id(tx, latest.fibre_id).await?;
    let fibre = fibre.ok_or(Refusal::Inconsistent("re-provisioning whose fibre is missing"))?;
    // Until it is done, a kept socket still hangs on the old route.
    let own = fibre.pto.as_ref().map(|(_, reference)| reference.clone());
    let pto = match latest.state {
        State::Initiated | State::InProgress => latest.kept_pto_ref.or(own),
        State::Completed | State::Cancelled | State::Failed => own,
    };
    Ok(Status { state: latest.state, route: Some((fibre, pto)) })
}
