//! Routes in the staged tables, fibre by fibre, and where two fibres are joined.

use rusqlite::{OptionalExtension, Row, params};

use super::Sheets;

/// Joints of two fibres that are looked at; a splitter has up to 64 on one side.
const JOINTS_MAX: i64 = 256;

/// What was found so far.
pub(super) const FOUND: &str = "
CREATE TABLE met_place (
  site TEXT NOT NULL,
  building TEXT NOT NULL,
  staircase TEXT NOT NULL,
  floor TEXT NOT NULL,
  PRIMARY KEY (site, building, staircase, floor)
) WITHOUT ROWID;
CREATE TABLE settled_box (
  code TEXT PRIMARY KEY,
  ref TEXT NOT NULL,
  suf TEXT,
  site TEXT NOT NULL,
  building TEXT NOT NULL,
  staircase TEXT NOT NULL,
  floor TEXT NOT NULL,
  operator TEXT,
  status TEXT,
  kind TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX settled_suf ON settled_box (suf, kind);";

/// Rooms that are a PM, and how it is called: a room, or the node of its site, that an area of a PM names, or
/// one in a site that is a PM. Where several areas name it, nobody knows which.
pub(super) const PREPARE: &str = "
CREATE INDEX t_position_joined ON t_position (ps_1, ps_2);
CREATE INDEX t_position_other ON t_position (ps_2, ps_1);
CREATE TABLE pm (room TEXT PRIMARY KEY, ref TEXT, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO pm (room, ref, number)
  SELECT lt_code, MIN(ref), COUNT(*) FROM (
    SELECT l.lt_code, z.zs_refpm AS ref
    FROM t_zsro z LEFT JOIN t_zsro_patch202 p ON p.zs_code = z.zs_code
    JOIN t_ltech l ON l.lt_code = COALESCE(z.zs_lt_code, p.zs_lt_code)
    WHERE z.zs_refpm IS NOT NULL
    UNION
    SELECT l.lt_code, z.zs_refpm
    FROM t_zsro z LEFT JOIN t_zsro_patch202 p ON p.zs_code = z.zs_code
    JOIN t_sitetech s ON s.st_nd_code = z.zs_nd_code JOIN t_ltech l ON l.lt_st_code = s.st_code
    WHERE z.zs_refpm IS NOT NULL AND COALESCE(z.zs_lt_code, p.zs_lt_code) IS NULL)
  GROUP BY lt_code;
INSERT OR IGNORE INTO pm (room, ref, number)
  SELECT l.lt_code, COALESCE(s.st_codeext, s.st_nom, s.st_code), 1
  FROM t_ltech l JOIN t_sitetech s ON s.st_code = l.lt_st_code
  WHERE s.st_typelog IN ('SRO', 'SROL', 'SROS') AND l.lt_code IS NOT NULL;";

const STEPS: &str = "
SELECT rt_code, rt_fo_code, rt_fo_ordr, line FROM t_ropt
ORDER BY rt_code, CAST(rt_fo_ordr AS INTEGER), CAST(rt_id AS INTEGER), line";

const FIBRE: &str = "
SELECT f.fo_etat, f.fo_cb_code, c.cb_code, c.cb_etiquet, f.fo_numtub, f.fo_nintub, f.fo_reper,
  f.fo_color, t.libelle, k.libelle
FROM t_fibre f LEFT JOIN t_cable c ON c.cb_code = f.fo_cb_code
LEFT JOIN l_tube t ON t.code = f.fo_reper LEFT JOIN l_fo_color k ON k.code = f.fo_color
WHERE f.fo_code = ?1";

macro_rules! joints {
    ($where:literal) => {
        concat!(
            "SELECT p.line, p.ps_code, p.ps_numero, p.ps_preaff, p.ps_etat, p.ps_cs_code, p.ps_ti_code,
               e.bp_code, e.bp_typelog, t.ti_code, t.ti_etiquet, pm.ref, pm.number
             FROM t_position p
             LEFT JOIN t_cassette c ON c.cs_code = p.ps_cs_code
             LEFT JOIN t_ebp e ON e.bp_code = c.cs_bp_code
             LEFT JOIN t_tiroir t ON t.ti_code = p.ps_ti_code
             LEFT JOIN t_baie b ON b.ba_code = t.ti_ba_code
             LEFT JOIN pm ON pm.room = b.ba_lt_code
             WHERE ",
            $where,
            " ORDER BY p.line LIMIT ?3"
        )
    };
}
const JOINED: &str =
    joints!("((p.ps_1 = ?1 AND p.ps_2 = ?2) OR (p.ps_1 = ?2 AND p.ps_2 = ?1)) AND ?1 <> ?2");
const ENDING: &str =
    joints!("?1 = ?2 AND ((p.ps_1 = ?1 AND p.ps_2 IS NULL) OR (p.ps_2 = ?1 AND p.ps_1 IS NULL))");

const BETWEEN: &str = "
SELECT x FROM (SELECT ps_2 AS x FROM t_position WHERE ps_1 = ?1
               UNION SELECT ps_1 FROM t_position WHERE ps_2 = ?1)
WHERE x IN (SELECT ps_2 FROM t_position WHERE ps_1 = ?2
            UNION SELECT ps_1 FROM t_position WHERE ps_2 = ?2)
LIMIT 2";

/// A fibre on a route.
#[derive(Debug)]
pub struct RouteStep {
    /// The route.
    pub route: Option<String>,
    /// The fibre.
    pub fibre: Option<String>,
    /// Its number on the route.
    pub order: Option<String>,
    /// The line in `t_ropt`.
    pub line: u32,
}

/// A fibre of a cable.
#[derive(Debug)]
pub struct Fibre {
    /// Its condition (`l_etat_type`).
    pub condition: Option<String>,
    /// The cable that it names.
    pub cable: Option<String>,
    /// That cable's key, where it is there.
    pub cable_there: Option<String>,
    /// What is written on the cable.
    pub cable_label: Option<String>,
    /// Number of the tube in the cable, and of the fibre in the tube.
    pub numbers: [Option<String>; 2],
    /// Codes of the colours of tube and fibre.
    pub codes: [Option<String>; 2],
    /// What the lists that came with them say of these codes.
    pub labels: [Option<String>; 2],
}

/// Where two fibres are joined, or one ends.
#[derive(Debug)]
pub struct Joint {
    /// Its line in `t_position`.
    pub line: u32,
    /// Its key.
    pub code: Option<String>,
    /// Its number in the cassette or the drawer.
    pub number: Option<String>,
    /// The dwelling that it is assigned to before there is a line.
    pub suf: Option<String>,
    /// Its condition.
    pub condition: Option<String>,
    /// The cassette and the drawer that it names.
    pub names: [Option<String>; 2],
    /// The box it is in, and its kind.
    pub in_box: Option<(String, String)>,
    /// The drawer it is in, by its label.
    pub drawer: Option<String>,
    /// What the PM is called that the drawer is in, if it is in one, and how many names that has.
    pub pm: Option<(Option<String>, i64)>,
}

impl Sheets {
    /// Whether a place is met for the first time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn meets(&self, place: &[String; 4]) -> rusqlite::Result<bool> {
        let text = "INSERT OR IGNORE INTO met_place VALUES (?1, ?2, ?3, ?4)";
        let [site, building, staircase, floor] = place;
        let mut statement = self.database.prepare_cached(text)?;
        Ok(statement.execute([site, building, staircase, floor])? == 1)
    }

    /// Every fibre of every route, route by route, in its order.
    ///
    /// # Errors
    /// The file cannot be read, or `taken` says so.
    pub fn steps(
        &self,
        taken: &mut dyn FnMut(RouteStep) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut statement = self.database.prepare(STEPS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            taken(RouteStep {
                route: row.get(0)?,
                fibre: row.get(1)?,
                order: row.get(2)?,
                line: row.get(3)?,
            })?;
        }
        Ok(())
    }

    /// A fibre by its key.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fibre(&self, code: &str) -> rusqlite::Result<Option<Fibre>> {
        let read = |row: &Row<'_>| {
            Ok(Fibre {
                condition: row.get(0)?,
                cable: row.get(1)?,
                cable_there: row.get(2)?,
                cable_label: row.get(3)?,
                numbers: [row.get(4)?, row.get(5)?],
                codes: [row.get(6)?, row.get(7)?],
                labels: [row.get(8)?, row.get(9)?],
            })
        };
        self.database.prepare_cached(FIBRE)?.query_row([code], read).optional()
    }

    /// Where two fibres are joined.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn joints(&self, one: &str, other: &str) -> rusqlite::Result<Vec<Joint>> {
        self.read_joints(JOINED, one, other)
    }

    /// Where a fibre ends without being joined.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn ends(&self, fibre: &str) -> rusqlite::Result<Vec<Joint>> {
        self.read_joints(ENDING, fibre, fibre)
    }

    /// The fibres that are joined to both of two; two of them at the most.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn between(&self, one: &str, other: &str) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.database.prepare_cached(BETWEEN)?;
        let found = statement.query_map([one, other], |row| row.get(0))?;
        found.collect()
    }

    /// How many fibres are on no route.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn off_route(&self) -> rusqlite::Result<i64> {
        let text = "SELECT COUNT(*) FROM t_fibre WHERE fo_code NOT IN
                    (SELECT rt_fo_code FROM t_ropt WHERE rt_fo_code IS NOT NULL)";
        self.database.query_row(text, [], |row| row.get(0))
    }

    fn read_joints(&self, text: &str, one: &str, other: &str) -> rusqlite::Result<Vec<Joint>> {
        let mut statement = self.database.prepare_cached(text)?;
        let found = statement.query_map(params![one, other, JOINTS_MAX], read_joint)?;
        found.collect()
    }
}

fn read_joint(row: &Row<'_>) -> rusqlite::Result<Joint> {
    let (code, kind): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
    let (drawer, label): (Option<String>, Option<String>) = (row.get(9)?, row.get(10)?);
    let number: Option<i64> = row.get(12)?;
    let reference: Option<String> = row.get(11)?;
    Ok(Joint {
        line: row.get(0)?,
        code: row.get(1)?,
        number: row.get(2)?,
        suf: row.get(3)?,
        condition: row.get(4)?,
        names: [row.get(5)?, row.get(6)?],
        in_box: code.map(|code| (code, kind.unwrap_or_default())),
        drawer: label.or(drawer),
        pm: number.map(|number| (reference, number)),
    })
}
