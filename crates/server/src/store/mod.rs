//! The store: one SQL text for SQLite and PostgreSQL, run by use cases in named transactions.
//!
//! Nothing outside this folder writes SQL. A use case is an ordinary async function over
//! `(&mut Tx, &arguments)`; [`Store::write`] commits what it did when it answers `Ok`, and undoes it
//! when it answers `Err`.

mod address;
mod dialect;
mod error;
mod faults;
mod hosts;
#[cfg(test)]
mod inventory;
mod line;
mod migrations;
mod postgres;
mod sqlite;
mod statement;
mod tally;
mod tx;
mod value;

pub mod admin_acts;
pub mod audit;
pub mod backup;
pub mod contracts;
pub mod copy;
pub mod export;
pub mod fibres;
pub mod gracethd;
pub mod idempotency;
pub mod load;
pub mod network_orders;
pub mod nonces;
pub mod notifications;
pub mod notify_targets;
pub mod operators;
pub mod records;
pub mod reprovisionings;
pub mod seals;
pub mod seat;
pub mod service;
pub mod sites;
pub mod usage;

use std::{fmt, future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use crate::clock::Clock;

use address::Address;
pub use error::StoreError;
pub use faults::Faults;
pub(crate) use line::hex;
use sqlite::Effect;
pub use sqlite::{Spent, Version};
pub use tx::Tx;
pub use value::Row;

/// The future of a use case, as short as its transaction.
pub type Running<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// A use case: what it does to a transaction, given its arguments. It may be run again from the
/// start, so it holds nothing of its own.
pub type UseCase<A, T> = for<'t, 'c> fn(&'t mut Tx<'c>, &'t A) -> Running<'t, T>;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, which may hold a password.
    Postgres(String),
}

/// Whether a URL of PostgreSQL holds a password.
pub fn holds_password(url: &str) -> bool {
    Address::parse(url).is_ok_and(|address| address.config.get_password().is_some())
}

impl Location {
    /// Reads `sqlite:PATH` or a URL of PostgreSQL.
    ///
    /// # Errors
    /// It is neither; the sentence shows nothing of it, since it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(path.into()));
        }
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err("sqlite:PATH or postgres://USER@HOST/DATABASE is expected".to_owned());
        }
        Address::parse(url).map(|_| Self::Postgres(url.to_owned()))
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres:[secret]"),
        }
    }
}

/// An open database.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    hook: faults::FaultHook,
    held: Arc<seat::Held>,
}

/// What became of a transaction that was written.
#[derive(Debug)]
pub enum Written<T> {
    /// It is kept.
    Committed(T),
    /// The database was lost while it was committed: it is kept whole, or not at all.
    Unknown(T, StoreError),
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    /// It cannot be opened or reached, or its schema is newer than this program.
    pub async fn open(location: &Location, connections_max: usize) -> Result<Self, StoreError> {
        let hook = faults::FaultHook::default();
        let engine = match location {
            Location::Sqlite(path) => {
                Engine::Sqlite(sqlite::Sqlite::open(path, connections_max, hook.clone())?.into())
            }
            Location::Postgres(url) => {
                Engine::Postgres(postgres::Postgres::open(url, connections_max, hook.clone())?)
            }
        };
        let store = Self { engine, hook, held: Arc::default() };
        // Looked at first: a writer would wait for whoever writes now, for nothing.
        let looked = store.read("schema", (), |tx, ()| Box::pin(migrations::is_current(tx))).await;
        if !looked.unwrap_or(false) {
            store.write("migrate", (), |tx, ()| Box::pin(migrations::run(tx))).await?;
        }
        Ok(store)
    }

