//! Single rows of an inventory, for the tests of the store: a load (`load/`) adds them by the thousand.
//! Each function answers the key of what it added, or `None` where it was there already, untouched.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

static ADD_SITE: Statement = statement!(
    "site.add",
    "INSERT INTO site (id, ref) SELECT COALESCE(MAX(id), 0) + 1, $1 FROM site WHERE TRUE
     ON CONFLICT DO NOTHING RETURNING id"
);
static ADD_FLOOR: Statement = statement!(
    "floor.add",
    "INSERT INTO floor (id, site_id, building, staircase, floor)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4 FROM floor WHERE TRUE
     ON CONFLICT DO NOTHING RETURNING id"
);
static ADD_PBO: Statement = statement!(
    "pbo.add",
    "INSERT INTO pbo (id, floor_id, ref, location)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3 FROM pbo WHERE TRUE
     ON CONFLICT DO NOTHING RETURNING id"
);
static ADD_PTO: Statement = statement!(
    "pto.add",
    "INSERT INTO pto (id, ref, floor_id, construction)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3 FROM pto WHERE TRUE
     ON CONFLICT DO NOTHING RETURNING id"
);
static ADD_FIBRE: Statement = statement!(
    "fibre.add",
    "INSERT INTO fibre (id, ref, pbo_id, pto_id, pm_ref, pm_position, cable, tube, colour, usage,
       out_of_service, contract_id, updated_by)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, 'load'
     FROM fibre WHERE TRUE
     ON CONFLICT (ref) DO NOTHING RETURNING id"
);
static ADD_CONTRACT: Statement = statement!(
    "contract.add",
    "INSERT INTO contract (id, ref, operator_id, floor_id, pbo_id, pm_ref, fibre_id, zone,
       building_kind, route_kind, existing_socket, opac, order_state, intervention, updated_by)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'load'
     FROM contract WHERE TRUE
     ON CONFLICT (ref) DO NOTHING RETURNING id"
);

/// Adds a site.
pub async fn add_site(tx: &mut Tx<'_>, reference: &str) -> Result<Option<i64>, StoreError> {
    tx.first(&ADD_SITE, params![reference], id).await
}

/// Adds a floor: building, staircase and floor of a site.
pub async fn add_floor(
    tx: &mut Tx<'_>,
    site_id: i64,
    place: [&str; 3],
) -> Result<Option<i64>, StoreError> {
    tx.first(&ADD_FLOOR, params![site_id, place[0], place[1], place[2]], id).await
}

/// Adds a PBO to a floor.
pub async fn add_pbo(
    tx: &mut Tx<'_>,
    floor_id: i64,
    reference: &str,
    location: &str,
) -> Result<Option<i64>, StoreError> {
    tx.first(&ADD_PBO, params![floor_id, reference, location], id).await
}

/// Adds a socket to a floor.
pub async fn add_pto(
    tx: &mut Tx<'_>,
    reference: &str,
    floor_id: i64,
    construction: &str,
) -> Result<Option<i64>, StoreError> {
    tx.first(&ADD_PTO, params![reference, floor_id, construction], id).await
}

/// A fibre to add.
#[derive(Debug)]
pub struct NewFibre<'a> {
    /// What it is called.
    pub reference: &'a str,
    /// Key of its PBO.
    pub pbo_id: i64,
    /// Key of its socket.
    pub pto_id: Option<i64>,
    /// Its PM.
    pub pm_ref: &'a str,
    /// Its position on the PM.
    pub pm_position: &'a str,
    /// Cable, in words.
    pub cable: &'a str,
    /// Colour of the tube.
    pub tube: &'a str,
    /// Colour of the fibre.
    pub colour: &'a str,
    /// Its label.
    pub usage: &'a str,
    /// Never to be offered.
    pub out_of_service: bool,
}

/// Adds a fibre, which nobody holds yet.
pub async fn add_fibre(tx: &mut Tx<'_>, new: &NewFibre<'_>) -> Result<Option<i64>, StoreError> {
    let params = params![
        new.reference,
        new.pbo_id,
        new.pto_id,
        new.pm_ref,
        new.pm_position,
        new.cable,
        new.tube,
        new.colour,
        new.usage,
        new.out_of_service,
    ];
    tx.first(&ADD_FIBRE, params, id).await
}

/// A contract to add.
#[derive(Debug)]
pub struct NewContract<'a> {
    /// What its operator calls it.
    pub reference: &'a str,
    /// Key of its operator.
    pub operator_id: i64,
    /// Key of its floor.
    pub floor_id: Option<i64>,
    /// Key of the PBO of its CR CMD.
    pub pbo_id: Option<i64>,
    /// Its PM.
    pub pm_ref: Option<&'a str>,
    /// Key of its route.
    pub fibre_id: Option<i64>,
    /// ZTD or ZMD.
    pub zone: &'a str,
    /// Collective building or house.
    pub building_kind: &'a str,
    /// Real or virtual.
    pub route_kind: &'a str,
    /// Ordered on an existing socket.
    pub existing_socket: bool,
    /// Ordered on the OPAC base.
    pub opac: bool,
    /// Where its order stands.
    pub order_state: &'a str,
    /// What the technician comes for.
    pub intervention: &'a str,
}

/// Adds a contract.
pub async fn add_contract(
    tx: &mut Tx<'_>,
    new: &NewContract<'_>,
) -> Result<Option<i64>, StoreError> {
    let params = params![
        new.reference,
        new.operator_id,
        new.floor_id,
        new.pbo_id,
        new.pm_ref,
        new.fibre_id,
        new.zone,
        new.building_kind,
        new.route_kind,
        new.existing_socket,
        new.opac,
        new.order_state,
        new.intervention,
    ];
    tx.first(&ADD_CONTRACT, params, id).await
}

fn id(row: &Row<'_>) -> Result<i64, StoreError> {
    row.int("id")
}

pub(super) static ALL: &[&Statement] =
    &[&ADD_SITE, &ADD_FLOOR, &ADD_PBO, &ADD_PTO, &ADD_FIBRE, &ADD_CONTRACT];
