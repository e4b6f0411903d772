//! The commercial operators (OC) and their logins.

use super::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};
use crate::ip_list::IpList;

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
    /// The password before this one, while it is still accepted.
    pub old_password: Option<OldPassword>,
    /// Where it may ask from; none: from anywhere.
    pub addresses: Option<IpList>,
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
    /// Its password, sealed, if it may use PasswordDigest.
    pub digest_secret: Option<String>,
    /// Fingerprints of the certificates that it must present one of; none: it needs none.
    pub certificates: Option<String>,
}

/// A password that was replaced and is accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldPassword {
    /// Argon2, in PHC form.
    pub hash: String,
    /// Until when.
    pub until_ms: i64,
}

impl Operator {
    /// The old password, if it is accepted at this time.
    pub fn old_password_at(&self, now_ms: i64) -> Option<&OldPassword> {
        self.old_password.as_ref().filter(|old| now_ms < old.until_ms)
    }
}

macro_rules! columns {
    () => {
        "id, login, name, password_hash, previous_password_hash, previous_until_ms, addresses,
         profile, quota, sessions, disabled, created_ms, digest_secret, certificates"
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
    "UPDATE operator SET password_hash = $2, previous_password_hash = NULL,
       previous_until_ms = NULL, updated_ms = $3
     WHERE login = $1"
);
static ROTATE_PASSWORD: Statement = statement!(
    "operator.rotate_password",
    "UPDATE operator SET previous_password_hash = password_hash, previous_until_ms = $4,
       password_hash = $2, updated_ms = $3
     WHERE login = $1"
);
static END_OLD_PASSWORD: Statement = statement!(
    "operator.end_old_password",
    "UPDATE operator SET previous_password_hash = NULL, previous_until_ms = NULL, updated_ms = $2
     WHERE login = $1"
);
static SET_ADDRESSES: Statement = statement!(
    "operator.set_addresses",
    "UPDATE operator SET addresses = $2, updated_ms = $3 WHERE login = $1"
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
static SET_DIGEST: Statement = statement!(
    "operator.set_digest",
    "UPDATE operator SET digest_secret = $2, updated_ms = $3 WHERE login = $1"
);
static SET_CERTIFICATES: Statement = statement!(
    "operator.set_certificates",
    "UPDATE operator SET certificates = $2, updated_ms = $3 WHERE login = $1"
);
static RESEAL: Statement = statement!(
    "operator.reseal",
    "UPDATE operator SET digest_secret = $3, updated_ms = $4
     WHERE login = $1 AND digest_secret = $2"
);

/// One thing that may change about an operator; the others stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// What people and metrics call it.
    Name(String),
    /// Argon2, in PHC form; no other password is accepted any more.
    Password(String),
    /// A new password beside the old one.
    RotatedPassword {
        /// Argon2, in PHC form.
        hash: String,
        /// Until when the old one is accepted.
        old_until_ms: i64,
    },
    /// The old password is not accepted any more.
    OldPasswordEnds,
    /// Where it may ask from; none: from anywhere.
    Addresses(Option<IpList>),
    /// Its technical profile.
    Profile(Option<String>),
    /// Calls a month; none: the profile's.
    Quota(Option<i64>),
    /// Requests at once; none: the profile's.
    Sessions(Option<i64>),
    /// Whether its login is refused.
    Disabled(bool),
    /// Its password, sealed; none: no PasswordDigest.
    Digest(Option<String>),
    /// Fingerprints of its certificates; none: it needs none.
    Certificates(Option<String>),
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
    let text;
    let (statement, value) = match change {
        Change::RotatedPassword { hash, old_until_ms } => {
            let params = params![login, hash, now_ms, *old_until_ms];
            return tx.execute(&ROTATE_PASSWORD, params).await.map(drop);
        }
        Change::OldPasswordEnds => {
            return tx.execute(&END_OLD_PASSWORD, params![login, now_ms]).await.map(drop);
        }
        Change::Addresses(addresses) => {
            text = addresses.as_ref().map(ToString::to_string);
            (&SET_ADDRESSES, text.as_ref().into())
        }
        Change::Name(name) => (&SET_NAME, name.into()),
        Change::Password(hash) => (&SET_PASSWORD, hash.into()),
        Change::Profile(profile) => (&SET_PROFILE, profile.as_ref().into()),
        Change::Quota(quota) => (&SET_QUOTA, (*quota).into()),
        Change::Sessions(sessions) => (&SET_SESSIONS, (*sessions).into()),
        Change::Disabled(disabled) => (&SET_DISABLED, (*disabled).into()),
        Change::Digest(sealed) => (&SET_DIGEST, sealed.as_ref().into()),
        Change::Certificates(kept) => (&SET_CERTIFICATES, kept.as_ref().into()),
    };
    tx.execute(statement, &[login.into(), value, now_ms.into()]).await.map(drop)
}

/// Puts one seal in the place of another; false: it is another one by now.
pub async fn reseal(
    tx: &mut Tx<'_>,
    login: &str,
    [from, to]: [&str; 2],
    now_ms: i64,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&RESEAL, params![login, from, to, now_ms]).await? == 1)
}

fn read(row: &Row<'_>) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: row.int("id")?,
        login: row.text("login")?,
        name: row.text("name")?,
        password_hash: row.text("password_hash")?,
        old_password: row
            .optional_text("previous_password_hash")?
            .zip(row.optional_int("previous_until_ms")?)
            .map(|(hash, until_ms)| OldPassword { hash, until_ms }),
        // One that cannot be read lets nobody in.
        addresses: row.optional_word("addresses", |text| IpList::parse(text).ok())?,
        profile: row.optional_text("profile")?,
        quota: row.optional_int("quota")?,
        sessions: row.optional_int("sessions")?,
        disabled: row.bool("disabled")?,
        created_ms: row.int("created_ms")?,
        digest_secret: row.optional_text("digest_secret")?,
        certificates: row.optional_text("certificates")?,
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
    &ROTATE_PASSWORD,
    &END_OLD_PASSWORD,
    &SET_ADDRESSES,
    &SET_PROFILE,
    &SET_QUOTA,
    &SET_SESSIONS,
    &SET_DISABLED,
    &SET_DIGEST,
    &SET_CERTIFICATES,
    &RESEAL,
];
