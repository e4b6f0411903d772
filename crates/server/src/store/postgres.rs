//! PostgreSQL: a pool of connections, a transaction a use case.

use std::sync::Arc;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{IsolationLevel, NoTls};

use super::{
    UseCase,
    error::StoreError,
    tx::{Connection, Tx},
};

/// A PostgreSQL database.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
}

impl Postgres {
    /// Makes a pool; nothing is connected before the first use case.
    ///
    /// # Errors
    /// The URL is not one of PostgreSQL.
    pub(super) fn open(url: &str, connections_max: usize) -> Result<Self, StoreError> {
        let config: tokio_postgres::Config = url.parse()?;
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
        let pool = Pool::builder(manager)
            .max_size(connections_max)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { pool })
    }

    /// Runs a use case; READ COMMITTED, so every statement guards itself.
    pub(super) async fn write<A: Send + Sync, T: Send>(
        &self,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let mut tx = Tx { connection: Connection::Postgres(transaction) };
        let outcome = use_case(&mut tx, &arguments).await?;
        if let Connection::Postgres(transaction) = tx.connection {
            transaction.commit().await?;
        }
        Ok(outcome)
    }

    /// Runs a use case that only reads, on one snapshot.
    pub(super) async fn read<A: Send + Sync, T: Send>(
        &self,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError> {
        let mut client = self.pool.get().await?;
        let builder = client.build_transaction();
        let builder = builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let mut tx = Tx { connection: Connection::Postgres(builder.start().await?) };
        use_case(&mut tx, &arguments).await
    }
}
