//! What is new, put into its tables: most of it in pieces that nobody can see yet, the rest in the
//! last transaction. A piece bounds both sides of its joins, so that it reads its own rows only.

use crate::store::statement::{Statement, statement};

/// Rows of one kind that are added: between which numbers they lie, how a piece of them is added, and how
/// what must wait for the last transaction is.
pub(super) struct Adding {
    pub(super) what: &'static str,
    pub(super) bounds: &'static Statement,
    pub(super) piece: &'static Statement,
    pub(super) last: Option<&'static Statement>,
}

macro_rules! bounds {
    ($name:literal, $column:literal, $table:literal) => {
        statement!(
            $name,
            concat!(
                "SELECT COALESCE(MIN(",
                $column,
                "), 1) AS first, COALESCE(MAX(",
                $column,
                "), 0) AS last FROM ",
                $table
            )
        )
    };
}

static SITE_BOUNDS: Statement = bounds!("load.site_bounds", "id", "new_site");
pub(super) static SITES: Statement = statement!(
    "load.add_sites",
    "INSERT INTO site (id, ref) SELECT id, ref FROM new_site WHERE id >= $1 AND id <= $2"
);

macro_rules! floors {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO floor (id, site_id, building, staircase, floor)
                 SELECT id, site_id, building, staircase, floor FROM new_floor WHERE ",
                $condition
            )
        )
    };
}
static FLOOR_BOUNDS: Statement = bounds!("load.floor_bounds", "id", "new_floor");
pub(super) static FLOORS: Statement = floors!("load.add_floors", "fresh AND id >= $1 AND id <= $2");
static LAST_FLOORS: Statement = floors!("load.add_last_floors", "NOT fresh");

macro_rules! pbos {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO pbo (id, floor_id, ref, location)
                 SELECT id, floor_id, ref, location FROM new_pbo WHERE ",
                $condition
            )
        )
    };
}
static PBO_BOUNDS: Statement = bounds!("load.pbo_bounds", "id", "new_pbo");
pub(super) static PBOS: Statement = pbos!("load.add_pbos", "fresh AND id >= $1 AND id <= $2");
static LAST_PBOS: Statement = pbos!("load.add_last_pbos", "NOT fresh");

macro_rules! ptos {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO pto (id, ref, floor_id, construction)
                 SELECT k.id, s.ref, k.floor_id, s.construction
                 FROM key_pto k JOIN stage_pto s ON s.seq = k.seq WHERE k.is_new AND ",
                $condition
            )
        )
    };
}
static PTO_BOUNDS: Statement = bounds!("load.pto_bounds", "seq", "key_pto");
static PTOS: Statement = ptos!(
    "load.add_ptos",
    "k.fresh AND k.seq >= $1 AND k.seq <= $2 AND s.seq >= $1 AND s.seq <= $2"
);
static LAST_PTOS: Statement = ptos!("load.add_last_ptos", "NOT k.fresh");

macro_rules! contracts {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO contract (id, ref, operator_id, floor_id, pbo_id, pm_ref, fibre_id, zone,
                   building_kind, route_kind, existing_socket, opac, order_state, intervention,
                   updated_by)
                 SELECT k.id, s.ref, k.operator_id, k.floor_id, k.pbo_id, k.pm_ref,
                   CASE WHEN late.id IS NULL THEN k.fibre_id END, s.zone, s.building_kind,
                   s.route_kind, s.existing_socket, s.opac, s.order_state, s.intervention, 'load'
                 FROM key_contract k JOIN stage_contract s ON s.seq = k.seq
                 LEFT JOIN late_fibre late ON late.id = k.fibre_id
                 WHERE k.is_new AND ",
                $condition
            )
        )
    };
}
static CONTRACT_BOUNDS: Statement = bounds!("load.contract_bounds", "seq", "key_contract");
static CONTRACTS: Statement = contracts!(
    "load.add_contracts",
    "k.seq >= $1 AND k.seq <= $2 AND s.seq >= $1 AND s.seq <= $2
       AND (k.fibre_id IS NULL OR k.fibre_id > (SELECT fibre_max FROM load_hidden))"
);
/// Those whose route was there before: another contract leaves it in the same transaction.
static LAST_CONTRACTS: Statement =
    contracts!("load.add_last_contracts", "k.fibre_id <= (SELECT fibre_max FROM load_hidden)");

