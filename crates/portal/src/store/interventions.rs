//! Interventions: a technician's work on a contract, with the calls that it has cost.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Store, StoreError};

/// For how long work on a contract is one intervention, and a draft is kept: a day, in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A technician's work on a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intervention {
    pub id: i64,
}

/// Who has wanted a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// Nobody but the portal.
    Itself,
    /// The technician, by a button.
    Tapped,
}

/// One line of « Mes interventions ».
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recent {
    pub contract: String,
    pub touched_ms: i64,
    pub calls: u32,
    /// Where the technician was, if nothing was asked for since.
    pub draft: Option<String>,
    /// The latest request: its name, its stage, the state that was seen last, whether it was plugged in.
    pub request: Option<(String, String, Option<String>, bool)>,
}

/// Forgets interventions that nobody has touched since a time, with their requests, where these have ended.
pub(crate) fn sweep(db: &Connection, before_ms: i64) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM request WHERE is_open = 0
           AND intervention IN (SELECT id FROM intervention WHERE touched_ms < ?1)",
        [before_ms],
    )?;
    db.execute(
        "DELETE FROM intervention WHERE touched_ms < ?1
           AND NOT EXISTS (SELECT 1 FROM request WHERE request.intervention = intervention.id)",
        [before_ms],
    )?;
    Ok(())
}

impl Store {
    /// The intervention of today on a contract, opened if there is none.
    pub async fn intervention(
        &self,
        contract: &str,
        technician: i64,
        now_ms: i64,
    ) -> Result<Intervention, StoreError> {
        let contract = contract.to_owned();
        self.with(move |tx| intervention(tx, &contract, technician, now_ms)).await
    }

    /// Keeps where the technician is.
    pub async fn keep_draft(
        &self,
        intervention: i64,
        draft: Option<String>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.with(move |tx| {
            let sql = "UPDATE intervention SET draft = ?2, touched_ms = ?3 WHERE id = ?1";
            tx.prepare_cached(sql)?.execute(params![intervention, draft, now_ms])?;
            Ok(())
        })
        .await
    }

    /// Counts calls that nobody has tapped for, before they are made: as many of these as do not make more than
    /// `most` of them, or none. Each try is one step, so that there are never more, whoever else counts.
    pub async fn claim_calls(
        &self,
        intervention: i64,
        wanted: RangeInclusive<u32>,
        most: u32,
    ) -> Result<u32, StoreError> {
        self.with(move |tx| {
            let sql = "UPDATE intervention SET calls = calls + ?2
                WHERE id = ?1 AND calls + ?2 <= ?3";
            let mut claim = tx.prepare_cached(sql)?;
            for calls in wanted.rev() {
                if claim.execute(params![intervention, calls, most])? == 1 {
                    return Ok(calls);
                }
            }
            Ok(0)
        })
        .await
    }

    /// Counts calls on an account, however many there are.
    pub async fn count_calls(
        &self,
        intervention: i64,
        account: Account,
        calls: u32,
    ) -> Result<(), StoreError> {
        self.add_calls(intervention, account, i64::from(calls)).await
    }

    /// Takes back calls that were counted and not made.
    pub async fn give_back_calls(
        &self,
        intervention: i64,
        account: Account,
        calls: u32,
    ) -> Result<(), StoreError> {
        self.add_calls(intervention, account, -i64::from(calls)).await
    }

    async fn add_calls(
        &self,
        intervention: i64,
        account: Account,
        calls: i64,
    ) -> Result<(), StoreError> {
        let sql = match account {
            Account::Itself => "UPDATE intervention SET calls = calls + ?2 WHERE id = ?1",
            Account::Tapped => {
                "UPDATE intervention SET tapped_calls = tapped_calls + ?2 WHERE id = ?1"
            }
        };
        self.with(move |tx| {
            tx.prepare_cached(sql)?.execute(params![intervention, calls])?;
            Ok(())
        })
        .await
    }

    /// How many calls an intervention has cost: by itself, and in all.
    pub async fn calls(&self, intervention: i64) -> Result<(u32, u32), StoreError> {
        self.with(move |tx| {
            let sql = "SELECT calls, calls + tapped_calls FROM intervention WHERE id = ?1";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(tx.prepare_cached(sql)?.query_row([intervention], read)?)
        })
        .await
    }

