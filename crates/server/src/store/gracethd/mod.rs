//! Somebody's network in GraceTHD's tables, staged in an SQLite file without a name, to be joined there and
//! not in memory.

mod boxes;
mod package;
mod tables;
mod walk;

use rusqlite::Connection;

pub use boxes::{BoxRow, SettledBox};
pub use package::{GeoPackage, Values};
pub use tables::{TABLES, Table};
pub use walk::{Fibre, Joint, RouteStep};

/// KiB of pages that are kept in memory.
const CACHE_KIB: i64 = 64 * 1024;

/// Stages the rows of one table.
pub struct Filler<'s> {
    statement: rusqlite::Statement<'s>,
}

impl Filler<'_> {
    /// Stages a row, with the line that it stands on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn insert(&mut self, line: u32, values: &[Option<&str>]) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(1, line)?;
        for (index, value) in values.iter().enumerate() {
            self.statement.raw_bind_parameter(index + 2, value)?;
        }
        self.statement.raw_execute().map(drop)
    }
}

/// The tables, staged.
pub struct Sheets {
    database: Connection,
}

impl Sheets {
    /// Empty tables, in a file that is gone with this, however it ends.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn new() -> rusqlite::Result<Self> {
        let database = Connection::open("")?;
        database.pragma_update(None, "journal_mode", "OFF")?;
        database.pragma_update(None, "synchronous", "OFF")?;
        database.pragma_update(None, "cache_size", -CACHE_KIB)?;
        database.set_prepared_statement_cache_capacity(64);
        for table in &TABLES {
            let columns: Vec<_> = table.columns.iter().map(|name| format!("{name} TEXT")).collect();
            let text = format!(
                "CREATE TABLE {} (line INTEGER NOT NULL, {})",
                table.name,
                columns.join(", ")
            );
            database.execute_batch(&text)?;
        }
        database.execute_batch(walk::FOUND)?;
        database.execute_batch("BEGIN")?;
        Ok(Self { database })
    }

    /// What stages the rows of a table.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn filler(&self, table: &Table) -> rusqlite::Result<Filler<'_>> {
        let marks: Vec<_> = (0..=table.columns.len()).map(|n| format!("?{}", n + 1)).collect();
        let text = format!("INSERT INTO {} VALUES ({})", table.name, marks.join(", "));
        Ok(Filler { statement: self.database.prepare(&text)? })
    }

    /// Makes what was staged fit to be looked up; `told` hears of each row that has the name of one before
    /// it, which goes (the table, its line, the name, the line of the one before), and says whether to go on.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn index(
        &self,
        told: &mut dyn FnMut(&'static Table, u32, &str, u32) -> bool,
    ) -> rusqlite::Result<()> {
        for table in &TABLES {
            let Some(key) = table.key else { continue };
            let name = table.name;
            let index = format!("CREATE INDEX {name}_key ON {name} ({key}, line)");
            self.database.execute_batch(&index)?;
            let firsts = format!(
                "SELECT {key} AS k, MIN(line) AS first FROM {name} WHERE {key} IS NOT NULL
                 GROUP BY {key} HAVING COUNT(*) > 1"
            );
            let twice = format!(
                "SELECT t.line, t.{key}, d.first FROM ({firsts}) d
                 JOIN {name} t ON t.{key} = d.k AND t.line > d.first ORDER BY t.line"
            );
            let mut statement = self.database.prepare(&twice)?;
            let mut rows = statement.query([])?;
            let mut is_double = false;
            while let Some(row) = rows.next()? {
                is_double = true;
                if !told(table, row.get(0)?, row.get_ref(1)?.as_str()?, row.get(2)?) {
                    return Ok(());
                }
            }
            drop(rows);
            if is_double {
                let gone = format!(
                    "DELETE FROM {name} WHERE rowid IN (SELECT t.rowid FROM ({firsts}) d
                     JOIN {name} t ON t.{key} = d.k AND t.line > d.first)"
                );
                self.database.execute_batch(&gone)?;
            }
        }
        self.database.execute_batch(walk::PREPARE)
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self, table: &str) -> rusqlite::Result<i64> {
        let text = format!("SELECT COUNT(*) FROM {table}");
        self.database.query_row(&text, [], |row| row.get(0))
    }
}
