//! Fibres: resolved, held against what is there, and what protects them.

use super::{Resolve, if_wrong, step};
use crate::store::statement::{Statement, statement};

static BY_REF: Statement =
    statement!("load.fibre_by_ref", "CREATE INDEX stage_fibre_ref ON stage_fibre (ref)");
static TWICE: Statement = twice!("load.fibre_twice", "fibre", "stage_fibre");
static DROP: Statement = statement!(
    "load.fibre_drop",
    "DELETE FROM stage_fibre WHERE seq IN (SELECT seq FROM problem WHERE kind = 'fibre')"
);
static KEYS: Statement = statement!(
    "load.fibre_keys",
    "INSERT INTO key_fibre (seq, id, is_new, pbo_id, pto_id, fresh)
     SELECT s.seq, COALESCE(fibre.id, (SELECT COALESCE(MAX(id), 0) FROM fibre)
         + SUM(CASE WHEN fibre.id IS NULL THEN 1 ELSE 0 END)
           OVER (ORDER BY s.seq ROWS UNBOUNDED PRECEDING)),
       fibre.id IS NULL, b.pbo_id, COALESCE(kp.id, pto.id),
       b.fresh AND fibre.id IS NULL AND (s.pto IS NULL OR COALESCE(kp.fresh, FALSE))
     FROM stage_fibre s JOIN key_box b ON b.no = s.box
     LEFT JOIN fibre ON fibre.ref = s.ref
     LEFT JOIN stage_pto sp ON sp.ref = s.pto
     LEFT JOIN key_pto kp ON kp.seq = sp.seq
     LEFT JOIN pto ON pto.ref = s.pto"
);
static NO_PBO: Statement = statement!(
    "load.fibre_no_pbo",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'fibre', s.seq, s.file, s.line,
       CASE WHEN kb.floor_id IS NULL THEN 'no_floor' ELSE 'no_pbo' END,
       CASE WHEN kb.floor_id IS NULL
         THEN p.site || ' ' || p.building || ' ' || p.staircase || ' ' || p.floor ELSE b.ref END
     FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq
     JOIN key_box kb ON kb.no = s.box JOIN stage_box b ON b.no = s.box
     JOIN stage_place p ON p.no = b.place
     WHERE k.pbo_id IS NULL"
);
static NO_PTO: Statement = statement!(
    "load.fibre_no_pto",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'fibre', s.seq, s.file, s.line, 'no_pto', s.pto
     FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq
     WHERE k.pto_id IS NULL AND s.pto IS NOT NULL"
);
static DROP_KEYS: Statement = statement!(
    "load.fibre_drop_keys",
    "DELETE FROM key_fibre WHERE seq IN (SELECT seq FROM problem WHERE kind = 'fibre')"
);
static BY_PTO: Statement =
    statement!("load.fibre_by_pto", "CREATE INDEX key_fibre_pto ON key_fibre (pto_id)");
static PTO_TWICE: Statement = statement!(
    "load.fibre_pto_twice",
    "INSERT INTO problem (kind, seq, file, line, code, value, other)
     SELECT 'fibre', s.seq, s.file, s.line, 'pto_taken', s.pto, o.ref
     FROM (SELECT pto_id, MIN(seq) AS first FROM key_fibre WHERE pto_id IS NOT NULL
           GROUP BY pto_id HAVING COUNT(*) > 1) d
     JOIN key_fibre k ON k.pto_id = d.pto_id AND k.seq <> d.first
     JOIN stage_fibre s ON s.seq = k.seq JOIN stage_fibre o ON o.seq = d.first"
);
static BY_ID: Statement =
    statement!("load.fibre_by_id", "CREATE INDEX key_fibre_id ON key_fibre (id) WHERE NOT is_new");
