//! A use case run to its end on a connection.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use rusqlite::Connection;

use crate::store::{
    UseCase,
    error::StoreError,
    faults::FaultHook,
    tally::Tally,
    tx::{Connection as AnyConnection, Tx},
};

/// Runs a use case that only reads, in a transaction of its own.
pub(super) fn run_in_snapshot<A, T>(
    name: &'static str,
    connection: &mut Connection,
    hook: &FaultHook,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<T, StoreError> {
    hook.ask("BEGIN")?;
    run_plain(connection, "BEGIN")?;
    let outcome = run_to_the_end(name, connection, hook, None, arguments, use_case);
    run_plain(connection, "ROLLBACK")?;
    outcome
}

/// Runs a statement without parameters or rows, which stays prepared.
pub(super) fn run_plain(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(text)?.raw_execute().map(drop)
}

/// On SQLite every step of a use case is ready at once: one poll runs it to its end.
pub(super) fn run_to_the_end<A, T>(
    name: &'static str,
    connection: &mut Connection,
    hook: &FaultHook,
    tally: Option<&mut Tally>,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<T, StoreError> {
    let run = AssertUnwindSafe(|| {
        let mut tx = Tx { connection: AnyConnection::Sqlite(connection), hook, tally };
        let future = pin!(use_case(&mut tx, arguments));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Err(StoreError::Bug(format!("{name} waited for something else"))),
        }
    });
    catch_unwind(run).unwrap_or_else(|_| Err(StoreError::Bug(format!("{name} panicked"))))
}
