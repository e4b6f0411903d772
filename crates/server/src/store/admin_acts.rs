//! What administrators did, and why.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// One act of an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Key.
    pub id: String,
    /// When.
    pub at_ms: i64,
    /// Who: the login of the machine's account.
    pub actor: String,
    /// What: the command.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Why, in their own words.
    pub reason: String,
}

static RECORD: Statement = statement!(
    "admin_act.record",
    "INSERT INTO admin_act (id, at_ms, actor, action, subject, reason)
     VALUES ($1, $2, $3, $4, $5, $6)"
);
static LIST: Statement = statement!(
    "admin_act.list",
    "SELECT id, at_ms, actor, action, subject, reason FROM admin_act
     WHERE at_ms >= $1 ORDER BY at_ms DESC, id DESC LIMIT $2"
);

/// Keeps an act.
pub async fn record(tx: &mut Tx<'_>, act: &Act) -> Result<(), StoreError> {
    let params = params![&act.id, act.at_ms, &act.actor, &act.action, &act.subject, &act.reason];
    tx.execute(&RECORD, params).await.map(drop)
}

/// The latest acts since a time, newest first.
pub async fn list(tx: &mut Tx<'_>, since_ms: i64, limit: i64) -> Result<Vec<Act>, StoreError> {
    tx.all(&LIST, params![since_ms, limit], read).await
}

pub(super) fn read(row: &Row<'_>) -> Result<Act, StoreError> {
    Ok(Act {
        id: row.text("id")?,
        at_ms: row.int("at_ms")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        reason: row.text("reason")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&RECORD, &LIST];
