//! The schema, step by step, applied when a database is opened.

use super::{
    Tx,
    dialect::{LOCK_SCHEMA, SERVER, TABLES},
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// A step of the schema.
#[derive(Debug, Clone, Copy)]
struct Step {
    number: i64,
    name: &'static str,
    /// The newest step that a program must know to go on working after this one.
    needs: i64,
    /// One text for both databases.
    text: &'static str,
    /// What has to be said to each in its own words, before the text.
    sqlite: &'static str,
    postgres: &'static str,
}

/// A step that both databases take in the same words.
const fn step(number: i64, name: &'static str, needs: i64, text: &'static str) -> Step {
    Step { number, name, needs, text, sqlite: "", postgres: "" }
}

/// Every step, in order. One that only adds (expands) lets the programs before it work on; one that
/// takes away (contracts) comes a version later, and says which step they must know.
const STEPS: &[Step] = &[
    step(1, "initial", 1, include_str!("migrations/0001_initial.sql")),
    step(2, "sessions_seen", 1, include_str!("migrations/0002_sessions_seen.sql")),
    step(3, "login", 1, include_str!("migrations/0003_login.sql")),
    step(4, "digest_certificates", 1, include_str!("migrations/0004_digest_certificates.sql")),
    Step {
        sqlite: include_str!("migrations/0005_audit_chain.sqlite.sql"),
        postgres: include_str!("migrations/0005_audit_chain.postgres.sql"),
        ..step(5, "audit_chain", 1, include_str!("migrations/0005_audit_chain.sql"))
    },
    step(6, "import", 1, include_str!("migrations/0006_import.sql")),
    step(7, "outbox", 1, include_str!("migrations/0007_outbox.sql")),
    step(8, "audit_by_id", 1, include_str!("migrations/0008_audit_by_id.sql")),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_step (
  number BIGINT PRIMARY KEY,
  name TEXT NOT NULL
)";

static CURRENT: Statement =
    statement!("schema_step.current", "SELECT COALESCE(MAX(number), 0) AS number FROM schema_step");
static NEEDS: Statement =
    statement!("schema_step.needs", "SELECT COALESCE(MAX(needs), 1) AS needs FROM schema_step");
static RECORD: Statement =
    statement!("schema_step.record", "INSERT INTO schema_step (number, name) VALUES ($1, $2)");
static RECORD_NEEDS: Statement =
    statement!("schema_step.record_needs", "UPDATE schema_step SET needs = $2 WHERE number = $1");

/// Oldest PostgreSQL that is supported.
const POSTGRES_MIN: i64 = 150_000;

/// Whether the schema is one that this program works on as it is: its own, or a newer one that lets
/// it go on.
///
/// # Errors
/// The database has no schema at all, among others.
pub(super) async fn is_current(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let current = tx.first(&CURRENT, &[], |row| row.int("number")).await?;
    let needs = tx.first(&NEEDS, &[], |row| row.int("needs")).await?;
    Ok(current >= Some(newest()) && needs <= Some(newest()))
}

/// Whether the schema is the one that this program makes, no older and no newer.
pub(super) async fn is_ours(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let current = tx.first(&CURRENT, &[], |row| row.int("number")).await?;
    Ok(current == Some(newest()))
}

fn newest() -> i64 {
    STEPS.last().map_or(0, |step| step.number)
}

/// Applies the steps that the database does not have yet.
///
/// # Errors
/// The schema is one that this program cannot work on, or a step fails; nothing is kept then.
pub(super) async fn run(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    check_server(tx).await?;
    // Of two instances that start at once, one migrates.
    tx.first(&LOCK_SCHEMA, &[], |_| Ok(())).await?;
    let tables = tx.all(&TABLES, &[], |row| row.text("name")).await?;
    if !tables.is_empty() && !tables.iter().any(|name| name == "schema_step") {
        return Err(StoreError::Broken("it holds the data of another program".into()));
    }
    tx.script(TABLE).await?;
    let current = tx.first(&CURRENT, &[], |row| row.int("number")).await?.unwrap_or_default();
    if current > newest() {
        let needs = tx.first(&NEEDS, &[], |row| row.int("needs")).await?.unwrap_or(i64::MAX);
        if needs <= newest() {
            return Ok(());
        }
        let knows = newest();
        let reason = format!("its schema needs a program of step {needs}, this one knows {knows}");
        return Err(StoreError::Broken(reason.into()));
    }
    for step in STEPS.iter().filter(|step| step.number > current) {
        if current > 0 {
            // Whoever waits for a start knows what it is at.
            tracing::info!(step = step.number, name = step.name, "bringing the schema up to date");
        }
        tx.script(if tx.is_embedded() { step.sqlite } else { step.postgres }).await?;
        tx.script(step.text).await?;
        tx.execute(&RECORD, params![step.number, step.name]).await?;
    }
    for step in STEPS.iter().filter(|step| step.number > current) {
        tx.execute(&RECORD_NEEDS, params![step.number, step.needs]).await?;
    }
    Ok(())
}

/// Every table of the schema beside its list of steps, in the order in which the steps make them: each
/// after those it refers to.
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    for line in STEPS.iter().flat_map(|step| step.text.lines()) {
        let name = |rest: &'static str| rest.split([' ', ';']).next().unwrap_or_default();
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            tables.push(name(rest));
        } else if let Some(rest) = line.strip_prefix("DROP TABLE ") {
            tables.retain(|table| *table != name(rest));
        }
    }
    tables
}

async fn check_server(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let server = tx.first(&SERVER, &[], |row| Ok((row.text("encoding")?, row.int("version")?)));
    let (encoding, version) = server.await?.unwrap_or_default();
    if version < POSTGRES_MIN {
        let reason = format!("PostgreSQL 15 or later is needed, this is {}", version / 10_000);
        return Err(StoreError::Broken(reason.into()));
    }
    if encoding != "UTF8" {
        let reason = format!("the database is in {encoding}; it must be in UTF8");
        return Err(StoreError::Broken(reason.into()));
    }
    Ok(())
}

/// Every statement of this file.
#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&CURRENT, &NEEDS, &RECORD, &RECORD_NEEDS, &TABLES];
