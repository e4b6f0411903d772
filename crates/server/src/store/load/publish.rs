//! What was found is written, and all of it becomes visible at once.

use super::{
    Difference, Loader, changes,
    first::{self, Way},
    hidden, report, rows,
};
use crate::store::{
    StoreError, Tx,
    admin_acts::{self, Act},
    postgres::Postgres,
    statement::Statement,
    value::params,
};

/// Numbers that one statement spans at the most on PostgreSQL: it keeps a note of each row until the
/// statement's end, to check what it refers to.
const SPAN: i64 = 1_000_000;

impl Loader {
    /// Writes everything and makes it visible, in one moment; `told` hears of what, and how many rows. The
    /// first differences, with what the service did meanwhile.
    ///
    /// # Errors
    /// The database's; nothing can be seen of the load then, unless the error says that there is no
    /// telling.
    pub async fn publish(
        &mut self,
        act: &Act,
        told: &mut dyn FnMut(&str, u64),
    ) -> Result<Vec<Difference>, StoreError> {
        if let Some(postgres) = self.postgres() {
            return self.publish_at_once(&postgres, act, told).await;
        }
        self.writing(async |tx| hidden::begin(tx).await).await?;
        for adding in rows::ALL {
            let range = self.looking(async |tx| bounds(tx, adding.bounds).await).await?;
            self.in_pieces_of(adding.piece, range, &mut |rows| told(adding.what, rows)).await?;
        }
        self.writing_for_good(async |tx| {
            run_all(tx, changes::LATE).await?;
            run_all(tx, changes::BEFORE).await?;
            tx.execute(changes::ADD_OPERATORS, params![act.at_ms]).await?;
            for adding in rows::ALL {
                add_last(tx, adding, told).await?;
            }
            finish(tx, act, told).await
        })
        .await
    }

    /// On PostgreSQL, where one transaction is as good as many.
    async fn publish_at_once(
        &mut self,
        postgres: &Postgres,
        act: &Act,
        told: &mut dyn FnMut(&str, u64),
    ) -> Result<Vec<Difference>, StoreError> {
        let mut not_beside = None;
        let published = self
            .writing_for_good(async |tx| {
                tx.lock_keys().await?;
                let rows = numbers(tx).await?;
                let way = first::begin(tx, rows).await?;
                let found = write(tx, act, told).await?;
                match way {
                    Way::Within(why) => not_beside = why,
                    Way::Beside(plan) => {
                        told("indexes", 0);
                        first::give_keys(tx, &plan, |_| true).await?;
                        first::end(tx, &plan, postgres, told).await?;
                    }
                }
                Ok(found)
            })
            .await;
        self.not_beside = not_beside;
        published
    }
}

/// Numbers that what is added lies between, over all kinds.
async fn numbers(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let mut all = 0;
    for adding in rows::ALL {
        let (first, last) = bounds(tx, adding.bounds).await?;
        all += last - first + 1;
    }
    Ok(all)
}

/// Everything, in one transaction.
async fn write(
    tx: &mut Tx<'_>,
    act: &Act,
    told: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Difference>, StoreError> {
    hidden::begin(tx).await?;
    run_all(tx, changes::LATE).await?;
    run_all(tx, changes::BEFORE).await?;
    tx.execute(changes::ADD_OPERATORS, params![act.at_ms]).await?;
    for adding in rows::ALL {
        let (first, last) = bounds(tx, adding.bounds).await?;
        let mut from = first;
        while from <= last {
            let to = (from + SPAN - 1).min(last);
            let rows = tx.execute(adding.piece, params![from, to]).await?;
            told(adding.what, rows);
            from = to + 1;
        }
        add_last(tx, adding, told).await?;
    }
    finish(tx, act, told).await
}

async fn add_last(
    tx: &mut Tx<'_>,
    adding: &rows::Adding,
    told: &mut dyn FnMut(&str, u64),
) -> Result<(), StoreError> {
    if let Some(statement) = adding.last {
        told(adding.what, tx.execute(statement, &[]).await?);
    }
    Ok(())
}

async fn finish(
    tx: &mut Tx<'_>,
    act: &Act,
    told: &mut dyn FnMut(&str, u64),
) -> Result<Vec<Difference>, StoreError> {
    for statement in changes::AFTER {
        told("changes", tx.execute(statement, &[]).await?);
    }
    hidden::end(tx).await?;
    admin_acts::record(tx, act).await?;
    report::differences(tx).await
}

async fn bounds(tx: &mut Tx<'_>, statement: &Statement) -> Result<(i64, i64), StoreError> {
    let read = |row: &crate::store::value::Row<'_>| Ok((row.int("first")?, row.int("last")?));
    Ok(tx.first(statement, &[], read).await?.unwrap_or((1, 0)))
}

async fn run_all(tx: &mut Tx<'_>, statements: &[&Statement]) -> Result<(), StoreError> {
    for statement in statements {
        tx.execute(statement, &[]).await?;
    }
    Ok(())
}
