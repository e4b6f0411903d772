//! What a load has found: in numbers, and line by line.

use super::Loader;
use crate::store::{
    StoreError, Tx,
    statement::{Statement, statement},
    value::{Row, params},
};

macro_rules! counted {
    ($kind:literal, $lines:literal, $added:literal, $changed:literal, $removed:literal, $retired:literal) => {
        concat!(
            "SELECT '",
            $kind,
            "' AS kind, (SELECT COUNT(*) FROM ",
            $lines,
            ") AS lines, (SELECT COUNT(*) FROM ",
            $added,
            ") AS added, (SELECT COUNT(*) FROM ",
            $changed,
            ") AS changed, (SELECT COUNT(*) FROM ",
            $removed,
            ") AS removed, (SELECT COUNT(*) FROM ",
            $retired,
            ") AS retired, (SELECT COUNT(*) FROM problem WHERE kind = '",
            $kind,
            "') AS refused"
        )
    };
}

static COUNTS: Statement = statement!(
    "load.counts",
    concat!(
        counted!(
            "operator",
            "stage_operator",
            "key_operator WHERE is_new",
            "problem WHERE FALSE",
            "problem WHERE FALSE",
            "problem WHERE FALSE"
        ),
        " UNION ALL ",
        counted!(
            "floor",
            "stage_floor",
            "new_floor",
            "problem WHERE FALSE",
            "gone_floor",
            "problem WHERE FALSE"
        ),
        " UNION ALL ",
        counted!("pbo", "stage_pbo", "new_pbo", "change_pbo", "gone_pbo", "problem WHERE FALSE"),
        " UNION ALL ",
        counted!(
            "pto",
            "stage_pto",
            "key_pto WHERE is_new",
            "change_pto",
            "gone_pto",
            "problem WHERE FALSE"
        ),
        " UNION ALL ",
        counted!(
            "fibre",
            "stage_fibre",
            "key_fibre WHERE is_new",
            "change_fibre",
            "gone_fibre WHERE removed",
            "gone_fibre WHERE NOT removed"
        ),
        " UNION ALL ",
        counted!(
            "contract",
            "stage_contract",
            "key_contract WHERE is_new",
            "change_contract",
            "gone_contract WHERE removed",
            "gone_contract WHERE NOT removed"
        ),
        " UNION ALL ",
        counted!(
            "past",
            "stage_past",
            "new_past",
            "problem WHERE FALSE",
            "problem WHERE FALSE",
            "problem WHERE FALSE"
        )
    )
);
static MOVES: Statement = statement!(
    "load.moves",
    "SELECT (SELECT COUNT(*) FROM moved_pbo) AS pbos,
       (SELECT COUNT(*) FROM change_fibre c JOIN fibre f ON f.id = c.id
        WHERE f.pbo_id <> c.pbo_id) AS fibres,
       (SELECT COUNT(*) FROM change_contract WHERE fibre_id IS DISTINCT FROM seen_fibre_id) AS routes"
);
static WAITING: Statement = statement!(
    "load.waiting",
    "SELECT (SELECT COUNT(*) FROM new_floor WHERE NOT fresh)
       + (SELECT COUNT(*) FROM new_pbo WHERE NOT fresh)
       + (SELECT COUNT(*) FROM key_pto WHERE is_new AND NOT fresh)
       + (SELECT COUNT(*) FROM key_fibre WHERE is_new AND NOT fresh)
       + (SELECT COUNT(*) FROM change_pbo) + (SELECT COUNT(*) FROM change_pto)
       + (SELECT COUNT(*) FROM change_contract) + (SELECT COUNT(*) FROM change_fibre)
       + (SELECT COUNT(*) FROM gone_contract) + (SELECT COUNT(*) FROM gone_fibre)
       + (SELECT COUNT(*) FROM gone_pto) + (SELECT COUNT(*) FROM gone_pbo)
       + (SELECT COUNT(*) FROM new_past WHERE NOT fresh) AS number"
);
static PROBLEMS: Statement = statement!(
    "load.problems",
    "SELECT kind, file, line, code, value, other_file, other FROM problem
     WHERE file > $1 OR (file = $1 AND line > $2) ORDER BY file, line, code LIMIT $3"
);
static DIFFERENCES: Statement = statement!(
    "load.differences",
    "SELECT kind, file, line, code, ref, ours, theirs FROM difference
     ORDER BY file, line, kind, ref LIMIT $1"
);
static DIFFERENT: Statement = statement!(
    "load.different",
    "SELECT kind, code, COUNT(*) AS number FROM difference GROUP BY kind, code ORDER BY kind, code"
);

