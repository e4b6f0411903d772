//! Re-provisionings: the row is the request, the job and the history at once.

mod finished;
mod jobs;
mod listing;

use ereprov_domain::{
    reason::Reason,
    reprovisioning::{State, Step},
    route::Usage,
};

pub use finished::each_ended_since;
pub use jobs::{Later, Lease, Now, claim, finish, next_due, postpone, renew_lease, take_lease};
pub use listing::{Filter, counts, list, oldest_running, resolve};

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// A re-provisioning, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprovisioning {
    /// Key.
    pub id: String,
    /// Key of the contract.
    pub contract_id: i64,
    /// The contract.
    pub contract_ref: String,
    /// Key of the operator.
    pub operator_id: i64,
    /// The operator's login.
    pub operator_login: String,
    /// The contract's how-manieth, from 1, in the order of acceptance.
    pub number: i64,
    /// The request's how-manieth attempt, from 1.
    pub attempt: i64,
    /// The attempt before this one.
    pub previous_id: Option<String>,
    /// The request that was accepted.
    pub request_id: String,
    /// Key of the fibre asked for.
    pub fibre_id: i64,
    /// The fibre asked for.
    pub fibre_ref: String,
    /// Key of the route the line had.
    pub old_fibre_id: Option<i64>,
    /// The route the line had.
    pub old_fibre_ref: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Whether the socket stays.
    pub keep_pto: bool,
    /// The socket that the question named.
    pub pto_ref: Option<String>,
    /// Key of the socket that stays.
    pub kept_pto_id: Option<i64>,
    /// The socket that stays.
    pub kept_pto_ref: Option<String>,
    /// What the fibre was before it was reserved.
    pub usage_before: Usage,
    /// Whether the contract held the fibre before.
    pub held_before: bool,
    /// What the operator reports it by.
    pub discharge_code: String,
    /// Where it stands.
    pub state: State,
    /// Why it ended as it did, for the OI.
    pub ended_because: Option<String>,
    /// When it was accepted.
    pub accepted_ms: i64,
    /// When Networks began.
    pub in_progress_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// What is to be done next.
    pub step: Step,
    /// When.
    pub due_ms: i64,
    /// Failures of this step in a row.
    pub failures: i64,
    /// The last of them.
    pub last_error: Option<String>,
}

/// A re-provisioning to keep.
#[derive(Debug)]
pub struct New<'a> {
    /// Key.
    pub id: &'a str,
    /// Key of the contract.
    pub contract_id: i64,
    /// See [`Reprovisioning::number`].
    pub number: i64,
    /// See [`Reprovisioning::attempt`].
    pub attempt: i64,
    /// The attempt before this one.
    pub previous_id: Option<&'a str>,
    /// Key of the operator.
    pub operator_id: i64,
    /// The request that was accepted.
    pub request_id: &'a str,
    /// Key of the fibre asked for.
    pub fibre_id: i64,
    /// Key of the route the line had.
    pub old_fibre_id: Option<i64>,
    /// Why.
    pub reason: Reason,
    /// Whether the socket stays.
    pub keep_pto: bool,
    /// The socket that the question named.
    pub pto_ref: Option<&'a str>,
    /// Key of the socket that stays.
    pub kept_pto_id: Option<i64>,
    /// What the fibre was before it was reserved.
    pub usage_before: Usage,
    /// Whether the contract held the fibre before.
    pub held_before: bool,
    /// What the operator reports it by.
    pub discharge_code: &'a str,
    /// Where it stands: at its begin, or, loaded with an inventory, at its end.
    pub state: State,
    /// When it was accepted; its first step is due then.
    pub accepted_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Who writes it.
    pub by: &'static str,
}

static SELECT_BY_ID: Statement =
    statement!("reprovisioning.find", concat!(listing::select!(), " WHERE reprovisioning.id = $1"));
static LATEST: Statement = statement!(
    "reprovisioning.latest",
    concat!(
        listing::select!(),
        " WHERE reprovisioning.contract_id = $1 ORDER BY reprovisioning.number DESC LIMIT 1"
    )
);
static RUNS: Statement = statement!(
    "reprovisioning.runs",
    "SELECT id FROM reprovisioning
     WHERE contract_id = $1 AND state IN ('initiated', 'in_progress')"
);
static LAST_NUMBER: Statement = statement!(
    "reprovisioning.last_number",
    "SELECT COALESCE(MAX(number), 0) AS number FROM reprovisioning WHERE contract_id = $1"
);
static OPERATOR_OF: Statement =
    statement!("reprovisioning.operator_of", "SELECT operator_id FROM contract WHERE id = $1");
