//! Writes the rows, file by file, each resolving what it refers to.

use ereprov_domain::route::Usage;

use super::{
    Summary,
    record::{Mistake, Origin},
    rows::{ContractRow, FibreRow, FloorRow, ReprovisioningRow, Rows},
};
use crate::store::{
    StoreError, Tx, inventory,
    inventory::{NewContract, NewFibre, Route},
    operators::{self, Operator},
    reprovisionings::{self, New},
    sites,
};

/// Mistakes that are told at the most.
const MISTAKES_MAX: usize = 100;

/// Why nothing is loaded.
pub(super) enum Stop {
    Mistakes(Vec<Mistake>),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What one row comes to: added, or there already.
type Added = Result<Result<bool, Mistake>, StoreError>;

/// Writes everything after a mark that the caller goes back to where there are mistakes.
pub(super) async fn all(tx: &mut Tx<'_>, rows: &Rows, now_ms: i64) -> Result<Summary, Stop> {
    tx.lock_keys().await?;
    tx.mark().await?;
    let mut counts = Counts::default();
    for (origin, row) in &rows.operators {
        let operator = Operator {
            id: 0,
            login: row.login.clone(),
            name: row.name.clone(),
            password_hash: row.password_hash.clone(),
            old_password: None,
            addresses: None,
            profile: row.profile.clone(),
            quota: row.quota,
            sessions: row.sessions,
            disabled: false,
            created_ms: now_ms,
            digest_secret: None,
            certificates: None,
        };
        let added = match operators::insert(tx, &operator).await? {
            true => Ok(true),
            false if operators::find(tx, &row.login).await?.is_some() => Ok(false),
            false => Err(origin.mistake("name", &row.name, "another operator has this name")),
        };
        counts.note(*origin, added);
    }
    for (origin, row) in &rows.floors {
        counts.note(*origin, Ok(add_floor(tx, row).await?));
    }
    for (origin, row) in &rows.pbos {
        let added = match floor_of(tx, *origin, &row.at).await? {
            Ok(floor) => {
                Ok(inventory::add_pbo(tx, floor, &row.reference, &row.location).await?.is_some())
            }
            Err(mistake) => Err(mistake),
        };
        counts.note(*origin, added);
    }
    for (origin, row) in &rows.ptos {
        let added = match floor_of(tx, *origin, &row.at).await? {
            Ok(floor) => {
                let construction = row.construction.as_str();
                Ok(inventory::add_pto(tx, &row.reference, floor, construction).await?.is_some())
            }
            Err(mistake) => Err(mistake),
        };
        counts.note(*origin, added);
    }
    let mut new_fibres = Vec::new();
    for (origin, row) in &rows.fibres {
        let added = add_fibre(tx, *origin, row).await?;
        if added == Ok(true) {
            new_fibres.push((*origin, row));
        }
        counts.note(*origin, added);
    }
    for (origin, row) in &rows.contracts {
        counts.note(*origin, add_contract(tx, *origin, row).await?);
    }
    // What was there already may have changed hands since: only the new ones are given.
    for (origin, row) in new_fibres {
        if let Err(mistake) = give_to_holder(tx, origin, row).await? {
            counts.mistakes.push(mistake);
        }
    }
    for (origin, row) in &rows.reprovisionings {
        counts.note(*origin, add_reprovisioning(tx, *origin, row).await?);
    }
    counts.finish()
}

#[derive(Default)]
struct Counts {
    summary: Summary,
    mistakes: Vec<Mistake>,
}

impl Counts {
    fn note(&mut self, origin: Origin, added: Result<bool, Mistake>) {
        let added = match added {
            Ok(added) => added,
            Err(mistake) => return self.mistakes.push(mistake),
        };
        let files = &mut self.summary.files;
        if files.last().is_none_or(|(file, _, _)| *file != origin.file) {
            files.push((origin.file, 0, 0));
        }
        if let Some((_, new, old)) = files.last_mut() {
            if added { *new += 1 } else { *old += 1 }
        }
    }

