//! What is absent from files that are the whole of their kind: it goes, or, where something refers to
//! it, retires. What the service is at or did later stays.

use super::{Resolve, Run, step};
use crate::store::{
    StoreError,
    statement::{Statement, statement},
};

/// Of which kinds the files are the whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whole {
    /// Floors, with their sites.
    pub floors: bool,
    /// PBOs
    pub pbos: bool,
    /// Sockets
    pub ptos: bool,
    /// Fibres
    pub fibres: bool,
    /// Contracts
    pub contracts: bool,
}

static PLACES_BY_FLOOR: Statement =
    statement!("load.places_by_floor", "CREATE INDEX key_place_floor ON key_place (floor_id)");
static PBOS_BY_PLACE: Statement =
    statement!("load.pbos_by_place", "CREATE INDEX stage_pbo_place ON stage_pbo (place)");
/// A PBO that left one floor of a site and came to another one of it, where its name says which.
static MOVED: Statement = statement!(
    "load.moved_pbos",
    "INSERT INTO moved_pbo (id, floor_id, seq)
     SELECT a.id, n.floor_id, n.seq
     FROM (SELECT MIN(pbo.id) AS id, floor.site_id, pbo.ref
           FROM pbo JOIN floor ON floor.id = pbo.floor_id
           WHERE NOT EXISTS (SELECT 1 FROM key_place k JOIN stage_pbo s ON s.place = k.no
                             WHERE k.floor_id = pbo.floor_id AND s.ref = pbo.ref)
           GROUP BY floor.site_id, pbo.ref HAVING COUNT(*) = 1) a
     JOIN (SELECT MIN(k.floor_id) AS floor_id, MIN(s.seq) AS seq,
             COALESCE(floor.site_id, new_floor.site_id) AS site_id, s.ref
           FROM stage_pbo s JOIN key_place k ON k.no = s.place
           LEFT JOIN floor ON floor.id = k.floor_id
           LEFT JOIN new_floor ON new_floor.id = k.floor_id
           WHERE NOT EXISTS (SELECT 1 FROM pbo p WHERE p.floor_id = k.floor_id AND p.ref = s.ref)
           GROUP BY COALESCE(floor.site_id, new_floor.site_id), s.ref HAVING COUNT(*) = 1) n
     ON n.site_id = a.site_id AND n.ref = a.ref
     WHERE NOT EXISTS (SELECT 1 FROM problem WHERE kind IN ('pbo', 'floor'))"
);
static CONTRACTS: Statement = statement!(
    "load.gone_contracts",
    "INSERT INTO gone_contract (id, removed)
     SELECT c.id, NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.contract_id = c.id)
     FROM contract c
     WHERE NOT EXISTS (SELECT 1 FROM stage_contract s WHERE s.ref = c.ref)
       AND NOT EXISTS (SELECT 1 FROM stage_past s WHERE s.contract = c.ref)
       AND NOT EXISTS (SELECT 1 FROM busy_contract b WHERE b.id = c.id)
       AND NOT EXISTS (SELECT 1 FROM touched_contract t WHERE t.id = c.id)
       AND (c.order_state <> 'none'
         OR NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.contract_id = c.id))
       AND NOT EXISTS (SELECT 1 FROM problem WHERE kind = 'contract')"
);
static CONTRACTS_STAY: Statement = statement!(
    "load.absent_contracts",
    "INSERT INTO difference (kind, code, ref)
     SELECT 'contract', 'absent', c.ref
     FROM (SELECT id FROM busy_contract UNION SELECT id FROM touched_contract) p
     JOIN contract c ON c.id = p.id
     WHERE NOT EXISTS (SELECT 1 FROM stage_contract s WHERE s.ref = c.ref)"
);
static FIBRES: Statement = statement!(
    "load.gone_fibres",
    "INSERT INTO gone_fibre (id, removed)
     SELECT n.id, n.unknown FROM (
       SELECT f.id, f.out_of_service,
         NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.fibre_id = f.id)
         AND NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.old_fibre_id = f.id)
         AND f.id NOT IN (SELECT fibre_id FROM new_past UNION
                          SELECT old_fibre_id FROM new_past WHERE old_fibre_id IS NOT NULL)
         AS unknown
       FROM fibre f
       WHERE NOT EXISTS (SELECT 1 FROM stage_fibre s WHERE s.ref = f.ref)
         AND (f.contract_id IS NULL
           OR EXISTS (SELECT 1 FROM gone_contract g WHERE g.id = f.contract_id AND g.removed))
         AND NOT EXISTS (SELECT 1 FROM key_contract k WHERE k.fibre_id = f.id)
         AND NOT EXISTS (SELECT 1 FROM busy_fibre b WHERE b.id = f.id)
         AND NOT EXISTS (SELECT 1 FROM touched_fibre t WHERE t.id = f.id)
         AND NOT EXISTS (SELECT 1 FROM problem WHERE kind = 'fibre')) n
     WHERE n.unknown OR NOT n.out_of_service"
);
static FIBRES_STAY: Statement = statement!(
    "load.absent_fibres",
    "INSERT INTO difference (kind, code, ref, ours)
     SELECT 'fibre', 'absent', f.ref,
       f.usage || COALESCE(', ' || (SELECT c.ref FROM contract c WHERE c.id = f.contract_id), '')
     FROM fibre f
     WHERE NOT EXISTS (SELECT 1 FROM stage_fibre s WHERE s.ref = f.ref)
       AND NOT EXISTS (SELECT 1 FROM gone_fibre g WHERE g.id = f.id) AND NOT f.out_of_service"
);
static PTOS: Statement = statement!(
    "load.gone_ptos",
    "INSERT INTO gone_pto (id)
     SELECT p.id FROM pto p
     WHERE NOT EXISTS (SELECT 1 FROM stage_pto s WHERE s.ref = p.ref)
       AND NOT EXISTS (SELECT 1 FROM key_fibre k WHERE k.pto_id = p.id)
       AND NOT EXISTS (SELECT 1 FROM fibre f WHERE f.pto_id = p.id
         AND f.id NOT IN (SELECT id FROM gone_fibre WHERE removed)
         AND f.id NOT IN (SELECT id FROM change_fibre WHERE pto_id IS DISTINCT FROM seen_pto_id))
       AND NOT EXISTS (SELECT 1 FROM reprovisioning r WHERE r.kept_pto_id = p.id)
       AND NOT EXISTS (SELECT 1 FROM problem WHERE kind IN ('pto', 'fibre'))"
);
static PBOS: Statement = statement!(
    "load.gone_pbos",
    "INSERT INTO gone_pbo (id)
     SELECT p.id FROM pbo p
     WHERE NOT EXISTS (SELECT 1 FROM key_place k JOIN stage_pbo s ON s.place = k.no
                       WHERE k.floor_id = p.floor_id AND s.ref = p.ref)
       AND p.id NOT IN (SELECT id FROM moved_pbo)
       AND p.id NOT IN (SELECT pbo_id FROM key_fibre WHERE pbo_id IS NOT NULL)
       AND p.id NOT IN (SELECT pbo_id FROM key_contract WHERE pbo_id IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM fibre f WHERE f.pbo_id = p.id
         AND f.id NOT IN (SELECT id FROM gone_fibre WHERE removed)
         AND f.id NOT IN (SELECT c.id FROM change_fibre c WHERE c.pbo_id <> p.id))
       AND NOT EXISTS (SELECT 1 FROM contract c WHERE c.pbo_id = p.id
         AND c.id NOT IN (SELECT id FROM gone_contract WHERE removed))
       AND NOT EXISTS (SELECT 1 FROM problem WHERE kind IN ('pbo', 'fibre', 'contract'))"
);
static FLOORS: Statement = statement!(
    "load.gone_floors",
    "INSERT INTO gone_floor (id)
     SELECT fl.id FROM floor fl
     WHERE NOT EXISTS (SELECT 1 FROM key_place k JOIN stage_floor s ON s.place = k.no
                       WHERE k.floor_id = fl.id)
       AND NOT EXISTS (SELECT 1 FROM key_place k WHERE k.floor_id = fl.id)
       AND NOT EXISTS (SELECT 1 FROM pbo WHERE pbo.floor_id = fl.id
         AND pbo.id NOT IN (SELECT id FROM gone_pbo) AND pbo.id NOT IN (SELECT id FROM moved_pbo))
       AND NOT EXISTS (SELECT 1 FROM pto WHERE pto.floor_id = fl.id
         AND pto.id NOT IN (SELECT id FROM gone_pto)
         AND pto.id NOT IN (SELECT id FROM change_pto))
       AND NOT EXISTS (SELECT 1 FROM contract c WHERE c.floor_id = fl.id
         AND c.id NOT IN (SELECT id FROM gone_contract WHERE removed)
         AND c.id NOT IN (SELECT id FROM change_contract))
       AND NOT EXISTS (SELECT 1 FROM problem)"
);

