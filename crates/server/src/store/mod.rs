//! The store: one SQL text for SQLite and PostgreSQL, run by use cases in named transactions.
//!
//! Nothing outside this folder writes SQL. A use case is an ordinary async function over
//! `(&mut Tx, &arguments)`; [`Store::write`] commits what it did when it answers `Ok`, and undoes it
//! when it answers `Err`.

mod dialect;
mod error;
mod migrations;
mod postgres;
mod sqlite;
mod statement;
mod tx;
mod value;

pub mod admin_acts;
pub mod audit;
pub mod contracts;
pub mod fibres;
pub mod idempotency;
pub mod inventory;
pub mod network_orders;
pub mod operators;
pub mod reprovisionings;
pub mod service;
pub mod sites;
pub mod usage;

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};

pub use error::StoreError;
pub use tx::Tx;

/// The future of a use case, as short as its transaction.
pub type Running<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// A use case: what it does to a transaction, given its arguments. It may be run again from the
/// start, so it holds nothing of its own.
pub type UseCase<A, T> = for<'t, 'c> fn(&'t mut Tx<'c>, &'t A) -> Running<'t, T>;

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

/// An open database.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    /// It cannot be opened or reached, or its schema is newer than this program.
    pub async fn open(location: &Location, connections_max: usize) -> Result<Self, StoreError> {
        let engine = match location {
            Location::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, connections_max)?),
            Location::Postgres(url) => {
                Engine::Postgres(postgres::Postgres::open(url, connections_max)?)
            }
        };
        let store = Self { engine };
        // Looked at first: a writer would wait for whoever writes now, for nothing.
        let looked = store.read("schema", (), |tx, ()| Box::pin(migrations::is_current(tx))).await;
        if !looked.unwrap_or(false) {
            store.write("migrate", (), |tx, ()| Box::pin(migrations::run(tx))).await?;
        }
        Ok(store)
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
    /// The use case's own, or the database's; nothing of it is kept then.
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
        let arguments = Arc::new(arguments);
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(name, arguments, use_case).await,
            Engine::Postgres(postgres) => postgres.write(arguments, use_case).await,
        }
    }

    /// Runs a use case that only reads, on one snapshot.
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
            Engine::Postgres(postgres) => postgres.read(arguments, use_case).await,
        }
    }
}

#[cfg(test)]
mod tests;