    fn finish(mut self) -> Result<Summary, Stop> {
        if self.mistakes.is_empty() {
            return Ok(self.summary);
        }
        self.mistakes.truncate(MISTAKES_MAX);
        Err(Stop::Mistakes(self.mistakes))
    }
}

async fn add_floor(tx: &mut Tx<'_>, row: &FloorRow) -> Result<bool, StoreError> {
    let site = match inventory::add_site(tx, &row.site).await? {
        Some(site) => Some(site),
        None => inventory::site(tx, &row.site).await?,
    };
    let site = site.ok_or_else(|| StoreError::Bug("a site was added and is not there".into()))?;
    let place = [&*row.place.building, &*row.place.staircase, &*row.place.floor];
    Ok(inventory::add_floor(tx, site, place).await?.is_some())
}

async fn floor_of(
    tx: &mut Tx<'_>,
    origin: Origin,
    at: &FloorRow,
) -> Result<Result<i64, Mistake>, StoreError> {
    let place = &at.place;
    let floor = match inventory::site(tx, &at.site).await? {
        Some(site) => {
            sites::floor_at(tx, site, &place.building, &place.staircase, &place.floor).await?
        }
        None => None,
    };
    Ok(floor.ok_or_else(|| {
        let said = format!("{} {} {} {}", at.site, place.building, place.staircase, place.floor);
        origin.mistake("floor", &said, "no such floor; add it to floors.csv")
    }))
}

async fn add_fibre(tx: &mut Tx<'_>, origin: Origin, row: &FibreRow) -> Added {
    let floor = match floor_of(tx, origin, &row.at).await? {
        Ok(floor) => floor,
        Err(mistake) => return Ok(Err(mistake)),
    };
    let Some(pbo_id) = inventory::pbo(tx, floor, &row.pbo).await? else {
        return Ok(Err(origin.mistake("pbo", &row.pbo, "no such PBO there; add it to pbos.csv")));
    };
    let pto_id = match &row.pto {
        None => None,
        Some(pto) => match inventory::pto(tx, pto).await? {
            Some(id) => Some(id),
            None => return Ok(Err(origin.mistake("pto", pto, "no such PTO; add it to ptos.csv"))),
        },
    };
    if let (Some(id), Some(pto)) = (pto_id, &row.pto)
        && let Some(other) = inventory::served_by(tx, id, &row.reference).await?
        && inventory::fibre(tx, &row.reference).await?.is_none()
    {
        let reason = format!("a PTO has one fibre, and this one has {other}");
        return Ok(Err(origin.mistake("pto", pto, reason)));
    }
    let new = NewFibre {
        reference: &row.reference,
        pbo_id,
        pto_id,
        pm_ref: &row.pm,
        pm_position: &row.pm_position,
        cable: &row.cable,
        tube: &row.tube,
        colour: &row.colour,
        usage: if row.out_of_service { Usage::Occupied } else { row.usage }.as_str(),
        out_of_service: row.out_of_service,
    };
    Ok(Ok(inventory::add_fibre(tx, &new).await?.is_some()))
}

async fn add_contract(tx: &mut Tx<'_>, origin: Origin, row: &ContractRow) -> Added {
    let Some(operator) = operators::find(tx, &row.operator).await? else {
        let reason = "no operator has this login; add it first";
        return Ok(Err(origin.mistake("operator", &row.operator, reason)));
    };
    let floor = match floor_of(tx, origin, &row.at).await? {
        Ok(floor) => floor,
        Err(mistake) => return Ok(Err(mistake)),
    };
    let known = inventory::contract(tx, &row.reference).await?.is_some();
    let route = match &row.fibre {
        None => None,
        Some(fibre) => match inventory::fibre(tx, fibre).await? {
            Some(Route { contract_ref: Some(other), .. }) if !known && other != row.reference => {
                let reason = format!("the contract {other} has this fibre");
                return Ok(Err(origin.mistake("fibre", fibre, reason)));
            }
            Some(route) => Some(route),
            None => return Ok(Err(origin.mistake("fibre", fibre, "no such fibre"))),
        },
    };
    // Where nothing else is said, the PBO and the PM of the CR CMD are those of the route.
    let pbo_id = match &row.pbo {
        None => route.as_ref().map(|route| route.pbo_id),
        Some(pbo) => match inventory::pbo(tx, floor, pbo).await? {
            Some(id) => Some(id),
            None => return Ok(Err(origin.mistake("pbo", pbo, "no such PBO on this floor"))),
        },
    };
    let new = NewContract {
        reference: &row.reference,
        operator_id: operator.id,
        floor_id: Some(floor),
        pbo_id,
        pm_ref: row.pm.as_deref().or(route.as_ref().map(|route| route.pm_ref.as_str())),
        fibre_id: route.as_ref().map(|route| route.id),
        zone: row.zone.as_str(),
        building_kind: row.building_kind.as_str(),
        route_kind: row.route.as_str(),
        existing_socket: row.existing_socket,
        opac: row.opac,
        order_state: row.order.as_str(),
        intervention: row.intervention.as_str(),
    };
    let Some(contract) = inventory::add_contract(tx, &new).await? else { return Ok(Ok(false)) };
    if let Some(route) = route {
        inventory::give(tx, route.id, contract).await?;
    }
    Ok(Ok(true))
}

async fn give_to_holder(
    tx: &mut Tx<'_>,
    origin: Origin,
    row: &FibreRow,
) -> Result<Result<(), Mistake>, StoreError> {
    let Some(holder) = &row.holder else { return Ok(Ok(())) };
    let Some(contract) = inventory::contract(tx, holder).await? else {
        return Ok(Err(origin.mistake("holder", holder, "no such contract")));
    };
    let Some(fibre) = inventory::fibre(tx, &row.reference).await? else { return Ok(Ok(())) };
    if inventory::give(tx, fibre.id, contract).await? {
        Ok(Ok(()))
    } else {
        Ok(Err(origin.mistake("holder", holder, "another contract has this fibre")))
    }
}

async fn add_reprovisioning(tx: &mut Tx<'_>, origin: Origin, row: &ReprovisioningRow) -> Added {
    let Some(contract_id) = inventory::contract(tx, &row.contract).await? else {
        return Ok(Err(origin.mistake("contract", &row.contract, "no such contract")));
    };
    let Some(fibre) = inventory::fibre(tx, &row.fibre).await? else {
        return Ok(Err(origin.mistake("fibre", &row.fibre, "no such fibre")));
    };
    let old_fibre_id = match &row.old_fibre {
        None => None,
        Some(old) => match inventory::fibre(tx, old).await? {
            Some(route) => Some(route.id),
            None => return Ok(Err(origin.mistake("old_fibre", old, "no such fibre"))),
        },
    };
    if reprovisionings::resolve(tx, &row.discharge_code).await?.is_some() {
        return Ok(Ok(false));
    }
    let latest = reprovisionings::latest(tx, contract_id).await?;
    if latest.is_some_and(|latest| latest.accepted_ms > row.accepted_ms) {
        let reason = "the contract has a later one already; the oldest come first";
        return Ok(Err(origin.mistake("accepted", &row.contract, reason)));
    }
    let past = New {
        // The code is unique, and so is a key made of it.
        id: &format!("loaded-{}", row.discharge_code),
        contract_id,
        number: reprovisionings::next_number(tx, contract_id).await?,
        attempt: 1,
        previous_id: None,
        operator_id: reprovisionings::operator_of(tx, contract_id).await?,
        request_id: "",
        fibre_id: fibre.id,
        old_fibre_id,
        reason: row.reason,
        keep_pto: row.keep_pto,
        pto_ref: row.pto.as_deref(),
        kept_pto_id: None,
        usage_before: Usage::Available,
        held_before: false,
        discharge_code: &row.discharge_code,
        state: row.state,
        accepted_ms: row.accepted_ms,
        ended_ms: Some(row.ended_ms),
        by: "load",
    };
    Ok(Ok(reprovisionings::insert(tx, &past).await?))
}
