//! The seals of the audit, each after the one before it: written once, never changed, and kept when
//! the rows that they hold are removed.

use sha2::{Digest, Sha256};

use super::{
    Tx, dialect,
    error::StoreError,
    line,
    statement::{Statement, statement},
    value::{Row, params},
};

/// How rows and seals are hashed by this program.
pub const VERSION: i64 = 1;

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its place in the chain, from 1.
    pub number: i64,
    /// How it and its rows are hashed.
    pub version: i64,
    /// When, by the clock that all instances share.
    pub sealed_ms: i64,
    /// The hash of the seal before it; of the first, 64 zeros.
    pub previous: String,
    /// The numbers of the requests in it, such as `1-500,502`.
    pub requests: String,
    /// The numbers of the acts in it.
    pub acts: String,
    /// The highest number of a request that it or a seal before it has.
    pub requests_to: i64,
    /// The highest number of an act.
    pub acts_to: i64,
    /// How many rows are in it.
    pub row_count: i64,
    /// SHA-256 over the hashes of its rows: requests, then acts, each in the order of their numbers.
    pub digest: String,
    /// Numbers up to the highest that have no row, as far as one may come yet.
    pub gaps: String,
    /// Up to which seal the rows are removed by retention, or about to be; 0: none.
    pub removed_to: i64,
    /// SHA-256 over all of this, in hexadecimal.
    pub hash: String,
    /// The first three bytes of each row's hash, in base64; empty once the rows are removed.
    pub marks: String,
}

/// What the chain comes to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// How many seals.
    pub seals: i64,
    /// How many rows they hold.
    pub rows: i64,
    /// Up to which seal retention has removed the rows.
    pub removed_to: i64,
}

/// Which transactions may still commit something.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    /// Each before this one has ended.
    pub oldest: i64,
    /// None from this one on has begun to write.
    pub next: i64,
}

impl Seal {
    /// Its hash, as it should be.
    pub fn hashed(&self) -> String {
        let mut text = String::new();
        let values = params![
            "ereprov.seal.1",
            self.number,
            self.sealed_ms,
            &self.previous,
            &self.requests,
            &self.acts,
            self.requests_to,
            self.acts_to,
            self.row_count,
            &self.digest,
            &self.gaps,
            self.removed_to,
        ];
        line::write(&mut text, values);
        line::hex(&Sha256::digest(text.as_bytes()))
    }
}

static INSERT: Statement = statement!(
    "audit_seal.insert",
    "INSERT INTO audit_seal
       (number, version, sealed_ms, previous, requests, acts, requests_to, acts_to, row_count, digest,
        gaps, removed_to, hash, marks)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (number) DO NOTHING"
);
static LAST: Statement = statement!(
    "audit_seal.last",
    "SELECT number, version, sealed_ms, previous, requests, acts, requests_to, acts_to, row_count,
       digest, gaps, removed_to, hash, marks
     FROM audit_seal ORDER BY number DESC LIMIT 1"
);
static AFTER: Statement = statement!(
    "audit_seal.after",
    "SELECT number, version, sealed_ms, previous, requests, acts, requests_to, acts_to, row_count,
       digest, gaps, removed_to, hash, marks
     FROM audit_seal WHERE number > $1 ORDER BY number LIMIT $2"
);
static KEPT: Statement = statement!(
    "audit_seal.kept",
    "SELECT number, version, sealed_ms, previous, requests, acts, requests_to, acts_to, row_count,
       digest, gaps, removed_to, hash, marks
     FROM audit_seal WHERE marks <> '' AND number <= $1 ORDER BY number LIMIT 1"
);
static KEPT_SINCE: Statement = statement!(
    "audit_seal.kept_since",
    "SELECT MIN(number) AS number FROM audit_seal WHERE marks <> '' AND sealed_ms >= $1"
);
static LAST_REQUESTS: Statement = statement!(
    "audit_seal.last_requests",
    "SELECT MAX(number) AS number FROM audit_seal WHERE marks <> '' AND requests <> ''"
);
static EMPTIED: Statement =
    statement!("audit_seal.emptied", "UPDATE audit_seal SET marks = '' WHERE number = $1");
static TOTALS: Statement = statement!(
    "audit_seal.totals",
    "SELECT COUNT(*) AS seals, CAST(COALESCE(SUM(row_count), 0) AS BIGINT) AS row_count,
       COALESCE(MAX(removed_to), 0) AS removed_to
     FROM audit_seal"
);
static PERIOD: Statement = statement!(
    "audit_seal.period",
    "SELECT
       COALESCE((SELECT MIN(number) FROM audit_seal WHERE sealed_ms >= $1),
                9223372036854775807) AS begins,
       COALESCE((SELECT MAX(number) FROM audit_seal WHERE sealed_ms < $2), 0) AS ends"
);

