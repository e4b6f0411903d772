//! A `GeoPackage`: an SQLite file with GraceTHD's tables in it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::Table;

/// The values of a row, each a text or nothing.
pub type Values<'r, 'v> = &'r [Option<&'v str>];

/// A `GeoPackage` that is only read.
pub struct GeoPackage {
    database: Connection,
}

impl GeoPackage {
    /// Opens one.
    ///
    /// # Errors
    /// It is not there, or no SQLite file.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(path, flags)?;
        let there = "SELECT COUNT(*) FROM sqlite_master";
        database.query_row(there, [], |row| row.get::<_, i64>(0))?;
        Ok(Self { database })
    }

    /// Its tables, by name.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn tables(&self) -> rusqlite::Result<Vec<String>> {
        let text = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let mut statement = self.database.prepare(text)?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect()
    }

    /// The columns of a table.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn columns(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        let text = "SELECT name FROM pragma_table_info(?1)";
        let mut statement = self.database.prepare(text)?;
        let names = statement.query_map([table], |row| row.get(0))?;
        names.collect()
    }

    /// Gives every row of a table that is in use: its number, and a text for each of the columns that are
    /// read, as it is there or not.
    ///
    /// # Errors
    /// It cannot be read, or `taken` says so.
    pub fn rows(
        &self,
        called: &str,
        table: &Table,
        taken: &mut dyn FnMut(i64, Values<'_, '_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let there = self.columns(called)?;
        let named = |column: &str| there.iter().find(|name| name.eq_ignore_ascii_case(column));
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let column =
            |column: &&str| named(column).map_or_else(|| "NULL".to_owned(), |it| quoted(it));
        let columns: Vec<_> = table.columns.iter().map(column).collect();
        let text =
            format!("SELECT rowid, {} FROM {} ORDER BY rowid", columns.join(", "), quoted(called));
        let mut statement = self.database.prepare(&text)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns.len());
            for index in 0..columns.len() {
                values.push(text_of(row.get_ref(index + 1)?));
            }
            if !table.is_abandoned(&values) {
                let values: Vec<_> = values.iter().map(Option::as_deref).collect();
                taken(row.get(0)?, &values)?;
            }
        }
        Ok(())
    }
}

/// A value as a CSV file would have it.
fn text_of(value: ValueRef<'_>) -> Option<String> {
    let text = match value {
        ValueRef::Null | ValueRef::Blob(_) => return None,
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).trim().to_owned(),
    };
    (!text.is_empty()).then_some(text)
}
