//! Who may sign in.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;

/// Somebody who may sign in, or might before.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub id: i64,
    pub login: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub disabled: bool,
    pub created_ms: i64,
}

const COLUMNS: &str = "id, login, name, password_hash, disabled, created_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        login: row.get(1)?,
        name: row.get(2)?,
        password_hash: row.get(3)?,
        disabled: row.get(4)?,
        created_ms: row.get(5)?,
    })
}

/// Looks one up.
pub(crate) fn find(db: &Connection, login: &str) -> Result<Option<Account>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM technician WHERE login = ?1");
    Ok(db.prepare_cached(&sql)?.query_row([login], read).optional()?)
}

/// What somebody is called.
pub(crate) fn name(db: &Connection, id: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT name FROM technician WHERE id = ?1";
    Ok(db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// All of them, by login.
pub(crate) fn all(db: &Connection) -> Result<Vec<Account>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM technician ORDER BY login");
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds one; false: the login is taken.
pub(crate) fn add(
    db: &Connection,
    login: &str,
    name: &str,
    hash: Option<&str>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let added = db.execute(
        "INSERT INTO technician (login, name, password_hash, created_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (login) DO NOTHING",
        params![login, name, hash, now_ms],
    )?;
    Ok(added == 1)
}

/// Somebody whom OpenID Connect let in, under the name that it gives him today.
pub(crate) fn met(
    db: &Connection,
    login: &str,
    name: &str,
    now_ms: i64,
) -> Result<Account, StoreError> {
    let sql = format!(
        "INSERT INTO technician (login, name, created_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (login) DO UPDATE SET name = excluded.name RETURNING {COLUMNS}"
    );
    Ok(db.query_row(&sql, params![login, name, now_ms], read)?)
}

/// Changes one's own password, where it is still the one that was proven.
pub(crate) fn change_password(
    db: &Connection,
    id: i64,
    (proven, hash): (&str, &str),
) -> Result<(), StoreError> {
    let is_proven =
        "SELECT 1 FROM technician WHERE id = ?1 AND disabled = 0 AND password_hash = ?2";
    let found = db.query_row(is_proven, params![id, proven], |_| Ok(())).optional()?;
    if found.is_some() { set_password(db, id, hash) } else { Ok(()) }
}

/// Changes a password, which ends every session and forgets every phone.
pub(crate) fn set_password(db: &Connection, id: i64, hash: &str) -> Result<(), StoreError> {
    db.execute("UPDATE technician SET password_hash = ?2 WHERE id = ?1", params![id, hash])?;
    turn_out(db, id)
}

/// Lets somebody in no more, or again.
pub(crate) fn set_disabled(db: &Connection, id: i64, disabled: bool) -> Result<(), StoreError> {
    db.execute("UPDATE technician SET disabled = ?2 WHERE id = ?1", params![id, disabled])?;
    if disabled { turn_out(db, id) } else { Ok(()) }
}

fn turn_out(db: &Connection, id: i64) -> Result<(), StoreError> {
    db.execute("DELETE FROM session WHERE technician = ?1", [id])?;
    db.execute("DELETE FROM device WHERE technician = ?1", [id])?;
    Ok(())
}
