//! Whether the service is open (code -1).

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// Whether and until when the service is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceState {
    /// Every method answers -1.
    pub closed: bool,
    /// Why, for the caller.
    pub reason: String,
    /// When it is expected to open again.
    pub until_ms: Option<i64>,
}

static READ: Statement =
    statement!("service.read", "SELECT closed, reason, until_ms FROM service WHERE id = 1");
static WRITE: Statement = statement!(
    "service.write",
    "UPDATE service SET closed = $1, reason = $2, until_ms = $3, changed_ms = $4 WHERE id = 1"
);

/// Reads the state.
pub async fn read(tx: &mut Tx<'_>) -> Result<ServiceState, StoreError> {
    let state = tx.first(&READ, &[], |row| {
        Ok(ServiceState {
            closed: row.bool("closed")?,
            reason: row.text("reason")?,
            until_ms: row.optional_int("until_ms")?,
        })
    });
    state.await?.ok_or_else(|| StoreError::unexpected("service.id"))
}

/// Writes the state; every request that comes after the commit sees it.
pub async fn write(tx: &mut Tx<'_>, state: &ServiceState, now_ms: i64) -> Result<(), StoreError> {
    let params = params![state.closed, &state.reason, state.until_ms, now_ms];
    tx.execute(&WRITE, params).await.map(drop)
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&READ, &WRITE];
