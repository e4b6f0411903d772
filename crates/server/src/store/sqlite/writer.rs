//! The writer: takes what waits, runs it in one transaction, commits, then tells every caller.
//!
//! A use case that fails leaves nothing behind. Hardly any does: a group is run without savepoints, for
//! which SQLite copies every page that is touched, and writes what its calls count once, at its end. Where
//! one of them fails, or that writing, all is undone: those before it are run again, and those behind it,
//! each in a savepoint of its own.

use std::{iter, mem, sync::Arc, time::Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    Effect, Versions,
    run::{run_plain, run_to_the_end},
    spent::Account,
};
use crate::store::{UseCase, error::StoreError, faults::FaultHook, tally::Tally, usage};

/// Use cases that share one commit at the most.
const GROUP_MAX: usize = 64;

/// A use case on its way through the writer.
pub(super) trait Job: Send {
    /// What it does to what others have read.
    fn effect(&self) -> Effect;
    /// Runs it, perhaps once more; whether it went well. What it counts is for the tally, if there is one.
    fn run(&mut self, connection: &mut Connection, tally: Option<&mut Tally>) -> bool;
    /// Whether it has run, and went well.
    fn went_well(&self) -> bool;
    /// It is not run, or what it did is undone, for this reason.
    fn fail(&mut self, error: StoreError);
    /// Tells the caller what came of it and of its commit.
    fn tell(self: Box<Self>, commit: Result<(), &StoreError>);
}

/// A use case, with what it is given and who waits for it.
pub(super) struct Asked<A, T> {
    pub(super) name: &'static str,
    pub(super) arguments: Arc<A>,
    pub(super) use_case: UseCase<A, T>,
    pub(super) effect: Effect,
    pub(super) hook: FaultHook,
    pub(super) outcome: Option<Result<T, StoreError>>,
    pub(super) tell: oneshot::Sender<Result<T, StoreError>>,
}

impl<A: Send + Sync, T: Send> Job for Asked<A, T> {
    fn effect(&self) -> Effect {
        self.effect
    }

    fn run(&mut self, connection: &mut Connection, tally: Option<&mut Tally>) -> bool {
        let Self { name, hook, use_case, .. } = self;
        let outcome = run_to_the_end(name, connection, hook, tally, &*self.arguments, *use_case);
        self.outcome.insert(outcome).is_ok()
    }

    fn went_well(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn tell(self: Box<Self>, commit: Result<(), &StoreError>) {
        let not_run = || Err(StoreError::Bug(format!("{} was not run", self.name)));
        let outcome = match (self.outcome.unwrap_or_else(not_run), commit) {
            (Ok(_), Err(error)) => Err(error.same()),
            (outcome, _) => outcome,
        };
        // Nobody waits any more where the request's deadline has passed.
        let _ = self.tell.send(outcome);
    }
}

/// The connection that writes, and the group that it is at.
pub(super) struct Writer {
    connection: Connection,
    hook: FaultHook,
    versions: Versions,
    account: Account,
    /// What SQLite says of the commits of other connections.
    seen: i64,
    group: Vec<Box<dyn Job>>,
    /// What the calls of the group count.
    tally: Tally,
    /// One of the group has failed: each is run in a savepoint of its own.
    apart: bool,
    /// Why nothing of the group may be committed: nobody can tell what is in the transaction.
    spoilt: Option<StoreError>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        hook: FaultHook,
        versions: Versions,
        account: Account,
    ) -> Self {
        let group = Vec::with_capacity(GROUP_MAX);
        let (tally, apart, spoilt) = (Tally::default(), false, None);
        Self { connection, hook, versions, account, seen: 0, group, tally, apart, spoilt }
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(mut first) = jobs.blocking_recv() {
            if let Err(error) = self.hook.ask("BEGIN") {
                first.fail(error);
                first.tell(Ok(()));
                continue;
            }
            if let Err(error) = self.begin() {
                self.undo();
                refuse_waiting(first, &error.into(), &mut jobs);
                continue;
            }
            let begun = Instant::now();
            self.take(first);
            // SQLite ends the whole transaction by itself on some errors (a full disk): no use case
            // may run after that, and the commit below then fails for all.
            while self.group.len() < GROUP_MAX && !self.is_lost() {
                let Ok(next) = jobs.try_recv() else { break };
                self.take(next);
            }
            self.commit(begun);
        }
    }

    /// Begins a transaction, and finds out what other processes have committed since the last one.
    fn begin(&mut self) -> rusqlite::Result<()> {
        run_plain(&self.connection, "BEGIN IMMEDIATE")?;
        let mut asking = self.connection.prepare_cached("PRAGMA data_version")?;
        let seen = asking.query_row([], |row| row.get(0))?;
        if mem::replace(&mut self.seen, seen) != seen {
            self.versions.changed_elsewhere();
        }
        Ok(())
    }