static INSERT: Statement = statement!(
    "reprovisioning.insert",
    "INSERT INTO reprovisioning
       (id, contract_id, number, attempt, previous_id, operator_id, request_id, fibre_id,
        old_fibre_id, reason, keep_pto, pto_ref, kept_pto_id, usage_before, held_before,
        discharge_code, state, accepted_ms, ended_ms, updated_by, step, due_ms, failures,
        lease_until_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, 'submit', $18, 0, 0)
     ON CONFLICT (contract_id) WHERE state IN ('initiated', 'in_progress') DO NOTHING"
);

/// The one with this key.
pub async fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Reprovisioning>, StoreError> {
    tx.first(&SELECT_BY_ID, params![id], read).await
}

/// The contract's latest, by acceptance.
pub async fn latest(
    tx: &mut Tx<'_>,
    contract_id: i64,
) -> Result<Option<Reprovisioning>, StoreError> {
    tx.first(&LATEST, params![contract_id], read).await
}

/// Whether one runs for the contract.
pub async fn runs(tx: &mut Tx<'_>, contract_id: i64) -> Result<bool, StoreError> {
    Ok(tx.first(&RUNS, params![contract_id], |row| row.text("id")).await?.is_some())
}

/// The number that the contract's next one gets.
pub async fn next_number(tx: &mut Tx<'_>, contract_id: i64) -> Result<i64, StoreError> {
    let last = tx.first(&LAST_NUMBER, params![contract_id], |row| row.int("number")).await?;
    Ok(last.unwrap_or_default() + 1)
}

/// Whose a contract is.
pub async fn operator_of(tx: &mut Tx<'_>, contract_id: i64) -> Result<i64, StoreError> {
    let found = tx.first(&OPERATOR_OF, params![contract_id], |row| row.int("operator_id")).await?;
    found.ok_or_else(|| StoreError::unexpected("contract.id"))
}

/// Keeps a new one; false: another one runs for the contract.
pub async fn insert(tx: &mut Tx<'_>, new: &New<'_>) -> Result<bool, StoreError> {
    let params = params![
        new.id,
        new.contract_id,
        new.number,
        new.attempt,
        new.previous_id,
        new.operator_id,
        new.request_id,
        new.fibre_id,
        new.old_fibre_id,
        new.reason.as_str(),
        new.keep_pto,
        new.pto_ref,
        new.kept_pto_id,
        new.usage_before.as_str(),
        new.held_before,
        new.discharge_code,
        new.state.as_str(),
        new.accepted_ms,
        new.ended_ms,
        new.by,
    ];
    Ok(tx.execute(&INSERT, params).await? == 1)
}

fn read(row: &Row<'_>) -> Result<Reprovisioning, StoreError> {
    Ok(Reprovisioning {
        id: row.text("id")?,
        contract_id: row.int("contract_id")?,
        contract_ref: row.text("contract_ref")?,
        operator_id: row.int("operator_id")?,
        operator_login: row.text("operator_login")?,
        number: row.int("number")?,
        attempt: row.int("attempt")?,
        previous_id: row.optional_text("previous_id")?,
        request_id: row.text("request_id")?,
        fibre_id: row.int("fibre_id")?,
        fibre_ref: row.text("fibre_ref")?,
        old_fibre_id: row.optional_int("old_fibre_id")?,
        old_fibre_ref: row.optional_text("old_fibre_ref")?,
        reason: row.word("reason", Reason::parse)?,
        keep_pto: row.bool("keep_pto")?,
        pto_ref: row.optional_text("pto_ref")?,
        kept_pto_id: row.optional_int("kept_pto_id")?,
        kept_pto_ref: row.optional_text("kept_pto_ref")?,
        usage_before: row.word("usage_before", Usage::parse)?,
        held_before: row.bool("held_before")?,
        discharge_code: row.text("discharge_code")?,
        state: row.word("state", State::parse)?,
        ended_because: row.optional_text("ended_because")?,
        accepted_ms: row.int("accepted_ms")?,
        in_progress_ms: row.optional_int("in_progress_ms")?,
        ended_ms: row.optional_int("ended_ms")?,
        step: row.word("step", Step::parse)?,
        due_ms: row.int("due_ms")?,
        failures: row.int("failures")?,
        last_error: row.optional_text("last_error")?,
    })
}

/// Every statement of this folder.
#[cfg(test)]
pub(super) static ALL: &[&[&Statement]] = &[
    &[&SELECT_BY_ID, &LATEST, &RUNS, &LAST_NUMBER, &OPERATOR_OF, &INSERT],
    finished::ALL,
    jobs::ALL,
    listing::ALL,
];
