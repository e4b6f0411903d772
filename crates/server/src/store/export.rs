//! Everything that the files of an inventory carry (docs/data-format.md), as their columns have it, in
//! the order of the inventory: what is written out and loaded again is written out the same.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::Row,
};

/// A file of an inventory, and where its lines come from.
#[derive(Debug)]
pub struct Listing {
    /// The file.
    pub file: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    statement: &'static Statement,
}

/// A place and the tables it comes from.
macro_rules! place {
    () => {
        "site.ref AS site, floor.building, floor.staircase, floor.floor"
    };
}

/// Not what a load that is under way has put there for its end (`load_hidden`).
macro_rules! shown {
    ($table:literal) => {
        concat!(
            $table,
            ".id <= COALESCE((SELECT ",
            $table,
            "_max FROM load_hidden), ",
            $table,
            ".id)"
        )
    };
}

macro_rules! yes {
    ($column:literal) => {
        concat!("CASE WHEN ", $column, " THEN 'yes' ELSE 'no' END")
    };
}

static OPERATORS: Statement = statement!(
    "export.operators",
    "SELECT login, name, password_hash, profile, CAST(quota AS TEXT) AS quota,
       CAST(sessions AS TEXT) AS sessions
     FROM operator ORDER BY id"
);
static FLOORS: Statement = statement!(
    "export.floors",
    concat!(
        "SELECT ",
        place!(),
        " FROM floor JOIN site ON site.id = floor.site_id WHERE ",
        shown!("floor"),
        " ORDER BY floor.id"
    )
);
static PBOS: Statement = statement!(
    "export.pbos",
    concat!(
        "SELECT ",
        place!(),
        ", pbo.ref AS pbo, pbo.location
         FROM pbo
         JOIN floor ON floor.id = pbo.floor_id
         JOIN site ON site.id = floor.site_id
         WHERE ",
        shown!("pbo"),
        " ORDER BY pbo.id"
    )
);
static PTOS: Statement = statement!(
    "export.ptos",
    concat!(
        "SELECT pto.ref AS pto, ",
        place!(),
        ", pto.construction
         FROM pto
         JOIN floor ON floor.id = pto.floor_id
         JOIN site ON site.id = floor.site_id
         WHERE ",
        shown!("pto"),
        " ORDER BY pto.id"
    )
);
// A contract holds its own route; what else it holds is told by `holder`.
static FIBRES: Statement = statement!(
    "export.fibres",
    concat!(
        "SELECT fibre.ref AS fibre, ",
        place!(),
        ", pbo.ref AS pbo, pto.ref AS pto, fibre.pm_ref AS pm, fibre.pm_position, fibre.cable,
           fibre.tube, fibre.colour,
           CASE WHEN fibre.out_of_service THEN 'occupied' ELSE fibre.usage END AS usage, ",
        yes!("fibre.out_of_service"),
        " AS out_of_service,
           CASE WHEN contract.fibre_id = fibre.id THEN NULL ELSE contract.ref END AS holder
         FROM fibre
         JOIN pbo ON pbo.id = fibre.pbo_id
         JOIN floor ON floor.id = pbo.floor_id
         JOIN site ON site.id = floor.site_id
         LEFT JOIN pto ON pto.id = fibre.pto_id
         LEFT JOIN contract ON contract.id = fibre.contract_id
         WHERE ",
        shown!("fibre"),
        " ORDER BY fibre.id"
    )
);
// The file has no word for a PBO on another floor than the contract's; that is the route's then.
static CONTRACTS: Statement = statement!(
    "export.contracts",
    concat!(
        "SELECT contract.ref AS contract, operator.login AS operator, ",
        place!(),
        ", fibre.ref AS fibre,
           CASE WHEN pbo.floor_id = contract.floor_id THEN pbo.ref END AS pbo,
           contract.pm_ref AS pm, contract.zone, contract.building_kind,
           contract.route_kind AS route, ",
        yes!("contract.existing_socket"),
        " AS existing_socket, ",
        yes!("contract.opac"),
        " AS opac, contract.order_state AS \"order\", contract.intervention
         FROM contract
         JOIN operator ON operator.id = contract.operator_id
         LEFT JOIN floor ON floor.id = contract.floor_id
         LEFT JOIN site ON site.id = floor.site_id
         LEFT JOIN fibre ON fibre.id = contract.fibre_id
         LEFT JOIN pbo ON pbo.id = contract.pbo_id
         WHERE ",
        shown!("contract"),
        " ORDER BY contract.id"
    )
);
// Attempts share a discharge code, which is the file's key: the last that has ended stands for all.
static PAST: Statement = statement!(
    "export.reprovisionings",
    concat!(
        "SELECT contract.ref AS contract, fibre.ref AS fibre, old_fibre.ref AS old_fibre,
           reprovisioning.reason, ",
        yes!("reprovisioning.keep_pto"),
        " AS keep_pto, reprovisioning.pto_ref AS pto, reprovisioning.state,
           reprovisioning.discharge_code, reprovisioning.accepted_ms AS accepted,
           CASE WHEN reprovisioning.ended_ms > reprovisioning.accepted_ms
             THEN reprovisioning.ended_ms ELSE reprovisioning.accepted_ms END AS ended
         FROM reprovisioning
         JOIN contract ON contract.id = reprovisioning.contract_id
         JOIN fibre ON fibre.id = reprovisioning.fibre_id
         LEFT JOIN fibre old_fibre ON old_fibre.id = reprovisioning.old_fibre_id
         WHERE ",
        shown!("contract"),
        " AND reprovisioning.state NOT IN ('initiated', 'in_progress')
           AND NOT EXISTS (SELECT 1 FROM reprovisioning later
                           WHERE later.discharge_code = reprovisioning.discharge_code
                             AND later.attempt > reprovisioning.attempt
                             AND later.state NOT IN ('initiated', 'in_progress'))
         ORDER BY reprovisioning.accepted_ms, reprovisioning.contract_id, reprovisioning.number"
    )
);

