//! The rows that are chained, of both tables: by their numbers, and as they are hashed.

use sha2::{Digest, Sha256};

use super::{
    Tx,
    admin_acts::{self, Act},
    audit::{self, Entry},
    error::StoreError,
    line,
    statement::{Statement, statement},
    value::{Row, params},
};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `audit`: what operators asked.
    Request,
    /// `admin_act`: what administrators did.
    Act,
}

/// A row with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order in which rows were written: from 1, without another meaning.
    pub seq: i64,
    /// What it says.
    pub content: Content,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A request.
    Request(Entry),
    /// An act.
    Act(Act),
}

/// SHA-256.
pub type Hash = [u8; 32];

impl Kind {
    /// In the order in which a seal has them.
    pub const ALL: [Self; 2] = [Self::Request, Self::Act];

    /// What comes before the values of its rows where they are hashed.
    fn tag(self) -> &'static str {
        match self {
            Self::Request => "ereprov.request.1",
            Self::Act => "ereprov.act.1",
        }
    }

    /// Its rows by their numbers, their columns in the order in which they are hashed.
    fn statement(self) -> &'static Statement {
        match self {
            Self::Request => &REQUESTS,
            Self::Act => &ACTS,
        }
    }

    /// What one of its rows is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Act => "act",
        }
    }
}

impl Record {
    /// Its own id.
    pub fn id(&self) -> &str {
        match &self.content {
            Content::Request(entry) => &entry.request_id,
            Content::Act(act) => &act.id,
        }
    }

    /// Its own time.
    pub fn at_ms(&self) -> i64 {
        match &self.content {
            Content::Request(entry) => entry.at_ms,
            Content::Act(act) => act.at_ms,
        }
    }

    /// The hash over everything in it (docs/audit.md); `line` is room to write in.
    pub fn hash(&self, line: &mut String) -> Hash {
        line.clear();
        match &self.content {
            Content::Request(entry) => line::write(
                line,
                params![
                    Kind::Request.tag(),
                    self.seq,
                    &entry.request_id,
                    entry.at_ms,
                    entry.operator_id,
                    &entry.method,
                    entry.contract_ref.as_ref(),
                    entry.code,
                    entry.detail.as_ref(),
                    entry.duration_us,
                    entry.admitted_us,
                    &entry.address,
                ],
            ),
            Content::Act(act) => line::write(
                line,
                params![
                    Kind::Act.tag(),
                    self.seq,
                    &act.id,
                    act.at_ms,
                    &act.actor,
                    &act.action,
                    &act.subject,
                    &act.reason,
                ],
            ),
        }
        Sha256::digest(line.as_bytes()).into()
    }
}

static REQUESTS: Statement = statement!(
    "audit.span",
    "SELECT seq, request_id, at_ms, operator_id, method, contract_ref, code, detail, duration_us,
       admitted_us, address
     FROM audit WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3"
);
static ACTS: Statement = statement!(
    "admin_act.span",
    "SELECT seq, id, at_ms, actor, action, subject, reason
     FROM admin_act WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3"
);
static COUNT_REQUESTS: Statement =
    statement!("audit.count_after", "SELECT COUNT(*) AS count FROM audit WHERE seq > $1");
static COUNT_ACTS: Statement =
    statement!("admin_act.count_after", "SELECT COUNT(*) AS count FROM admin_act WHERE seq > $1");
static REMOVE_REQUESTS: Statement = statement!(
    "audit.remove",
    "DELETE FROM audit WHERE seq IN
       (SELECT seq FROM audit WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3)"
);
static REMOVE_ACTS: Statement = statement!(
    "admin_act.remove",
    "DELETE FROM admin_act WHERE seq IN
       (SELECT seq FROM admin_act WHERE seq BETWEEN $1 AND $2 ORDER BY seq LIMIT $3)"
);

/// The rows with these numbers, both included, in their order; `limit` at the most.
pub async fn span(
    tx: &mut Tx<'_>,
    kind: Kind,
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let read = match kind {
        Kind::Request => request,
        Kind::Act => act,
    };
    tx.all(kind.statement(), params![from, to, limit], read).await
}

/// Hands over the number and the hash ([`Record::hash`]) of each row with these numbers, both included, in
/// their order; `limit` at the most. No row is kept.
pub async fn hashes(
    tx: &mut Tx<'_>,
    kind: Kind,
    (from, to): (i64, i64),
    limit: i64,
    mut take: impl FnMut(i64, Hash) + Send,
) -> Result<(), StoreError> {
    let mut line = String::new();
    tx.each(kind.statement(), params![from, to, limit], |row| {
        line.clear();
        line::write(&mut line, params![kind.tag()]);
        row.each_value(|value| line::write(&mut line, &[value]))?;
        take(row.int("seq")?, Sha256::digest(line.as_bytes()).into());
        Ok(())
    })
    .await
}

/// How many rows have a higher number.
pub async fn count_after(tx: &mut Tx<'_>, kind: Kind, seq: i64) -> Result<i64, StoreError> {
    let statement = match kind {
        Kind::Request => &COUNT_REQUESTS,
        Kind::Act => &COUNT_ACTS,
    };
    let count = tx.first(statement, params![seq], |row| row.int("count")).await?;
    Ok(count.unwrap_or_default())
}

/// Removes rows with these numbers, `limit` at the most; how many.
pub async fn remove(
    tx: &mut Tx<'_>,
    kind: Kind,
    (from, to): (i64, i64),
    limit: i64,
) -> Result<i64, StoreError> {
    let statement = match kind {
        Kind::Request => &REMOVE_REQUESTS,
        Kind::Act => &REMOVE_ACTS,
    };
    let removed = tx.execute(statement, params![from, to, limit]).await?;
    Ok(i64::try_from(removed).unwrap_or(limit))
}

fn request(row: &Row<'_>) -> Result<Record, StoreError> {
    Ok(Record { seq: row.int("seq")?, content: Content::Request(audit::read(row)?) })
}

fn act(row: &Row<'_>) -> Result<Record, StoreError> {
    Ok(Record { seq: row.int("seq")?, content: Content::Act(admin_acts::read(row)?) })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&REQUESTS, &ACTS, &COUNT_REQUESTS, &COUNT_ACTS, &REMOVE_REQUESTS, &REMOVE_ACTS];
