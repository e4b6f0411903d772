//! Requests for another fibre, from the tap that sends one to the fibre that is plugged in.

use ereprov_client::Reason;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{Seen, Store, StoreError};
use crate::flow::{Trouble, Way};

/// Where a request stands with the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It waits for its turn; nothing has left.
    Waiting,
    /// It has left, or is about to.
    Sent,
    /// The service accepted it.
    Accepted,
    /// Somebody else's, which is only followed.
    Followed,
    /// The service refused it.
    Refused,
    /// Nothing has left.
    NotSent,
    /// Nobody knows yet whether it was accepted.
    Unknown,
}

/// The fibre that was chosen, as the list showed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub fibre: String,
    pub pto: Option<String>,
    pub pbo: String,
    pub location: String,
    pub cable: String,
    pub tube: String,
    pub tubes: Option<u32>,
    pub colour: String,
    pub colours: Option<u32>,
    /// The fibre before it, where it is known.
    pub before: Option<String>,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub id: String,
    pub intervention: i64,
    pub contract: String,
    pub technician: i64,
    pub asked_ms: i64,
    pub way: Way,
    pub chosen: Chosen,
    pub stage: Stage,
    pub is_open: bool,
    pub trouble: Option<Trouble>,
    pub discharge_code: Option<String>,
    pub code_to_come: bool,
    pub seen: Option<Seen>,
    pub seen_ms: Option<i64>,
    /// Every state that was seen, and when for the first time.
    pub states: Vec<(String, i64)>,
    /// How often it was looked at by itself.
    pub looks: u32,
    pub next_look_ms: Option<i64>,
    pub plugged_ms: Option<i64>,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A new request.
    New,
    /// The form was sent before.
    Before,
    /// The contract has another one that is open.
    Another(String),
}

impl Stage {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Waiting, "waiting"),
        (Self::Sent, "sent"),
        (Self::Accepted, "accepted"),
        (Self::Followed, "followed"),
        (Self::Refused, "refused"),
        (Self::NotSent, "not_sent"),
        (Self::Unknown, "unknown"),
    ];

    /// Its word in the table.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(stage, _)| *stage == self).map_or("", |(_, word)| word)
    }

    /// The one with this word.
    pub fn read(word: &str) -> Self {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found.map_or(Self::Unknown, |(stage, _)| *stage)
    }
}

impl Request {
    /// One at this stage, of which nothing else is said yet.
    pub fn new(stage: Stage) -> Self {
        Self {
            id: String::new(),
            intervention: 0,
            contract: String::new(),
            technician: 0,
            asked_ms: 0,
            way: Way::default(),
            chosen: Chosen::default(),
            stage,
            is_open: true,
            trouble: None,
            discharge_code: None,
            code_to_come: false,
            seen: None,
            seen_ms: None,
            states: Vec::new(),
            looks: 0,
            next_look_ms: None,
            plugged_ms: None,
        }
    }
}

impl Store {
    /// Opens a request, unless its form was sent before or the contract has an open one; in one transaction.
    pub async fn open_request(&self, request: Request) -> Result<Opened, StoreError> {
        self.with(move |tx| {
            let sql = "SELECT id FROM request WHERE id = ?1 OR (contract = ?2 AND is_open = 1)
                ORDER BY id <> ?1 LIMIT 1";
            let found = tx.query_row(sql, params![request.id, request.contract], |row| row.get(0));
            let found: Option<String> = found.optional()?;
            match found {
                Some(id) if id == request.id => return Ok(Opened::Before),
                Some(id) => return Ok(Opened::Another(id)),
                None => {}
            }
            insert(tx, &request)?;
            Ok(Opened::New)
        })
        .await
    }

    /// A request by its name.
    pub async fn request(&self, id: &str) -> Result<Option<Request>, StoreError> {
        let id = id.to_owned();
        self.with(move |tx| find(tx, &id)).await
    }

    /// Changes a request.
    pub async fn change_request(
        &self,
        id: &str,
        change: impl FnOnce(&mut Request) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.change_request_and(id, change, |_| Ok(())).await
    }

    /// Changes a request, and does something else in the same transaction.
    pub async fn change_request_and(
        &self,
        id: &str,
        change: impl FnOnce(&mut Request) + Send + 'static,
        also: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.with(move |tx| {
            let Some(mut request) = find(tx, &id)? else { return Ok(()) };
            change(&mut request);
            update(tx, &request)?;
            also(tx)
        })
        .await
    }

    /// Says that a request is about to leave; false: it is not to any more.
    pub async fn leave(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.with(move |tx| {
            let sql = "UPDATE request SET stage = 'sent'
                WHERE id = ?1 AND stage = 'waiting' AND is_open = 1";
            Ok(tx.execute(sql, [id])? == 1)
        })
        .await
    }

    /// Says that a request has not left after all: others of the operator's have its place.
    pub async fn come_back(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.with(move |tx| {
            let sql = "UPDATE request SET stage = 'waiting' WHERE id = ?1 AND stage = 'sent'";
            tx.execute(sql, [id])?;
            Ok(())
        })
        .await
    }

