//! Fibres, who holds them, and the sockets they serve.

use ereprov_domain::{
    refs::Place,
    route::{Construction, Fate, Usage},
};

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A fibre with everything that the rules and the answers ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fibre {
    /// Key.
    pub id: i64,
    /// What it is called.
    pub reference: String,
    /// Key of its PBO.
    pub pbo_id: i64,
    /// Key of its PBO's site.
    pub site_id: i64,
    /// Its PM.
    pub pm_ref: String,
    /// Its position on the PM.
    pub pm_position: String,
    /// Cable, in words.
    pub cable: String,
    /// Colour of the tube.
    pub tube: String,
    /// Colour of the fibre.
    pub colour: String,
    /// Its socket: key, reference.
    pub pto: Option<(i64, String)>,
    /// How far its socket is built.
    pub construction: Construction,
    /// Its label in the inventory.
    pub usage: Usage,
    /// Never offered until the OI says so.
    pub out_of_service: bool,
    /// The contract whose line it is, or that has it reserved.
    pub contract_id: Option<i64>,
    /// What that contract is called.
    pub contract_ref: Option<String>,
    /// The contract whose running re-provisioning keeps this fibre's socket, to take it elsewhere.
    pub pto_keeper_id: Option<i64>,
}

impl Fibre {
    /// The label that the wire shows (contract.md, D34: it has no word for out of service).
    pub fn shown_usage(&self) -> Usage {
        shown_usage(self.usage, self.out_of_service)
    }
}

/// The label that the wire shows.
pub fn shown_usage(usage: Usage, out_of_service: bool) -> Usage {
    if out_of_service { Usage::Occupied } else { usage }
}

/// Where a fibre is, from the site to the PBO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Its site.
    pub site: String,
    /// Building, staircase and floor.
    pub place: Place,
    /// Its PBO.
    pub pbo: String,
    /// Where that is, in words.
    pub location: String,
}

/// A socket, with who holds the fibre that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pto {
    /// Key.
    pub id: i64,
    /// What it is called.
    pub reference: String,
    /// The contract that holds its fibre, or keeps it in a running re-provisioning.
    pub contract_id: Option<i64>,
    /// Key of the fibre that serves it, where that is labelled as somebody's, and is in service.
    pub in_use_by: Option<i64>,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT fibre.id, fibre.ref, fibre.pbo_id, floor.site_id, fibre.pm_ref,
               fibre.pm_position, fibre.cable, fibre.tube, fibre.colour, fibre.pto_id,
               pto.ref AS pto_ref, pto.construction, fibre.usage, fibre.out_of_service,
               fibre.contract_id, contract.ref AS contract_ref,
               keeper.contract_id AS pto_keeper_id
             FROM fibre
             JOIN pbo ON pbo.id = fibre.pbo_id
             JOIN floor ON floor.id = pbo.floor_id
             LEFT JOIN pto ON pto.id = fibre.pto_id
             LEFT JOIN contract ON contract.id = fibre.contract_id
             LEFT JOIN reprovisioning keeper ON keeper.kept_pto_id = fibre.pto_id
               AND keeper.state IN ('initiated', 'in_progress')
             WHERE ",
            $condition
        )
    };
}