    /// Runs a use case as the next of the group.
    fn take(&mut self, mut job: Box<dyn Job>) {
        match job.effect() {
            Effect::Keeps(Some(read)) if self.versions.now() != Some(read) => {
                job.fail(StoreError::Changed);
            }
            _ if self.apart => {
                if let Err(error) = self.run_apart(&mut job) {
                    job.fail(error);
                }
            }
            _ if self.run_job(&mut job) || self.undone_by_itself(&mut job) => {}
            _ => self.begin_again(),
        }
        self.group.push(job);
    }

    /// Runs a use case; whether it went well.
    fn run_job(&mut self, job: &mut Box<dyn Job>) -> bool {
        let rows = self.connection.total_changes();
        let tally = (!self.apart).then_some(&mut self.tally);
        let went_well = job.run(&mut self.connection, tally);
        if job.effect() == Effect::Changes && self.connection.total_changes() != rows {
            self.versions.change();
        }
        went_well
    }

    /// Runs a use case in a savepoint of its own.
    fn run_apart(&mut self, job: &mut Box<dyn Job>) -> Result<(), StoreError> {
        // Outside of the transaction a savepoint would be one of its own.
        if self.is_lost() {
            return Err(undone());
        }
        run_plain(&self.connection, "SAVEPOINT apart")?;
        let went_well = self.run_job(job);
        if self.undone_by_itself(job) {
            return Ok(());
        }
        if !went_well {
            self.savepoint("ROLLBACK TO apart")?;
        }
        self.savepoint("RELEASE apart")
    }

    /// Undoes the group, and runs again what went well in it, each apart.
    fn begin_again(&mut self) {
        (self.apart, self.tally) = (true, Tally::default());
        // Somebody else may come in between, and stay.
        let undone = run_plain(&self.connection, "ROLLBACK");
        self.versions.settle();
        let begun = undone.and_then(|()| self.begin()).map_err(StoreError::from);
        if let Err(error) = begun.and_then(|()| self.hook.ask("BEGIN")) {
            self.spoilt = Some(error);
            return;
        }
        for job in mem::replace(&mut self.group, Vec::with_capacity(GROUP_MAX)) {
            if job.went_well() { self.take(job) } else { self.group.push(job) }
        }
    }

    /// Undoes or ends a savepoint; where that fails, nobody can tell what is in the transaction.
    fn savepoint(&mut self, what: &str) -> Result<(), StoreError> {
        run_plain(&self.connection, what).map_err(|error| {
            self.spoilt = Some(undone());
            error.into()
        })
    }

    /// Whether there is no transaction any more that may be committed.
    fn is_lost(&self) -> bool {
        self.spoilt.is_some() || self.connection.is_autocommit()
    }

    /// Whether SQLite has undone everything (a full disk), with every savepoint.
    fn undone_by_itself(&mut self, job: &mut Box<dyn Job>) -> bool {
        let is_undone = self.connection.is_autocommit();
        if is_undone && job.went_well() {
            job.fail(undone());
        }
        is_undone
    }

    /// Undoes the transaction, if there still is one.
    fn undo(&self) {
        if !self.connection.is_autocommit() {
            // Nothing is committed: the next BEGIN would say so too, where this fails.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Writes what the group has counted.
    fn write_counts(&mut self) {
        let tally = mem::take(&mut self.tally);
        if self.is_lost() {
            return;
        }
        let write: UseCase<Tally, ()> = |tx, tally| Box::pin(usage::write(tx, tally));
        let written =
            run_to_the_end("count", &mut self.connection, &self.hook, None, &tally, write);
        // Where SQLite has undone all there is nothing to begin again.
        let Some(error) = written.err().filter(|_| !self.is_lost()) else { return };
        let (error, said) = (error.chain(), "what was counted together is counted call by call");
        tracing::warn!(error, "{said}");
        self.begin_again();
    }

    /// Commits the group that has run since then, and tells everybody.
    fn commit(&mut self, begun: Instant) {
        self.write_counts();
        let has_run = Instant::now();
        let whole = self.spoilt.take().map_or(Ok(()), Err);
        let commit = whole
            .and_then(|()| self.hook.ask("COMMIT"))
            .and_then(|()| run_plain(&self.connection, "COMMIT").map_err(StoreError::from));
        if commit.is_err() {
            self.undo();
        }
        self.account.add(self.group.len(), has_run - begun, has_run.elapsed());
        self.apart = false;
        self.versions.settle();
        for job in self.group.drain(..) {
            job.tell(commit.as_ref().copied());
        }
    }
}

/// SQLite has undone the transaction by itself: nothing may be written outside of one.
fn undone() -> StoreError {
    StoreError::Broken("the transaction was undone".into())
}

/// There is no transaction: what waited behind the first has waited as long, and is not made to wait
/// once more each.
fn refuse_waiting(
    first: Box<dyn Job>,
    error: &StoreError,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
) {
    let behind = iter::from_fn(|| jobs.try_recv().ok());
    for mut job in iter::once(first).chain(behind) {
        job.fail(error.same());
        job.tell(Ok(()));
    }
}

#[cfg(test)]
mod tests;
