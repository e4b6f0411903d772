//! One row for every request that reached an operation.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// What is kept of a request; never a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The request's own id, also in its answer's `X-Request-Id` and in the log.
    pub request_id: String,
    /// When it came.
    pub at_ms: i64,
    /// Who asked, once that is known.
    pub operator_id: Option<i64>,
    /// The method.
    pub method: String,
    /// The contract asked about, where it could be read.
    pub contract_ref: Option<String>,
    /// The code of the answer; none: OK.
    pub code: Option<i64>,
    /// Which rule or cause; none: OK.
    pub detail: Option<String>,
    /// From the request's last byte to the choice of its answer.
    pub duration_us: i64,
    /// From the request's last byte to its open session; none: it never had one.
    pub admitted_us: Option<i64>,
    /// Where it came from.
    pub address: String,
}

/// Which rows to list; each `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only from here on.
    pub since_ms: i64,
    /// Only this operator's.
    pub operator_id: Option<i64>,
    /// Only about this contract.
    pub contract_ref: Option<String>,
    /// Only with this code; 1, which is none of §4, stands for OK.
    pub code: Option<i64>,
    /// No more than this, the latest.
    pub limit: i64,
}

static RECORD: Statement = statement!(
    "audit.record",
    "INSERT INTO audit
       (request_id, at_ms, operator_id, method, contract_ref, code, detail, duration_us, address,
        admitted_us)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (request_id) DO NOTHING"
);
static CONFIRM: Statement = statement!(
    "audit.confirm",
    "UPDATE audit SET address = address WHERE request_id = $1 RETURNING code"
);
static LIST: Statement = statement!(
    "audit.list",
    "SELECT request_id, at_ms, operator_id, method, contract_ref, code, detail, duration_us,
       address, admitted_us
     FROM audit
     WHERE at_ms >= $1 AND request_id >= $6
       AND (CAST($2 AS BIGINT) IS NULL OR operator_id = $2)
       AND (CAST($3 AS TEXT) IS NULL OR contract_ref = $3)
       AND (CAST($4 AS BIGINT) IS NULL OR COALESCE(code, 1) = $4)
     ORDER BY request_id DESC LIMIT $5"
);

/// Keeps a request, once: whoever comes second (the deadline, or the work that it cut off) undoes
/// what it did.
///
/// # Errors
/// [`StoreError::Answered`] where the request has its row; the transaction must not be committed.
pub async fn record(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    let params = params![
        &entry.request_id,
        entry.at_ms,
        entry.operator_id,
        &entry.method,
        entry.contract_ref.as_ref(),
        entry.code,
        entry.detail.as_ref(),
        entry.duration_us,
        &entry.address,
        entry.admitted_us,
    ];
    match tx.execute(&RECORD, params).await? {
        1 => Ok(()),
        _ => Err(StoreError::Answered),
    }
}

/// What was answered to a request for good: its code, none for OK. The row is written once more, so
/// that the answer comes after the first writing is as safe as any.
pub async fn confirm(tx: &mut Tx<'_>, request_id: &str) -> Result<Option<i64>, StoreError> {
    let code = tx.first(&CONFIRM, params![request_id], |row| row.optional_int("code")).await?;
    code.ok_or_else(|| StoreError::unexpected("audit.request_id"))
}

/// The latest rows that the filter lets through, newest first.
pub async fn list(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    let first_id = first_id(filter.since_ms.saturating_sub(NAMED_BEFORE_MS));
    let params = params![
        filter.since_ms,
        filter.operator_id,
        filter.contract_ref.as_ref(),
        filter.code,
        filter.limit,
        &first_id,
    ];
    tx.all(&LIST, params, read).await
}

/// How much earlier than its `at_ms` a request may have been named: its head came, then its body, and the
/// clock may have jumped in between.
const NAMED_BEFORE_MS: i64 = 24 * 3600 * 1000;

/// The least name of a request that came at this time.
fn first_id(at_ms: i64) -> String {
    let hex = format!("{:012x}", at_ms.max(0));
    format!("{}-{}", &hex[..8], &hex[8..])
}

pub(super) fn read(row: &Row<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        request_id: row.text("request_id")?,
        at_ms: row.int("at_ms")?,
        operator_id: row.optional_int("operator_id")?,
        method: row.text("method")?,
        contract_ref: row.optional_text("contract_ref")?,
        code: row.optional_int("code")?,
        detail: row.optional_text("detail")?,
        duration_us: row.int("duration_us")?,
        admitted_us: row.optional_int("admitted_us")?,
        address: row.text("address")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&RECORD, &CONFIRM, &LIST];
