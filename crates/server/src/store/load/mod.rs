//! The database's side of a load: rows staged, held against what is there, and made visible at once.
//!
//! A [`Loader`] is a connection of its own. It stages in tables that only it sees, finds out there what
//! is new, changed, protected or wrong, and writes nothing that others can see before [`Loader::publish`].
//! On SQLite, where one writes at a time, what is new goes in in pieces that nobody can find
//! (`hidden.rs`); the last transaction, which makes them visible, holds what changes. On PostgreSQL all of
//! it is one transaction.

/// A key that stands twice in the files.
macro_rules! twice {
    ($name:literal, $kind:literal, $table:literal) => {
        statement!(
            $name,
            concat!(
                "INSERT INTO problem (kind, seq, file, line, code, value, other_file, other)
                 SELECT '",
                $kind,
                "', s.seq, s.file, s.line, 'twice', s.ref, o.file, CAST(o.line AS TEXT)
                 FROM (SELECT ref, MIN(seq) AS first FROM ",
                $table,
                " GROUP BY ref HAVING COUNT(*) > 1) d
                 JOIN ",
                $table,
                " s ON s.ref = d.ref AND s.seq <> d.first JOIN ",
                $table,
                " o ON o.seq = d.first"
            )
        )
    };
}

mod changes;
mod connection;
mod contracts;
mod fibres;
mod first;
mod hidden;
mod places;
mod protect;
mod publish;
mod report;
mod reports;
mod rows;
mod stage;
mod whole;

use tokio::sync::mpsc::Receiver;

use super::{
    StoreError,
    dialect::{
        INDEX_STAGED, KNOW_BOXES, KNOW_CHANGES, KNOW_CONTRACTS, KNOW_FIBRES, KNOW_PLACES,
        KNOW_REPORTS, KNOW_STAGED,
    },
    statement::Statement,
    value::{Param, params},
};

pub use super::value::Value;
pub use connection::Loader;
pub use report::{Counted, Difference, Found, Problem};
pub use stage::{Batch, Staged};
pub use whole::Whole;

/// Rows that the last transaction may write beside a service that works on SQLite, which waits for it: some
/// seconds of work, within the time that a request waits.
pub const WAITING_MAX: u64 = 200_000;

/// A step of the look at what was staged: what it is about, and what it does.
#[derive(Debug, Clone, Copy)]
struct Resolve {
    what: &'static str,
    statement: &'static Statement,
    /// Only where something is wrong by then.
    if_wrong: bool,
}

const fn step(what: &'static str, statement: &'static Statement) -> Resolve {
    Resolve { what, statement, if_wrong: false }
}

const fn if_wrong(what: &'static str, statement: &'static Statement) -> Resolve {
    Resolve { what, statement, if_wrong: true }
}

/// What a load is told about its files.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time that they speak of: what the service did later wins over them.
    pub as_of_ms: i64,
    /// Of which kinds they are the whole.
    pub whole: Whole,
}

impl Loader {
    /// Makes the tables to stage in, and takes away what a load that was cut off has left.
    ///
    /// # Errors
    /// The database's.
    pub async fn prepare(&mut self) -> Result<(), StoreError> {
        hidden::clear(self).await?;
        let tables = include_str!("tables.sql");
        self.looking(async |tx| {
            if tx.is_embedded() {
                return tx.script(tables).await;
            }
            // What comes in in its order is indexed faster at the end, if it has to be.
            tx.script(
                &tables
                    .replace("seq INTEGER PRIMARY KEY,\n  file", "seq INTEGER NOT NULL,\n  file"),
            )
            .await
        })
        .await
    }

    /// Stages rows, batch by batch, until no more come; `took` hears of each.
    ///
    /// # Errors
    /// The database's.
    pub async fn fill(
        &mut self,
        batches: &mut Receiver<Batch>,
        took: &mut dyn FnMut(),
    ) -> Result<(), StoreError> {
        if self.postgres().is_some() {
            // Nobody else is kept waiting by what is staged, so that one transaction is as good as many.
            let staged = self.looking(async |tx| stage::fill_all(tx, batches, took).await);
            self.staged = staged.await?;
            return Ok(());
        }
        while let Some(batch) = batches.recv().await {
            self.looking(async |tx| stage::fill(tx, &batch)).await?;
            took();
        }
        Ok(())
    }

    /// Finds out what the staged rows come to; `told` hears what is being looked at.
    ///
    /// # Errors
    /// The database's.
    pub async fn resolve(
        &mut self,
        terms: Terms,
        told: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        self.looking(async |tx| {
            if !tx.is_embedded() {
                tx.script(INDEX_STAGED).await?;
            }
            let mut run = Run { tx, told, wrong: 0 };
            run.knows(&KNOW_STAGED).await?;
            run.all(protect::BUSY_STEPS, &[]).await?;
            run.all(protect::TOUCHED_STEPS, params![terms.as_of_ms]).await?;
            reports::resolve(&mut run).await?;
            run.all(places::PLACES_STEPS, &[]).await?;
            run.knows(&KNOW_PLACES).await?;
            whole::moved(&mut run, terms.whole).await?;
            run.all(places::BOXES_STEPS, &[]).await?;
            run.knows(&KNOW_BOXES).await?;
            run.all(fibres::KEYS_STEPS, &[]).await?;
            run.knows(&KNOW_FIBRES).await?;
            run.all(contracts::KEYS_STEPS, &[]).await?;
            run.knows(&KNOW_CONTRACTS).await?;
            whole::contracts(&mut run, terms.whole).await?;
            loop {
                let before = run.wrong;
                run.all(contracts::TAKEN_STEPS, &[]).await?;
                if run.wrong == before {
                    break;
                }
            }
            run.all(contracts::CHANGES_STEPS, &[]).await?;
            run.all(fibres::HOLDERS_STEPS, &[]).await?;
            run.all(contracts::REFUSED_STEPS, &[]).await?;
            run.all(fibres::CHANGES_STEPS, &[]).await?;
            run.all(contracts::PAST_STEPS, &[]).await?;
            run.knows(&KNOW_CHANGES).await?;
            whole::rest(&mut run, terms.whole).await
        })
        .await
    }
}

/// Steps being taken.
struct Run<'r, 't> {
    tx: &'r mut super::Tx<'t>,
    told: &'r mut dyn FnMut(&str),
    /// Problems found so far.
    wrong: u64,
}

impl Run<'_, '_> {
    /// Lets the planner know how much there is.
    async fn knows(&mut self, statement: &Statement) -> Result<(), StoreError> {
        self.tx.execute(statement, &[]).await.map(drop)
    }

    async fn all(&mut self, steps: &[Resolve], params: &[Param<'_>]) -> Result<(), StoreError> {
        for step in steps {
            if step.if_wrong && self.wrong == 0 {
                continue;
            }
            (self.told)(step.what);
            let rows = self.tx.execute(step.statement, params).await?;
            if step.statement.postgres.starts_with("INSERT INTO problem") {
                self.wrong += rows;
            }
        }
        Ok(())
    }
}

/// Every statement of this folder that a fresh database can prepare; the others are run by the loads of
/// every test.
#[cfg(test)]
pub(super) static ALL: &[&Statement] = hidden::ALL;
