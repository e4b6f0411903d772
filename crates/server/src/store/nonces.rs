//! Digests of passwords that were accepted, each once (contract.md, D20).

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// What became of a nonce that was to be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It was new, and is spent now.
    Now,
    /// It had been spent before.
    Before,
    /// The operator has as many in force as it may.
    TooMany,
}

// The key decides, over any number of instances: where two bring the same one at once, the second
// waits for the first one's commit, and touches no row.
static SPEND: Statement = statement!(
    "login_nonce.spend",
    "INSERT INTO login_nonce (operator_id, nonce, expires_ms)
       SELECT $1, $2, $3 WHERE (SELECT COUNT(*) FROM login_nonce
         WHERE operator_id = $1 AND expires_ms > $4) < CAST($5 AS BIGINT)
     ON CONFLICT (operator_id, nonce) DO NOTHING"
);
static FIND: Statement = statement!(
    "login_nonce.find",
    "SELECT expires_ms FROM login_nonce WHERE operator_id = $1 AND nonce = $2"
);
static FORGET: Statement =
    statement!("login_nonce.forget", "DELETE FROM login_nonce WHERE expires_ms <= $1");

/// A nonce to be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce {
    /// Whose.
    pub operator_id: i64,
    /// What stands for it: a hash.
    pub nonce: String,
    /// When it may be forgotten.
    pub expires_ms: i64,
}

/// Spends a nonce, where the operator has fewer than `max` that are in force at `now_ms`.
pub async fn spend(
    tx: &mut Tx<'_>,
    nonce: &Nonce,
    now_ms: i64,
    max: i64,
) -> Result<Spent, StoreError> {
    let Nonce { operator_id, nonce, expires_ms } = nonce;
    let params = params![*operator_id, nonce, *expires_ms, now_ms, max];
    if tx.execute(&SPEND, params).await? == 1 {
        return Ok(Spent::Now);
    }
    let known = tx.first(&FIND, params![*operator_id, nonce], |row| row.int("expires_ms")).await?;
    Ok(if known.is_some() { Spent::Before } else { Spent::TooMany })
}

/// Drops nonces whose time has passed.
pub async fn forget(tx: &mut Tx<'_>, now_ms: i64) -> Result<u64, StoreError> {
    tx.execute(&FORGET, params![now_ms]).await
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&SPEND, &FIND, &FORGET];
