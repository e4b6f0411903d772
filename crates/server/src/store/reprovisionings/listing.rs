//! Re-provisionings for people and metrics.

use ereprov_domain::reprovisioning::State;

use super::{Reprovisioning, read};
use crate::store::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// The columns of a whole re-provisioning, and the tables they come from.
macro_rules! select {
    () => {
        "SELECT reprovisioning.id, reprovisioning.contract_id, contract.ref AS contract_ref,
           reprovisioning.operator_id, operator.login AS operator_login, reprovisioning.number,
           reprovisioning.attempt, reprovisioning.previous_id, reprovisioning.request_id,
           reprovisioning.fibre_id, fibre.ref AS fibre_ref, reprovisioning.old_fibre_id,
           old_fibre.ref AS old_fibre_ref, reprovisioning.reason, reprovisioning.keep_pto,
           reprovisioning.pto_ref, reprovisioning.kept_pto_id, pto.ref AS kept_pto_ref,
           reprovisioning.usage_before, reprovisioning.held_before, reprovisioning.discharge_code,
           reprovisioning.state, reprovisioning.ended_because, reprovisioning.accepted_ms,
           reprovisioning.in_progress_ms, reprovisioning.ended_ms, reprovisioning.step,
           reprovisioning.due_ms, reprovisioning.failures, reprovisioning.last_error
         FROM reprovisioning
         JOIN contract ON contract.id = reprovisioning.contract_id
         JOIN operator ON operator.id = reprovisioning.operator_id
         JOIN fibre ON fibre.id = reprovisioning.fibre_id
         LEFT JOIN fibre old_fibre ON old_fibre.id = reprovisioning.old_fibre_id
         LEFT JOIN pto ON pto.id = reprovisioning.kept_pto_id"
    };
}

pub(super) use select;

/// Which ones to list; each `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only those that have not ended.
    pub running: bool,
    /// Only of this contract.
    pub contract_ref: Option<String>,
    /// Only this operator's.
    pub operator_id: Option<i64>,
    /// No more than this, the latest.
    pub limit: i64,
}

static LIST: Statement = statement!(
    "reprovisioning.list",
    concat!(
        select!(),
        " WHERE (CAST($1 AS TEXT) IS NULL OR reprovisioning.state = $1)
           AND (CAST($2 AS TEXT) IS NULL OR contract.ref = $2)
           AND (CAST($3 AS BIGINT) IS NULL OR reprovisioning.operator_id = $3)
           AND (NOT $5 OR reprovisioning.state IN ('initiated', 'in_progress'))
         ORDER BY reprovisioning.accepted_ms DESC, reprovisioning.number DESC LIMIT $4"
    )
);
static RESOLVE: Statement = statement!(
    "reprovisioning.resolve",
    "SELECT reprovisioning.id, reprovisioning.accepted_ms, reprovisioning.number
     FROM reprovisioning JOIN contract ON contract.id = reprovisioning.contract_id
     WHERE reprovisioning.id = $1 OR contract.ref = $1
       OR reprovisioning.discharge_code IN ($1, $2)
     ORDER BY reprovisioning.accepted_ms DESC, reprovisioning.number DESC LIMIT 1"
);
static COUNTS: Statement = statement!(
    "reprovisioning.counts",
    "SELECT state, COUNT(*) AS number FROM reprovisioning GROUP BY state"
);
static OLDEST_RUNNING: Statement = statement!(
    "reprovisioning.oldest_running",
    "SELECT MIN(accepted_ms) AS accepted_ms FROM reprovisioning
     WHERE state IN ('initiated', 'in_progress')"
);

/// The latest ones that the filter lets through, newest first.
pub async fn list(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Reprovisioning>, StoreError> {
    let params = params![
        filter.state.map(State::as_str),
        filter.contract_ref.as_ref(),
        filter.operator_id,
        filter.limit,
        filter.running,
    ];
    tx.all(&LIST, params, read).await
}

/// The key of the one that a person means by a key, a discharge code (in capitals or not) or a
/// contract: the latest.
pub async fn resolve(tx: &mut Tx<'_>, said: &str) -> Result<Option<String>, StoreError> {
    let capitals = said.to_uppercase();
    tx.first(&RESOLVE, params![said, &capitals], |row| row.text("id")).await
}

/// How many there are in each state.
pub async fn counts(tx: &mut Tx<'_>) -> Result<Vec<(State, i64)>, StoreError> {
    tx.all(&COUNTS, &[], |row| Ok((row.word("state", State::parse)?, row.int("number")?))).await
}

/// When the oldest one that still runs was accepted.
pub async fn oldest_running(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    let oldest = tx.first(&OLDEST_RUNNING, &[], |row| row.optional_int("accepted_ms")).await?;
    Ok(oldest.flatten())
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&LIST, &RESOLVE, &COUNTS, &OLDEST_RUNNING];
