//! First answers to accepted requests that the caller named (contract.md, D22a).

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// What the request said, hashed.
    pub digest: String,
    /// Key of the re-provisioning that it started.
    pub reprovisioning_id: String,
    /// `codeDecharge`
    pub discharge_code: String,
    /// The PM.
    pub pm_ref: String,
    /// The position on the PM.
    pub pm_position: String,
    /// The fibre.
    pub fibre_ref: String,
    /// The socket.
    pub pto_ref: Option<String>,
}

static FIND: Statement = statement!(
    "idempotency.find",
    "SELECT digest, reprovisioning_id, discharge_code, pm_ref, pm_position, fibre_ref, pto_ref
     FROM idempotency WHERE operator_id = $1 AND name = $2 AND accepted_ms > $3"
);
static REMEMBER: Statement = statement!(
    "idempotency.remember",
    "INSERT INTO idempotency
       (operator_id, name, digest, reprovisioning_id, discharge_code, pm_ref, pm_position,
        fibre_ref, pto_ref, accepted_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (operator_id, name) DO UPDATE SET digest = excluded.digest,
       reprovisioning_id = excluded.reprovisioning_id, discharge_code = excluded.discharge_code,
       pm_ref = excluded.pm_ref, pm_position = excluded.pm_position,
       fibre_ref = excluded.fibre_ref, pto_ref = excluded.pto_ref,
       accepted_ms = excluded.accepted_ms"
);
static FORGET: Statement =
    statement!("idempotency.forget", "DELETE FROM idempotency WHERE accepted_ms <= $1");

/// What was answered to a request of this name, accepted after `since_ms`.
pub async fn find(
    tx: &mut Tx<'_>,
    operator_id: i64,
    name: &str,
    since_ms: i64,
) -> Result<Option<Remembered>, StoreError> {
    tx.first(&FIND, params![operator_id, name, since_ms], read).await
}

/// Remembers the answer to a request of this name, instead of an older one.
pub async fn remember(
    tx: &mut Tx<'_>,
    operator_id: i64,
    name: &str,
    answer: &Remembered,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = params![
        operator_id,
        name,
        &answer.digest,
        &answer.reprovisioning_id,
        &answer.discharge_code,
        &answer.pm_ref,
        &answer.pm_position,
        &answer.fibre_ref,
        answer.pto_ref.as_ref(),
        now_ms,
    ];
    tx.execute(&REMEMBER, params).await.map(drop)
}

/// Drops answers accepted at or before a time.
pub async fn forget(tx: &mut Tx<'_>, until_ms: i64) -> Result<u64, StoreError> {
    tx.execute(&FORGET, params![until_ms]).await
}

fn read(row: &Row<'_>) -> Result<Remembered, StoreError> {
    Ok(Remembered {
        digest: row.text("digest")?,
        reprovisioning_id: row.text("reprovisioning_id")?,
        discharge_code: row.text("discharge_code")?,
        pm_ref: row.text("pm_ref")?,
        pm_position: row.text("pm_position")?,
        fibre_ref: row.text("fibre_ref")?,
        pto_ref: row.optional_text("pto_ref")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&FIND, &REMEMBER, &FORGET];