macro_rules! fibres {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO fibre (id, ref, pbo_id, pto_id, pm_ref, pm_position, cable, tube, colour,
                   usage, out_of_service, contract_id, updated_by)
                 SELECT k.id, s.ref, k.pbo_id, k.pto_id, s.pm_ref, s.pm_position, s.cable, s.tube,
                   s.colour, CASE WHEN s.service = 'out' THEN 'occupied' ELSE s.usage END,
                   COALESCE(s.service, '') = 'out', COALESCE(g.id, k.holder_id), 'load'
                 FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq
                 LEFT JOIN key_contract g ON g.fibre_id = k.id
                 WHERE k.is_new AND ",
                $condition
            )
        )
    };
}
static FIBRE_BOUNDS: Statement = bounds!("load.fibre_bounds", "seq", "key_fibre");
static FIBRES: Statement = fibres!(
    "load.add_fibres",
    "k.fresh AND k.seq >= $1 AND k.seq <= $2 AND s.seq >= $1 AND s.seq <= $2"
);
static LAST_FIBRES: Statement = fibres!("load.add_last_fibres", "NOT k.fresh");

macro_rules! past {
    ($name:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO reprovisioning (id, contract_id, number, attempt, operator_id, request_id,
                   fibre_id, old_fibre_id, reason, keep_pto, pto_ref, usage_before, held_before,
                   discharge_code, state, accepted_ms, ended_ms, updated_by, step, due_ms, failures,
                   lease_until_ms)
                 SELECT 'loaded-' || s.ref, k.contract_id, k.number, 1, k.operator_id, '', k.fibre_id,
                   k.old_fibre_id, s.reason, s.keep_pto, s.pto, 'available', FALSE, s.ref, s.state,
                   s.accepted_ms, s.ended_ms, 'load', 'submit', s.accepted_ms, 0, 0
                 FROM new_past k JOIN stage_past s ON s.seq = k.seq WHERE ",
                $condition
            )
        )
    };
}
static PAST_BOUNDS: Statement = bounds!("load.past_bounds", "seq", "new_past");
static PAST: Statement = past!(
    "load.add_past",
    "k.fresh AND k.seq >= $1 AND k.seq <= $2 AND s.seq >= $1 AND s.seq <= $2"
);
static LAST_PAST: Statement = past!("load.add_last_past", "NOT k.fresh");

/// Each after those that it refers to.
pub(super) static ALL: &[Adding] = &[
    Adding { what: "sites", bounds: &SITE_BOUNDS, piece: &SITES, last: None },
    Adding { what: "floors", bounds: &FLOOR_BOUNDS, piece: &FLOORS, last: Some(&LAST_FLOORS) },
    Adding { what: "PBOs", bounds: &PBO_BOUNDS, piece: &PBOS, last: Some(&LAST_PBOS) },
    Adding { what: "PTOs", bounds: &PTO_BOUNDS, piece: &PTOS, last: Some(&LAST_PTOS) },
    Adding {
        what: "contracts",
        bounds: &CONTRACT_BOUNDS,
        piece: &CONTRACTS,
        last: Some(&LAST_CONTRACTS),
    },
    Adding { what: "fibres", bounds: &FIBRE_BOUNDS, piece: &FIBRES, last: Some(&LAST_FIBRES) },
    Adding { what: "past", bounds: &PAST_BOUNDS, piece: &PAST, last: Some(&LAST_PAST) },
];
