//! Interventions: a technician's work on a contract, with the calls that it has cost.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Store, StoreError};

/// For how long work on a contract is one intervention, and a draft is kept: a day, in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A technician's work on a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intervention {
    pub id: i64,
    /// Calls to the service so far.
    pub calls: u32,
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

    /// Counts calls; a negative number takes back what was not sent.
    pub async fn count_calls(&self, intervention: i64, calls: i64) -> Result<(), StoreError> {
        self.with(move |tx| {
            let sql = "UPDATE intervention SET calls = max(0, calls + ?2) WHERE id = ?1";
            tx.prepare_cached(sql)?.execute(params![intervention, calls])?;
            Ok(())
        })
        .await
    }

    /// How many calls an intervention has cost.
    pub async fn calls(&self, intervention: i64) -> Result<u32, StoreError> {
        self.with(move |tx| {
            let sql = "SELECT calls FROM intervention WHERE id = ?1";
            Ok(tx.prepare_cached(sql)?.query_row([intervention], |row| row.get(0))?)
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
    SELECT i.contract, i.touched_ms, i.calls, i.draft, r.id, r.stage,
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
    let sql = "SELECT id, calls FROM intervention
        WHERE contract = ?1 AND technician = ?2 AND opened_ms > ?3 ORDER BY opened_ms DESC LIMIT 1";
    let found =
        tx.prepare_cached(sql)?.query_row(params![contract, technician, now_ms - DAY_MS], |row| {
            Ok(Intervention { id: row.get(0)?, calls: row.get(1)? })
        });
    if let Some(found) = found.optional()? {
        return Ok(found);
    }
    tx.execute(
        "INSERT INTO intervention (contract, technician, opened_ms, touched_ms) VALUES (?1, ?2, ?3, ?3)",
        params![contract, technician, now_ms],
    )?;
    Ok(Intervention { id: tx.last_insert_rowid(), calls: 0 })
}

#[cfg(test)]
mod tests {
    use super::{super::technicians, *};

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
