//! The outbox: what operators are to be told, in the order in which it happened to each contract.

use super::{
    Tx,
    error::StoreError,
    notify_targets::Channel,
    statement::{Statement, statement},
    value::{Row, params},
};

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It will be delivered.
    Waiting,
    /// It was.
    Delivered,
    /// It is not tried any more.
    Dead,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What tells one notification from another: which end, told how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The re-provisioning that has ended.
    pub reprovisioning_id: String,
    /// How it is told.
    pub channel: Channel,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which.
    pub key: Key,
    /// Key of the operator that is told.
    pub operator_id: i64,
    /// The operator.
    pub operator_login: String,
    /// The contract that it is about.
    pub contract_ref: String,
    /// What was true when it ended, as JSON.
    pub facts: String,
    /// Where it stands.
    pub state: State,
    /// When it was written.
    pub created_ms: i64,
    /// It is not tried before.
    pub due_ms: i64,
    /// Times that it was tried.
    pub attempts: i64,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was delivered.
    pub delivered_ms: Option<i64>,
}

/// A notification to keep.
#[derive(Debug)]
pub struct New<'a> {
    /// The re-provisioning that has ended.
    pub reprovisioning_id: &'a str,
    /// How it is told.
    pub channel: Channel,
    /// Key of the operator that is told.
    pub operator_id: i64,
    /// Key of the contract.
    pub contract_id: i64,
    /// The contract's how-manieth re-provisioning it is: they are told in this order.
    pub number: i64,
    /// What is true now, as JSON.
    pub facts: &'a str,
    /// Now.
    pub now_ms: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT n.reprovisioning_id, n.channel, n.operator_id, operator.login AS operator_login,
               contract.ref AS contract_ref, n.facts, n.state, n.created_ms, n.due_ms, n.attempts,
               n.last_error, n.delivered_ms
             FROM notification n
             JOIN operator ON operator.id = n.operator_id
             JOIN contract ON contract.id = n.contract_id ",
            $rest
        )
    };
}

static INSERT: Statement = statement!(
    "notification.insert",
    "INSERT INTO notification
       (reprovisioning_id, channel, operator_id, contract_id, number, facts, state, created_ms,
        due_ms, attempts)
     VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, 0, 0)"
);
static NEXT: Statement = statement!(
    "notification.next",
    select!(
        "WHERE n.operator_id = $1 AND n.channel = $2 AND n.state = 'waiting'
           AND (n.due_ms <= $3 OR n.due_ms > $4)
           AND NOT EXISTS (SELECT 1 FROM notification earlier
                           WHERE earlier.contract_id = n.contract_id
                             AND earlier.channel = n.channel AND earlier.state = 'waiting'
                             AND earlier.number < n.number)
         ORDER BY n.created_ms, n.number LIMIT 1"
    )
);
static DELIVERED: Statement = statement!(
    "notification.delivered",
    "UPDATE notification SET state = 'delivered', attempts = attempts + 1, delivered_ms = $3,
       last_error = NULL
     WHERE reprovisioning_id = $1 AND channel = $2 AND state = 'waiting'"
);
static FAILED: Statement = statement!(
    "notification.failed",
    "UPDATE notification SET state = CASE WHEN created_ms <= $3 THEN 'dead' ELSE 'waiting' END,
       attempts = attempts + 1, due_ms = $4, last_error = $5
     WHERE reprovisioning_id = $1 AND channel = $2 AND state = 'waiting'"
);
static GIVE_UP: Statement = statement!(
    "notification.give_up",
    "UPDATE notification SET state = 'dead', last_error = $4
     WHERE operator_id = $1 AND channel = $2 AND state = 'waiting' AND created_ms <= $3"
);
static LIST: Statement = statement!(
    "notification.list",
    select!(
        "WHERE (CAST($1 AS TEXT) IS NULL OR n.state = $1)
           AND (CAST($2 AS BIGINT) IS NULL OR n.operator_id = $2)
           AND (CAST($3 AS TEXT) IS NULL OR n.reprovisioning_id = $3)
         ORDER BY n.created_ms DESC, n.number DESC, n.channel LIMIT $4"
    )
);
static AGAIN: Statement = statement!(
    "notification.again",
    "UPDATE notification SET state = 'waiting', created_ms = $3, due_ms = 0
     WHERE reprovisioning_id = $1 AND channel = $2
       AND NOT EXISTS (SELECT 1 FROM notification later
                       WHERE later.contract_id = notification.contract_id
                         AND later.channel = notification.channel
                         AND later.state = 'delivered' AND later.number > notification.number)"
);
static COUNTS: Statement = statement!(
    "notification.counts",
    "SELECT channel, state, COUNT(*) AS number, MIN(created_ms) AS oldest_ms FROM notification
     WHERE state <> 'delivered' GROUP BY channel, state"
);
static FORGET: Statement = statement!(
    "notification.forget",
    "DELETE FROM notification WHERE created_ms < $1 AND state <> 'waiting'"
);

