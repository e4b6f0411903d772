//! The audit as lines of JSON, whole seals with their rows, which anybody can verify without this program
//! (docs/audit.md).

use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{Head, ranges::Ranges};
use crate::{
    calendar,
    store::{
        StoreError, Tx, operators,
        records::{self, Content, Kind, Record},
        seals::{self, Seal},
    },
};

/// Seals and rows that are read at a time.
const SEALS: i64 = 100;
const ROWS: i64 = 2000;

/// What is exported, and where to.
pub struct Asked {
    /// Seals from this time on.
    pub since_ms: i64,
    /// Seals before this time.
    pub until_ms: i64,
    /// Takes the lines.
    pub out: Mutex<Box<dyn Write + Send>>,
}

/// What was exported.
#[derive(Debug, Default)]
pub struct Exported {
    /// How many seals.
    pub seals: i64,
    /// How many rows.
    pub rows: i64,
    /// The last seal.
    pub head: Option<Head>,
}

/// Why nothing more was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The lines were not taken.
    #[error(transparent)]
    Out(#[from] std::io::Error),
    /// A seal is not as this program writes them: `ereprovd audit verify` says more.
    #[error("the numbers of the rows of seal {0} cannot be read")]
    Seal(i64),
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Request {
        seq: i64,
        request_id: &'a str,
        at_ms: i64,
        operator_id: Option<i64>,
        method: &'a str,
        contract_ref: Option<&'a str>,
        code: Option<i64>,
        detail: Option<&'a str>,
        duration_us: i64,
        admitted_us: Option<i64>,
        address: &'a str,
        at: String,
        operator: Option<&'a str>,
    },
    Act {
        seq: i64,
        id: &'a str,
        at_ms: i64,
        actor: &'a str,
        action: &'a str,
        subject: &'a str,
        reason: &'a str,
        at: String,
    },
    Seal {
        number: i64,
        version: i64,
        sealed_ms: i64,
        previous: &'a str,
        requests: &'a str,
        acts: &'a str,
        requests_to: i64,
        acts_to: i64,
        row_count: i64,
        digest: &'a str,
        gaps: &'a str,
        removed_to: i64,
        hash: &'a str,
    },
    End {
        seals: i64,
        rows: i64,
        head: Option<String>,
    },
}

/// Writes the seals of a time, each after its rows.
///
/// # Errors
/// The database's; what else stops it comes inside the answer.
pub async fn export(
    tx: &mut Tx<'_>,
    asked: &Asked,
) -> Result<Result<Exported, ExportError>, StoreError> {
    let (first, end) = seals::period(tx, asked.since_ms, asked.until_ms).await?;
    let operators = operators::list(tx).await?;
    let logins: Logins = operators.into_iter().map(|o| (o.id, o.login)).collect();
    let mut done = Exported::default();
    let mut next = first;
    while next <= end {
        for seal in seals::after(tx, next - 1, SEALS.min(end - next + 1)).await? {
            if seal.number > end {
                break;
            }
            next = seal.number + 1;
            match export_seal(tx, asked, &seal, &logins).await? {
                Ok(rows) => done.rows += rows,
                Err(error) => return Ok(Err(error)),
            }
            done.seals += 1;
            done.head = Some(Head::of(&seal));
        }
    }
    let head = done.head.as_ref().map(ToString::to_string);
    let written = write(asked, &Line::End { seals: done.seals, rows: done.rows, head });
    Ok(written.and_then(|()| Ok(lock(asked).flush()?)).map(|()| done))
}

type Logins = HashMap<i64, String>;

async fn export_seal(
    tx: &mut Tx<'_>,
    asked: &Asked,
    seal: &Seal,
    logins: &Logins,
) -> Result<Result<i64, ExportError>, StoreError> {
    let mut rows = 0;
    for (kind, numbers) in [(Kind::Request, &seal.requests), (Kind::Act, &seal.acts)] {
        let Ok(numbers) = numbers.parse::<Ranges>() else {
            return Ok(Err(ExportError::Seal(seal.number)));
        };
        for (mut from, to) in numbers.spans().iter().copied() {
            loop {
                let page = records::span(tx, kind, (from, to), ROWS).await?;
                for record in &page {
                    rows += 1;
                    if let Err(error) = write(asked, &row(record, logins)) {
                        return Ok(Err(error));
                    }
                }
                match page.last() {
                    Some(last) if last.seq < to => from = last.seq + 1,
                    _ => break,
                }
            }
        }
    }
    Ok(write(asked, &line(seal)).map(|()| rows))
}

fn lock(asked: &Asked) -> MutexGuard<'_, Box<dyn Write + Send>> {
    asked.out.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(asked: &Asked, line: &Line<'_>) -> Result<(), ExportError> {
    let mut out = lock(asked);
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn row<'a>(record: &'a Record, logins: &'a Logins) -> Line<'a> {
    let at = calendar::iso(record.at_ms());
    match &record.content {
        Content::Request(entry) => Line::Request {
            seq: record.seq,
            request_id: &entry.request_id,
            at_ms: entry.at_ms,
            operator_id: entry.operator_id,
            method: &entry.method,
            contract_ref: entry.contract_ref.as_deref(),
            code: entry.code,
            detail: entry.detail.as_deref(),
            duration_us: entry.duration_us,
            admitted_us: entry.admitted_us,
            address: &entry.address,
            at,
            operator: entry.operator_id.and_then(|id| logins.get(&id)).map(String::as_str),
        },
        Content::Act(act) => Line::Act {
            seq: record.seq,
            id: &act.id,
            at_ms: act.at_ms,
            actor: &act.actor,
            action: &act.action,
            subject: &act.subject,
            reason: &act.reason,
            at,
        },
    }
}

fn line(seal: &Seal) -> Line<'_> {
    Line::Seal {
        number: seal.number,
        version: seal.version,
        sealed_ms: seal.sealed_ms,
        previous: &seal.previous,
        requests: &seal.requests,
        acts: &seal.acts,
        requests_to: seal.requests_to,
        acts_to: seal.acts_to,
        row_count: seal.row_count,
        digest: &seal.digest,
        gaps: &seal.gaps,
        removed_to: seal.removed_to,
        hash: &seal.hash,
    }
}
