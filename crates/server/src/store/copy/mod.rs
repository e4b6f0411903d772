//! A whole database, moved from SQLite to PostgreSQL: one snapshot read, one transaction written,
//! and every row read back before it is committed.

mod source;
mod sum;
mod table;
mod target;

use std::{path::Path, time::Duration};

use super::{
    Location, Running, Store, StoreError, Tx, Written, faults::FaultHook, migrations,
    postgres::Postgres, tx::Connection,
};
use source::Source;
use table::Table;
use target::Target;

pub use sum::Sum;

/// For all of it: ten million rows take minutes.
const DEADLINE: Duration = Duration::from_hours(24);

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now, table by table.
    Copied(Vec<Sum>),
    /// It was there already, to the last row.
    AlreadyThere(Vec<Sum>),
    /// The target holds something else; nothing was changed. The source's tables, and the target's.
    OtherData(Vec<Sum>, Vec<Sum>),
    /// So many connections of services are open to the target; nothing was changed.
    Served(i64),
}

/// Copies the SQLite database at a path, which nobody serves, to PostgreSQL. What the target holds is
/// left alone, unless `replace` says that it goes first.
///
/// # Errors
/// Either database's; the target is as it was then, unless the error says that there is no telling.
pub async fn copy(from: &Path, to: &str, replace: bool) -> Result<Outcome, StoreError> {
    // Brought up to date first, as every command does.
    drop(Store::open(&Location::Sqlite(from.to_owned()), 1).await?);
    let mut source = Source::open(from)?;
    let tables = table::of_the_schema(&mut Tx::on(source.connection())).await?;
    let job = Job { source, tables, replace };
    let target = Postgres::open(to, 1, FaultHook::default())?.within(DEADLINE);
    match target.write(job.into(), |tx, job| run(tx, job)).await? {
        Written::Committed(outcome) => Ok(outcome),
        Written::Unknown(_, error) => {
            let said = "the connection was lost; whether it was kept, the same command tells";
            Err(StoreError::Unavailable(format!("{said}: {}", error.chain()).into()))
        }
    }
}

struct Job {
    source: Source,
    tables: Vec<Table>,
    replace: bool,
}

fn run<'t>(tx: &'t mut Tx<'_>, job: &'t Job) -> Running<'t, Outcome> {
    Box::pin(async move {
        tx.mark().await?;
        let outcome = copy_all(tx, job).await?;
        if !matches!(outcome, Outcome::Copied(_)) {
            // Its schema, too, stays as it was.
            tx.undo_to_mark().await?;
        }
        Ok(outcome)
    })
}

async fn copy_all(tx: &mut Tx<'_>, job: &Job) -> Result<Outcome, StoreError> {
    // Asked first: those who serve would wait for our locks.
    let others = Target::of(tx)?.others().await?;
    if others > 0 {
        return Ok(Outcome::Served(others));
    }
    migrations::run(tx).await?;
    let tables = table::of_the_schema(tx).await?;
    if !table::alike(&tables, &job.tables) {
        let reason = "the two databases have other columns; use one version of ereprovd for both";
        return Err(StoreError::Broken(reason.into()));
    }
    let target = Target::of(tx)?;
    target.keep_others_out(&tables).await?;
    // Who came meanwhile may have accepted something; who comes from here on waits.
    let others = target.others().await?;
    if others > 0 {
        return Ok(Outcome::Served(others));
    }
    let there = target.sums(&tables).await?;
    if there != fresh(&job.tables).await? {
        let here = job.source.sums(&job.tables).await?;
        if here == there {
            return Ok(Outcome::AlreadyThere(there));
        }
        if !job.replace {
            return Ok(Outcome::OtherData(here, there));
        }
    }
    target.empty(&tables).await?;
    let mut written = Vec::new();
    for (table, from) in tables.iter().zip(&job.tables) {
        let (batches, reading) = job.source.rows(from);
        target.fill(table, batches).await?;
        written.push(source::told(reading).await?);
    }
    let read_back = target.sums(&tables).await?;
    if let Some((written, _)) = written.iter().zip(&read_back).find(|(a, b)| a != b) {
        let reason = format!("{} reads back otherwise than it was written", written.table);
        return Err(StoreError::Broken(reason.into()));
    }
    Ok(Outcome::Copied(read_back))
}

/// What a database holds that was only just made.
async fn fresh(tables: &[Table]) -> Result<Vec<Sum>, StoreError> {
    let mut connection = rusqlite::Connection::open_in_memory()?;
    migrations::run(&mut Tx::on(Connection::Sqlite(&mut connection))).await?;
    tables.iter().map(|table| source::sum(&connection, table)).collect()
}
