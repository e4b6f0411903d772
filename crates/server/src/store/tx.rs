//! A transaction on either database, with three verbs.

use std::sync::LazyLock;

use tokio_postgres::types::ToSql;

use super::{
    dialect::LOCK_KEYS,
    error::StoreError,
    faults::FaultHook,
    statement::Statement,
    tally::Tally,
    value::{Param, Row},
};

/// Rows that PostgreSQL sends at a time, where there may be millions.
const ROWS_AT_A_TIME: i32 = 2000;

/// An open transaction. Dropped without a commit, it is undone.
pub struct Tx<'c> {
    pub(super) connection: Connection<'c>,
    pub(super) hook: &'c FaultHook,
    /// Where calls are counted until the group of use cases ends; none: in the database.
    pub(super) tally: Option<&'c mut Tally>,
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
        static NOTHING_FAILS: LazyLock<FaultHook> = LazyLock::new(FaultHook::default);
        Self { connection, hook: &NOTHING_FAILS, tally: None }
    }
}

impl Tx<'_> {
    /// Whether it is the embedded database: no network in between, and one writer for all.
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

    /// Hands over each row of an answer as it comes, however many there are.
    ///
    /// # Errors
    /// The taker's own, or the database's.
    pub async fn each<E: From<StoreError>>(
        &mut self,
        statement: &Statement,
        params: &[Param<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let failed = |error: StoreError| E::from(error.of(statement));
        self.hook.ask(statement.name).map_err(failed)?;
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let sqlite = |error: rusqlite::Error| failed(error.into());
                let mut prepared = connection.prepare_cached(statement.sqlite).map_err(sqlite)?;
                let columns = statement.columns(&prepared);
                let params = rusqlite::params_from_iter(params);
                let mut rows = prepared.query(params).map_err(sqlite)?;
                while let Some(row) = rows.next().map_err(sqlite)? {
                    take(&Row::sqlite(row, columns))?;
                }
            }
            Connection::Postgres(tx) => {
                let postgres = |error: tokio_postgres::Error| failed(error.into());
                let prepared = tx.prepare_cached(statement.postgres).await.map_err(postgres)?;
                let params: Vec<_> =
                    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
                let portal = tx.bind(&prepared, &params).await.map_err(postgres)?;
                loop {
                    let rows = tx.query_portal(&portal, ROWS_AT_A_TIME).await.map_err(postgres)?;
                    if rows.is_empty() {
                        break;
                    }
                    rows.iter().try_for_each(|row| take(&Row::Postgres(row)))?;
                }
            }
        }
        Ok(())
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
        if let Connection::Sqlite(connection) = &self.connection
            && connection.is_autocommit()
        {
            // SQLite has undone the transaction by itself; this would begin another one.
            return Err(StoreError::Broken("there is no transaction any more".into()));
        }
        self.plain("SAVEPOINT mark").await
    }

    /// Undoes everything since [`Tx::mark`].
    pub async fn undo_to_mark(&mut self) -> Result<(), StoreError> {
        self.plain("ROLLBACK TO SAVEPOINT mark").await
    }

    /// Runs a statement without parameters, which SQLite keeps prepared.
    async fn plain(&mut self, text: &str) -> Result<(), StoreError> {
        self.hook.ask("script")?;
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                Ok(connection.prepare_cached(text)?.raw_execute().map(drop)?)
            }
            Connection::Postgres(tx) => Ok(tx.batch_execute(text).await?),
        }
    }
}
