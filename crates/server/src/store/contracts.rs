//! The contracts: each operator sees its own only (contract.md, D21).

use ereprov_domain::order::{BuildingKind, Intervention, OrderState, RouteKind, Zone};

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A contract as its operator asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Key.
    pub id: i64,
    /// What the operator calls it.
    pub reference: String,
    /// Whose it is.
    pub operator_id: i64,
    /// Its own place, and the site of that place.
    pub place: Option<ContractPlace>,
    /// The PBO of its CR CMD.
    pub pbo_id: Option<i64>,
    /// Its PM.
    pub pm_ref: Option<String>,
    /// The route it has now.
    pub fibre_id: Option<i64>,
    /// The socket of that route.
    pub pto_id: Option<i64>,
    /// ZTD or ZMD.
    pub zone: Zone,
    /// Collective building or house.
    pub building: BuildingKind,
    /// Real or virtual.
    pub route: RouteKind,
    /// Ordered on an existing socket.
    pub existing_socket: bool,
    /// Ordered on the OPAC base.
    pub opac: bool,
    /// Where its order stands.
    pub order: OrderState,
    /// What the technician comes for.
    pub intervention: Intervention,
}

/// A floor, and its site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractPlace {
    /// Key of the floor.
    pub floor_id: i64,
    /// Key of the site.
    pub site_id: i64,
}

static FIND: Statement = statement!(
    "contract.find",
    "SELECT contract.id, contract.ref, contract.operator_id, contract.floor_id, floor.site_id,
       contract.pbo_id, contract.pm_ref, contract.fibre_id, fibre.pto_id, contract.zone,
       contract.building_kind, contract.route_kind, contract.existing_socket, contract.opac,
       contract.order_state, contract.intervention
     FROM contract
     LEFT JOIN floor ON floor.id = contract.floor_id
     LEFT JOIN fibre ON fibre.id = contract.fibre_id
     WHERE contract.ref = $1 AND contract.operator_id = $2
       AND contract.id <= COALESCE((SELECT contract_max FROM load_hidden), contract.id)"
);
static LOCK: Statement = statement!(
    "contract.lock",
    "UPDATE contract SET updated_by = 'accept' WHERE ref = $1 AND operator_id = $2"
);
static MOVE_TO: Statement = statement!(
    "contract.move_to",
    "UPDATE contract SET fibre_id = $2, route_kind = 'real', updated_by = 'complete'
     WHERE id = $1"
);

/// The operator's contract with this reference. Another operator's is not found: one query and one
/// answer, so that nothing tells it from one that does not exist.
pub async fn find(
    tx: &mut Tx<'_>,
    reference: &str,
    operator_id: i64,
) -> Result<Option<Contract>, StoreError> {
    tx.first(&FIND, params![reference, operator_id], read).await
}

/// Keeps every other transaction that locks the operator's contract waiting until this one ends, so
/// that what is read next is what is written on.
pub async fn lock(tx: &mut Tx<'_>, reference: &str, operator_id: i64) -> Result<(), StoreError> {
    // The embedded database has one writer, whose transaction keeps all others waiting as it is. (Nobody
    // reads who wrote a contract last: the column says it to people.)
    if tx.is_embedded() {
        return Ok(());
    }
    tx.execute(&LOCK, params![reference, operator_id]).await.map(drop)
}

/// Gives the contract its new, real route.
pub async fn move_to(tx: &mut Tx<'_>, contract_id: i64, fibre_id: i64) -> Result<(), StoreError> {
    tx.execute(&MOVE_TO, params![contract_id, fibre_id]).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<Contract, StoreError> {
    let place = match (row.optional_int("floor_id")?, row.optional_int("site_id")?) {
        (Some(floor_id), Some(site_id)) => Some(ContractPlace { floor_id, site_id }),
        _ => None,
    };
    Ok(Contract {
        id: row.int("id")?,
        reference: row.text("ref")?,
        operator_id: row.int("operator_id")?,
        place,
        pbo_id: row.optional_int("pbo_id")?,
        pm_ref: row.optional_text("pm_ref")?,
        fibre_id: row.optional_int("fibre_id")?,
        pto_id: row.optional_int("pto_id")?,
        zone: row.word("zone", Zone::parse)?,
        building: row.word("building_kind", BuildingKind::parse)?,
        route: row.word("route_kind", RouteKind::parse)?,
        existing_socket: row.bool("existing_socket")?,
        opac: row.bool("opac")?,
        order: row.word("order_state", OrderState::parse)?,
        intervention: row.word("intervention", Intervention::parse)?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&FIND, &LOCK, &MOVE_TO];