/// The columns of operators.csv, written and read.
pub const OPERATOR: &[&str] = &["login", "name", "password_hash", "profile", "quota", "sessions"];
/// The columns of floors.csv, written and read.
pub const FLOOR: &[&str] = &["site", "building", "staircase", "floor"];
/// The columns of pbos.csv, written and read.
pub const PBO: &[&str] = &["site", "building", "staircase", "floor", "pbo", "location"];
/// The columns of ptos.csv, written and read.
pub const PTO: &[&str] = &["pto", "site", "building", "staircase", "floor", "construction"];
/// The columns of fibres.csv, written and read.
pub const FIBRE: &[&str] = &[
    "fibre",
    "site",
    "building",
    "staircase",
    "floor",
    "pbo",
    "pto",
    "pm",
    "pm_position",
    "cable",
    "tube",
    "colour",
    "usage",
    "out_of_service",
    "holder",
];
/// The columns of contracts.csv, written and read.
pub const CONTRACT: &[&str] = &[
    "contract",
    "operator",
    "site",
    "building",
    "staircase",
    "floor",
    "fibre",
    "pbo",
    "pm",
    "zone",
    "building_kind",
    "route",
    "existing_socket",
    "opac",
    "order",
    "intervention",
];
/// The columns of reprovisionings.csv, written and read.
pub const REPROVISIONING: &[&str] = &[
    "contract",
    "fibre",
    "old_fibre",
    "reason",
    "keep_pto",
    "pto",
    "state",
    "discharge_code",
    "accepted",
    "ended",
];

/// Every file, in the order in which they are loaded.
pub static LISTINGS: [Listing; 7] = [
    Listing { file: "operators.csv", columns: OPERATOR, statement: &OPERATORS },
    Listing { file: "floors.csv", columns: FLOOR, statement: &FLOORS },
    Listing { file: "pbos.csv", columns: PBO, statement: &PBOS },
    Listing { file: "ptos.csv", columns: PTO, statement: &PTOS },
    Listing { file: "fibres.csv", columns: FIBRE, statement: &FIBRES },
    Listing { file: "contracts.csv", columns: CONTRACT, statement: &CONTRACTS },
    Listing { file: "reprovisionings.csv", columns: REPROVISIONING, statement: &PAST },
];

/// Columns that are times, in milliseconds.
pub const TIMES: [&str; 2] = ["accepted", "ended"];

/// Hands over each line of a file, one after the other.
///
/// # Errors
/// The taker's own, or the database's.
pub async fn each<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    listing: &Listing,
    take: impl FnMut(&Row<'_>) -> Result<(), E> + Send,
) -> Result<(), E> {
    tx.each(listing.statement, &[], take).await
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&OPERATORS, &FLOORS, &PBOS, &PTOS, &FIBRES, &CONTRACTS, &PAST];
