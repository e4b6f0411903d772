//! Who is signed in, and on which phones somebody was before.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// The SHA-256 of what a cookie holds.
pub(crate) type Key = [u8; 32];

/// Who a session is of, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub technician: i64,
    pub login: String,
    pub name: String,
    pub has_password: bool,
    pub began_ms: i64,
    pub seen_ms: i64,
}

/// Begins one for whoever has proven what this hash is of (none: the provider said who he is); false: he is
/// disabled, or has another password, since a moment.
pub(crate) fn begin(
    db: &Connection,
    key: &Key,
    (technician, proven): (i64, Option<&str>),
    now_ms: i64,
) -> Result<bool, StoreError> {
    let begun = db.execute(
        "INSERT INTO session (key, technician, began_ms, seen_ms)
         SELECT ?1, id, ?4, ?4 FROM technician
         WHERE id = ?2 AND disabled = 0 AND password_hash IS ?3",
        params![key, technician, proven, now_ms],
    )?;
    Ok(begun == 1)
}

/// Looks one up; nobody who is disabled has one.
pub(crate) fn find(db: &Connection, key: &Key) -> Result<Option<Found>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT t.id, t.login, t.name, t.password_hash IS NOT NULL, s.began_ms, s.seen_ms
         FROM session s JOIN technician t ON t.id = s.technician
         WHERE s.key = ?1 AND t.disabled = 0",
    )?;
    let found = statement.query_row([key], |row| {
        Ok(Found {
            technician: row.get(0)?,
            login: row.get(1)?,
            name: row.get(2)?,
            has_password: row.get(3)?,
            began_ms: row.get(4)?,
            seen_ms: row.get(5)?,
        })
    });
    Ok(found.optional()?)
}

/// Remembers that it was used.
pub(crate) fn touch(db: &Connection, key: &Key, now_ms: i64) -> Result<(), StoreError> {
    db.execute("UPDATE session SET seen_ms = ?2 WHERE key = ?1", params![key, now_ms])?;
    Ok(())
}

/// Ends one.
pub(crate) fn end(db: &Connection, key: &Key) -> Result<(), StoreError> {
    db.execute("DELETE FROM session WHERE key = ?1", [key])?;
    Ok(())
}

/// Ends those of all who sign in with a password, or of all who do not: that way in is closed.
pub(crate) fn end_all(db: &Connection, with_password: bool) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM session WHERE technician IN
           (SELECT id FROM technician WHERE (password_hash IS NOT NULL) = ?1)",
        [with_password],
    )?;
    Ok(())
}

/// Forgets sessions that were over before these times, and phones that nobody has used since.
pub(crate) fn sweep(
    db: &Connection,
    seen_before_ms: i64,
    began_before_ms: i64,
    used_before_ms: i64,
) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM session WHERE seen_ms < ?1 OR began_ms < ?2",
        params![seen_before_ms, began_before_ms],
    )?;
    db.execute("DELETE FROM device WHERE used_ms < ?1", [used_before_ms])?;
    Ok(())
}

/// Remembers a phone on which somebody has signed in.
pub(crate) fn know_device(
    db: &Connection,
    key: &Key,
    technician: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO device (key, technician, used_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET technician = excluded.technician, used_ms = excluded.used_ms",
        params![key, technician, now_ms],
    )?;
    Ok(())
}

/// Whether somebody with this login has signed in on it before.
pub(crate) fn knows_device(db: &Connection, key: &Key, login: &str) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT 1 FROM device d JOIN technician t ON t.id = d.technician
         WHERE d.key = ?1 AND t.login = ?2",
    )?;
    Ok(statement.exists(params![key, login])?)
}

#[cfg(test)]
mod tests {
    use super::super::{Store, technicians};
    use super::*;

    #[tokio::test]
    async fn a_password_that_was_changed_while_it_was_verified_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let done = store.with(|db| {
            technicians::add(db, "jeanne", "Jeanne", Some("old"), 0)?;
            let id = technicians::find(db, "jeanne")?.map(|account| account.id).unwrap();
            assert!(begin(db, &[1; 32], (id, Some("old")), 0)?);
            technicians::set_password(db, id, "new")?;
            assert!(find(db, &[1; 32])?.is_none(), "it ends what was begun");
            assert!(!begin(db, &[2; 32], (id, Some("old")), 0)?);
            assert!(!begin(db, &[2; 32], (id, None), 0)?);
            technicians::change_password(db, id, ("old", "mine"))?;
            assert!(begin(db, &[3; 32], (id, Some("new")), 0)?, "the administrator's stays");
            technicians::set_disabled(db, id, true)?;
            assert!(!begin(db, &[4; 32], (id, Some("new")), 0)?);
            Ok(())
        });
        done.await.unwrap();
    }
}
