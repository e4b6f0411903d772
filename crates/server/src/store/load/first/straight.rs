//! A first load that is right from its first line to its last: it needs no look at each of them.

use super::{Plan, Way, begin, end, give_keys, rows};
use crate::store::{
    StoreError, Tx,
    admin_acts::{self, Act},
    dialect::{KNOW_FIRST, KNOW_FIRST_FIBRES, KNOW_STAGED},
    load::{Counted, Found, Loader, Run, Staged, changes, places, rows as added, stage::Amounts},
    value::{Param, params},
};

/// The table that has references to nearly all others, and few rows.
const PAST: &str = "reprovisioning";
/// The keys of all of a kind.
const ALL: &[Param<'_>] = &[Param::Int(0), Param::Int(i32::MAX as i64)];

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
        // Routes to be found, and holders beside the contracts, take a look at each.
        if self.staged.of(Staged::Report) > 0 || self.staged.holders {
            return Ok(None);
        }
        let staged = self.staged.clone();
        let loaded = self.writing_for_good(async |tx| {
            tx.lock_keys().await?;
            let rows = i64::try_from(staged.all()).unwrap_or(i64::MAX);
            let Way::Beside(plan) = begin(tx, rows).await? else { return Err(not_this_way()) };
            let kinds = write(tx, act, &plan, &staged, told).await?;
            admin_acts::record(tx, act).await?;
            end(tx, &plan, &postgres, told).await?;
            Ok(Found { kinds, ..Found::default() })
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

/// Everything but what the tables have of each other; what was added, kind by kind.
async fn write(
    tx: &mut Tx<'_>,
    act: &Act,
    plan: &Plan,
    staged: &Amounts,
    told: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Counted>, StoreError> {
    let mut run = Run { tx: &mut *tx, told: &mut |what| told(what, 0), wrong: 0 };
    run.knows(&KNOW_STAGED).await?;
    run.all(places::PLACES_STEPS, &[]).await?;
    run.all(places::NEW_BOXES_STEPS, &[]).await?;
    run.knows(&KNOW_FIRST).await?;
    if run.wrong > 0 {
        return Err(not_this_way());
    }
    let mut kinds = Vec::new();
    let mut add = |kind: &str, table: Staged, added| {
        let lines = staged.of(table);
        kinds.push(Counted { kind: kind.into(), lines, added, ..Counted::default() });
        told(kind, added);
    };
    let operators = tx.execute(changes::ADD_OPERATORS, params![act.at_ms]).await?;
    add("operator", Staged::Operator, operators);
    tx.execute(&added::SITES, ALL).await?;
    add("floor", Staged::Floor, tx.execute(&added::FLOORS, ALL).await?);
    add("pbo", Staged::Pbo, tx.execute(&added::PBOS, ALL).await?);
    add("pto", Staged::Pto, tx.execute(&rows::PTOS, &[]).await?);
    let fibres = tx.execute(&rows::FIBRES, &[]).await?;
    tx.execute(&KNOW_FIRST_FIBRES, &[]).await?;
    add("fibre", Staged::Fibre, fibres);
    add("contract", Staged::Contract, tx.execute(&rows::CONTRACTS, &[]).await?);
    give_keys(tx, plan, |table| table != PAST).await?;
    // What there is of it finds its contracts and fibres by their names, one by one.
    tx.script("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off").await?;
    add("past", Staged::Past, tx.execute(&rows::PAST, &[]).await?);
    tx.script("SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT")
        .await?;
    give_keys(tx, plan, |table| table == PAST).await?;
    if tx.first(&rows::UNRESOLVED, &[], |row| row.bool("unresolved")).await? != Some(false) {
        return Err(not_this_way());
    }
    Ok(kinds)
}
