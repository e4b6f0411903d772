//! The first load of a network on PostgreSQL. Where its tables are empty they are made once more beside
//! themselves, in a schema that only the load's transaction sees; filled there without indexes and
//! references, which are then made for all rows at once instead of row by row; and put into the place of the
//! empty ones at the end, in the transaction that publishes. Whatever ends it before, nothing has changed.
//!
//! It is rehearsed first, with nothing in the tables: where an account may not do it, or where somebody has
//! added something that would not be there afterwards, the load goes into the tables that are there.

mod catalogue;
mod rows;
mod straight;

use std::time::Duration;

use catalogue::{empty, picture};

pub(super) use catalogue::Plan;

use crate::store::{StoreError, Tx, postgres::Postgres};

/// For fewer rows it would not be worth the trouble.
pub(super) const ROWS_MIN: i64 = 10_000;
/// How long those who ask may be kept waiting while the load waits for the tables: less than it takes
/// PostgreSQL to look for deadlocks, and far less than a request has.
const LOCK_WAIT: &str = "500ms";
/// How often it waits so long for them, and how long others have them in between: ten minutes for somebody
/// who reads all of an empty network.
const LOCK_TRIES: u32 = 400;
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// The same where nothing is lost yet.
const REHEARSAL_TRIES: u32 = 5;

/// Which way the rows of a load go.
pub(super) enum Way {
    /// Into tables beside those that are there.
    Beside(Box<Plan>),
    /// Into those that are there; why, where they are empty all the same.
    Within(Option<String>),
}

/// Makes the tables, without indexes, if the network is empty; from here on, their names are those of the
/// new ones.
pub(super) async fn begin(tx: &mut Tx<'_>, rows: i64) -> Result<Way, StoreError> {
    if rows < ROWS_MIN || !empty(tx).await? {
        return Ok(Way::Within(None));
    }
    let Some(plan) = Plan::read(tx).await? else {
        return Ok(Way::Within(Some("its tables are not where this program makes them".into())));
    };
    if let Some(why) = rehearse(tx, &plan).await? {
        return Ok(Way::Within(Some(why)));
    }
    make(tx, &plan).await?;
    Ok(Way::Beside(Box::new(plan)))
}

/// Gives those of the tables that are meant their keys and indexes, and lets the planner know them.
pub(super) async fn give_keys(
    tx: &mut Tx<'_>,
    plan: &Plan,
    is_meant: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    for (_, text) in plan.keys.iter().filter(|(table, _)| is_meant(table)) {
        tx.script(text).await?;
    }
    // Services plan by these numbers, not by those that do for what was staged.
    tx.script("SET LOCAL default_statistics_target TO DEFAULT").await?;
    for table in plan.tables.iter().filter(|table| is_meant(table)) {
        tx.script(&format!("ANALYZE ereprov_load.{table}")).await?;
    }
    Ok(())
}

/// Gives the tables their references: each is checked once, for all rows.
async fn give_references(tx: &mut Tx<'_>, plan: &Plan) -> Result<(), StoreError> {
    for text in &plan.references {
        tx.script(text).await?;
    }
    Ok(())
}

/// Gives the tables their references and puts them where they belong; from there to the end of the
/// transaction, nobody else can ask.
pub(super) async fn end(
    tx: &mut Tx<'_>,
    plan: &Plan,
    postgres: &Postgres,
    told: &mut dyn FnMut(&str, u64),
) -> Result<(), StoreError> {
    told("references", 0);
    give_references(tx, plan).await?;
    told("exchange", 0);
    postgres.catch_up().await;
    lock(tx, plan, LOCK_TRIES).await?;
    exchange(tx, plan).await
}

/// Does all of it with nothing in the tables, and undoes it; why it cannot be done, if so.
async fn rehearse(tx: &mut Tx<'_>, plan: &Plan) -> Result<Option<String>, StoreError> {
    let before = picture(tx).await?;
    tx.script("SAVEPOINT rehearsal").await?;
    let done = async {
        make(tx, plan).await?;
        give_keys(tx, plan, |_| true).await?;
        give_references(tx, plan).await?;
        lock(tx, plan, REHEARSAL_TRIES).await?;
        exchange(tx, plan).await?;
        picture(tx).await
    };
    let after = match done.await {
        Ok(after) => after,
        Err(error) => {
            undo(tx).await?;
            return Ok(Some(error.chain()));
        }
    };
    undo(tx).await?;
    let mut differ = before
        .iter()
        .filter(|line| !after.contains(line))
        .chain(after.iter().filter(|line| !before.contains(line)));
    Ok(differ.next().map(|line| format!("this would not be as it was: {line}")))
}

async fn undo(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.script("ROLLBACK TO SAVEPOINT rehearsal; RELEASE SAVEPOINT rehearsal").await
}

async fn make(tx: &mut Tx<'_>, plan: &Plan) -> Result<(), StoreError> {
    tx.script("CREATE SCHEMA ereprov_load").await?;
    tx.script(&plan.make.join(";\n")).await?;
    look_in(tx, &format!("ereprov_load, {}", plan.path)).await
}

/// Says where names without a schema are looked up from here on.
async fn look_in(tx: &mut Tx<'_>, path: &str) -> Result<(), StoreError> {
    tx.script(&format!("SET LOCAL search_path = {path}")).await
}

/// Waits until nobody else is at the tables, or at what their references touch, and lets others go first
/// again and again.
async fn lock(tx: &mut Tx<'_>, plan: &Plan, tries: u32) -> Result<(), StoreError> {
    let locking = format!(
        "SET LOCAL lock_timeout = '{LOCK_WAIT}'; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        plan.locked.join(", ")
    );
    for _ in 0..tries {
        tx.script("SAVEPOINT lock").await?;
        match tx.script(&locking).await {
            Ok(()) => return tx.script("RELEASE SAVEPOINT lock").await,
            Err(StoreError::Unavailable(_) | StoreError::Again(_)) => {
                tx.script("ROLLBACK TO SAVEPOINT lock; RELEASE SAVEPOINT lock").await?;
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    let why = "somebody reads the empty network and does not come to an end (a backup?)";
    Err(StoreError::Unavailable(why.into()))
}

/// Takes the empty tables away and puts the others there, under locks that keep everybody else out.
async fn exchange(tx: &mut Tx<'_>, plan: &Plan) -> Result<(), StoreError> {
    look_in(tx, &plan.path).await?;
    if !empty(tx).await? {
        let why = "somebody else has filled the network in the meantime";
        return Err(StoreError::Unavailable(why.into()));
    }
    let homes: Vec<_> = plan.tables.iter().map(|table| format!("{}.{table}", plan.home)).collect();
    let moves = plan.tables.iter().map(|table| {
        format!("ALTER TABLE ereprov_load.{table} SET SCHEMA {home}", home = plan.home)
    });
    let moves: Vec<_> = moves.collect();
    let gone = [format!("DROP TABLE {}", homes.join(", "))];
    let left = ["DROP SCHEMA ereprov_load".to_owned()];
    let all = [&plan.leave[..], &gone, &moves, &left, &plan.rejoin].concat();
    tx.script(&all.join(";\n")).await
}
