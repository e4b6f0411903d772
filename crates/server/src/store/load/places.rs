//! Operators, places, PBOs and sockets: what is staged of them, held against what is there.

use super::{Resolve, if_wrong, step};
use crate::store::{
    dialect::{KNOW_FLOORS, KNOW_SITES},
    statement::{Statement, statement},
};

macro_rules! place_text {
    () => {
        "p.site || ' ' || p.building || ' ' || p.staircase || ' ' || p.floor"
    };
}

/// A line that names a place which is nowhere.
macro_rules! no_floor {
    ($name:literal, $kind:literal, $table:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO problem (kind, seq, file, line, code, value)
                 SELECT '",
                $kind,
                "', s.seq, s.file, s.line, 'no_floor', ",
                place_text!(),
                " FROM ",
                $table,
                " s JOIN key_place k ON k.no = s.place JOIN stage_place p ON p.no = s.place
                 WHERE k.floor_id IS NULL"
            )
        )
    };
}

static OPERATOR_TWICE: Statement = twice!("load.operator_twice", "operator", "stage_operator");
static OPERATOR_NAME: Statement = statement!(
    "load.operator_name",
    "INSERT INTO problem (kind, seq, file, line, code, value)
     SELECT 'operator', s.seq, s.file, s.line, 'name_taken', s.name FROM stage_operator s
     WHERE EXISTS (SELECT 1 FROM operator WHERE operator.name = s.name AND operator.login <> s.ref)
       OR EXISTS (SELECT 1 FROM stage_operator o WHERE o.name = s.name AND o.seq < s.seq)"
);
static OPERATOR_DROP: Statement = statement!(
    "load.operator_drop",
    "DELETE FROM stage_operator WHERE seq IN (SELECT seq FROM problem WHERE kind = 'operator')"
);
static OPERATOR_KEYS: Statement = statement!(
    "load.operator_keys",
    "INSERT INTO key_operator (seq, id, is_new)
     SELECT s.seq, COALESCE(operator.id, (SELECT COALESCE(MAX(id), 0) FROM operator)
         + SUM(CASE WHEN operator.id IS NULL THEN 1 ELSE 0 END)
           OVER (ORDER BY s.seq ROWS UNBOUNDED PRECEDING)),
       operator.id IS NULL
     FROM stage_operator s LEFT JOIN operator ON operator.login = s.ref"
);

static FLOOR_TWICE: Statement = statement!(
    "load.floor_twice",
    concat!(
        "INSERT INTO problem (kind, seq, file, line, code, value, other_file, other)
         SELECT 'floor', s.seq, s.file, s.line, 'twice', s.said, o.file, CAST(o.line AS TEXT)
         FROM (SELECT f.seq, f.file, f.line, ",
        place_text!(),
        " AS said,
                 MIN(f.seq) OVER (PARTITION BY p.site, p.building, p.staircase, p.floor) AS first
               FROM stage_floor f JOIN stage_place p ON p.no = f.place) s
         JOIN stage_floor o ON o.seq = s.first
         WHERE s.seq <> s.first"
    )
);
static FLOOR_DROP: Statement = statement!(
    "load.floor_drop",
    "DELETE FROM stage_floor WHERE seq IN (SELECT seq FROM problem WHERE kind = 'floor')"
);
static SITES: Statement = statement!(
    "load.sites",
    "INSERT INTO new_site (id, ref)
     SELECT (SELECT COALESCE(MAX(id), 0) FROM site) + ROW_NUMBER() OVER (ORDER BY met.first), met.ref
     FROM (SELECT p.site AS ref, MIN(f.seq) AS first
           FROM stage_floor f JOIN stage_place p ON p.no = f.place
           LEFT JOIN site ON site.ref = p.site
           WHERE site.id IS NULL GROUP BY p.site) met"
);
static SITES_BY_REF: Statement =
    statement!("load.sites_by_ref", "CREATE UNIQUE INDEX new_site_ref ON new_site (ref)");
