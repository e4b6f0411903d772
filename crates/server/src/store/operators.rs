//! The commercial operators (OC) and their logins.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// An operator as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Key.
    pub id: i64,
    /// What it logs in with.
    pub login: String,
    /// What people and metrics call it.
    pub name: String,
    /// Argon2, in PHC form.
    pub password_hash: String,
    /// Its technical profile (§2.4); none: 20020.
    pub profile: Option<String>,
    /// Calls a month; none: the profile's.
    pub quota: Option<i64>,
    /// Requests at once; none: the profile's.
    pub sessions: Option<i64>,
    /// Whether its login is refused.
    pub disabled: bool,
    /// When it was made.
    pub created_ms: i64,
}

macro_rules! columns {
    () => {
        "id, login, name, password_hash, profile, quota, sessions, disabled, created_ms"
    };
}

static FIND: Statement =
    statement!("operator.find", concat!("SELECT ", columns!(), " FROM operator WHERE login = $1"));
static LIST: Statement =
    statement!("operator.list", concat!("SELECT ", columns!(), " FROM operator ORDER BY id"));
static INSERT: Statement = statement!(
    "operator.insert",
    "INSERT INTO operator
       (id, login, name, password_hash, profile, quota, sessions, disabled, created_ms, updated_ms)
     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, FALSE, $7, $7 FROM operator
     WHERE TRUE
     ON CONFLICT DO NOTHING"
);
static NAMED: Statement =
    statement!("operator.named", "SELECT login FROM operator WHERE name = $1 AND login <> $2");
static SET_NAME: Statement = statement!(
    "operator.set_name",
    "UPDATE operator SET name = $2, updated_ms = $3 WHERE login = $1"
);
static SET_PASSWORD: Statement = statement!(
    "operator.set_password",
    "UPDATE operator SET password_hash = $2, updated_ms = $3 WHERE login = $1"
);
static SET_PROFILE: Statement = statement!(
    "operator.set_profile",
    "UPDATE operator SET profile = $2, updated_ms = $3 WHERE login = $1"
);
static SET_QUOTA: Statement = statement!(
    "operator.set_quota",
    "UPDATE operator SET quota = $2, updated_ms = $3 WHERE login = $1"
);
static SET_SESSIONS: Statement = statement!(
    "operator.set_sessions",
    "UPDATE operator SET sessions = $2, updated_ms = $3 WHERE login = $1"
);
static SET_DISABLED: Statement = statement!(
    "operator.set_disabled",
    "UPDATE operator SET disabled = $2, updated_ms = $3 WHERE login = $1"
);

/// One thing that may change about an operator; the others stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What people and metrics call it.
    Name(String),
    /// Argon2, in PHC form.
    Password(String),
    /// Its technical profile.
    Profile(Option<String>),
    /// Calls a month; none: the profile's.
    Quota(Option<i64>),
    /// Requests at once; none: the profile's.
    Sessions(Option<i64>),
    /// Whether its login is refused.
    Disabled(bool),
}

/// The operator with this login, whatever a caller takes for one.
pub async fn find(tx: &mut Tx<'_>, login: &str) -> Result<Option<Operator>, StoreError> {
    // PostgreSQL has no text with this character: it would fail instead of finding nobody.
    if login.contains('\0') {
        return Ok(None);
    }
    tx.first(&FIND, params![login], read).await
}

/// All of them, oldest first.
pub async fn list(tx: &mut Tx<'_>) -> Result<Vec<Operator>, StoreError> {
    tx.all(&LIST, &[], read).await
}

/// Adds one; its `id` and `disabled` are not looked at. False: the login or the name is taken.
pub async fn insert(tx: &mut Tx<'_>, operator: &Operator) -> Result<bool, StoreError> {
    let params = params![
        &operator.login,
        &operator.name,
        &operator.password_hash,
        operator.profile.as_ref(),
        operator.quota,
        operator.sessions,
        operator.created_ms,
    ];
    Ok(tx.execute(&INSERT, params).await? == 1)
}

/// Whether another operator has this name.
pub async fn is_named(tx: &mut Tx<'_>, name: &str, login: &str) -> Result<bool, StoreError> {
    Ok(tx.first(&NAMED, params![name, login], |row| row.text("login")).await?.is_some())
}

/// Changes one thing about the operator with this login.
pub async fn change(
    tx: &mut Tx<'_>,
    login: &str,
    change: &Change,
    now_ms: i64,
) -> Result<(), StoreError> {
    let (statement, value) = match change {
        Change::Name(name) => (&SET_NAME, name.into()),
        Change::Password(hash) => (&SET_PASSWORD, hash.into()),
        Change::Profile(profile) => (&SET_PROFILE, profile.as_ref().into()),
        Change::Quota(quota) => (&SET_QUOTA, (*quota).into()),
        Change::Sessions(sessions) => (&SET_SESSIONS, (*sessions).into()),
        Change::Disabled(disabled) => (&SET_DISABLED, (*disabled).into()),
    };
    tx.execute(statement, &[login.into(), value, now_ms.into()]).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: row.int("id")?,
        login: row.text("login")?,
        name: row.text("name")?,
        password_hash: row.text("password_hash")?,
        profile: row.optional_text("profile")?,
        quota: row.optional_int("quota")?,
        sessions: row.optional_int("sessions")?,
        disabled: row.bool("disabled")?,
        created_ms: row.int("created_ms")?,
    })
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &FIND,
    &LIST,
    &INSERT,
    &NAMED,
    &SET_NAME,
    &SET_PASSWORD,
    &SET_PROFILE,
    &SET_QUOTA,
    &SET_SESSIONS,
    &SET_DISABLED,
];
