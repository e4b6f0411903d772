//! What the operator does at the keyboard: accounts, and the journal.

use std::path::Path;

use ereprov_client::{Clock, Entropy, Password};

use super::{
    journal::Entry,
    passwords::{self, BadPassword, Passwords},
};
use crate::store::{Store, StoreError, journal, technicians};

/// The portal's database, whether or not the portal runs.
pub struct Administration {
    store: Store,
    clock: Clock,
    entropy: Entropy,
}

/// Somebody who may sign in, or might before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// As what he signs in.
    pub login: String,
    /// His name.
    pub name: String,
    /// Whether he is not let in.
    pub disabled: bool,
    /// Whether a password lets him in; otherwise OpenID Connect does.
    pub has_password: bool,
    /// Since when he is known, in milliseconds since 1970-01-01 UTC.
    pub created_ms: i64,
}

/// Why an account is not as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoAccount {
    /// The database.
    #[error("the portal's database cannot be used")]
    Store(#[from] StoreError),
    /// The login.
    #[error("a login is 1 to 64 of: a-z, 0-9, . _ @ + -")]
    BadLogin,
    /// The name.
    #[error("a name is 1 to 100 characters")]
    BadName,
    /// The password.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// Somebody has the login.
    #[error("{0} is there already")]
    Taken(String),
    /// Nobody has the login.
    #[error("nobody has the login {0}")]
    Unknown(String),
    /// He has no password, for he signs in with OpenID Connect.
    #[error("{0} signs in with OpenID Connect, without a password of the portal's")]
    NoPassword(String),
}

impl Administration {
    /// Opens the database in a folder, both made where they are not there.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn open(folder: &Path, clock: Clock, entropy: Entropy) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(folder)?, clock, entropy })
    }

    /// Adds an account, and returns its login as it is kept: in small letters.
    ///
    /// # Errors
    /// See [`NoAccount`].
    pub async fn add(
        &self,
        login: &str,
        name: &str,
        password: &Password,
    ) -> Result<String, NoAccount> {
        let login = login_of(login).filter(|login| is_login(login)).ok_or(NoAccount::BadLogin)?;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(NoAccount::BadName);
        }
        let hash = self.hash(&login, password).await?;
        let (kept, now_ms) = (login.clone(), self.clock.now_ms());
        let entry = self.entry("compte-ajoute", &login);
        let added = self.store.with(move |db| {
            let added = technicians::add(db, &login, &name, Some(&hash), now_ms)?;
            if added {
                journal::add(db, &entry)?;
            }
            Ok(added)
        });
        if added.await? { Ok(kept) } else { Err(NoAccount::Taken(kept)) }
    }

    /// Gives an account another password; whoever is signed in with it is signed in no more.
    ///
    /// # Errors
    /// See [`NoAccount`].
    pub async fn set_password(&self, login: &str, password: &Password) -> Result<(), NoAccount> {
        let account = self.find(login).await?;
        if account.password_hash.is_none() {
            return Err(NoAccount::NoPassword(account.login));
        }
        let hash = self.hash(&account.login, password).await?;
        let entry = self.entry("compte-mot-de-passe", &account.login);
        let changed = self.store.with(move |db| {
            technicians::set_password(db, account.id, &hash)?;
            journal::add(db, &entry)
        });
        Ok(changed.await?)
    }

    /// Lets somebody in no more, at once, or again.
    ///
    /// # Errors
    /// See [`NoAccount`].
    pub async fn set_disabled(&self, login: &str, disabled: bool) -> Result<(), NoAccount> {
        let account = self.find(login).await?;
        let act = if disabled { "compte-desactive" } else { "compte-reactive" };
        let entry = self.entry(act, &account.login);
        let changed = self.store.with(move |db| {
            technicians::set_disabled(db, account.id, disabled)?;
            journal::add(db, &entry)
        });
        Ok(changed.await?)
    }

    /// Everybody, by login.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let all = self.store.with(|db| technicians::all(db)).await?;
        let person = |account: technicians::Account| Person {
            login: account.login,
            name: account.name,
            disabled: account.disabled,
            has_password: account.password_hash.is_some(),
            created_ms: account.created_ms,
        };
        Ok(all.into_iter().map(person).collect())
    }

    /// What was done from one time to before another, in milliseconds since 1970-01-01 UTC, in its order.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn journal(&self, from_ms: i64, before_ms: i64) -> Result<Vec<Entry>, StoreError> {
        self.store.with(move |db| journal::read(db, from_ms, before_ms)).await
    }

    async fn find(&self, login: &str) -> Result<technicians::Account, NoAccount> {
        let unknown = NoAccount::Unknown(login.to_owned());
        let login = login.trim().to_owned();
        let found = self.store.with(move |db| {
            // The subject of somebody who signs in with OpenID Connect has capitals, and another one may be
            // the same but for them.
            if let Some(account) = technicians::find(db, &login)? {
                return Ok(Some(account));
            }
            login_of(&login).map_or(Ok(None), |login| technicians::find(db, &login))
        });
        found.await?.ok_or(unknown)
    }

    async fn hash(&self, login: &str, password: &Password) -> Result<String, NoAccount> {
        passwords::check(password, login)?;
        let hashed = Passwords::new(&self.entropy).hash(password, &self.entropy).await;
        hashed.ok().flatten().ok_or(NoAccount::BadPassword(BadPassword::TooLong))
    }

    /// Something that the operator did itself.
    fn entry(&self, act: &str, login: &str) -> Entry {
        Entry {
            at_ms: self.clock.now_ms(),
            name: "administration".to_owned(),
            act: act.to_owned(),
            outcome: "OK".to_owned(),
            detail: login.to_owned(),
            ..Entry::default()
        }
    }
}

/// A login as it is kept, whatever capitals somebody types; none: it is longer than any.
pub(super) fn login_of(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (typed.len() <= 64).then(|| typed.to_lowercase())
}

fn is_login(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._@+-".contains(c);
    !text.is_empty() && text.chars().all(sign)
}
