//! A transaction on either database, with three verbs.

use tokio_postgres::types::ToSql;

use super::{
    dialect::LOCK_KEYS,
    error::StoreError,
    faults::FaultHook,
    statement::Statement,
    value::{Param, Row},
};

/// An open transaction. Dropped without a commit, it is undone.
pub struct Tx<'c> {
    pub(super) connection: Connection<'c>,
    pub(super) hook: FaultHook,
}

/// How a row is read.
pub type ReadRow<T> = fn(&Row<'_>) -> Result<T, StoreError>;

pub(super) enum Connection<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(deadpool_postgres::Transaction<'c>),
}

impl<'c> Tx<'c> {
    /// On a connection that nothing fails on purpose on.
    pub(super) fn on(connection: Connection<'c>) -> Self {
        Self { connection, hook: FaultHook::default() }
    }
}

impl Tx<'_> {
    /// Whether a statement more costs next to nothing: there is no network in between.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(_))
    }

    /// Runs a statement; answers how many rows it touched.
    pub async fn execute(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> Result<u64, StoreError> {
        self.run(statement, params).await.map_err(|error| error.of(statement))
    }

    /// The first row of an answer, if there is one.
    pub async fn first<T>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        read: ReadRow<T>,
    ) -> Result<Option<T>, StoreError> {
        let rows = self.rows(statement, params, read, 1).await;
        Ok(rows.map_err(|error| error.of(statement))?.pop())
    }

    /// Every row of an answer.
    pub async fn all<T>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(statement, params, read, usize::MAX).await.map_err(|error| error.of(statement))
    }

    async fn run(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> Result<u64, StoreError> {
        self.hook.ask(statement.name)?;
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite)?;
                Ok(prepared.execute(rusqlite::params_from_iter(params))? as u64)
            }
            Connection::Postgres(tx) => {
                let prepared = tx.prepare_cached(statement.postgres).await?;
                Ok(tx.execute_raw(&prepared, params).await?)
            }
        }
    }

    async fn rows<T>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        read: ReadRow<T>,
        most: usize,
    ) -> Result<Vec<T>, StoreError> {
        self.hook.ask(statement.name)?;
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite)?;
                let columns = statement.columns(&prepared);
                let mut rows = prepared.query(rusqlite::params_from_iter(params))?;
                let mut all = Vec::new();
                while all.len() < most
                    && let Some(row) = rows.next()?
                {
                    all.push(read(&Row::sqlite(row, columns))?);
                }
                Ok(all)
            }
            Connection::Postgres(tx) => {
                let prepared = tx.prepare_cached(statement.postgres).await?;
                let params: Vec<_> =
                    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
                let rows = tx.query(&prepared, &params).await?;
                rows.iter().take(most).map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Prepares a statement and runs nothing.
    #[cfg(test)]
    pub(super) async fn prepare(&mut self, statement: &Statement) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                Ok(connection.prepare_cached(statement.sqlite).map(drop)?)
            }
            Connection::Postgres(tx) => {
                Ok(tx.prepare_cached(statement.postgres).await.map(drop)?)
            }
        }
    }

    /// Runs a script of several statements without parameters.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        self.hook.ask("script")?;
        match &mut self.connection {
            Connection::Sqlite(connection) => Ok(connection.execute_batch(text)?),
            Connection::Postgres(tx) => Ok(tx.batch_execute(text).await?),
        }
    }

    /// Waits until nobody else assigns keys, and keeps others waiting until the end.
    pub async fn lock_keys(&mut self) -> Result<(), StoreError> {
        self.first(&LOCK_KEYS, &[], |_| Ok(())).await.map(drop)
    }

    /// Marks a point to which [`Tx::undo_to_mark`] goes back.
    pub async fn mark(&mut self) -> Result<(), StoreError> {
        self.script("SAVEPOINT mark").await
    }

    /// Undoes everything since [`Tx::mark`].
    pub async fn undo_to_mark(&mut self) -> Result<(), StoreError> {
        self.script("ROLLBACK TO SAVEPOINT mark").await
    }
}