    /// What a technician has worked on of late, the latest first; drafts of more than a day are forgotten.
    pub async fn recent(&self, technician: i64, now_ms: i64) -> Result<Vec<Recent>, StoreError> {
        self.with(move |tx| {
            let old = now_ms - DAY_MS;
            tx.prepare_cached(
                "UPDATE intervention SET draft = NULL WHERE touched_ms < ?1 AND draft IS NOT NULL",
            )?
            .execute([old])?;
            let mut statement = tx.prepare_cached(RECENT)?;
            let rows = statement.query_map([technician], |row| {
                let request: Option<String> = row.get(4)?;
                Ok(Recent {
                    contract: row.get(0)?,
                    touched_ms: row.get(1)?,
                    calls: row.get(2)?,
                    draft: row.get(3)?,
                    request: match request {
                        None => None,
                        Some(id) => Some((id, row.get(5)?, row.get(6)?, row.get(7)?)),
                    },
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Remembers something about the service.
    pub async fn find_out(&self, name: &'static str, now_ms: i64) -> Result<(), StoreError> {
        self.with(move |tx| {
            tx.execute("INSERT OR REPLACE INTO finding VALUES (?1, ?2)", params![name, now_ms])?;
            Ok(())
        })
        .await
    }

    /// Whether something was found out about the service since a time.
    pub async fn found_out(&self, name: &'static str, since_ms: i64) -> Result<bool, StoreError> {
        self.with(move |tx| {
            let sql = "SELECT 1 FROM finding WHERE name = ?1 AND at_ms >= ?2";
            Ok(tx.query_row(sql, params![name, since_ms], |_| Ok(())).optional()?.is_some())
        })
        .await
    }
}

const RECENT: &str = "
    SELECT i.contract, i.touched_ms, i.calls + i.tapped_calls, i.draft, r.id, r.stage,
           json_extract(r.seen, '$.state'), r.plugged_ms IS NOT NULL
    FROM intervention i
    LEFT JOIN request r ON r.id = (
        SELECT id FROM request WHERE intervention = i.id ORDER BY asked_ms DESC LIMIT 1
    )
    WHERE i.technician = ?1
    ORDER BY i.touched_ms DESC, i.id DESC
    LIMIT 30";

/// The intervention of today on a contract, opened if there is none.
pub(super) fn intervention(
    tx: &Transaction<'_>,
    contract: &str,
    technician: i64,
    now_ms: i64,
) -> Result<Intervention, StoreError> {
    let sql = "SELECT id FROM intervention
        WHERE contract = ?1 AND technician = ?2 AND opened_ms > ?3 ORDER BY opened_ms DESC LIMIT 1";
    let found =
        tx.prepare_cached(sql)?.query_row(params![contract, technician, now_ms - DAY_MS], |row| {
            Ok(Intervention { id: row.get(0)? })
        });
    if let Some(found) = found.optional()? {
        return Ok(found);
    }
    tx.execute(
        "INSERT INTO intervention (contract, technician, opened_ms, touched_ms) VALUES (?1, ?2, ?3, ?3)",
        params![contract, technician, now_ms],
    )?;
    Ok(Intervention { id: tx.last_insert_rowid() })
}

#[cfg(test)]
mod tests {
    use super::{super::technicians, *};

    #[tokio::test]
    async fn calls_without_a_tap_never_pass_the_most_whoever_counts_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let opened = store.with(|db| {
            technicians::add(db, "jeanne", "Jeanne", None, 0)?;
            intervention(db, "K", 1, 0)
        });
        let id = opened.await.unwrap().id;
        let other = Store::open(folder.path()).unwrap();
        let (one, two) = (store.clone(), other);
        let claims = |store: Store| async move {
            let mut claimed = 0;
            for _ in 0..20 {
                claimed += store.claim_calls(id, 1..=3, 8).await.unwrap();
            }
            claimed
        };
        let (one, two) = tokio::join!(tokio::spawn(claims(one)), tokio::spawn(claims(two)));
        assert_eq!(one.unwrap() + two.unwrap(), 8);
        store.count_calls(id, Account::Tapped, 2).await.unwrap();
        assert_eq!(store.calls(id).await.unwrap(), (8, 10));
        store.give_back_calls(id, Account::Itself, 2).await.unwrap();
        assert_eq!(store.claim_calls(id, 3..=3, 8).await.unwrap(), 0, "all of them, or none");
        assert_eq!(store.claim_calls(id, 1..=3, 8).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn old_interventions_go_with_their_requests_unless_something_may_still_come_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let left = store.with(|db| {
            technicians::add(db, "jeanne", "Jeanne", None, 0)?;
            // Old and ended, old and open, old without a request, young.
            for (id, touched_ms, open) in
                [(1, 9, Some(0)), (2, 9, Some(1)), (3, 9, None), (4, 10, Some(0))]
            {
                db.execute(
                    "INSERT INTO intervention (id, contract, technician, opened_ms, touched_ms)
                     VALUES (?1, 'K' || ?1, 1, 0, ?2)",
                    [id, touched_ms],
                )?;
                let Some(open) = open else { continue };
                db.execute(
                    "INSERT INTO request (id, intervention, contract, technician, asked_ms, way,
                       reason, chosen, stage, is_open)
                     VALUES ('r' || ?1, ?1, 'K' || ?1, 1, 0, '{}', '', '{}', 'accepted', ?2)",
                    [id, open],
                )?;
            }
            sweep(db, 10)?;
            let mut found = db.prepare(
                "SELECT i.id, COALESCE(r.id, '') FROM intervention i
                 LEFT JOIN request r ON r.intervention = i.id ORDER BY i.id",
            )?;
            let rows =
                found.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        assert_eq!(left.await.unwrap(), [(2, "r2".to_owned()), (4, "r4".to_owned())]);
    }
}
