//! What changes, goes, and becomes visible, in the last transaction.

use crate::store::statement::{Statement, statement};

/// Contracts that the service has changed since they were looked at, or is about to.
static LATE_CONTRACTS: Statement = statement!(
    "load.late_contracts",
    "INSERT INTO late_contract (id)
     SELECT c.id FROM change_contract c JOIN contract ON contract.id = c.id
     WHERE contract.fibre_id IS DISTINCT FROM c.seen_fibre_id
       OR EXISTS (SELECT 1 FROM reprovisioning r WHERE r.contract_id = c.id
                  AND r.state IN ('initiated', 'in_progress'))
     UNION
     SELECT g.id FROM gone_contract g JOIN reprovisioning r ON r.contract_id = g.id
     WHERE g.removed OR r.state IN ('initiated', 'in_progress')"
);
static LATE_FIBRES: Statement = statement!(
    "load.late_fibres",
    "INSERT INTO late_fibre (id)
     SELECT c.id FROM change_fibre c JOIN fibre f ON f.id = c.id
     WHERE f.usage <> c.seen_usage OR f.out_of_service <> c.seen_out_of_service
       OR f.contract_id IS DISTINCT FROM c.seen_contract_id
       OR f.pto_id IS DISTINCT FROM c.seen_pto_id
       OR c.contract_id IN (SELECT id FROM late_contract)
       OR f.contract_id IN (SELECT id FROM late_contract)
       OR f.contract_id IN (SELECT contract_id FROM reprovisioning
                            WHERE state IN ('initiated', 'in_progress'))
     UNION
     SELECT g.id FROM gone_fibre g JOIN fibre f ON f.id = g.id
     WHERE f.contract_id IS NOT NULL
       AND f.contract_id NOT IN (SELECT id FROM gone_contract WHERE removed)"
);
static LATE_SAID: Statement = statement!(
    "load.late_said",
    "INSERT INTO difference (kind, code, ref)
     SELECT 'contract', 'late', contract.ref
       FROM late_contract JOIN contract ON contract.id = late_contract.id
     UNION ALL
     SELECT 'fibre', 'late', fibre.ref FROM late_fibre JOIN fibre ON fibre.id = late_fibre.id"
);
static DROP_LATE_CONTRACTS: Statement = statement!(
    "load.drop_late_contracts",
    "DELETE FROM change_contract WHERE id IN (SELECT id FROM late_contract)"
);
static DROP_LATE_FIBRES: Statement = statement!(
    "load.drop_late_fibres",
    "DELETE FROM change_fibre WHERE id IN (SELECT id FROM late_fibre)"
);
static DROP_LATE_GONE_CONTRACTS: Statement = statement!(
    "load.drop_late_gone_contracts",
    "DELETE FROM gone_contract WHERE id IN (SELECT id FROM late_contract)"
);
static DROP_LATE_GONE_FIBRES: Statement = statement!(
    "load.drop_late_gone_fibres",
    "DELETE FROM gone_fibre WHERE id IN (SELECT id FROM late_fibre)"
);

