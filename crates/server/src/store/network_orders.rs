//! The memory of the built-in Networks.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A change that was handed to the built-in Networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOrder {
    /// The re-provisioning's key, which makes handing it over twice harmless.
    pub id: String,
    /// The contract.
    pub contract_ref: String,
    /// Its new fibre.
    pub fibre_ref: String,
    /// When re-patching begins.
    pub working_ms: i64,
    /// When it ends.
    pub done_ms: i64,
    /// Whether it ends in a refusal.
    pub refuses: bool,
    /// Whether it was called off before it ended.
    pub cancelled: bool,
}

static TAKE: Statement = statement!(
    "network_order.take",
    "INSERT INTO network_order
       (id, contract_ref, fibre_ref, working_ms, done_ms, refuses, cancelled)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING"
);
static FIND: Statement = statement!(
    "network_order.find",
    "SELECT id, contract_ref, fibre_ref, working_ms, done_ms, refuses, cancelled
     FROM network_order WHERE id = $1"
);
static CANCEL: Statement = statement!(
    "network_order.cancel",
    "UPDATE network_order SET cancelled = TRUE WHERE id = $1 AND done_ms > $2"
);
static RESTART: Statement = statement!(
    "network_order.restart",
    "UPDATE network_order SET working_ms = $2, done_ms = $3 WHERE id = $1 AND working_ms > $2"
);

/// Takes an order; false: it was taken before.
pub async fn take(tx: &mut Tx<'_>, order: &NetworkOrder) -> Result<bool, StoreError> {
    let params = params![
        &order.id,
        &order.contract_ref,
        &order.fibre_ref,
        order.working_ms,
        order.done_ms,
        order.refuses,
        order.cancelled,
    ];
    Ok(tx.execute(&TAKE, params).await? == 1)
}

/// An order that was taken.
pub async fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<NetworkOrder>, StoreError> {
    tx.first(&FIND, params![id], read).await
}

/// Calls an order off; false: it is done already, or was never taken.
pub async fn cancel(tx: &mut Tx<'_>, id: &str, now_ms: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&CANCEL, params![id, now_ms]).await? == 1)
}

/// Gives an order the times that it would have if it were taken now; they only come sooner.
pub async fn restart(
    tx: &mut Tx<'_>,
    id: &str,
    working_ms: i64,
    done_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(&RESTART, params![id, working_ms, done_ms]).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<NetworkOrder, StoreError> {
    Ok(NetworkOrder {
        id: row.text("id")?,
        contract_ref: row.text("contract_ref")?,
        fibre_ref: row.text("fibre_ref")?,
        working_ms: row.int("working_ms")?,
        done_ms: row.int("done_ms")?,
        refuses: row.bool("refuses")?,
        cancelled: row.bool("cancelled")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&TAKE, &FIND, &CANCEL, &RESTART];