/// A socket that another fibre has, which is not in the files, or keeps it.
static PTO_TAKEN: Statement = statement!(
    "load.fibre_pto_taken",
    "INSERT INTO problem (kind, seq, file, line, code, value, other)
     SELECT 'fibre', s.seq, s.file, s.line, 'pto_taken', s.pto, f.ref
     FROM key_fibre k JOIN fibre f ON f.pto_id = k.pto_id
     JOIN stage_fibre s ON s.seq = k.seq
     LEFT JOIN key_fibre o ON o.id = f.id AND NOT o.is_new
     WHERE f.id <> k.id
       AND NOT EXISTS (SELECT 1 FROM touched_fibre t WHERE t.id = k.id)
       AND NOT EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = k.id)
       AND (o.seq IS NULL OR EXISTS (SELECT 1 FROM touched_fibre t WHERE t.id = f.id)
         OR EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = f.id))"
);
static HOLDERS: Statement = statement!(
    "load.fibre_holders",
    "UPDATE key_fibre SET holder_id = (
       SELECT COALESCE(kc.id, contract.id) FROM stage_fibre s
       LEFT JOIN stage_contract sc ON sc.ref = s.holder
       LEFT JOIN key_contract kc ON kc.seq = sc.seq
       LEFT JOIN contract ON contract.ref = s.holder
       WHERE s.seq = key_fibre.seq)
     WHERE seq IN (SELECT seq FROM stage_fibre WHERE holder IS NOT NULL)"
);
static NO_HOLDER: Statement = statement!(
    "load.fibre_no_holder",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'fibre', s.seq, s.file, s.line, 'no_holder', s.holder
     FROM stage_fibre s JOIN key_fibre k ON k.seq = s.seq
     WHERE s.holder IS NOT NULL AND k.holder_id IS NULL"
);
static HOLDER_TAKEN: Statement = statement!(
    "load.fibre_holder_taken",
    "INSERT INTO problem (kind, seq, file, line, code, value, other)
     SELECT 'fibre', s.seq, s.file, s.line, 'held', s.holder, sc.ref
     FROM stage_fibre s JOIN key_fibre k ON k.seq = s.seq
     JOIN key_contract kc ON kc.fibre_id = k.id
     JOIN stage_contract sc ON sc.seq = kc.seq
     WHERE s.holder IS NOT NULL AND k.is_new AND kc.id <> k.holder_id"
);

macro_rules! service {
    () => {
        "CASE WHEN t.id IS NOT NULL THEN f.out_of_service WHEN s.service = 'out' THEN TRUE
           WHEN s.service = 'restored' THEN FALSE ELSE f.out_of_service END"
    };
}
/// A running re-provisioning holds all that it stands on.
static BUSY: Statement = statement!(
    "load.fibre_busy",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'fibre', s.file, s.line, 'busy', s.ref, f.usage, s.usage
     FROM busy_fibre b JOIN fibre f ON f.id = b.id JOIN stage_fibre s ON s.ref = f.ref
     JOIN key_fibre k ON k.seq = s.seq
     WHERE f.usage <> s.usage OR f.pbo_id <> k.pbo_id OR f.pto_id IS DISTINCT FROM k.pto_id
       OR f.pm_ref <> s.pm_ref OR f.pm_position <> s.pm_position OR f.cable <> s.cable
       OR f.tube <> s.tube OR f.colour <> s.colour
       OR f.out_of_service <> (COALESCE(s.service, '') = 'out')"
);
static TOUCHED: Statement = statement!(
    "load.fibre_touched",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'fibre', s.file, s.line, 'later', s.ref,
       f.usage || CASE WHEN f.out_of_service THEN ', out of service' ELSE '' END
         || COALESCE(', ' || pto.ref, ''),
       s.usage || CASE WHEN s.service = 'out' THEN ', out of service' ELSE '' END
         || COALESCE(', ' || s.pto, '')
     FROM touched_fibre t JOIN fibre f ON f.id = t.id JOIN stage_fibre s ON s.ref = f.ref
     JOIN key_fibre k ON k.seq = s.seq LEFT JOIN pto ON pto.id = f.pto_id
     WHERE NOT EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = f.id)
       AND (f.pto_id IS DISTINCT FROM k.pto_id
         OR f.out_of_service <> (COALESCE(s.service, '') = 'out')
         OR f.usage <> CASE WHEN s.service = 'out' THEN 'occupied' ELSE s.usage END)"
);
static KEPT_OUT: Statement = statement!(
    "load.fibre_kept_out",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'fibre', s.file, s.line, 'out_of_service', s.ref, 'out of service', s.usage
     FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq JOIN fibre f ON f.id = k.id
     WHERE NOT k.is_new AND f.out_of_service AND COALESCE(s.service, '') NOT IN ('out', 'restored')
       AND NOT EXISTS (SELECT 1 FROM touched_fibre t WHERE t.id = f.id)
       AND NOT EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = f.id)"
);
static HELD: Statement = statement!(
    "load.fibre_held",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'fibre', s.file, s.line, 'held', s.ref,
       f.usage || COALESCE(', ' || contract.ref, ''), s.usage || COALESCE(', ' || s.holder, '')
     FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq JOIN fibre f ON f.id = k.id
     JOIN contract ON contract.id = f.contract_id
     WHERE NOT k.is_new
       AND ((s.usage = 'available' AND f.usage <> 'available')
         OR COALESCE(k.holder_id, f.contract_id) <> f.contract_id)
       AND NOT EXISTS (SELECT 1 FROM change_contract c WHERE c.old_fibre_id = f.id)
       AND NOT EXISTS (SELECT 1 FROM gone_contract g WHERE g.id = f.contract_id AND g.removed)
       AND NOT EXISTS (SELECT 1 FROM touched_fibre t WHERE t.id = f.id)
       AND NOT EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = f.id)"
);
static CHANGED: Statement = statement!(
    "load.fibres_changed",
    concat!(
        "INSERT INTO change_fibre
         SELECT n.* FROM (
           SELECT f.id, k.pbo_id, CASE WHEN t.id IS NULL THEN k.pto_id ELSE f.pto_id END AS pto_id,
             s.pm_ref, s.pm_position, s.cable, s.tube, s.colour,
             CASE WHEN t.id IS NOT NULL THEN f.usage WHEN ",
        service!(),
        " THEN 'occupied'
               WHEN s.usage = 'available' AND f.contract_id IS NOT NULL AND l.id IS NULL
                 AND gone.id IS NULL THEN f.usage
               WHEN s.usage = 'available' AND g.id IS NOT NULL THEN 'occupied'
               ELSE s.usage END AS usage, ",
        service!(),
        " AS out_of_service,
             CASE WHEN g.id IS NOT NULL THEN g.id
               WHEN l.id IS NOT NULL OR gone.id IS NOT NULL THEN k.holder_id
               WHEN f.contract_id IS NOT NULL OR t.id IS NOT NULL THEN f.contract_id
               ELSE k.holder_id END AS contract_id,
             f.pto_id AS seen_pto_id, f.usage AS seen_usage,
             f.out_of_service AS seen_out_of_service, f.contract_id AS seen_contract_id
           FROM key_fibre k JOIN stage_fibre s ON s.seq = k.seq JOIN fibre f ON f.id = k.id
           LEFT JOIN touched_fibre t ON t.id = f.id
           LEFT JOIN busy_fibre b ON b.id = f.id
           LEFT JOIN change_contract l ON l.old_fibre_id = f.id
           LEFT JOIN key_contract g ON g.fibre_id = f.id
           LEFT JOIN gone_contract gone ON gone.id = f.contract_id AND gone.removed
           WHERE NOT k.is_new AND b.id IS NULL) n
         JOIN fibre f ON f.id = n.id
         WHERE n.pbo_id <> f.pbo_id OR n.pto_id IS DISTINCT FROM f.pto_id OR n.pm_ref <> f.pm_ref
           OR n.pm_position <> f.pm_position OR n.cable <> f.cable OR n.tube <> f.tube
           OR n.colour <> f.colour OR n.usage <> f.usage OR n.out_of_service <> f.out_of_service
           OR n.contract_id IS DISTINCT FROM f.contract_id"
    )
);
/// What contracts leave and take that is in no file of fibres.
static CHANGED_BY_CONTRACTS: Statement = statement!(
    "load.fibres_changed_by_contracts",
    "INSERT INTO change_fibre
     SELECT f.id, f.pbo_id, f.pto_id, f.pm_ref, f.pm_position, f.cable, f.tube, f.colour,
       CASE WHEN g.id IS NOT NULL AND f.usage = 'available' THEN 'occupied' ELSE f.usage END,
       f.out_of_service, g.id, f.pto_id, f.usage, f.out_of_service, f.contract_id
     FROM (SELECT old_fibre_id AS id FROM change_contract WHERE old_fibre_id IS NOT NULL
           UNION SELECT k.fibre_id FROM key_contract k JOIN fibre ON fibre.id = k.fibre_id
                 WHERE NOT k.keeps_route
           UNION SELECT fibre.id FROM gone_contract gone
                 JOIN fibre ON fibre.contract_id = gone.id WHERE gone.removed) m
     JOIN fibre f ON f.id = m.id
     LEFT JOIN key_contract g ON g.fibre_id = f.id
     WHERE g.id IS DISTINCT FROM f.contract_id
       AND NOT EXISTS (SELECT 1 FROM key_fibre k WHERE k.id = f.id AND NOT k.is_new)"
);

