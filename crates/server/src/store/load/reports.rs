//! Reports of orders (CR CMD): which fibre they speak of, found by what a technician reads at the PBO; what
//! they do not say, taken from what is there or was said beside them. They become lines of contracts.

use super::{KNOW_REPORTS, KNOW_STAGED, Resolve, Run, step};
use crate::store::{
    StoreError,
    statement::{Statement, statement},
};

static ANY: Statement = statement!("load.any_reports", "SELECT seq FROM stage_report LIMIT 1");
static TWICE: Statement = twice!("load.report_twice", "contract", "stage_report");
static DROP: Statement = statement!(
    "load.report_drop",
    "DELETE FROM stage_report WHERE seq IN (SELECT seq FROM problem WHERE kind = 'contract')"
);
/// Many PBOs may share a name, but few of one PM.
static PBOS: Statement = statement!(
    "load.report_pbos",
    "INSERT INTO met_pbo (id, ref, pm_ref, floor_id)
     SELECT DISTINCT pbo.id, pbo.ref, fibre.pm_ref, pbo.floor_id
     FROM pbo LEFT JOIN fibre ON fibre.pbo_id = pbo.id
     WHERE pbo.ref IN (SELECT s.pbo FROM stage_report s WHERE s.pbo IS NOT NULL)"
);
static PBOS_BY_REF: Statement =
    statement!("load.report_pbos_by_ref", "CREATE INDEX met_pbo_ref ON met_pbo (ref, pm_ref)");

/// A report that names a fibre, in whatever way.
macro_rules! is_real {
    () => {
        "COALESCE(s.tube, s.colour, s.pm_position) IS NOT NULL"
    };
}
macro_rules! at_position {
    () => {
        "REPLACE(LOWER(f.pm_position), ' ', '') = REPLACE(LOWER(s.pm_position), ' ', '')"
    };
}
/// What a fibre must share with the report, where that says it.
macro_rules! looks_the_same {
    () => {
        "(s.pm_ref IS NULL OR f.pm_ref = s.pm_ref)
         AND (s.tube IS NULL OR LOWER(f.tube) = LOWER(s.tube))
         AND (s.colour IS NULL OR LOWER(f.colour) = LOWER(s.colour))"
    };
}
/// Each fibre that may be meant, and what else speaks for it.
macro_rules! candidates {
    ($name:literal, $from:literal, $where:expr) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO met_route (seq, fibre_id, on_socket, at_position, in_cable)
                 SELECT s.seq, f.id, CASE WHEN f.pto_id = pto.id THEN 1 ELSE 0 END, CASE WHEN ",
                at_position!(),
                " THEN 1 ELSE 0 END, CASE WHEN LOWER(f.cable) = LOWER(s.cable) THEN 1 ELSE 0 END
                 FROM stage_report s ",
                $from,
                " WHERE s.accepted AND ",
                is_real!(),
                " AND ",
                looks_the_same!(),
                " AND ",
                $where
            )
        )
    };
}
static AT_PBO: Statement = candidates!(
    "load.report_routes",
    "JOIN met_pbo m ON m.ref = s.pbo AND m.pm_ref = s.pm_ref
     JOIN fibre f ON f.pbo_id = m.id AND f.pm_ref = m.pm_ref LEFT JOIN pto ON pto.ref = s.pto",
    concat!("(COALESCE(s.tube, s.colour) IS NOT NULL OR ", at_position!(), ")")
);
static AT_PBO_OF_ANY_PM: Statement = candidates!(
    "load.report_routes_of_any_pm",
    "JOIN met_pbo m ON m.ref = s.pbo
     JOIN fibre f ON f.pbo_id = m.id AND f.pm_ref = m.pm_ref LEFT JOIN pto ON pto.ref = s.pto",
    concat!(
        "s.pm_ref IS NULL AND (COALESCE(s.tube, s.colour) IS NOT NULL OR ",
        at_position!(),
        ")"
    )
);
/// Without a PBO, the socket's.
static AT_SOCKET: Statement = candidates!(
    "load.report_routes_of_sockets",
    "JOIN pto ON pto.ref = s.pto JOIN fibre f ON f.pto_id = pto.id",
    "s.pbo IS NULL"
);
/// Where several look the same: the one of the socket, then of the position, then of the cable. The
/// contract's place is its socket's, or, where that is on another site than the PBO, the PBO's.
static CHOSEN: Statement = statement!(
    "load.report_chosen",
    "INSERT INTO report_found (seq, fibre_id, floor_id, number)
     SELECT n.seq, n.fibre_id,
       CASE WHEN there.site_id = hangs.site_id THEN there.id ELSE hangs.id END, n.number
     FROM (SELECT seq, COUNT(*) AS number,
             CASE WHEN COUNT(*) = 1 THEN MIN(fibre_id)
               WHEN SUM(on_socket) = 1 THEN MIN(CASE WHEN on_socket = 1 THEN fibre_id END)
               WHEN SUM(at_position) = 1 THEN MIN(CASE WHEN at_position = 1 THEN fibre_id END)
               WHEN SUM(in_cable) = 1 THEN MIN(CASE WHEN in_cable = 1 THEN fibre_id END)
               WHEN SUM(at_position * in_cable) = 1
                 THEN MIN(CASE WHEN at_position * in_cable = 1 THEN fibre_id END)
             END AS fibre_id
           FROM met_route GROUP BY seq) n
     LEFT JOIN fibre f ON f.id = n.fibre_id
     LEFT JOIN pbo ON pbo.id = f.pbo_id LEFT JOIN floor hangs ON hangs.id = pbo.floor_id
     LEFT JOIN pto ON pto.id = f.pto_id LEFT JOIN floor there ON there.id = pto.floor_id"
);
/// A virtual route has its PBO alone, which is on the PM that the report names.
macro_rules! boxes {
    ($name:literal, $of_pm:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO report_found (seq, pbo_id, floor_id, number)
                 SELECT s.seq, MIN(m.id), MIN(m.floor_id), COUNT(DISTINCT m.id)
                 FROM stage_report s JOIN met_pbo m ON m.ref = s.pbo AND ",
                $of_pm,
                " WHERE s.accepted AND NOT (",
                is_real!(),
                ") GROUP BY s.seq"
            )
        )
    };
}
static BOXES: Statement = boxes!("load.report_boxes", "m.pm_ref = s.pm_ref");
static BOXES_OF_ANY_PM: Statement = boxes!("load.report_boxes_of_any_pm", "s.pm_ref IS NULL");

