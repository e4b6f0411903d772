//! Every use case, with its first call to the database failing, then its second, and so on until it
//! passes: nothing is half done, the answer says so, and the next time it works.

mod checks;
mod jumps;
mod nth;
mod requests;
mod telling;
mod workflow;

use nth::{Kind, Nth};

use crate::harness::{Oi, Setup};

/// Runs the same on both databases.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::super::Database::Sqlite).await })*
        }
        mod on_postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::super::Database::Postgres).await })*
        }
    };
}
use on_both;

#[derive(Debug, Clone, Copy)]
enum Database {
    Sqlite,
    Postgres,
}

/// A service whose n-th call can be made to fail.
async fn start(database: Database, setup: Setup) -> (Oi, Nth) {
    let nth = Nth::default();
    let setup = Setup { faults: Some(nth.faults()), schema: false, ..setup };
    let setup = match database {
        Database::Sqlite => setup,
        Database::Postgres => setup.on_postgres().await,
    };
    (setup.start().await, nth)
}

/// Calls that a use case makes at the most: more of them are a test that never ends.
const CALLS_MAX: usize = 200;

/// Goes through a use case's calls; it is told which one fails, and tells which one did.
#[expect(clippy::print_stdout, reason = "with --nocapture, one sees what was tried")]
async fn each_call(
    database: Database,
    what: &str,
    mut attempt: impl AsyncFnMut(usize, Kind) -> Option<String>,
) {
    for kind in Kind::of(database).iter().copied() {
        let mut failed = Vec::new();
        while let Some(call) = attempt(failed.len() + 1, kind).await {
            failed.push(call);
            assert!(failed.len() < CALLS_MAX, "{what} never ends: {failed:?}");
        }
        assert!(failed.len() >= 3, "{what}: no call failed");
        println!("{what}, {kind:?}, {} calls: {}", failed.len(), failed.join(" "));
    }
}
