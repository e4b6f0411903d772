//! What was done.

use rusqlite::{Connection, Row, params};

use super::StoreError;

/// One thing that was done, or refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Who, by his login; of a refused sign-in, the login that was tried.
    pub login: String,
    /// Who, by name.
    pub name: String,
    /// Where from; empty but for sign-ins.
    pub address: String,
    /// What.
    pub act: String,
    /// For which contract; empty: for none.
    pub contract: String,
    /// What came of it: `OK`, a code of the contract, or a word.
    pub outcome: String,
    /// The discharge code of a put that was accepted.
    pub discharge_code: String,
    /// The rest, for people.
    pub detail: String,
}

const COLUMNS: &str = "at_ms, login, name, address, act, contract, outcome, discharge_code, detail";

/// Writes one down.
pub(crate) fn add(db: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO journal ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    db.prepare_cached(&sql)?.execute(params![
        entry.at_ms,
        entry.login,
        entry.name,
        entry.address,
        entry.act,
        entry.contract,
        entry.outcome,
        entry.discharge_code,
        entry.detail,
    ])?;
    Ok(())
}

/// Writes down what came of what a technician has asked for.
pub(crate) fn add_outcome(
    db: &Connection,
    technician: i64,
    outcome: Entry,
) -> Result<(), StoreError> {
    let who = "SELECT login, name FROM technician WHERE id = ?1";
    let who = db.query_row(who, [technician], |row| Ok((row.get(0)?, row.get(1)?)))?;
    add(db, &Entry { login: who.0, name: who.1, ..outcome })
}

/// Writes down what was read for an intervention, with its technician and its contract.
pub(crate) fn add_reading(
    db: &Connection,
    intervention: i64,
    reading: Entry,
) -> Result<(), StoreError> {
    let whose = "SELECT t.login, t.name, i.contract FROM intervention i
        JOIN technician t ON t.id = i.technician WHERE i.id = ?1";
    let (login, name, contract) =
        db.query_row(whose, [intervention], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    add(db, &Entry { login, name, contract, ..reading })
}

/// What was done from one time to before another, in its order.
pub(crate) fn read(
    db: &Connection,
    from_ms: i64,
    before_ms: i64,
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM journal WHERE at_ms >= ?1 AND at_ms < ?2 ORDER BY at_ms, id"
    );
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map(params![from_ms, before_ms], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets what is older than it is kept.
pub(crate) fn sweep(db: &Connection, before_ms: i64) -> Result<(), StoreError> {
    db.execute("DELETE FROM journal WHERE at_ms < ?1", [before_ms])?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        at_ms: row.get(0)?,
        login: row.get(1)?,
        name: row.get(2)?,
        address: row.get(3)?,
        act: row.get(4)?,
        contract: row.get(5)?,
        outcome: row.get(6)?,
        discharge_code: row.get(7)?,
        detail: row.get(8)?,
    })
}
