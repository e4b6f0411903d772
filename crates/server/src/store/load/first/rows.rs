//! The rows of a first load, straight from what was staged: nothing has to be held against what is there, and a
//! row's key is its number. What is wrong with them is found by the constraints of the tables and by
//! [`UNRESOLVED`]; then all of it is undone and looked at line by line (`fibres.rs`, `contracts.rs`).

use std::sync::OnceLock;

use crate::store::statement::Statement;

/// A statement that SQLite is never asked.
macro_rules! asked {
    ($name:literal, $text:expr) => {
        Statement { name: $name, sqlite: "SELECT 1", postgres: $text, columns: OnceLock::new() }
    };
}

pub(super) static PTOS: Statement = asked!(
    "load.first_ptos",
    "INSERT INTO pto (id, ref, floor_id, construction)
     SELECT s.seq, s.ref, k.floor_id, s.construction
     FROM stage_pto s JOIN key_place k ON k.no = s.place"
);
pub(super) static FIBRES: Statement = asked!(
    "load.first_fibres",
    "INSERT INTO fibre (id, ref, pbo_id, pto_id, pm_ref, pm_position, cable, tube, colour, usage,
       out_of_service, contract_id, updated_by)
     SELECT s.seq, s.ref, b.pbo_id, p.seq, s.pm_ref, s.pm_position, s.cable, s.tube, s.colour,
       CASE WHEN s.service = 'out' THEN 'occupied' ELSE s.usage END,
       COALESCE(s.service, '') = 'out', c.seq, 'load'
     FROM stage_fibre s JOIN key_box b ON b.no = s.box
     LEFT JOIN stage_pto p ON p.ref = s.pto
     LEFT JOIN stage_contract c ON c.fibre = s.ref"
);
/// After the fibres, which know by whom they are held.
pub(super) static CONTRACTS: Statement = asked!(
    "load.first_contracts",
    "INSERT INTO contract (id, ref, operator_id, floor_id, pbo_id, pm_ref, fibre_id, zone,
       building_kind, route_kind, existing_socket, opac, order_state, intervention, updated_by)
     SELECT s.seq, s.ref, o.id, k.floor_id,
       CASE WHEN s.box IS NULL THEN f.pbo_id ELSE b.pbo_id END, COALESCE(s.pm_ref, f.pm_ref),
       f.id, s.zone, s.building_kind, s.route_kind, s.existing_socket, s.opac, s.order_state,
       s.intervention, 'load'
     FROM stage_contract s JOIN key_place k ON k.no = s.place
     LEFT JOIN operator o ON o.login = s.operator
     LEFT JOIN key_box b ON b.no = s.box
     LEFT JOIN fibre f ON f.contract_id = s.seq"
);
/// Once contracts and fibres have their indexes.
pub(super) static PAST: Statement = asked!(
    "load.first_past",
    "INSERT INTO reprovisioning (id, contract_id, number, attempt, operator_id, request_id,
       fibre_id, old_fibre_id, reason, keep_pto, pto_ref, usage_before, held_before,
       discharge_code, state, accepted_ms, ended_ms, updated_by, step, due_ms, failures,
       lease_until_ms)
     SELECT 'loaded-' || s.ref, c.id, ROW_NUMBER() OVER (PARTITION BY c.id ORDER BY s.seq), 1,
       c.operator_id, '', f.id, o.id, s.reason, s.keep_pto, s.pto, 'available', FALSE, s.ref,
       s.state, s.accepted_ms, s.ended_ms, 'load', 'submit', s.accepted_ms, 0, 0
     FROM stage_past s LEFT JOIN contract c ON c.ref = s.contract
     LEFT JOIN fibre f ON f.ref = s.fibre LEFT JOIN fibre o ON o.ref = s.old_fibre"
);

/// What no constraint says: a name that may be absent, and is there, and leads nowhere; and a past that is
/// not in its order.
pub(super) static UNRESOLVED: Statement = asked!(
    "load.first_unresolved",
    "SELECT (SELECT COUNT(pto) FROM stage_fibre) <> (SELECT COUNT(pto_id) FROM fibre)
       OR (SELECT COUNT(fibre) FROM stage_contract) <> (SELECT COUNT(fibre_id) FROM contract)
       OR EXISTS (SELECT 1 FROM contract WHERE floor_id IS NULL)
       OR EXISTS (SELECT 1 FROM stage_contract s JOIN key_box b ON b.no = s.box
                  WHERE b.pbo_id IS NULL)
       OR (SELECT COUNT(old_fibre) FROM stage_past)
         <> (SELECT COUNT(old_fibre_id) FROM reprovisioning)
       OR EXISTS (SELECT 1 FROM (
           SELECT s.accepted_ms,
             LAG(s.accepted_ms) OVER (PARTITION BY s.contract ORDER BY s.seq) AS before
           FROM stage_past s) n
         WHERE n.before > n.accepted_ms) AS unresolved"
);