    /// The contract's request of which something may still come.
    pub async fn open_of(&self, contract: &str) -> Result<Option<String>, StoreError> {
        let contract = contract.to_owned();
        self.with(move |tx| {
            let sql = "SELECT id FROM request WHERE contract = ?1 AND is_open = 1";
            Ok(tx.query_row(sql, [contract], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// The names of those that are in this stage.
    pub async fn requests_in(&self, stage: Stage) -> Result<Vec<String>, StoreError> {
        self.with(move |tx| {
            let mut all =
                tx.prepare("SELECT id FROM request WHERE stage = ?1 ORDER BY asked_ms")?;
            let all = all.query_map([stage.word()], |row| row.get(0))?;
            Ok(all.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The names of those that are due, and when the next one is.
    pub async fn due(&self, now_ms: i64) -> Result<(Vec<String>, Option<i64>), StoreError> {
        self.with(move |tx| {
            let sql = "SELECT id FROM request WHERE next_look_ms <= ?1 ORDER BY next_look_ms";
            let mut due = tx.prepare_cached(sql)?;
            let due = due.query_map([now_ms], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let sql = "SELECT min(next_look_ms) FROM request WHERE next_look_ms > ?1";
            let next = tx.prepare_cached(sql)?.query_row([now_ms], |row| row.get(0))?;
            Ok((due, next))
        })
        .await
    }

    /// The contract's latest re-provisioning, if one was ever seen.
    pub async fn latest_seen(&self, contract: &str) -> Result<Option<Seen>, StoreError> {
        let contract = contract.to_owned();
        self.with(move |tx| {
            let sql = "SELECT seen FROM request WHERE contract = ?1 AND seen IS NOT NULL
                ORDER BY seen_ms DESC LIMIT 1";
            let seen = tx.query_row(sql, [contract], |row| row.get::<_, String>(0)).optional()?;
            Ok(seen.map(|seen| serde_json::from_str(&seen)).transpose()?)
        })
        .await
    }

    /// The reasons of the last 90 days, the most frequent first.
    pub async fn reasons(&self, now_ms: i64) -> Result<Vec<Reason>, StoreError> {
        const LAST_MS: i64 = 90 * 24 * 60 * 60 * 1000;
        self.with(move |tx| {
            let sql = "SELECT reason FROM request WHERE asked_ms > ?1 AND reason <> ''
                GROUP BY reason ORDER BY count(*) DESC, reason";
            let mut all = tx.prepare_cached(sql)?;
            let all = all.query_map([now_ms - LAST_MS], |row| row.get::<_, String>(0))?;
            let all: Vec<String> = all.collect::<Result<_, _>>()?;
            Ok(all.iter().filter_map(|word| Reason::parse(word)).collect())
        })
        .await
    }
}

const COLUMNS: &str =
    "id, intervention, contract, technician, asked_ms, way, chosen, stage, is_open,
    trouble, discharge_code, code_to_come, seen, seen_ms, states, looks, next_look_ms, plugged_ms";

fn find(tx: &Transaction<'_>, id: &str) -> Result<Option<Request>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM request WHERE id = ?1");
    let found = tx.prepare_cached(&sql)?.query_row([id], |row| Ok(read(row))).optional()?;
    found.transpose()
}

fn read(row: &Row<'_>) -> Result<Request, StoreError> {
    let text = |column: usize| row.get::<_, Option<String>>(column);
    let trouble = text(9)?.map(|text| serde_json::from_str(&text)).transpose()?;
    let seen = text(12)?.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(Request {
        id: row.get(0)?,
        intervention: row.get(1)?,
        contract: row.get(2)?,
        technician: row.get(3)?,
        asked_ms: row.get(4)?,
        way: serde_json::from_str(&row.get::<_, String>(5)?)?,
        chosen: serde_json::from_str(&row.get::<_, String>(6)?)?,
        stage: Stage::read(&row.get::<_, String>(7)?),
        is_open: row.get(8)?,
        trouble,
        discharge_code: row.get(10)?,
        code_to_come: row.get(11)?,
        seen,
        seen_ms: row.get(13)?,
        states: serde_json::from_str(&row.get::<_, String>(14)?)?,
        looks: row.get(15)?,
        next_look_ms: row.get(16)?,
        plugged_ms: row.get(17)?,
    })
}

fn insert(tx: &Transaction<'_>, request: &Request) -> Result<(), StoreError> {
    let reason = request.way.reason().map_or("", Reason::as_str);
    tx.execute(
        "INSERT INTO request
         (id, intervention, contract, technician, asked_ms, way, reason, chosen, stage, is_open, next_look_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            request.id,
            request.intervention,
            request.contract,
            request.technician,
            request.asked_ms,
            serde_json::to_string(&request.way)?,
            reason,
            serde_json::to_string(&request.chosen)?,
            request.stage.word(),
            request.is_open,
            request.next_look_ms,
        ],
    )?;
    Ok(())
}

fn update(tx: &Transaction<'_>, request: &Request) -> Result<(), StoreError> {
    let json = |value: Option<serde_json::Result<String>>| value.transpose();
    tx.execute(
        "UPDATE request SET stage = ?2, is_open = ?3, trouble = ?4, discharge_code = ?5,
         code_to_come = ?6, seen = ?7, seen_ms = ?8, states = ?9, looks = ?10, next_look_ms = ?11,
         plugged_ms = ?12 WHERE id = ?1",
        params![
            request.id,
            request.stage.word(),
            request.is_open,
            json(request.trouble.as_ref().map(serde_json::to_string))?,
            request.discharge_code,
            request.code_to_come,
            json(request.seen.as_ref().map(serde_json::to_string))?,
            request.seen_ms,
            serde_json::to_string(&request.states)?,
            request.looks,
            request.next_look_ms,
            request.plugged_ms,
        ],
    )?;
    Ok(())
}
