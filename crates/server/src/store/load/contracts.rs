//! Contracts and their past: resolved, held against what is there, and what protects them.

use super::{Resolve, if_wrong, step};
use crate::store::statement::{Statement, statement};

static BY_REF: Statement =
    statement!("load.contract_by_ref", "CREATE INDEX stage_contract_ref ON stage_contract (ref)");
static OPERATORS_BY_REF: Statement =
    statement!("load.operator_by_ref", "CREATE INDEX stage_operator_ref ON stage_operator (ref)");
static TWICE: Statement = twice!("load.contract_twice", "contract", "stage_contract");
static DROP: Statement = statement!(
    "load.contract_drop",
    "DELETE FROM stage_contract WHERE seq IN (SELECT seq FROM problem WHERE kind = 'contract')"
);
static DROP_KEYS: Statement = statement!(
    "load.contract_drop_keys",
    "DELETE FROM key_contract WHERE seq IN (SELECT seq FROM problem WHERE kind = 'contract')"
);
static KEYS: Statement = statement!(
    "load.contract_keys",
    "INSERT INTO key_contract
       (seq, id, is_new, operator_id, floor_id, pbo_id, pm_ref, fibre_id, keeps_route)
     SELECT s.seq, COALESCE(contract.id, (SELECT COALESCE(MAX(id), 0) FROM contract)
         + SUM(CASE WHEN contract.id IS NULL THEN 1 ELSE 0 END)
           OVER (ORDER BY s.seq ROWS UNBOUNDED PRECEDING)),
       contract.id IS NULL, COALESCE(ko.id, operator.id), kp.floor_id,
       CASE WHEN s.box IS NULL THEN COALESCE(kf.pbo_id, fibre.pbo_id) ELSE kb.pbo_id END,
       COALESCE(s.pm_ref, sf.pm_ref, fibre.pm_ref),
       CASE WHEN t.id IS NULL AND b.id IS NULL THEN COALESCE(kf.id, fibre.id)
         ELSE contract.fibre_id END,
       t.id IS NOT NULL OR b.id IS NOT NULL
     FROM stage_contract s
     JOIN key_place kp ON kp.no = s.place
     LEFT JOIN key_box kb ON kb.no = s.box
     LEFT JOIN stage_operator so ON so.ref = s.operator
     LEFT JOIN key_operator ko ON ko.seq = so.seq
     LEFT JOIN operator ON operator.login = s.operator
     LEFT JOIN contract ON contract.ref = s.ref
     LEFT JOIN stage_fibre sf ON sf.ref = s.fibre
     LEFT JOIN key_fibre kf ON kf.seq = sf.seq
     LEFT JOIN fibre ON fibre.ref = s.fibre
     LEFT JOIN touched_contract t ON t.id = contract.id
     LEFT JOIN busy_contract b ON b.id = contract.id"
);
static BY_ROUTE: Statement = statement!(
    "load.contract_by_route",
    "CREATE INDEX key_contract_fibre ON key_contract (fibre_id)"
);
static BY_ID: Statement = statement!(
    "load.contract_by_id",
    "CREATE INDEX key_contract_id ON key_contract (id) WHERE NOT is_new"
);
static UNRESOLVED: Statement = statement!(
    "load.contract_unresolved",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'contract', s.seq, s.file, s.line,
       CASE WHEN k.operator_id IS NULL THEN 'no_operator' WHEN k.floor_id IS NULL THEN 'no_floor'
         WHEN s.box IS NOT NULL AND k.pbo_id IS NULL THEN 'no_pbo_here' ELSE 'no_fibre' END,
       CASE WHEN k.operator_id IS NULL THEN s.operator
         WHEN k.floor_id IS NULL
           THEN p.site || ' ' || p.building || ' ' || p.staircase || ' ' || p.floor
         WHEN s.box IS NOT NULL AND k.pbo_id IS NULL THEN COALESCE(b.ref, '')
         ELSE COALESCE(s.fibre, '') END
     FROM key_contract k JOIN stage_contract s ON s.seq = k.seq
     JOIN stage_place p ON p.no = s.place LEFT JOIN stage_box b ON b.no = s.box
     WHERE k.operator_id IS NULL OR k.floor_id IS NULL
       OR (s.box IS NOT NULL AND k.pbo_id IS NULL)
       OR (s.fibre IS NOT NULL AND k.fibre_id IS NULL AND NOT k.keeps_route)"
);
static OTHER_OPERATOR: Statement = statement!(
    "load.contract_other_operator",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'contract', s.seq, s.file, s.line, 'other_operator', s.operator
     FROM key_contract k JOIN contract c ON c.id = k.id JOIN stage_contract s ON s.seq = k.seq
     WHERE NOT k.is_new AND c.operator_id <> k.operator_id"
);
static ROUTE_TWICE: Statement = statement!(
    "load.contract_route_twice",
    "INSERT INTO problem (kind, seq, file, line, code, value, other)
     SELECT 'contract', s.seq, s.file, s.line, 'route_taken', COALESCE(s.fibre, ''), o.ref
     FROM (SELECT fibre_id, COALESCE(MIN(CASE WHEN keeps_route THEN seq END), MIN(seq)) AS first
           FROM key_contract WHERE fibre_id IS NOT NULL GROUP BY fibre_id HAVING COUNT(*) > 1) d
     JOIN key_contract k ON k.fibre_id = d.fibre_id AND k.seq <> d.first
     JOIN stage_contract s ON s.seq = k.seq JOIN stage_contract o ON o.seq = d.first"
);
/// A route that another contract has, and does not leave in this load.
static ROUTE_TAKEN: Statement = statement!(
    "load.contract_route_taken",
    "INSERT INTO problem (kind, seq, file, line, code, value, other)
     SELECT 'contract', s.seq, s.file, s.line, 'route_taken', f.ref, h.ref
     FROM key_contract k JOIN fibre f ON f.id = k.fibre_id JOIN contract h ON h.id = f.contract_id
     JOIN stage_contract s ON s.seq = k.seq
     LEFT JOIN key_contract o ON o.id = h.id AND NOT o.is_new
     LEFT JOIN gone_contract g ON g.id = h.id AND g.removed
     WHERE NOT k.keeps_route AND h.id <> k.id AND g.id IS NULL
       AND (o.seq IS NULL OR o.fibre_id = f.id OR h.fibre_id IS DISTINCT FROM f.id)"
);
static BUSY: Statement = statement!(
    "load.contract_busy",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'contract', s.file, s.line, 'busy', s.ref, f.ref, s.fibre
     FROM busy_contract b JOIN contract c ON c.id = b.id JOIN stage_contract s ON s.ref = c.ref
     JOIN key_contract k ON k.seq = s.seq LEFT JOIN fibre f ON f.id = c.fibre_id
     WHERE f.ref IS DISTINCT FROM s.fibre OR c.floor_id IS DISTINCT FROM k.floor_id
       OR c.zone <> s.zone OR c.building_kind <> s.building_kind OR c.route_kind <> s.route_kind
       OR c.existing_socket <> s.existing_socket OR c.opac <> s.opac
       OR c.order_state <> s.order_state OR c.intervention <> s.intervention"
);
static LATER: Statement = statement!(
    "load.contract_later",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'contract', s.file, s.line, 'later', s.ref, f.ref, s.fibre
     FROM touched_contract t JOIN contract c ON c.id = t.id JOIN stage_contract s ON s.ref = c.ref
     LEFT JOIN fibre f ON f.id = c.fibre_id
     WHERE f.ref IS DISTINCT FROM s.fibre
       AND NOT EXISTS (SELECT 1 FROM busy_contract b WHERE b.id = c.id)"
);
static CHANGED: Statement = statement!(
    "load.contracts_changed",
    "INSERT INTO change_contract (id, seq, fibre_id, old_fibre_id, seen_fibre_id, route_kind)
     SELECT c.id, k.seq, k.fibre_id,
       CASE WHEN c.fibre_id IS DISTINCT FROM k.fibre_id THEN c.fibre_id END, c.fibre_id,
       CASE WHEN k.keeps_route THEN c.route_kind ELSE s.route_kind END
     FROM key_contract k JOIN stage_contract s ON s.seq = k.seq JOIN contract c ON c.id = k.id
     WHERE NOT k.is_new AND NOT EXISTS (SELECT 1 FROM busy_contract b WHERE b.id = c.id)
       AND (c.floor_id IS DISTINCT FROM k.floor_id
         OR (k.pbo_id IS NOT NULL AND c.pbo_id IS DISTINCT FROM k.pbo_id)
         OR (k.pm_ref IS NOT NULL AND c.pm_ref IS DISTINCT FROM k.pm_ref)
         OR c.fibre_id IS DISTINCT FROM k.fibre_id
         OR c.zone <> s.zone OR c.building_kind <> s.building_kind
         OR (c.route_kind <> s.route_kind AND NOT k.keeps_route)
         OR c.existing_socket <> s.existing_socket OR c.opac <> s.opac
         OR c.order_state <> s.order_state OR c.intervention <> s.intervention)"
);
/// A contract whose fibre's own line turned out to be no good.
static ROUTE_REFUSED: Statement = statement!(
    "load.contract_route_refused",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'contract', s.seq, s.file, s.line, 'no_fibre', COALESCE(s.fibre, '')
     FROM key_contract k JOIN stage_contract s ON s.seq = k.seq
     WHERE k.fibre_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM fibre f WHERE f.id = k.fibre_id)
       AND k.fibre_id NOT IN (SELECT id FROM key_fibre WHERE is_new)"
);