/// Until each fibre has its keys.
pub(super) static KEYS_STEPS: &[Resolve] = &[
    step("fibres", &BY_REF),
    step("fibres", &TWICE),
    if_wrong("fibres", &DROP),
    step("fibres", &KEYS),
    step("fibres", &NO_PBO),
    step("fibres", &NO_PTO),
    if_wrong("fibres", &DROP_KEYS),
    step("fibres", &BY_PTO),
    step("fibres", &PTO_TWICE),
    if_wrong("fibres", &DROP_KEYS),
    step("fibres", &BY_ID),
    step("fibres", &PTO_TAKEN),
    if_wrong("fibres", &DROP_KEYS),
    if_wrong("fibres", &DROP),
];

/// Who has them reserved, once the contracts have their keys.
pub(super) static HOLDERS_STEPS: &[Resolve] = &[
    step("fibres", &HOLDERS),
    step("fibres", &NO_HOLDER),
    step("fibres", &HOLDER_TAKEN),
    if_wrong("fibres", &DROP_KEYS),
    if_wrong("fibres", &DROP),
];

/// What of them changes.
pub(super) static CHANGES_STEPS: &[Resolve] = &[
    step("fibres", &BUSY),
    step("fibres", &TOUCHED),
    step("fibres", &KEPT_OUT),
    step("fibres", &HELD),
    step("fibres", &CHANGED),
    step("fibres", &CHANGED_BY_CONTRACTS),
];