static MOVED_STEPS: &[Resolve] =
    &[step("PBOs", &PLACES_BY_FLOOR), step("PBOs", &PBOS_BY_PLACE), step("PBOs", &MOVED)];
static PLACES_STEPS: &[Resolve] = &[step("PBOs", &PLACES_BY_FLOOR), step("PBOs", &PBOS_BY_PLACE)];
static CONTRACT_STEPS: &[Resolve] =
    &[step("contracts", &CONTRACTS), step("contracts", &CONTRACTS_STAY)];
static FIBRE_STEPS: &[Resolve] = &[step("fibres", &FIBRES), step("fibres", &FIBRES_STAY)];
static PTO_STEPS: &[Resolve] = &[step("PTOs", &PTOS)];
static PBO_STEPS: &[Resolve] = &[step("PBOs", &PBOS)];
static FLOOR_STEPS: &[Resolve] = &[step("floors", &FLOORS)];

/// Which PBOs have moved.
pub(super) async fn moved(run: &mut Run<'_, '_>, whole: Whole) -> Result<(), StoreError> {
    match whole {
        Whole { pbos: true, .. } => run.all(MOVED_STEPS, &[]).await,
        Whole { floors: true, .. } => run.all(PLACES_STEPS, &[]).await,
        _ => Ok(()),
    }
}

/// Which contracts go.
pub(super) async fn contracts(run: &mut Run<'_, '_>, whole: Whole) -> Result<(), StoreError> {
    if whole.contracts { run.all(CONTRACT_STEPS, &[]).await } else { Ok(()) }
}

/// What else goes, each after what may refer to it.
pub(super) async fn rest(run: &mut Run<'_, '_>, whole: Whole) -> Result<(), StoreError> {
    for (is_whole, steps) in [
        (whole.fibres, FIBRE_STEPS),
        (whole.ptos, PTO_STEPS),
        (whole.pbos, PBO_STEPS),
        (whole.floors, FLOOR_STEPS),
    ] {
        if is_whole {
            run.all(steps, &[]).await?;
        }
    }
    Ok(())
}
