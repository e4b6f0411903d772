//! The row as a job: leases, steps, ends. A lease is a token and a time; whoever writes without the
//! token that the row has writes nothing.

use ereprov_domain::reprovisioning::{State, Step};

use crate::store::{
    Tx,
    dialect::CLAIM,
    error::StoreError,
    statement::{Statement, statement},
    value::params,
};

/// The right to work on a re-provisioning, until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose: random, new at each taking.
    pub token: String,
    /// Until when.
    pub until_ms: i64,
}

static TAKE: Statement = statement!(
    "reprovisioning.take_lease",
    "UPDATE reprovisioning SET lease_token = $2, lease_until_ms = $3
     WHERE id = $1 AND state IN ('initiated', 'in_progress')
       AND (lease_until_ms <= $4 OR lease_until_ms > $5)"
);
static RENEW: Statement = statement!(
    "reprovisioning.renew_lease",
    "UPDATE reprovisioning SET lease_until_ms = $3
     WHERE id = $1 AND lease_token = $2 AND state IN ('initiated', 'in_progress')"
);
// What is due is leased, and little; of what is due later, which may be much, the index has the first.
static NEXT_DUE: Statement = statement!(
    "reprovisioning.next_due",
    "SELECT MIN(due_ms) AS due_ms FROM (
       SELECT CASE WHEN lease_until_ms > due_ms THEN lease_until_ms ELSE due_ms END AS due_ms
       FROM reprovisioning WHERE state IN ('initiated', 'in_progress') AND due_ms <= $1
       UNION ALL
       SELECT MIN(due_ms) AS due_ms
       FROM reprovisioning WHERE state IN ('initiated', 'in_progress') AND due_ms > $1
     ) AS earliest"
);
static POSTPONE: Statement = statement!(
    "reprovisioning.postpone",
    "UPDATE reprovisioning SET state = $3, in_progress_ms = COALESCE(in_progress_ms, $4),
       step = $5, due_ms = $6, failures = $7, last_error = $8, lease_token = NULL,
       lease_until_ms = 0, updated_by = 'postpone'
     WHERE id = $1 AND lease_token = $2 AND state IN ('initiated', 'in_progress')"
);
static FINISH: Statement = statement!(
    "reprovisioning.finish",
    "UPDATE reprovisioning SET state = $3, ended_because = $4, ended_ms = $5,
       in_progress_ms = COALESCE(in_progress_ms, $6), lease_token = NULL, lease_until_ms = 0,
       updated_by = 'finish'
     WHERE id = $1 AND lease_token = $2 AND state IN ('initiated', 'in_progress')"
);

/// What time it is, and how far ahead of it anything can have been set: what lies beyond was set by
/// a clock that has gone back since, and is taken for past.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Now.
    pub ms: i64,
    /// Longest wait between two steps.
    pub wait_max_ms: i64,
    /// Longest lease.
    pub lease_max_ms: i64,
}

/// Takes the leases of up to `limit` jobs that are due, and of those whose time lies beyond any that could
/// have been set: the clock has gone back.
pub async fn claim(
    tx: &mut Tx<'_>,
    lease: &Lease,
    now: Now,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let Now { ms, wait_max_ms, lease_max_ms } = now;
    let (due_max, lease_max) = (ms + wait_max_ms, ms + lease_max_ms);
    let mut claimed = Vec::new();
    // One after the other: each is a stretch of the index, where both together would be all of it.
    for (from_ms, to_ms) in [(i64::MIN, ms), (due_max + 1, i64::MAX)] {
        let left = limit - i64::try_from(claimed.len()).unwrap_or(limit);
        let params = params![&lease.token, lease.until_ms, from_ms, to_ms, ms, lease_max, left];
        claimed.extend(tx.all(&CLAIM, params, |row| row.text("id")).await?);
    }
    Ok(claimed)
}

/// Takes the lease of one job, due or not; false: somebody works on it, or it has ended.
pub async fn take_lease(
    tx: &mut Tx<'_>,
    id: &str,
    lease: &Lease,
    now: Now,
) -> Result<bool, StoreError> {
    let params = params![id, &lease.token, lease.until_ms, now.ms, now.ms + now.lease_max_ms];
    Ok(tx.execute(&TAKE, params).await? == 1)
}

/// Makes a lease last longer; false: it is lost.
pub async fn renew_lease(
    tx: &mut Tx<'_>,
    id: &str,
    token: &str,
    until_ms: i64,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&RENEW, params![id, token, until_ms]).await? == 1)
}

/// When the next job may be claimed.
pub async fn next_due(tx: &mut Tx<'_>, now_ms: i64) -> Result<Option<i64>, StoreError> {
    let due = tx.first(&NEXT_DUE, params![now_ms], |row| row.optional_int("due_ms")).await?;
    Ok(due.flatten())
}

/// What is kept of a job that goes on later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Its state by now.
    pub state: State,
    /// When Networks was first seen at work.
    pub in_progress_ms: Option<i64>,
    /// What is next.
    pub step: Step,
    /// When.
    pub due_ms: i64,
    /// Failures in a row.
    pub failures: i64,
    /// The last of them.
    pub last_error: Option<String>,
}

/// Gives a job back until later; false: the lease is lost, and nothing is written.
pub async fn postpone(
    tx: &mut Tx<'_>,
    id: &str,
    token: &str,
    later: &Later,
) -> Result<bool, StoreError> {
    let params = params![
        id,
        token,
        later.state.as_str(),
        later.in_progress_ms,
        later.step.as_str(),
        later.due_ms,
        later.failures,
        later.last_error.as_ref(),
    ];
    Ok(tx.execute(&POSTPONE, params).await? == 1)
}

/// Ends a job; false: the lease is lost, or it has ended before, and nothing is written.
pub async fn finish(
    tx: &mut Tx<'_>,
    id: &str,
    token: &str,
    state: State,
    because: Option<&str>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let in_progress_ms = (state == State::Completed).then_some(now_ms);
    let params = params![id, token, state.as_str(), because, now_ms, in_progress_ms];
    Ok(tx.execute(&FINISH, params).await? == 1)
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&CLAIM, &TAKE, &RENEW, &NEXT_DUE, &POSTPONE, &FINISH];