static LEAVE_ROUTES: Statement = statement!(
    "load.leave_routes",
    "UPDATE contract SET fibre_id = NULL
     WHERE id IN (SELECT id FROM change_contract WHERE fibre_id IS DISTINCT FROM seen_fibre_id)"
);
static LEAVE_PTOS: Statement = statement!(
    "load.leave_ptos",
    "UPDATE fibre SET pto_id = NULL
     WHERE id IN (SELECT id FROM change_fibre WHERE pto_id IS DISTINCT FROM seen_pto_id)"
);
static REMOVE_FIBRES: Statement = statement!(
    "load.remove_fibres",
    "DELETE FROM fibre WHERE id IN (SELECT id FROM gone_fibre WHERE removed)"
);
static RETIRE_FIBRES: Statement = statement!(
    "load.retire_fibres",
    "UPDATE fibre SET out_of_service = TRUE, usage = 'occupied', updated_by = 'load'
     WHERE id IN (SELECT id FROM gone_fibre WHERE NOT removed)"
);
static OPERATORS: Statement = statement!(
    "load.add_operators",
    "INSERT INTO operator
       (id, login, name, password_hash, profile, quota, sessions, disabled, created_ms, updated_ms)
     SELECT k.id, s.ref, s.name, s.password_hash, s.profile, s.quota, s.sessions, FALSE, $1, $1
     FROM key_operator k JOIN stage_operator s ON s.seq = k.seq WHERE k.is_new"
);
static CHANGE_PBOS: Statement = statement!(
    "load.change_pbos",
    "UPDATE pbo SET floor_id = c.floor_id, location = c.location
     FROM change_pbo c WHERE pbo.id = c.id"
);
static CHANGE_PTOS: Statement = statement!(
    "load.change_ptos",
    "UPDATE pto SET floor_id = c.floor_id, construction = c.construction
     FROM change_pto c WHERE pto.id = c.id"
);
static CHANGE_CONTRACTS: Statement = statement!(
    "load.change_contracts",
    "UPDATE contract SET floor_id = k.floor_id, pbo_id = COALESCE(k.pbo_id, contract.pbo_id),
       pm_ref = COALESCE(k.pm_ref, contract.pm_ref), fibre_id = c.fibre_id, zone = s.zone,
       building_kind = s.building_kind, route_kind = c.route_kind,
       existing_socket = s.existing_socket, opac = s.opac, order_state = s.order_state,
       intervention = s.intervention, updated_by = 'load'
     FROM change_contract c, key_contract k, stage_contract s
     WHERE contract.id = c.id AND k.seq = c.seq AND s.seq = c.seq"
);
static CHANGE_FIBRES: Statement = statement!(
    "load.change_fibres",
    "UPDATE fibre SET pbo_id = c.pbo_id, pto_id = c.pto_id, pm_ref = c.pm_ref,
       pm_position = c.pm_position, cable = c.cable, tube = c.tube, colour = c.colour,
       usage = c.usage, out_of_service = c.out_of_service, contract_id = c.contract_id,
       updated_by = 'load'
     FROM change_fibre c WHERE fibre.id = c.id"
);
static REMOVE_CONTRACTS: Statement = statement!(
    "load.remove_contracts",
    "DELETE FROM contract WHERE id IN (SELECT id FROM gone_contract WHERE removed)"
);
static RETIRE_CONTRACTS: Statement = statement!(
    "load.retire_contracts",
    "UPDATE contract SET order_state = 'none', updated_by = 'load'
     WHERE id IN (SELECT id FROM gone_contract WHERE NOT removed)"
);
static REMOVE_PTOS: Statement = statement!(
    "load.remove_ptos",
    "DELETE FROM pto WHERE id IN (SELECT id FROM gone_pto)
       AND NOT EXISTS (SELECT 1 FROM fibre WHERE fibre.pto_id = pto.id)"
);
static REMOVE_PBOS: Statement = statement!(
    "load.remove_pbos",
    "DELETE FROM pbo WHERE id IN (SELECT id FROM gone_pbo)
       AND NOT EXISTS (SELECT 1 FROM fibre WHERE fibre.pbo_id = pbo.id)"
);
static REMOVE_FLOORS: Statement = statement!(
    "load.remove_floors",
    "DELETE FROM floor WHERE id IN (SELECT id FROM gone_floor)
       AND NOT EXISTS (SELECT 1 FROM pbo WHERE pbo.floor_id = floor.id)
       AND NOT EXISTS (SELECT 1 FROM pto WHERE pto.floor_id = floor.id)"
);

/// What the service has done meanwhile is found, and left alone.
pub(super) static LATE: &[&Statement] = &[
    &LATE_CONTRACTS,
    &LATE_FIBRES,
    &LATE_SAID,
    &DROP_LATE_CONTRACTS,
    &DROP_LATE_FIBRES,
    &DROP_LATE_GONE_CONTRACTS,
    &DROP_LATE_GONE_FIBRES,
];
/// Room is made for what is added.
pub(super) static BEFORE: &[&Statement] =
    &[&LEAVE_ROUTES, &LEAVE_PTOS, &REMOVE_FIBRES, &RETIRE_FIBRES];
/// The operators, whose parameter is the time.
pub(super) static ADD_OPERATORS: &Statement = &OPERATORS;
/// Once everything new is there.
pub(super) static AFTER: &[&Statement] = &[
    &CHANGE_PBOS,
    &CHANGE_PTOS,
    &CHANGE_CONTRACTS,
    &CHANGE_FIBRES,
    &REMOVE_CONTRACTS,
    &RETIRE_CONTRACTS,
    &REMOVE_PTOS,
    &REMOVE_PBOS,
    &REMOVE_FLOORS,
];