/// What a kind of rows comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Which kind: `operator`, `floor`, `pbo`, `pto`, `fibre`, `contract` or `past`.
    pub kind: String,
    /// Lines that can be loaded.
    pub lines: u64,
    /// Those that add something.
    pub added: u64,
    /// Rows that change.
    pub changed: u64,
    /// Rows that go: they are absent from files that are the whole.
    pub removed: u64,
    /// Rows that are absent, too, but referred to: they are not offered any more.
    pub retired: u64,
    /// Lines that cannot be loaded for what stands elsewhere.
    pub refused: u64,
}

/// What a load comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Kind by kind.
    pub kinds: Vec<Counted>,
    /// PBOs that come to another floor of their site.
    pub pbos_moved: u64,
    /// Fibres that come to another PBO.
    pub fibres_moved: u64,
    /// Contracts that come to another route.
    pub routes_moved: u64,
    /// Rows that the last transaction writes: for so long nobody else writes on SQLite.
    pub waiting: u64,
    /// What differs and is left as it is: kind, why, how often.
    pub differences: Vec<(String, String, u64)>,
}

/// A line that cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Of which kind.
    pub kind: String,
    /// In which file.
    pub file: i64,
    /// On which line.
    pub line: i64,
    /// Why, in a word.
    pub code: String,
    /// The value that is wrong.
    pub value: String,
    /// The file of the line that it contradicts.
    pub other_file: Option<i64>,
    /// That line, or the name of what it contradicts.
    pub other: Option<String>,
}

/// What differs and is left as it is, for somebody to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which kind.
    pub kind: String,
    /// In which file and on which line, where it is in one.
    pub at: Option<(i64, i64)>,
    /// Why it is left, in a word.
    pub code: String,
    /// What it is called.
    pub reference: String,
    /// What is there.
    pub ours: Option<String>,
    /// What the file says.
    pub theirs: Option<String>,
}

impl Loader {
    /// What the load comes to.
    ///
    /// # Errors
    /// The database's.
    pub async fn found(&mut self) -> Result<Found, StoreError> {
        self.looking(async |tx| {
            let kinds = tx.all(&COUNTS, &[], counted).await?;
            let moves = tx.first(&MOVES, &[], |row| {
                Ok((number(row, "pbos")?, number(row, "fibres")?, number(row, "routes")?))
            });
            let (pbos_moved, fibres_moved, routes_moved) = moves.await?.unwrap_or_default();
            let waiting = tx.first(&WAITING, &[], |row| number(row, "number")).await?;
            let differences = tx.all(&DIFFERENT, &[], |row| {
                Ok((row.text("kind")?, row.text("code")?, number(row, "number")?))
            });
            Ok(Found {
                kinds,
                pbos_moved,
                fibres_moved,
                routes_moved,
                waiting: waiting.unwrap_or_default(),
                differences: differences.await?,
            })
        })
        .await
    }

    /// Lines that cannot be loaded, file by file and line by line, after one of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn problems(
        &mut self,
        after: (i64, i64),
        limit: i64,
    ) -> Result<Vec<Problem>, StoreError> {
        self.looking(async |tx| {
            tx.all(&PROBLEMS, params![after.0, after.1, limit], |row| {
                Ok(Problem {
                    kind: row.text("kind")?,
                    file: row.int("file")?,
                    line: row.int("line")?,
                    code: row.text("code")?,
                    value: row.text("value")?,
                    other_file: row.optional_int("other_file")?,
                    other: row.optional_text("other")?,
                })
            })
            .await
        })
        .await
    }

    /// The first differences.
    ///
    /// # Errors
    /// The database's.
    pub async fn differences(&mut self) -> Result<Vec<Difference>, StoreError> {
        self.looking(async |tx| differences(tx).await).await
    }
}

/// Differences that are told one by one at the most.
const DIFFERENCES_MAX: i64 = 1_000;

/// The first differences.
pub(super) async fn differences(tx: &mut Tx<'_>) -> Result<Vec<Difference>, StoreError> {
    tx.all(&DIFFERENCES, params![DIFFERENCES_MAX], |row| {
        Ok(Difference {
            kind: row.text("kind")?,
            at: row.optional_int("file")?.zip(row.optional_int("line")?),
            code: row.text("code")?,
            reference: row.text("ref")?,
            ours: row.optional_text("ours")?,
            theirs: row.optional_text("theirs")?,
        })
    })
    .await
}

fn counted(row: &Row<'_>) -> Result<Counted, StoreError> {
    Ok(Counted {
        kind: row.text("kind")?,
        lines: number(row, "lines")?,
        added: number(row, "added")?,
        changed: number(row, "changed")?,
        removed: number(row, "removed")?,
        retired: number(row, "retired")?,
        refused: number(row, "refused")?,
    })
}

fn number(row: &Row<'_>, column: &str) -> Result<u64, StoreError> {
    u64::try_from(row.int(column)?).map_err(|_| StoreError::unexpected(column))
}