static PAST_TWICE: Statement = twice!("load.past_twice", "past", "stage_past");
static PAST_DROP: Statement = statement!(
    "load.past_drop",
    "DELETE FROM stage_past WHERE seq IN (SELECT seq FROM problem WHERE kind = 'past')"
);
static PAST_KEYS: Statement = statement!(
    "load.past_keys",
    "INSERT INTO new_past (seq, contract_id, fibre_id, old_fibre_id, operator_id, number, fresh)
     SELECT s.seq, COALESCE(kc.id, c.id), COALESCE(kf.id, f.id), COALESCE(ko.id, o.id),
       COALESCE(kc.operator_id, c.operator_id),
       COALESCE((SELECT MAX(r.number) FROM reprovisioning r WHERE r.contract_id = c.id), 0)
         + ROW_NUMBER() OVER (PARTITION BY COALESCE(kc.id, c.id) ORDER BY s.seq),
       COALESCE(kc.is_new, FALSE)
     FROM stage_past s
     LEFT JOIN stage_contract sc ON sc.ref = s.contract LEFT JOIN key_contract kc ON kc.seq = sc.seq
     LEFT JOIN contract c ON c.ref = s.contract
     LEFT JOIN stage_fibre sf ON sf.ref = s.fibre LEFT JOIN key_fibre kf ON kf.seq = sf.seq
     LEFT JOIN fibre f ON f.ref = s.fibre
     LEFT JOIN stage_fibre so ON so.ref = s.old_fibre LEFT JOIN key_fibre ko ON ko.seq = so.seq
     LEFT JOIN fibre o ON o.ref = s.old_fibre
     WHERE NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.discharge_code = s.ref)"
);
static PAST_UNRESOLVED: Statement = statement!(
    "load.past_unresolved",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'past', s.seq, s.file, s.line,
       CASE WHEN k.contract_id IS NULL THEN 'no_contract' WHEN k.fibre_id IS NULL THEN 'no_fibre'
         ELSE 'no_old_fibre' END,
       CASE WHEN k.contract_id IS NULL THEN s.contract WHEN k.fibre_id IS NULL THEN s.fibre
         ELSE COALESCE(s.old_fibre, '') END
     FROM new_past k JOIN stage_past s ON s.seq = k.seq
     WHERE k.contract_id IS NULL OR k.fibre_id IS NULL
       OR (s.old_fibre IS NOT NULL AND k.old_fibre_id IS NULL)"
);
static PAST_OLDER: Statement = statement!(
    "load.past_older",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'past', n.seq, n.file, n.line, 'older', n.contract
     FROM (SELECT s.seq, s.file, s.line, s.contract, s.accepted_ms,
             LAG(s.accepted_ms) OVER (PARTITION BY k.contract_id ORDER BY s.seq) AS before,
             (SELECT MAX(r.accepted_ms) FROM reprovisioning r
              WHERE r.contract_id = k.contract_id) AS there
           FROM new_past k JOIN stage_past s ON s.seq = k.seq WHERE k.contract_id IS NOT NULL) n
     WHERE n.before > n.accepted_ms OR n.there > n.accepted_ms"
);
static PAST_DROP_KEYS: Statement = statement!(
    "load.past_drop_keys",
    "DELETE FROM new_past WHERE seq IN (SELECT seq FROM problem WHERE kind = 'past')"
);