static BY_REF: Statement = statement!(
    "fibre.by_ref",
    select!(
        "fibre.ref = $1 AND fibre.id <= COALESCE((SELECT fibre_max FROM load_hidden), fibre.id)"
    )
);
static BY_ID: Statement = statement!("fibre.by_id", select!("fibre.id = $1"));
static WHEREABOUTS: Statement = statement!(
    "fibre.whereabouts",
    "SELECT site.ref AS site, floor.building, floor.staircase, floor.floor, pbo.ref AS pbo,
       pbo.location
     FROM fibre
     JOIN pbo ON pbo.id = fibre.pbo_id
     JOIN floor ON floor.id = pbo.floor_id
     JOIN site ON site.id = floor.site_id
     WHERE fibre.id = $1"
);
static FIND_PTO: Statement = statement!(
    "pto.find",
    "SELECT pto.id, pto.ref, COALESCE(fibre.contract_id, reprovisioning.contract_id) AS holder,
       CASE WHEN fibre.usage <> 'available' AND NOT fibre.out_of_service THEN fibre.id END
         AS in_use_by
     FROM pto
     JOIN floor ON floor.id = pto.floor_id
     LEFT JOIN fibre ON fibre.pto_id = pto.id
     LEFT JOIN reprovisioning ON reprovisioning.kept_pto_id = pto.id
       AND reprovisioning.state IN ('initiated', 'in_progress')
     WHERE pto.ref = $1 AND floor.site_id = $2"
);
static HOLD: Statement = statement!(
    "fibre.hold",
    "UPDATE fibre SET usage = 'reserved', contract_id = $2, updated_by = 'accept'
     WHERE id = $1 AND usage = $3 AND NOT out_of_service
       AND (contract_id IS NULL OR contract_id = $2)
       AND NOT EXISTS (SELECT 1 FROM reprovisioning keeper
                       WHERE keeper.kept_pto_id = fibre.pto_id AND keeper.contract_id <> $2
                         AND keeper.state IN ('initiated', 'in_progress'))"
);
static WITHDRAW: Statement = statement!(
    "fibre.withdraw",
    "UPDATE fibre SET usage = 'occupied', out_of_service = TRUE, contract_id = NULL,
       updated_by = 'withdraw'
     WHERE id = $1 AND contract_id = $2"
);
static RELEASE: Statement = statement!(
    "fibre.release",
    "UPDATE fibre SET usage = $3, contract_id = CASE WHEN $4 THEN contract_id END,
       updated_by = 'release'
     WHERE id = $1 AND contract_id = $2"
);
static OCCUPY: Statement = statement!(
    "fibre.occupy",
    "UPDATE fibre SET usage = 'occupied', updated_by = 'complete'
     WHERE id = $1 AND contract_id = $2"
);
static LEAVE: Statement = statement!(
    "fibre.leave",
    "UPDATE fibre SET usage = $3, out_of_service = $4, contract_id = NULL, updated_by = 'complete'
     WHERE id = $1 AND contract_id = $2"
);
static RESTORE: Statement = statement!(
    "fibre.restore",
    "UPDATE fibre SET usage = CASE WHEN contract_id IS NULL THEN 'available' ELSE 'occupied' END,
       out_of_service = FALSE, updated_by = 'restore'
     WHERE ref = $1 AND out_of_service"
);
static SERVE: Statement = statement!(
    "fibre.serve",
    "UPDATE fibre SET pto_id = $2, updated_by = 'complete' WHERE id = $1"
);
static SERVED_BY: Statement =
    statement!("fibre.served_by", "SELECT id FROM fibre WHERE pto_id = $1");

/// The fibre of this name, wherever it is.
pub async fn by_ref(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Fibre>, StoreError> {
    tx.first(&BY_REF, params![reference], read).await
}

/// The fibre with this key.
pub async fn by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Fibre>, StoreError> {
    tx.first(&BY_ID, params![id], read).await
}

/// Where a fibre is.
pub async fn whereabouts(tx: &mut Tx<'_>, id: i64) -> Result<Option<Whereabouts>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Whereabouts {
            site: row.text("site")?,
            place: Place {
                building: row.text("building")?,
                staircase: row.text("staircase")?,
                floor: row.text("floor")?,
            },
            pbo: row.text("pbo")?,
            location: row.text("location")?,
        })
    };
    tx.first(&WHEREABOUTS, params![id], read).await
}

/// The socket of this name on a site.
pub async fn find_pto(
    tx: &mut Tx<'_>,
    reference: &str,
    site_id: i64,
) -> Result<Option<Pto>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Pto {
            id: row.int("id")?,
            reference: row.text("ref")?,
            contract_id: row.optional_int("holder")?,
            in_use_by: row.optional_int("in_use_by")?,
        })
    };
    tx.first(&FIND_PTO, params![reference, site_id], read).await
}

