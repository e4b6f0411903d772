//! PBOs and sockets in the staged tables, with where they are.

use rusqlite::{OptionalExtension, Row, params};

use super::Sheets;

const BOXES: &str = "
SELECT e.line, e.bp_code, e.bp_etiquet, e.bp_typelog, e.bp_linecod, e.bp_oc_code, e.bp_statut,
  e.bp_sf_code, e.origin, e.origin_code,
  CASE e.origin WHEN 'sf' THEN s.sf_code WHEN 'lt' THEN CASE WHEN l.lt_code IS NOT NULL THEN COALESCE(st.st_code, '') END
    WHEN 'pt' THEN p.pt_code END AS there,
  CASE e.origin WHEN 'sf' THEN s.sf_ad_code WHEN 'lt' THEN COALESCE(st.st_ad_code, st.st_code)
    WHEN 'pt' THEN COALESCE(p.pt_ad_code, p.pt_code) END AS site,
  COALESCE(CASE e.origin WHEN 'lt' THEN COALESCE(l.lt_bat, lp.lt_bat) END, a.ad_nombat) AS building,
  CASE e.origin WHEN 'sf' THEN s.sf_escal WHEN 'lt' THEN COALESCE(l.lt_escal, lp.lt_escal) END
    AS staircase,
  CASE e.origin WHEN 'sf' THEN s.sf_etage WHEN 'lt' THEN COALESCE(l.lt_etage, lp.lt_etage) END
    AS floor,
  CASE e.origin WHEN 'lt' THEN l.lt_etiquet WHEN 'pt' THEN p.pt_etiquet END AS spot,
  a.ad_numero, a.ad_rep, a.ad_nomvoie, a.ad_commune
FROM (SELECT *, CASE WHEN origin = 'sf' THEN bp_sf_code WHEN origin = 'lt' THEN bp_lt_code
        WHEN origin = 'pt' THEN bp_pt_code END AS origin_code
      FROM (SELECT *, CASE WHEN bp_typelog <> 'PBO' AND bp_sf_code IS NOT NULL THEN 'sf'
              WHEN bp_lt_code IS NOT NULL THEN 'lt' WHEN bp_pt_code IS NOT NULL THEN 'pt'
              WHEN bp_sf_code IS NOT NULL THEN 'sf' END AS origin
            FROM t_ebp WHERE bp_typelog IN ('PBO', 'PTO', 'DTI'))) e
LEFT JOIN t_suf s ON e.origin = 'sf' AND s.sf_code = e.origin_code
LEFT JOIN t_ltech l ON e.origin = 'lt' AND l.lt_code = e.origin_code
LEFT JOIN t_ltech_patch201 lp ON lp.lt_code = l.lt_code
LEFT JOIN t_sitetech st ON st.st_code = l.lt_st_code
LEFT JOIN t_ptech p ON e.origin = 'pt' AND p.pt_code = e.origin_code
LEFT JOIN t_adresse a ON a.ad_code = CASE e.origin WHEN 'sf' THEN s.sf_ad_code
  WHEN 'lt' THEN st.st_ad_code WHEN 'pt' THEN p.pt_ad_code END
ORDER BY e.line";

/// A PBO or a socket, with where it is.
#[derive(Debug)]
pub struct BoxRow {
    /// Its line in `t_ebp`.
    pub line: u32,
    /// Its key.
    pub code: Option<String>,
    /// What is written on it.
    pub label: Option<String>,
    /// `PBO`, `PTO` or `DTI`.
    pub kind: String,
    /// The line's identifier, of a socket.
    pub line_code: Option<String>,
    /// The operator that serves it, of a socket.
    pub operator: Option<String>,
    /// How far its building is (`l_statut`).
    pub status: Option<String>,
    /// The dwelling that it is in.
    pub suf: Option<String>,
    /// By what its place is said: `sf`, `lt` or `pt`; nothing: not at all.
    pub origin: Option<String>,
    /// What that names.
    pub origin_code: Option<String>,
    /// Whether what it names is there; empty: the room is, but not its site.
    pub there: Option<String>,
    /// The site.
    pub site: Option<String>,
    /// The building.
    pub building: Option<String>,
    /// The staircase.
    pub staircase: Option<String>,
    /// The floor.
    pub floor: Option<String>,
    /// Room or technical point, in words.
    pub spot: Option<String>,
    /// Number, its complement, street and town.
    pub address: [Option<String>; 4],
}

/// A PBO or a socket that is loaded.
#[derive(Debug, Clone)]
pub struct SettledBox {
    /// What it is called here.
    pub reference: String,
    /// Site, building, staircase and floor.
    pub place: [String; 4],
    /// `PBO`, `PTO` or `DTI`.
    pub kind: String,
    /// The dwelling that it is in.
    pub suf: Option<String>,
    /// The operator that serves it.
    pub operator: Option<String>,
    /// How far its building is.
    pub status: Option<String>,
}

impl Sheets {
    /// Every PBO and socket, in the order of the table.
    ///
    /// # Errors
    /// The file cannot be read, or `taken` says so.
    pub fn boxes(&self, taken: &mut dyn FnMut(BoxRow) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut statement = self.database.prepare(BOXES)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            taken(read_box(row)?)?;
        }
        Ok(())
    }

    /// Keeps a box that is loaded, for the routes to find.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn settle(&self, code: &str, settled: &SettledBox) -> rusqlite::Result<()> {
        let text = "INSERT INTO settled_box VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let [site, building, staircase, floor] = &settled.place;
        self.database
            .prepare_cached(text)?
            .execute(params![
                code,
                settled.reference,
                settled.suf,
                site,
                building,
                staircase,
                floor,
                settled.operator,
                settled.status,
                settled.kind
            ])
            .map(drop)
    }

    /// A box that was kept.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn settled(&self, code: &str) -> rusqlite::Result<Option<SettledBox>> {
        let text = "SELECT ref, suf, site, building, staircase, floor, operator, status, kind
                    FROM settled_box WHERE code = ?1";
        self.database.prepare_cached(text)?.query_row([code], read_settled).optional()
    }

    /// The sockets of a dwelling, of one kind, that were kept; two of them at the most.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn sockets_of(&self, suf: &str, kind: &str) -> rusqlite::Result<Vec<SettledBox>> {
        let text = "SELECT ref, suf, site, building, staircase, floor, operator, status, kind
                    FROM settled_box WHERE suf = ?1 AND kind = ?2 LIMIT 2";
        let mut statement = self.database.prepare_cached(text)?;
        let found = statement.query_map([suf, kind], read_settled)?;
        found.collect()
    }
}

fn read_box(row: &Row<'_>) -> rusqlite::Result<BoxRow> {
    Ok(BoxRow {
        line: row.get(0)?,
        code: row.get(1)?,
        label: row.get(2)?,
        kind: row.get(3)?,
        line_code: row.get(4)?,
        operator: row.get(5)?,
        status: row.get(6)?,
        suf: row.get(7)?,
        origin: row.get(8)?,
        origin_code: row.get(9)?,
        there: row.get(10)?,
        site: row.get(11)?,
        building: row.get(12)?,
        staircase: row.get(13)?,
        floor: row.get(14)?,
        spot: row.get(15)?,
        address: [row.get(16)?, row.get(17)?, row.get(18)?, row.get(19)?],
    })
}

fn read_settled(row: &Row<'_>) -> rusqlite::Result<SettledBox> {
    Ok(SettledBox {
        reference: row.get(0)?,
        suf: row.get(1)?,
        place: [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
        operator: row.get(6)?,
        status: row.get(7)?,
        kind: row.get(8)?,
    })
}
