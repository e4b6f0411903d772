//! The structure of a site and the routes on it, in the order of the inventory (D17).

use ereprov_domain::route::{Construction, Usage};

use super::{
    Tx,
    error::StoreError,
    fibres::shown_usage,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A floor of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// Key.
    pub id: i64,
    /// Building of the site.
    pub building: String,
    /// Staircase of the building.
    pub staircase: String,
    /// Floor of the staircase.
    pub floor: String,
}

/// A PBO on its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorPbo {
    /// Key of the floor.
    pub floor_id: i64,
    /// The PBO.
    pub reference: String,
}

/// A socket on its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorPto {
    /// Key.
    pub id: i64,
    /// Key of the floor.
    pub floor_id: i64,
    /// The socket.
    pub reference: String,
    /// How far it is built.
    pub construction: Construction,
    /// Who uses the fibre that serves it.
    pub usage: Usage,
}

/// A fibre and the PBO it hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PboFibre {
    /// Key of the PBO.
    pub pbo_id: i64,
    /// The PBO.
    pub pbo: String,
    /// Where the PBO is, in words.
    pub location: String,
    /// The fibre.
    pub reference: String,
    /// Its socket.
    pub pto: Option<String>,
    /// Cable, in words.
    pub cable: String,
    /// Colour of the tube.
    pub tube: String,
    /// Colour of the fibre.
    pub colour: String,
    /// How far its socket is built.
    pub construction: Construction,
    /// Who uses it.
    pub usage: Usage,
}

static REFERENCE: Statement = statement!("site.reference", "SELECT ref FROM site WHERE id = $1");
static FLOORS: Statement = statement!(
    "floor.of_site",
    "SELECT id, building, staircase, floor FROM floor WHERE site_id = $1 ORDER BY id"
);
static PBOS: Statement = statement!(
    "pbo.of_site",
    "SELECT pbo.floor_id, pbo.ref FROM floor JOIN pbo ON pbo.floor_id = floor.id
     WHERE floor.site_id = $1 ORDER BY pbo.id"
);
static PTOS: Statement = statement!(
    "pto.of_site",
    "SELECT pto.id, pto.floor_id, pto.ref, pto.construction, fibre.usage, fibre.out_of_service
     FROM floor JOIN pto ON pto.floor_id = floor.id LEFT JOIN fibre ON fibre.pto_id = pto.id
     WHERE floor.site_id = $1"
);
static FLOOR_AT: Statement = statement!(
    "floor.at",
    "SELECT id FROM floor
     WHERE site_id = $1 AND building = $2 AND staircase = $3 AND floor = $4"
);
static PBOS_NAMED: Statement = statement!(
    "pbo.named",
    "SELECT id FROM pbo WHERE floor_id = $1 AND ref = $2
     UNION
     SELECT pbo.id FROM pto
       JOIN fibre ON fibre.pto_id = pto.id
       JOIN pbo ON pbo.id = fibre.pbo_id
     WHERE pto.floor_id = $1 AND pbo.ref = $2"
);
macro_rules! route_columns {
    () => {
        "pbo.id AS pbo_id, pbo.ref AS pbo_ref, pbo.location, fibre.id AS fibre_id,
           fibre.ref AS fibre_ref, pto.ref AS pto_ref, fibre.cable, fibre.tube, fibre.colour,
           pto.construction, fibre.usage, fibre.out_of_service"
    };
}
static ROUTES_OF_PBO: Statement = statement!(
    "fibre.of_pbo",
    concat!(
        "SELECT ",
        route_columns!(),
        " FROM pbo
         JOIN fibre ON fibre.pbo_id = pbo.id
         LEFT JOIN pto ON pto.id = fibre.pto_id
         WHERE pbo.id = $1 ORDER BY fibre.id"
    )
);
static ROUTES_OF_FLOOR: Statement = statement!(
    "fibre.of_floor",
    concat!(
        "SELECT ",
        route_columns!(),
        " FROM pto
         JOIN fibre ON fibre.pto_id = pto.id
         JOIN pbo ON pbo.id = fibre.pbo_id
         WHERE pto.floor_id = $1
         UNION ALL
         SELECT ",
        route_columns!(),
        " FROM pbo
         JOIN fibre ON fibre.pbo_id = pbo.id
         LEFT JOIN pto ON pto.id = fibre.pto_id
         WHERE pbo.floor_id = $1 AND fibre.pto_id IS NULL
         ORDER BY pbo_id, fibre_id"
    )
);