/// What is said of the contracts of a site, or of a PM, besides.
macro_rules! facts {
    () => {
        " LEFT JOIN floor fl ON fl.id = COALESCE(c.floor_id, r.floor_id)
          LEFT JOIN site ON site.id = fl.site_id
          LEFT JOIN stage_fact fs ON fs.site = site.ref
          LEFT JOIN stage_fact fp ON fp.pm_ref = s.pm_ref "
    };
}
/// Not of orders that have ended, nor where the service has the last word on the route anyway.
static UNRESOLVED: Statement = statement!(
    "load.report_unresolved",
    concat!(
        "INSERT INTO problem (kind, seq, file, line, code, value, other)
         SELECT 'contract', n.seq, n.file, n.line, n.code,
           CASE n.code WHEN 'other_route' THEN n.pto WHEN 'no_zone' THEN ''
             WHEN 'no_building_kind' THEN '' ELSE COALESCE(n.pbo, n.pto, '') END,
           CASE n.code WHEN 'other_route' THEN n.other ELSE CAST(n.number AS TEXT) END
         FROM (SELECT s.seq, s.file, s.line, s.pbo, s.pto, o.ref AS other, r.number,
                 CASE WHEN ",
        is_real!(),
        " AND r.seq IS NULL THEN 'no_route'
                   WHEN ",
        is_real!(),
        " AND r.fibre_id IS NULL THEN 'several_routes'
                   WHEN r.fibre_id <> o.id THEN 'other_route'
                   WHEN r.seq IS NULL THEN 'report_no_pbo'
                   WHEN r.fibre_id IS NULL AND r.number > 1 THEN 'several_pbos'
                   WHEN c.id IS NULL AND COALESCE(fs.zone, fp.zone, s.zone) IS NULL THEN 'no_zone'
                   WHEN c.id IS NULL
                     AND COALESCE(fs.building_kind, fp.building_kind, s.building_kind) IS NULL
                     THEN 'no_building_kind' END AS code
               FROM stage_report s
               LEFT JOIN report_found r ON r.seq = s.seq
               LEFT JOIN contract c ON c.ref = s.ref
               LEFT JOIN touched_contract t ON t.id = c.id
               LEFT JOIN busy_contract b ON b.id = c.id
               LEFT JOIN pto ON pto.ref = s.pto LEFT JOIN fibre o ON o.pto_id = pto.id",
        facts!(),
        "WHERE s.accepted AND t.id IS NULL AND b.id IS NULL
                 AND COALESCE(c.order_state, 'open') NOT IN ('done', 'cancelled')) n
         WHERE n.code IS NOT NULL"
    )
);
static OTHER_SOCKET: Statement = statement!(
    "load.report_other_socket",
    "INSERT INTO difference (kind, file, line, code, ref, ours, theirs)
     SELECT 'contract', s.file, s.line, 'socket', s.ref, pto.ref, s.pto
     FROM stage_report s JOIN report_found r ON r.seq = s.seq JOIN fibre f ON f.id = r.fibre_id
     LEFT JOIN pto ON pto.id = f.pto_id LEFT JOIN contract c ON c.ref = s.ref
     WHERE s.pto IS NOT NULL AND pto.ref IS DISTINCT FROM s.pto
       AND COALESCE(c.order_state, 'open') NOT IN ('done', 'cancelled')
       AND NOT EXISTS (SELECT 1 FROM touched_contract t WHERE t.id = c.id)
       AND NOT EXISTS (SELECT 1 FROM busy_contract b WHERE b.id = c.id)"
);