static FLOORS: Statement = statement!(
    "load.floors",
    "INSERT INTO new_floor (id, site_id, building, staircase, floor, fresh)
     SELECT (SELECT COALESCE(MAX(id), 0) FROM floor) + ROW_NUMBER() OVER (ORDER BY f.seq),
       COALESCE(site.id, new_site.id), p.building, p.staircase, p.floor, site.id IS NULL
     FROM stage_floor f JOIN stage_place p ON p.no = f.place
     LEFT JOIN site ON site.ref = p.site
     LEFT JOIN new_site ON new_site.ref = p.site
     LEFT JOIN floor ON floor.site_id = site.id AND floor.building = p.building
       AND floor.staircase = p.staircase AND floor.floor = p.floor
     WHERE floor.id IS NULL"
);
static FLOORS_BY_PLACE: Statement = statement!(
    "load.floors_by_place",
    "CREATE UNIQUE INDEX new_floor_place ON new_floor (site_id, building, staircase, floor)"
);
static PLACES: Statement = statement!(
    "load.places",
    "INSERT INTO key_place (no, floor_id, fresh)
     SELECT p.no, COALESCE(floor.id, new_floor.id), site.id IS NULL
     FROM stage_place p
     LEFT JOIN site ON site.ref = p.site
     LEFT JOIN new_site ON new_site.ref = p.site
     LEFT JOIN floor ON floor.site_id = site.id AND floor.building = p.building
       AND floor.staircase = p.staircase AND floor.floor = p.floor
     LEFT JOIN new_floor ON new_floor.site_id = COALESCE(site.id, new_site.id)
       AND new_floor.building = p.building AND new_floor.staircase = p.staircase
       AND new_floor.floor = p.floor"
);

static PBO_NOWHERE: Statement = no_floor!("load.pbo_nowhere", "pbo", "stage_pbo");
static PBO_TWICE: Statement = statement!(
    "load.pbo_twice",
    concat!(
        "INSERT INTO problem (kind, seq, file, line, code, value, other_file, other)
         SELECT 'pbo', s.seq, s.file, s.line, 'twice', ",
        place_text!(),
        " || ' ' || s.ref, o.file, CAST(o.line AS TEXT)
         FROM (SELECT b.seq, b.file, b.line, b.place, b.ref,
                 MIN(b.seq) OVER (PARTITION BY k.floor_id, b.ref) AS first
               FROM stage_pbo b JOIN key_place k ON k.no = b.place
               WHERE k.floor_id IS NOT NULL) s
         JOIN stage_pbo o ON o.seq = s.first
         JOIN stage_place p ON p.no = s.place
         WHERE s.seq <> s.first"
    )
);
static PBO_DROP: Statement = statement!(
    "load.pbo_drop",
    "DELETE FROM stage_pbo WHERE seq IN (SELECT seq FROM problem WHERE kind = 'pbo')"
);
static PBOS: Statement = statement!(
    "load.pbos",
    "INSERT INTO new_pbo (id, floor_id, ref, location, fresh)
     SELECT (SELECT COALESCE(MAX(id), 0) FROM pbo) + ROW_NUMBER() OVER (ORDER BY s.seq),
       k.floor_id, s.ref, s.location, k.fresh
     FROM stage_pbo s JOIN key_place k ON k.no = s.place
     LEFT JOIN pbo ON pbo.floor_id = k.floor_id AND pbo.ref = s.ref
     WHERE pbo.id IS NULL AND NOT EXISTS (SELECT 1 FROM moved_pbo m WHERE m.seq = s.seq)"
);
static PBOS_BY_FLOOR: Statement = statement!(
    "load.pbos_by_floor",
    "CREATE UNIQUE INDEX new_pbo_floor ON new_pbo (floor_id, ref)"
);
static PBOS_CHANGED: Statement = statement!(
    "load.pbos_changed",
    "INSERT INTO change_pbo (id, floor_id, location)
     SELECT pbo.id, k.floor_id, s.location
     FROM stage_pbo s JOIN key_place k ON k.no = s.place
     JOIN pbo ON pbo.floor_id = k.floor_id AND pbo.ref = s.ref
     WHERE pbo.location <> s.location"
);
static PBOS_MOVED: Statement = statement!(
    "load.pbos_moved",
    "INSERT INTO change_pbo (id, floor_id, location)
     SELECT m.id, m.floor_id, s.location FROM moved_pbo m JOIN stage_pbo s ON s.seq = m.seq"
);
static BOXES: Statement = statement!(
    "load.boxes",
    "INSERT INTO key_box (no, floor_id, pbo_id, fresh)
     SELECT b.no, k.floor_id, COALESCE(m.id, pbo.id, new_pbo.id), k.fresh
     FROM stage_box b JOIN key_place k ON k.no = b.place
     LEFT JOIN pbo ON pbo.floor_id = k.floor_id AND pbo.ref = b.ref
     LEFT JOIN new_pbo ON new_pbo.floor_id = k.floor_id AND new_pbo.ref = b.ref
     LEFT JOIN moved_pbo m ON m.floor_id = k.floor_id
       AND EXISTS (SELECT 1 FROM pbo p WHERE p.id = m.id AND p.ref = b.ref)"
);