/// Adds a seal; false: another one has its number.
pub async fn insert(tx: &mut Tx<'_>, seal: &Seal) -> Result<bool, StoreError> {
    let params = params![
        seal.number,
        seal.version,
        seal.sealed_ms,
        &seal.previous,
        &seal.requests,
        &seal.acts,
        seal.requests_to,
        seal.acts_to,
        seal.row_count,
        &seal.digest,
        &seal.gaps,
        seal.removed_to,
        &seal.hash,
        &seal.marks,
    ];
    Ok(tx.execute(&INSERT, params).await? == 1)
}

/// The last seal.
pub async fn last(tx: &mut Tx<'_>) -> Result<Option<Seal>, StoreError> {
    tx.first(&LAST, &[], read).await
}

/// The seals after a number, in their order; `limit` at the most.
pub async fn after(tx: &mut Tx<'_>, number: i64, limit: i64) -> Result<Vec<Seal>, StoreError> {
    tx.all(&AFTER, params![number, limit], read).await
}

/// The first seal up to a number whose rows are there.
pub async fn first_kept(tx: &mut Tx<'_>, to: i64) -> Result<Option<Seal>, StoreError> {
    tx.first(&KEPT, params![to], read).await
}

/// The number of the first seal whose rows are there and that is from this time on.
pub async fn kept_since(tx: &mut Tx<'_>, since_ms: i64) -> Result<Option<i64>, StoreError> {
    number(tx, &KEPT_SINCE, Some(since_ms)).await
}

/// The number of the last seal whose rows are there, requests among them.
pub async fn last_with_requests(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    number(tx, &LAST_REQUESTS, None).await
}

async fn number(
    tx: &mut Tx<'_>,
    statement: &Statement,
    param: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    let params: Vec<_> = param.into_iter().map(Into::into).collect();
    Ok(tx.first(statement, &params, |row| row.optional_int("number")).await?.flatten())
}

/// Notes that the rows of a seal are removed.
pub async fn emptied(tx: &mut Tx<'_>, number: i64) -> Result<(), StoreError> {
    tx.execute(&EMPTIED, params![number]).await.map(drop)
}

/// What the chain comes to.
pub async fn totals(tx: &mut Tx<'_>) -> Result<Totals, StoreError> {
    let totals = tx.first(&TOTALS, &[], |row| {
        Ok(Totals {
            seals: row.int("seals")?,
            rows: row.int("row_count")?,
            removed_to: row.int("removed_to")?,
        })
    });
    Ok(totals.await?.unwrap_or_default())
}

/// The numbers of the first seal from a time on, and of the last before another; the second is the
/// lower one where there is none.
pub async fn period(
    tx: &mut Tx<'_>,
    since_ms: i64,
    until_ms: i64,
) -> Result<(i64, i64), StoreError> {
    let read: fn(&Row<'_>) -> _ = |row| Ok((row.int("begins")?, row.int("ends")?));
    let period = tx.first(&PERIOD, params![since_ms, until_ms], read).await?;
    Ok(period.unwrap_or((1, 0)))
}

/// Which transactions may still commit something, as this snapshot sees it.
pub async fn horizon(tx: &mut Tx<'_>) -> Result<Horizon, StoreError> {
    let horizon = tx.first(&dialect::HORIZON, &[], |row| {
        Ok(Horizon { oldest: row.int("oldest")?, next: row.int("next")? })
    });
    horizon.await?.ok_or_else(|| StoreError::unexpected("oldest"))
}

fn read(row: &Row<'_>) -> Result<Seal, StoreError> {
    Ok(Seal {
        number: row.int("number")?,
        version: row.int("version")?,
        sealed_ms: row.int("sealed_ms")?,
        previous: row.text("previous")?,
        requests: row.text("requests")?,
        acts: row.text("acts")?,
        requests_to: row.int("requests_to")?,
        acts_to: row.int("acts_to")?,
        row_count: row.int("row_count")?,
        digest: row.text("digest")?,
        gaps: row.text("gaps")?,
        removed_to: row.int("removed_to")?,
        hash: row.text("hash")?,
        marks: row.text("marks")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&INSERT, &LAST, &AFTER, &KEPT, &KEPT_SINCE, &LAST_REQUESTS, &EMPTIED, &TOTALS, &PERIOD];