/// Places and PBOs that are there are numbered below those of the files.
static PLACES: Statement = statement!(
    "load.report_places",
    "INSERT INTO stage_place (no, site, building, staircase, floor)
     SELECT -fl.id, site.ref, fl.building, fl.staircase, fl.floor
     FROM (SELECT floor_id FROM report_found WHERE floor_id IS NOT NULL
           UNION SELECT c.floor_id FROM stage_report s JOIN contract c ON c.ref = s.ref
                 WHERE c.floor_id IS NOT NULL
           UNION SELECT pbo.floor_id FROM stage_report s JOIN contract c ON c.ref = s.ref
                 JOIN pbo ON pbo.id = c.pbo_id) n
     JOIN floor fl ON fl.id = n.floor_id JOIN site ON site.id = fl.site_id"
);
static PLACED: Statement = statement!(
    "load.report_placed",
    "INSERT INTO stage_box (no, place, ref)
     SELECT -pbo.id, -pbo.floor_id, pbo.ref
     FROM (SELECT pbo_id FROM report_found WHERE pbo_id IS NOT NULL
           UNION SELECT c.pbo_id FROM stage_report s JOIN contract c ON c.ref = s.ref
                 WHERE c.pbo_id IS NOT NULL) n
     JOIN pbo ON pbo.id = n.pbo_id"
);
/// A contract that is there keeps what no report says; whose order has ended, or whose order is refused,
/// all but that.
static CONTRACTS: Statement = statement!(
    "load.report_contracts",
    concat!(
        "INSERT INTO stage_contract (seq, file, line, place, box, ref, operator, fibre, pm_ref, zone,
           building_kind, route_kind, existing_socket, opac, order_state, intervention)
         SELECT s.seq, s.file, s.line, -fl.id, CASE WHEN n.keeps THEN -c.pbo_id ELSE -r.pbo_id END,
           s.ref, s.operator, CASE WHEN n.keeps THEN old.ref ELSE f.ref END,
           CASE WHEN n.keeps THEN c.pm_ref ELSE s.pm_ref END,
           COALESCE(c.zone, fs.zone, fp.zone, s.zone),
           COALESCE(c.building_kind, fs.building_kind, fp.building_kind, s.building_kind),
           CASE WHEN n.keeps THEN c.route_kind WHEN ",
        is_real!(),
        " THEN 'real' ELSE 'virtual' END,
           COALESCE(c.existing_socket, s.existing_socket, pto.construction = 'built', FALSE),
           COALESCE(c.opac, fs.opac, fp.opac, FALSE),
           CASE WHEN NOT n.keeps THEN 'open'
             WHEN NOT s.accepted AND c.order_state IN ('awaiting_report', 'open') THEN 'cancelled'
             ELSE c.order_state END,
           COALESCE(c.intervention, 'connection')
         FROM (SELECT s.seq, c.id AS contract_id, c.id IS NOT NULL AND
                 (NOT s.accepted OR c.order_state IN ('done', 'cancelled')) AS keeps
               FROM stage_report s LEFT JOIN contract c ON c.ref = s.ref) n
         JOIN stage_report s ON s.seq = n.seq
         LEFT JOIN contract c ON c.id = n.contract_id
         LEFT JOIN report_found r ON r.seq = s.seq
         LEFT JOIN fibre f ON f.id = r.fibre_id LEFT JOIN fibre old ON old.id = c.fibre_id
         LEFT JOIN pto ON pto.ref = s.pto",
        facts!(),
        "WHERE (s.accepted OR c.id IS NOT NULL) AND fl.id IS NOT NULL"
    )
);

static FOUND: &[Resolve] = &[
    step("routes of orders", &PBOS_BY_REF),
    step("routes of orders", &AT_PBO),
    step("routes of orders", &AT_PBO_OF_ANY_PM),
    step("routes of orders", &AT_SOCKET),
    step("routes of orders", &CHOSEN),
    step("routes of orders", &BOXES),
    step("routes of orders", &BOXES_OF_ANY_PM),
    step("routes of orders", &UNRESOLVED),
    step("routes of orders", &DROP),
    step("routes of orders", &OTHER_SOCKET),
    step("routes of orders", &PLACES),
    step("routes of orders", &PLACED),
    step("routes of orders", &CONTRACTS),
];

/// Makes lines of contracts of the reports that are staged, if there are any.
pub(super) async fn resolve(run: &mut Run<'_, '_>) -> Result<(), StoreError> {
    if run.tx.first(&ANY, &[], |row| row.int("seq")).await?.is_none() {
        return Ok(());
    }
    let first = [step("orders", &TWICE), step("orders", &DROP), step("orders", &PBOS)];
    run.all(&first, &[]).await?;
    run.knows(&KNOW_REPORTS).await?;
    run.all(FOUND, &[]).await?;
    run.knows(&KNOW_STAGED).await
}