/// Until each contract has its keys and its route.
pub(super) static KEYS_STEPS: &[Resolve] = &[
    step("contracts", &BY_REF),
    step("contracts", &OPERATORS_BY_REF),
    step("contracts", &TWICE),
    if_wrong("contracts", &DROP),
    step("contracts", &KEYS),
    step("contracts", &BY_ROUTE),
    step("contracts", &BY_ID),
    step("contracts", &UNRESOLVED),
    step("contracts", &OTHER_OPERATOR),
    if_wrong("contracts", &DROP_KEYS),
    step("contracts", &ROUTE_TWICE),
    if_wrong("contracts", &DROP_KEYS),
];

/// Again and again until none is found: who is refused does not leave the route that another takes.
pub(super) static TAKEN_STEPS: &[Resolve] =
    &[step("contracts", &ROUTE_TAKEN), if_wrong("contracts", &DROP_KEYS)];

/// What of them changes.
pub(super) static CHANGES_STEPS: &[Resolve] = &[
    if_wrong("contracts", &DROP),
    step("contracts", &BUSY),
    step("contracts", &LATER),
    step("contracts", &CHANGED),
];

/// Where lines of fibres were refused after the contracts had been looked at.
pub(super) static REFUSED_STEPS: &[Resolve] = &[
    if_wrong("contracts", &ROUTE_REFUSED),
    step("contracts", &DROP_KEYS),
    step("contracts", &DROP),
];

/// Past re-provisionings.
pub(super) static PAST_STEPS: &[Resolve] = &[
    step("past", &PAST_TWICE),
    if_wrong("past", &PAST_DROP),
    step("past", &PAST_KEYS),
    step("past", &PAST_UNRESOLVED),
    step("past", &PAST_OLDER),
    if_wrong("past", &PAST_DROP_KEYS),
    if_wrong("past", &PAST_DROP),
];
