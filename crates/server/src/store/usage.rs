//! The calls of a month, counted and refused in one statement, or, on SQLite, in the one transaction of a
//! group (contract.md, D23).

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    tally::Tally,
    value::params,
};

static USED: Statement = statement!(
    "monthly_usage.used",
    "SELECT used FROM monthly_usage WHERE operator_id = $1 AND month = $2"
);
// No row comes back where the limit is reached: the count and the refusal are one act, on any
// number of instances. (Compared with 1 alone, PostgreSQL would take the limit for 32 bits.)
static COUNT: Statement = statement!(
    "monthly_usage.count",
    "INSERT INTO monthly_usage (operator_id, month, used)
       SELECT $1, $2, 1 WHERE CAST($3 AS BIGINT) >= 1
     ON CONFLICT (operator_id, month) DO UPDATE SET used = monthly_usage.used + 1
       WHERE monthly_usage.used < $3
     RETURNING used"
);
// What was read before is still there: it is written by who holds the one lock for writing since then.
static SET: Statement = statement!(
    "monthly_usage.set",
    "INSERT INTO monthly_usage (operator_id, month, used) VALUES ($1, $2, $3)
     ON CONFLICT (operator_id, month) DO UPDATE SET used = $3 WHERE monthly_usage.used = $4"
);
static LIST: Statement = statement!(
    "monthly_usage.list",
    "SELECT operator_id, used FROM monthly_usage WHERE month = $1"
);

/// Calls counted so far.
pub async fn used(tx: &mut Tx<'_>, operator_id: i64, month: &str) -> Result<i64, StoreError> {
    let used = tx.first(&USED, params![operator_id, month], |row| row.int("used")).await?;
    Ok(used.unwrap_or_default())
}

/// Counts one call; `None`: it would be one over the limit, and is not counted.
pub async fn count(
    tx: &mut Tx<'_>,
    operator_id: i64,
    month: &str,
    limit: i64,
) -> Result<Option<i64>, StoreError> {
    if tx.tally.is_some() {
        return count_in_group(tx, operator_id, month, limit).await;
    }
    tx.first(&COUNT, params![operator_id, month, limit], |row| row.int("used")).await
}

/// Counts one call of many that are written together, by [`write`].
async fn count_in_group(
    tx: &mut Tx<'_>,
    operator_id: i64,
    month: &str,
    limit: i64,
) -> Result<Option<i64>, StoreError> {
    if let Some(count) = tx.tally.as_deref_mut().and_then(|tally| tally.find(operator_id, month)) {
        return Ok(count.one(limit));
    }
    let written = used(tx, operator_id, month).await?;
    let tally = tx.tally.as_deref_mut();
    Ok(tally.and_then(|tally| tally.begin(operator_id, month, written).one(limit)))
}

/// Writes what a group of use cases has counted.
///
/// # Errors
/// [`StoreError::Broken`] where the database has another count than the group began with.
pub(super) async fn write(tx: &mut Tx<'_>, tally: &Tally) -> Result<(), StoreError> {
    for count in tally.counted() {
        let params = params![count.operator_id, &count.month, count.used, count.written];
        if tx.execute(&SET, params).await? != 1 {
            return Err(StoreError::unexpected("monthly_usage.used"));
        }
    }
    Ok(())
}

/// What every operator used in a month: (operator, calls).
pub async fn list(tx: &mut Tx<'_>, month: &str) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.all(&LIST, params![month], |row| Ok((row.int("operator_id")?, row.int("used")?))).await
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&USED, &COUNT, &SET, &LIST];