/// Reserves a fibre for a contract; false: somebody else has it by now.
pub async fn hold(
    tx: &mut Tx<'_>,
    id: i64,
    contract_id: i64,
    usage_seen: Usage,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&HOLD, params![id, contract_id, usage_seen.as_str()]).await? == 1)
}

/// Undoes [`hold`]: the fibre is what it was before, and whose it was.
pub async fn release(
    tx: &mut Tx<'_>,
    id: i64,
    contract_id: i64,
    usage_before: Usage,
    held_before: bool,
) -> Result<(), StoreError> {
    let params = params![id, contract_id, usage_before.as_str(), held_before];
    tx.execute(&RELEASE, params).await.map(drop)
}

/// Takes a fibre from a contract and out of service: nobody knows what is on it.
pub async fn withdraw(tx: &mut Tx<'_>, id: i64, contract_id: i64) -> Result<(), StoreError> {
    tx.execute(&WITHDRAW, params![id, contract_id]).await.map(drop)
}

/// Makes a fibre that the contract holds its line; false: it holds it no more.
pub async fn occupy(tx: &mut Tx<'_>, id: i64, contract_id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&OCCUPY, params![id, contract_id]).await? == 1)
}

/// Takes a contract's line off a fibre, which meets its fate (contract.md, D34).
pub async fn leave(
    tx: &mut Tx<'_>,
    id: i64,
    contract_id: i64,
    fate: Fate,
) -> Result<(), StoreError> {
    let (usage, out_of_service) = match fate {
        Fate::OutOfService => (Usage::Occupied, true),
        Fate::Occupied => (Usage::Occupied, false),
        Fate::Available => (Usage::Available, false),
    };
    let params = params![id, contract_id, usage.as_str(), out_of_service];
    tx.execute(&LEAVE, params).await.map(drop)
}

/// Puts an out-of-service fibre back in service: it is offered again where nobody holds it. False: it
/// is not out of service.
pub async fn restore(tx: &mut Tx<'_>, reference: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&RESTORE, params![reference]).await? == 1)
}

/// Moves a kept socket to the line's new fibre; the fibre that served it, if one did, takes over the
/// socket that the new one would have had. No socket has two fibres, no fibre two sockets.
pub async fn exchange_sockets(
    tx: &mut Tx<'_>,
    new_fibre: &Fibre,
    kept_pto_id: i64,
) -> Result<(), StoreError> {
    let planned = new_fibre.pto.as_ref().map(|(id, _)| *id);
    if planned == Some(kept_pto_id) {
        return Ok(());
    }
    let served_by = tx.first(&SERVED_BY, params![kept_pto_id], |row| row.int("id")).await?;
    tx.execute(&SERVE, params![new_fibre.id, None::<i64>]).await?;
    if let Some(served_by) = served_by {
        tx.execute(&SERVE, params![served_by, planned]).await?;
    }
    tx.execute(&SERVE, params![new_fibre.id, kept_pto_id]).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<Fibre, StoreError> {
    let construction = row.optional_word("construction", Construction::parse)?;
    Ok(Fibre {
        id: row.int("id")?,
        reference: row.text("ref")?,
        pbo_id: row.int("pbo_id")?,
        site_id: row.int("site_id")?,
        pm_ref: row.text("pm_ref")?,
        pm_position: row.text("pm_position")?,
        cable: row.text("cable")?,
        tube: row.text("tube")?,
        colour: row.text("colour")?,
        pto: row.optional_int("pto_id")?.zip(row.optional_text("pto_ref")?),
        construction: construction.unwrap_or(Construction::ToBuild),
        usage: row.word("usage", Usage::parse)?,
        out_of_service: row.bool("out_of_service")?,
        contract_id: row.optional_int("contract_id")?,
        contract_ref: row.optional_text("contract_ref")?,
        pto_keeper_id: row.optional_int("pto_keeper_id")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &BY_REF,
    &BY_ID,
    &WHEREABOUTS,
    &FIND_PTO,
    &HOLD,
    &WITHDRAW,
    &RELEASE,
    &OCCUPY,
    &LEAVE,
    &RESTORE,
    &SERVE,
    &SERVED_BY,
];