    /// The same database, where calls fail when a test says so; every clone of it, too.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        self.hook.set(faults);
        self
    }

    /// The same database, where every use case on PostgreSQL ends within this time.
    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        match self.engine {
            Engine::Sqlite(_) => self,
            Engine::Postgres(postgres) => {
                Self { engine: Engine::Postgres(postgres.within(deadline)), ..self }
            }
        }
    }

    /// Whether it is reached over connections that can be lost while it goes on.
    pub fn is_remote(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// The time that every instance on this database shares: its clock's, unless a test holds it.
    ///
    /// # Errors
    /// The database's.
    pub async fn now_ms(&self, clock: &Clock) -> Result<i64, StoreError> {
        match (&self.engine, clock) {
            (Engine::Postgres(_), Clock::System) => {
                let now = self.read("now", (), |tx, ()| {
                    Box::pin(async move { tx.first(&dialect::NOW, &[], |r| r.int("now_ms")).await })
                });
                now.await?.ok_or_else(|| StoreError::unexpected("now_ms"))
            }
            _ => Ok(clock.now_ms()),
        }
    }

    /// Ends well: what SQLite keeps beside its file is folded into it.
    pub async fn close(&self) {
        if let Engine::Sqlite(sqlite) = &self.engine {
            sqlite.fold().await;
        }
    }

    /// Runs a use case and commits it; the answer comes after the commit.
    ///
    /// # Errors
    /// The use case's own, or the database's; nothing of it is kept then, unless the error says that
    /// there is no telling.
    pub async fn write<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        match self.write_told(name, arguments, use_case).await? {
            Written::Committed(outcome) => Ok(outcome),
            Written::Unknown(_, error) => {
                let said = "the connection was lost; whether this was kept is not known";
                Err(StoreError::Unavailable(format!("{name}: {said}: {}", error.chain()).into()))
            }
        }
    }

    /// Runs a use case and commits it, and tells where there is no telling whether it is kept.
    ///
    /// # Errors
    /// The use case's own, or the database's; nothing of it is kept then.
    pub async fn write_told<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
    ) -> Result<Written<T>, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.write_with(name, arguments, use_case, Effect::Changes).await
    }

    /// How the one writer of a SQLite file has spent its time; `None` on PostgreSQL, where many write.
    pub fn spent(&self) -> Option<Spent> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.spent()),
            Engine::Postgres(_) => None,
        }
    }

    /// What is in the database now, for who may want to know later whether it still is: to be asked
    /// before the reading begins. `None`: there is no telling, as on PostgreSQL, where others write.
    pub fn version(&self) -> Option<Version> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.version(),
            Engine::Postgres(_) => None,
        }
    }

    /// Runs a use case that leaves everything as it is that a [`Version`] stands for, and commits
    /// it.
    ///
    /// # Errors
    /// The use case's own, or the database's; or [`StoreError::Changed`], where `read` is given and
    /// is no longer what is there. Nothing of it is kept then.
    pub async fn append<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
        read: Option<Version>,
    ) -> Result<Written<T>, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.write_with(name, arguments, use_case, Effect::Keeps(read)).await
    }

    async fn write_with<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
        effect: Effect,
    ) -> Result<Written<T>, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let arguments = Arc::new(arguments);
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                sqlite.write(name, arguments, use_case, effect).await.map(Written::Committed)
            }
            Engine::Postgres(postgres) => apart(postgres.write(arguments, use_case)).await,
        }
    }

    /// Runs a use case that only looks up what it has the keys of, on one snapshot.
    ///
    /// # Errors
    /// The use case's own, or the database's.
    pub async fn read<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let arguments = Arc::new(arguments);
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(name, arguments, use_case).await,
            Engine::Postgres(postgres) => apart(postgres.read(arguments, use_case)).await,
        }
    }

    /// Runs a use case that only reads, whole tables perhaps, on one snapshot.
    ///
    /// # Errors
    /// The use case's own, or the database's.
    pub async fn read_much<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let arguments = Arc::new(arguments);
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read_much(name, arguments, use_case).await,
            Engine::Postgres(postgres) => apart(postgres.read(arguments, use_case)).await,
        }
    }
}

/// PostgreSQL's futures are large. Kept apart from those around them, they do not make them so: a
/// request's task is moved about at its size.
fn apart<F: Future>(future: F) -> Pin<Box<F>> {
    Box::pin(future)
}

#[cfg(test)]
mod tests;
