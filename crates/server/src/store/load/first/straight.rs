//! A first load that is right from its first line to its last: it needs no look at each of them.

use super::{Plan, Way, begin, end, give_keys, give_references, rows};
use crate::store::{
    StoreError, Tx,
    admin_acts::{self, Act},
    dialect::{KNOW_FIRST, KNOW_FIRST_FIBRES, KNOW_STAGED},
    load::{Found, Loader, Run, changes, places, report, rows as added},
    value::params,
};

/// The table that has references to nearly all others, and few rows.
const PAST: &str = "reprovisioning";

impl Loader {
    /// Loads what was staged into an empty network on PostgreSQL, and makes it visible; none where that is
    /// not what it is, or where anything is wrong with it: nothing has been done then. `told` hears of what is
    /// written, and how many rows.
    ///
    /// # Errors
    /// The database's; nothing can be seen of the load then, unless the error says that there is no
    /// telling.
    pub async fn publish_first(
        &mut self,
        act: &Act,
        told: &mut dyn FnMut(&str, u64),
    ) -> Result<Option<Found>, StoreError> {
        let Some(postgres) = self.postgres() else { return Ok(None) };
        let loaded = self.writing_for_good(async |tx| {
            tx.lock_keys().await?;
            let number = |row: &crate::store::value::Row<'_>| row.int("number");
            let staged = tx.first(&rows::ROWS, &[], number).await?.unwrap_or_default();
            let more = tx.first(&rows::MORE, &[], |row| row.bool("more")).await?;
            if more != Some(false) {
                return Err(not_this_way());
            }
            let Way::Beside(plan) = begin(tx, staged).await? else { return Err(not_this_way()) };
            write(tx, act, &plan, told).await?;
            let found = found(tx).await?;
            admin_acts::record(tx, act).await?;
            told("references", 0);
            give_references(tx, &plan).await?;
            told("exchange", 0);
            postgres.catch_up().await;
            end(tx, &plan).await?;
            Ok(found)
        });
        match loaded.await {
            Ok(found) => Ok(Some(found)),
            // A constraint says no: which lines are to blame is found out line by line.
            Err(error @ (StoreError::Broken(_) | StoreError::Again(_))) => {
                tracing::debug!(error = error.chain(), "no load in one go");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Undoes what was done on this way, so that the other one is taken.
fn not_this_way() -> StoreError {
    StoreError::Again("not the first load of a network, or not one in one go".into())
}

async fn write(
    tx: &mut Tx<'_>,
    act: &Act,
    plan: &Plan,
    told: &mut dyn FnMut(&str, u64),
) -> Result<(), StoreError> {
    let mut run = Run { tx: &mut *tx, told: &mut |what| told(what, 0), wrong: 0 };
    run.knows(&KNOW_STAGED).await?;
    run.all(places::PLACES_STEPS, &[]).await?;
    run.all(places::NEW_BOXES_STEPS, &[]).await?;
    run.knows(&KNOW_FIRST).await?;
    if run.wrong > 0 {
        return Err(not_this_way());
    }
    tx.execute(changes::ADD_OPERATORS, params![act.at_ms]).await?;
    for adding in added::PLACES {
        told(adding.what, tx.execute(adding.piece, params![0, i64::from(i32::MAX)]).await?);
    }
    told("PTOs", tx.execute(&rows::PTOS, &[]).await?);
    told("fibres", tx.execute(&rows::FIBRES, &[]).await?);
    tx.execute(&KNOW_FIRST_FIBRES, &[]).await?;
    told("contracts", tx.execute(&rows::CONTRACTS, &[]).await?);
    told("indexes", 0);
    give_keys(tx, plan, |table| table != PAST).await?;
    told("past", tx.execute(&rows::PAST, &[]).await?);
    give_keys(tx, plan, |table| table == PAST).await?;
    if tx.first(&rows::UNRESOLVED, &[], |row| row.bool("unresolved")).await? != Some(false) {
        return Err(not_this_way());
    }
    Ok(())
}

async fn found(tx: &mut Tx<'_>) -> Result<Found, StoreError> {
    let kinds = tx.all(&rows::COUNTS, &[], report::counted).await?;
    Ok(Found { kinds, ..Found::default() })
}
