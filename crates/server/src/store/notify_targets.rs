//! Where operators are told what became of their re-provisionings, and the leases under which that is
//! done: whoever delivers to an address holds it, so that nobody else does.

use super::{
    Tx,
    error::StoreError,
    reprovisionings::{Lease, Now},
    statement::{Statement, statement},
    value::{Row, params},
};

/// A way to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A request to a server of the operator's.
    Webhook,
    /// A file in a folder of the operator's.
    Folder,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Webhook, Self::Folder];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Folder => "folder",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

/// An address of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Key of the operator.
    pub operator_id: i64,
    /// The operator's login, for which the secret is sealed.
    pub login: String,
    /// How.
    pub channel: Channel,
    /// The URL, or the folder.
    pub address: String,
    /// What signs, sealed; a folder has none.
    pub secret: Option<String>,
    /// Whether failed and cancelled ones are told too.
    pub all_ends: bool,
    /// Failures of the address in a row.
    pub failures: i64,
    /// Nothing is tried before.
    pub due_ms: i64,
    /// The last failure.
    pub last_error: Option<String>,
    /// Notifications that wait for it.
    pub waiting: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.operator_id, operator.login, t.channel, t.address, t.secret, t.all_ends,
               t.failures, t.due_ms, t.last_error,
               (SELECT COUNT(*) FROM notification n
                WHERE n.operator_id = t.operator_id AND n.channel = t.channel
                  AND n.state = 'waiting') AS waiting
             FROM notify_target t JOIN operator ON operator.id = t.operator_id ",
            $rest
        )
    };
}

static LIST: Statement =
    statement!("notify_target.list", select!("ORDER BY t.operator_id, t.channel"));
static WANTED: Statement = statement!(
    "notify_target.wanted",
    "SELECT channel FROM notify_target WHERE operator_id = $1 AND (all_ends OR $2)"
);
static SET: Statement = statement!(
    "notify_target.set",
    "INSERT INTO notify_target
       (operator_id, channel, address, secret, all_ends, changed_ms, failures, due_ms,
        lease_until_ms)
     VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)
     ON CONFLICT (operator_id, channel) DO UPDATE SET address = $3, secret = $4, all_ends = $5,
       changed_ms = $6, failures = 0, due_ms = 0, last_error = NULL"
);
static RESEAL: Statement = statement!(
    "notify_target.reseal",
    "UPDATE notify_target SET secret = $4 WHERE operator_id = $1 AND channel = $2 AND secret = $3"
);
static REMOVE: Statement = statement!(
    "notify_target.remove",
    "DELETE FROM notify_target WHERE operator_id = $1 AND channel = $2"
);
static DUE: Statement = statement!(
    "notify_target.due",
    select!(
        "WHERE (t.due_ms <= $1 OR t.due_ms > $2)
           AND (t.lease_until_ms <= $1 OR t.lease_until_ms > $3)
           AND EXISTS (SELECT 1 FROM notification n
                       WHERE n.operator_id = t.operator_id AND n.channel = t.channel
                         AND n.state = 'waiting' AND (n.due_ms <= $1 OR n.due_ms > $2))
         ORDER BY t.due_ms, t.operator_id LIMIT $4"
    )
);
static TAKE: Statement = statement!(
    "notify_target.take_lease",
    "UPDATE notify_target SET lease_token = $3, lease_until_ms = $4
     WHERE operator_id = $1 AND channel = $2 AND (lease_until_ms <= $5 OR lease_until_ms > $6)"
);
static RENEW: Statement = statement!(
    "notify_target.renew_lease",
    "UPDATE notify_target SET lease_until_ms = $4
     WHERE operator_id = $1 AND channel = $2 AND lease_token = $3"
);
static LET_GO: Statement = statement!(
    "notify_target.let_go",
    "UPDATE notify_target SET lease_token = NULL, lease_until_ms = 0
     WHERE operator_id = $1 AND channel = $2 AND lease_token = $3"
);
static ANSWERS: Statement = statement!(
    "notify_target.answers",
    "UPDATE notify_target SET failures = 0, due_ms = 0, last_error = NULL
     WHERE operator_id = $1 AND channel = $2 AND lease_token = $3"
);
static FAILS: Statement = statement!(
    "notify_target.fails",
    "UPDATE notify_target SET failures = failures + 1, due_ms = $4, last_error = $5
     WHERE operator_id = $1 AND channel = $2 AND lease_token = $3"
);
static HURRY: Statement = statement!(
    "notify_target.hurry",
    "UPDATE notify_target SET due_ms = 0 WHERE operator_id = $1 AND channel = $2"
);

