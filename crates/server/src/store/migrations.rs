//! The schema, step by step, applied when a database is opened.

use super::{
    Tx,
    dialect::TABLES,
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// Every step, in order: a number, a name, one text for both databases.
const STEPS: &[(i64, &str, &str)] = &[(1, "initial", include_str!("migrations/0001_initial.sql"))];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_step (
  number BIGINT PRIMARY KEY,
  name TEXT NOT NULL
)";

static CURRENT: Statement =
    statement!("schema_step.current", "SELECT COALESCE(MAX(number), 0) AS number FROM schema_step");
static RECORD: Statement =
    statement!("schema_step.record", "INSERT INTO schema_step (number, name) VALUES ($1, $2)");

/// Whether the schema is the newest that this program knows.
///
/// # Errors
/// The database has no schema at all, among others.
pub(super) async fn is_current(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let current = tx.first(&CURRENT, &[], |row| row.int("number")).await?;
    Ok(current == STEPS.last().map(|(number, _, _)| *number))
}

/// Applies the steps that the database does not have yet.
///
/// # Errors
/// The schema is newer than this program, or a step fails; nothing is kept then.
pub(super) async fn run(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let tables = tx.all(&TABLES, &[], |row| row.text("name")).await?;
    if !tables.is_empty() && !tables.iter().any(|name| name == "schema_step") {
        return Err(StoreError::Broken("it holds the data of another program".into()));
    }
    tx.script(TABLE).await?;
    let current = tx.first(&CURRENT, &[], |row| row.int("number")).await?.unwrap_or_default();
    let newest = STEPS.last().map_or(0, |(number, _, _)| *number);
    if current > newest {
        let reason = format!("its schema is at step {current}, this program knows {newest}");
        return Err(StoreError::Broken(reason.into()));
    }
    for (number, name, text) in STEPS.iter().filter(|(number, _, _)| *number > current) {
        tx.script(text).await?;
        tx.execute(&RECORD, params![*number, *name]).await?;
    }
    Ok(())
}

/// Every statement of this file.
#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&CURRENT, &RECORD, &TABLES];