/// Keeps a notification.
pub async fn insert(tx: &mut Tx<'_>, new: &New<'_>) -> Result<(), StoreError> {
    let params = params![
        new.reprovisioning_id,
        new.channel.as_str(),
        new.operator_id,
        new.contract_id,
        new.number,
        new.facts,
        new.now_ms,
    ];
    tx.execute(&INSERT, params).await.map(drop)
}

/// What is to be delivered next to an address: the oldest whose contract has no older one waiting.
pub async fn next(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    now_ms: i64,
    due_max_ms: i64,
) -> Result<Option<Notification>, StoreError> {
    tx.first(&NEXT, params![operator_id, channel.as_str(), now_ms, due_max_ms], read).await
}

/// Notes a delivery.
pub async fn delivered(tx: &mut Tx<'_>, key: &Key, now_ms: i64) -> Result<(), StoreError> {
    let params = params![&key.reprovisioning_id, key.channel.as_str(), now_ms];
    tx.execute(&DELIVERED, params).await.map(drop)
}

/// Notes a failure: it is tried again at `due_ms`, or, written before `dead_ms`, not any more.
pub async fn failed(
    tx: &mut Tx<'_>,
    key: &Key,
    dead_ms: i64,
    due_ms: i64,
    error: &str,
) -> Result<(), StoreError> {
    let params = params![&key.reprovisioning_id, key.channel.as_str(), dead_ms, due_ms, error];
    tx.execute(&FAILED, params).await.map(drop)
}

/// Gives up what waits for an address and was written before a time; answers how many.
pub async fn give_up(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    dead_ms: i64,
    error: &str,
) -> Result<u64, StoreError> {
    tx.execute(&GIVE_UP, params![operator_id, channel.as_str(), dead_ms, error]).await
}

/// Which ones to list; each `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only this operator's.
    pub operator_id: Option<i64>,
    /// Only of this re-provisioning.
    pub reprovisioning_id: Option<String>,
    /// No more than this, the latest.
    pub limit: i64,
}

/// The latest ones that the filter lets through, newest first.
pub async fn list(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Notification>, StoreError> {
    let params = params![
        filter.state.map(State::as_str),
        filter.operator_id,
        filter.reprovisioning_id.as_ref(),
        filter.limit,
    ];
    tx.all(&LIST, params, read).await
}

/// Lets one wait again, as if it were new; false: a later one of its contract has been delivered, so
/// that this one would tell what is no longer true.
pub async fn again(tx: &mut Tx<'_>, key: &Key, now_ms: i64) -> Result<bool, StoreError> {
    let params = params![&key.reprovisioning_id, key.channel.as_str(), now_ms];
    Ok(tx.execute(&AGAIN, params).await? == 1)
}

/// How many there are that were not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How they are told.
    pub channel: Channel,
    /// Where they stand.
    pub state: State,
    /// How many.
    pub number: i64,
    /// When the oldest was written.
    pub oldest_ms: i64,
}

/// What was not delivered, by channel and state.
pub async fn counts(tx: &mut Tx<'_>) -> Result<Vec<Count>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Count {
            channel: row.word("channel", Channel::parse)?,
            state: row.word("state", State::parse)?,
            number: row.int("number")?,
            oldest_ms: row.int("oldest_ms")?,
        })
    };
    tx.all(&COUNTS, &[], read).await
}

/// Drops what was written before a time and waits no longer; answers how many.
pub async fn forget(tx: &mut Tx<'_>, before_ms: i64) -> Result<u64, StoreError> {
    tx.execute(&FORGET, params![before_ms]).await
}

fn read(row: &Row<'_>) -> Result<Notification, StoreError> {
    let channel = row.word("channel", Channel::parse)?;
    Ok(Notification {
        key: Key { reprovisioning_id: row.text("reprovisioning_id")?, channel },
        operator_id: row.int("operator_id")?,
        operator_login: row.text("operator_login")?,
        contract_ref: row.text("contract_ref")?,
        facts: row.text("facts")?,
        state: row.word("state", State::parse)?,
        created_ms: row.int("created_ms")?,
        due_ms: row.int("due_ms")?,
        attempts: row.int("attempts")?,
        last_error: row.optional_text("last_error")?,
        delivered_ms: row.optional_int("delivered_ms")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&INSERT, &NEXT, &DELIVERED, &FAILED, &GIVE_UP, &LIST, &AGAIN, &COUNTS, &FORGET];