static PTO_BY_REF: Statement =
    statement!("load.pto_by_ref", "CREATE INDEX stage_pto_ref ON stage_pto (ref)");
static PTO_TWICE: Statement = twice!("load.pto_twice", "pto", "stage_pto");
static PTO_NOWHERE: Statement = no_floor!("load.pto_nowhere", "pto", "stage_pto");
static PTO_DROP: Statement = statement!(
    "load.pto_drop",
    "DELETE FROM stage_pto WHERE seq IN (SELECT seq FROM problem WHERE kind = 'pto')"
);
static PTO_KEYS: Statement = statement!(
    "load.pto_keys",
    "INSERT INTO key_pto (seq, id, is_new, floor_id, fresh)
     SELECT s.seq, COALESCE(pto.id, (SELECT COALESCE(MAX(id), 0) FROM pto)
         + SUM(CASE WHEN pto.id IS NULL THEN 1 ELSE 0 END)
           OVER (ORDER BY s.seq ROWS UNBOUNDED PRECEDING)),
       pto.id IS NULL, k.floor_id, k.fresh AND pto.id IS NULL
     FROM stage_pto s JOIN key_place k ON k.no = s.place LEFT JOIN pto ON pto.ref = s.ref"
);
static PTO_HELD: Statement = statement!(
    "load.pto_held",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'pto', s.file, s.line, 'busy', s.ref, pto.construction, s.construction
     FROM busy_pto b JOIN pto ON pto.id = b.id JOIN stage_pto s ON s.ref = pto.ref
     JOIN key_pto k ON k.seq = s.seq
     WHERE pto.floor_id <> k.floor_id OR pto.construction <> s.construction"
);
static PTOS_CHANGED: Statement = statement!(
    "load.ptos_changed",
    "INSERT INTO change_pto (id, floor_id, construction)
     SELECT pto.id, k.floor_id, s.construction
     FROM key_pto k JOIN stage_pto s ON s.seq = k.seq JOIN pto ON pto.id = k.id
     WHERE NOT k.is_new AND (pto.floor_id <> k.floor_id OR pto.construction <> s.construction)
       AND NOT EXISTS (SELECT 1 FROM busy_pto WHERE busy_pto.id = pto.id)"
);

/// Operators and floors, which nothing else has to be known for.
pub(super) static PLACES_STEPS: &[Resolve] = &[
    step("operators", &OPERATOR_TWICE),
    step("operators", &OPERATOR_NAME),
    if_wrong("operators", &OPERATOR_DROP),
    step("operators", &OPERATOR_KEYS),
    step("floors", &FLOOR_TWICE),
    if_wrong("floors", &FLOOR_DROP),
    step("floors", &SITES),
    step("floors", &SITES_BY_REF),
    step("floors", &KNOW_SITES),
    step("floors", &FLOORS),
    step("floors", &FLOORS_BY_PLACE),
    step("floors", &KNOW_FLOORS),
    step("floors", &PLACES),
    step("PBOs", &PBO_NOWHERE),
    step("PBOs", &PBO_TWICE),
    if_wrong("PBOs", &PBO_DROP),
];

/// PBOs, where none is there yet.
pub(super) static NEW_BOXES_STEPS: &[Resolve] =
    &[step("PBOs", &PBOS), step("PBOs", &PBOS_BY_FLOOR), step("PBOs", &BOXES)];

/// PBOs and sockets, once it is known which PBOs have moved.
pub(super) static BOXES_STEPS: &[Resolve] = &[
    step("PBOs", &PBOS),
    step("PBOs", &PBOS_BY_FLOOR),
    step("PBOs", &PBOS_CHANGED),
    step("PBOs", &PBOS_MOVED),
    step("PBOs", &BOXES),
    step("PTOs", &PTO_BY_REF),
    step("PTOs", &PTO_TWICE),
    step("PTOs", &PTO_NOWHERE),
    if_wrong("PTOs", &PTO_DROP),
    step("PTOs", &PTO_KEYS),
    step("PTOs", &PTO_HELD),
    step("PTOs", &PTOS_CHANGED),
];