/// Every address, operator by operator.
pub async fn list(tx: &mut Tx<'_>) -> Result<Vec<Target>, StoreError> {
    tx.all(&LIST, &[], read).await
}

/// How an operator wants to be told of an end, which is a completion or another one.
pub async fn wanted(
    tx: &mut Tx<'_>,
    operator_id: i64,
    completed: bool,
) -> Result<Vec<Channel>, StoreError> {
    tx.all(&WANTED, params![operator_id, completed], |row| row.word("channel", Channel::parse))
        .await
}

/// Sets an operator's address, in the place of the one that it had.
pub async fn set(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    address: &str,
    secret: Option<&str>,
    all_ends: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = params![operator_id, channel.as_str(), address, secret, all_ends, now_ms];
    tx.execute(&SET, params).await.map(drop)
}

/// Puts one seal in the place of another; false: it is another one by now.
pub async fn reseal(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    [from, to]: [&str; 2],
) -> Result<bool, StoreError> {
    Ok(tx.execute(&RESEAL, params![operator_id, channel.as_str(), from, to]).await? == 1)
}

/// Forgets an address; false: there was none.
pub async fn remove(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE, params![operator_id, channel.as_str()]).await? == 1)
}

/// The addresses to which something is due that nobody delivers to.
pub async fn due(tx: &mut Tx<'_>, now: Now, limit: i64) -> Result<Vec<Target>, StoreError> {
    let (due_max, lease_max) = (now.ms + now.wait_max_ms, now.ms + now.lease_max_ms);
    tx.all(&DUE, params![now.ms, due_max, lease_max, limit], read).await
}

/// Takes the lease of an address; false: somebody else has it.
pub async fn take_lease(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    lease: &Lease,
    now: Now,
) -> Result<bool, StoreError> {
    let lease_max = now.ms + now.lease_max_ms;
    let (token, until_ms) = (&lease.token, lease.until_ms);
    let params = params![operator_id, channel.as_str(), token, until_ms, now.ms, lease_max];
    Ok(tx.execute(&TAKE, params).await? == 1)
}

/// Makes a lease last longer; false: it is lost.
pub async fn renew_lease(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    lease: &Lease,
) -> Result<bool, StoreError> {
    let params = params![operator_id, channel.as_str(), &lease.token, lease.until_ms];
    Ok(tx.execute(&RENEW, params).await? == 1)
}

/// Ends a lease.
pub async fn let_go(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    token: &str,
) -> Result<(), StoreError> {
    tx.execute(&LET_GO, params![operator_id, channel.as_str(), token]).await.map(drop)
}

/// Notes that the address has answered; false: the lease is lost.
pub async fn answers(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    token: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&ANSWERS, params![operator_id, channel.as_str(), token]).await? == 1)
}

/// Notes that the address has failed, and when it is tried again; false: the lease is lost.
pub async fn fails(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
    token: &str,
    due_ms: i64,
    error: &str,
) -> Result<bool, StoreError> {
    let params = params![operator_id, channel.as_str(), token, due_ms, error];
    Ok(tx.execute(&FAILS, params).await? == 1)
}

/// Lets the address be tried at once.
pub async fn hurry(
    tx: &mut Tx<'_>,
    (operator_id, channel): (i64, Channel),
) -> Result<(), StoreError> {
    tx.execute(&HURRY, params![operator_id, channel.as_str()]).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<Target, StoreError> {
    Ok(Target {
        operator_id: row.int("operator_id")?,
        login: row.text("login")?,
        channel: row.word("channel", Channel::parse)?,
        address: row.text("address")?,
        secret: row.optional_text("secret")?,
        all_ends: row.bool("all_ends")?,
        failures: row.int("failures")?,
        due_ms: row.int("due_ms")?,
        last_error: row.optional_text("last_error")?,
        waiting: row.int("waiting")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &LIST, &WANTED, &SET, &RESEAL, &REMOVE, &DUE, &TAKE, &RENEW, &LET_GO, &ANSWERS, &FAILS, &HURRY,
];