/// What the site is called.
pub async fn reference(tx: &mut Tx<'_>, site_id: i64) -> Result<String, StoreError> {
    let found = tx.first(&REFERENCE, params![site_id], |row| row.text("ref")).await?;
    found.ok_or_else(|| StoreError::unexpected("floor.site_id"))
}

/// The floors of a site.
pub async fn floors(tx: &mut Tx<'_>, site_id: i64) -> Result<Vec<Floor>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Floor {
            id: row.int("id")?,
            building: row.text("building")?,
            staircase: row.text("staircase")?,
            floor: row.text("floor")?,
        })
    };
    tx.all(&FLOORS, params![site_id], read).await
}

/// The PBOs of a site, floor by floor.
pub async fn pbos(tx: &mut Tx<'_>, site_id: i64) -> Result<Vec<FloorPbo>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(FloorPbo { floor_id: row.int("floor_id")?, reference: row.text("ref")? })
    };
    tx.all(&PBOS, params![site_id], read).await
}

/// The sockets of a site, floor by floor.
pub async fn ptos(tx: &mut Tx<'_>, site_id: i64) -> Result<Vec<FloorPto>, StoreError> {
    let read = |row: &Row<'_>| {
        let (id, floor_id) = (row.int("id")?, row.int("floor_id")?);
        let (reference, construction) =
            (row.text("ref")?, row.word("construction", Construction::parse)?);
        // A socket that no fibre serves yet is nobody's.
        let usage = match row.optional_word("usage", Usage::parse)? {
            Some(usage) => shown_usage(usage, row.bool("out_of_service")?),
            None => Usage::Available,
        };
        Ok(FloorPto { id, floor_id, reference, construction, usage })
    };
    let mut ptos = tx.all(&PTOS, params![site_id], read).await?;
    // Sorted here: SQLite would pack every row for its sorter and unpack it again.
    ptos.sort_unstable_by_key(|pto| pto.id);
    Ok(ptos)
}

/// The floor at this place of a site.
pub async fn floor_at(
    tx: &mut Tx<'_>,
    site_id: i64,
    building: &str,
    staircase: &str,
    floor: &str,
) -> Result<Option<i64>, StoreError> {
    let params = params![site_id, building, staircase, floor];
    tx.first(&FLOOR_AT, params, |row| row.int("id")).await
}

/// The PBOs of this name that stand on a floor or serve a socket there (contract.md, D13).
pub async fn pbos_named(
    tx: &mut Tx<'_>,
    floor_id: i64,
    reference: &str,
) -> Result<Vec<i64>, StoreError> {
    tx.all(&PBOS_NAMED, params![floor_id, reference], |row| row.int("id")).await
}

/// Every fibre that a PBO serves, on whatever floor (contract.md, D18).
pub async fn routes_of_pbo(tx: &mut Tx<'_>, pbo_id: i64) -> Result<Vec<PboFibre>, StoreError> {
    tx.all(&ROUTES_OF_PBO, params![pbo_id], read_route).await
}

/// Every fibre whose socket is on a floor, or that has none and hangs on a PBO of that floor.
pub async fn routes_of_floor(tx: &mut Tx<'_>, floor_id: i64) -> Result<Vec<PboFibre>, StoreError> {
    tx.all(&ROUTES_OF_FLOOR, params![floor_id], read_route).await
}

fn read_route(row: &Row<'_>) -> Result<PboFibre, StoreError> {
    let construction = row.optional_word("construction", Construction::parse)?;
    Ok(PboFibre {
        pbo_id: row.int("pbo_id")?,
        pbo: row.text("pbo_ref")?,
        location: row.text("location")?,
        reference: row.text("fibre_ref")?,
        pto: row.optional_text("pto_ref")?,
        cable: row.text("cable")?,
        tube: row.text("tube")?,
        colour: row.text("colour")?,
        // Where there is no socket, there is one to build.
        construction: construction.unwrap_or(Construction::ToBuild),
        usage: shown_usage(row.word("usage", Usage::parse)?, row.bool("out_of_service")?),
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&REFERENCE, &FLOORS, &PBOS, &PTOS, &FLOOR_AT, &PBOS_NAMED, &ROUTES_OF_PBO, &ROUTES_OF_FLOOR];
