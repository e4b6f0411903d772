//! The connection of a load, with the transactions it makes.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use deadpool_postgres::Object;
use ereprov_door::file_lock::FileLock;
use rusqlite::{Connection as Sqlite, OpenFlags};

use super::{WAITING_MAX, stage::Amounts};
use crate::store::{
    Engine, Store, StoreError, Tx,
    dialect::{LOAD_SETTINGS, LOADER_SETTINGS, LOCK_LOADS},
    faults::FaultHook,
    postgres::Postgres,
    sqlite::open_connection,
    tx::Connection,
    value::params,
};

/// How long a load waits for another process to commit.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);
/// KiB of pages that SQLite keeps of the database, and of the staged tables, in memory.
const CACHE_KIB: i64 = 64 * 1024;
const STAGED_CACHE_KIB: i64 = 96 * 1024;
/// Beside a service that works: how long one piece may keep it from writing, and how much longer than
/// that it is left alone.
const HOLD: Duration = Duration::from_millis(25);
const PAUSE: Duration = Duration::from_millis(4);
/// How often, and how far apart, it is looked whether another load has ended.
const LOCK_TRIES: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(100);
/// Where nobody serves, a piece may take its time.
const HOLD_ALONE: Duration = Duration::from_secs(2);

/// A connection that loads; one at a time for each database.
pub struct Loader {
    connection: Own,
    hook: FaultHook,
    /// Whether a service may be at work on the same SQLite file.
    served: bool,
    /// Why the first load of a network went row by row, if one did.
    pub(super) not_beside: Option<String>,
    /// What was staged, on PostgreSQL.
    pub(super) staged: Amounts,
    _lock: Option<FileLock>,
}

enum Own {
    Sqlite(Box<Sqlite>),
    Postgres(Option<Box<Object>>, Box<Postgres>),
}

impl Store {
    /// A connection to load with. `served`: somebody may be asking meanwhile.
    ///
    /// # Errors
    /// The database's, and [`StoreError::Unavailable`] where another load is at work.
    pub async fn loader(&self, served: bool) -> Result<Loader, StoreError> {
        let hook = self.hook.clone();
        let busy = || StoreError::Unavailable("another import is at work".into());
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                let lock = lock(sqlite.path())?.ok_or_else(busy)?;
                hook.ask("CONNECT")?;
                let connection = Own::Sqlite(Box::new(open(sqlite.path())?));
                Ok(Loader::on(connection, hook, served, Some(lock)))
            }
            Engine::Postgres(postgres) => {
                let connection = postgres.take().await?;
                connection.batch_execute(LOADER_SETTINGS).await?;
                let connection =
                    Own::Postgres(Some(Box::new(connection)), Box::new(postgres.clone()));
                let mut loader = Loader::on(connection, hook, served, None);
                // The server finds out within a moment that a load before this one has ended.
                for _ in 0..LOCK_TRIES {
                    let locked = loader.looking(async |tx| {
                        tx.first(&LOCK_LOADS, &[], |row| row.bool("locked")).await
                    });
                    if locked.await? == Some(true) {
                        return Ok(loader);
                    }
                    tokio::time::sleep(LOCK_WAIT).await;
                }
                Err(busy())
            }
        }
    }
}

/// The right to load.
fn lock(database: &Path) -> Result<Option<FileLock>, StoreError> {
    let path = database.with_extension("import-lock");
    FileLock::take(&path)
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display()).into()))
}

fn open(path: &Path) -> Result<Sqlite, StoreError> {
    let connection = open_connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Every key that is written was looked up first; and what hides in pieces refers to what only the
    // last transaction adds.
    connection.pragma_update(None, "foreign_keys", false)?;
    // The last commit waits for the disk; what came before it lies in the same log, before it.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.execute_batch(&format!("PRAGMA temp.cache_size = -{STAGED_CACHE_KIB}"))?;
    // What is staged and sorted goes to files beside the database, which have no name and are gone with
    // this process, however it ends.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).display().to_string().replace('\'', "''");
    connection.execute_batch(&format!("PRAGMA temp_store_directory = '{folder}'"))?;
    Ok(connection)
}

impl Loader {
    fn on(connection: Own, hook: FaultHook, served: bool, lock: Option<FileLock>) -> Self {
        let staged = Amounts::default();
        Self { connection, hook, served, not_beside: None, staged, _lock: lock }
    }

    /// Whether one writes at a time, so that what is new goes in in pieces.
    pub(super) fn in_pieces(&self) -> bool {
        matches!(self.connection, Own::Sqlite(_))
    }

    /// The database, where it is PostgreSQL: for what is done on other connections.
    pub(super) fn postgres(&self) -> Option<Postgres> {
        match &self.connection {
            Own::Sqlite(_) => None,
            Own::Postgres(_, postgres) => Some(postgres.as_ref().clone()),
        }
    }

    /// Whether somebody would wait too long for so many rows to be written in one transaction.
    pub fn waits(&self, rows: u64) -> bool {
        self.in_pieces() && rows > WAITING_MAX
    }

    /// Why the first load of a network went into its tables row by row, which takes longer, where it did.
    pub fn not_beside(&self) -> Option<&str> {
        self.not_beside.as_deref()
    }

    /// For how long a piece may write.
    pub(super) fn hold(&self) -> Duration {
        if self.served { HOLD } else { HOLD_ALONE }
    }

    /// Leaves the database to who waits for it.
    pub(super) async fn give_way(&self) {
        if self.served && self.in_pieces() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A transaction that writes into the staged tables only.
    pub(super) async fn looking<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run("BEGIN", work, false).await
    }

    /// A transaction that writes.
    pub(super) async fn writing<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run("BEGIN IMMEDIATE", work, false).await
    }

    /// The same, and its commit waits for the disk.
    pub(super) async fn writing_for_good<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Own::Sqlite(connection) = &self.connection {
            connection.pragma_update(None, "synchronous", "FULL")?;
        }
        self.run("BEGIN IMMEDIATE", work, true).await
    }

    async fn run<T>(
        &mut self,
        begin: &str,
        work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
        for_good: bool,
    ) -> Result<T, StoreError> {
        self.hook.ask("BEGIN")?;
        let hook = &self.hook;
        match &mut self.connection {
            Own::Sqlite(connection) => {
                connection.execute_batch(begin)?;
                let mut tx = Tx { connection: Connection::Sqlite(connection), hook, tally: None };
                let outcome = work(&mut tx).await;
                drop(tx);
                let committed = match outcome {
                    Ok(outcome) => hook
                        .ask("COMMIT")
                        .and_then(|()| Ok(connection.execute_batch("COMMIT").map(|()| outcome)?)),
                    Err(error) => Err(error),
                };
                if committed.is_err() && !connection.is_autocommit() {
                    // What fails here failed for the same reason.
                    let _ = connection.execute_batch("ROLLBACK");
                }
                committed
            }
            Own::Postgres(connection, _) => {
                let gone = || StoreError::Unavailable("the load's connection was lost".into());
                let client = connection.as_mut().ok_or_else(gone)?;
                let transaction = client.transaction().await?;
                transaction.batch_execute(LOAD_SETTINGS).await?;
                let mut tx =
                    Tx { connection: Connection::Postgres(transaction), hook, tally: None };
                let outcome = work(&mut tx).await?;
                let Connection::Postgres(transaction) = tx.connection else { return Err(gone()) };
                hook.ask("COMMIT")?;
                transaction.commit().await?;
                if for_good {
                    hook.ask("COMMITTED")?;
                }
                Ok(outcome)
            }
        }
    }

    /// Runs a statement over numbers from `first` to `last`, piece by piece, each a transaction of its
    /// own, as large as its time allows; `told` hears how many rows it wrote.
    pub(super) async fn in_pieces_of(
        &mut self,
        statement: &'static crate::store::statement::Statement,
        (first, last): (i64, i64),
        told: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let (mut from, mut piece) = (first, 1_000);
        while from <= last {
            let to = (from + piece - 1).min(last);
            let begun = Instant::now();
            let rows =
                self.writing(async |tx| tx.execute(statement, params![from, to]).await).await?;
            told(rows);
            let took = begun.elapsed();
            self.give_way().await;
            from = to + 1;
            if took > self.hold() {
                piece = (piece / 2).max(100);
            } else if took < self.hold() / 2 {
                piece = (piece * 3 / 2).min(PIECE_MAX);
            }
        }
        Ok(())
    }
}

/// Numbers that one piece spans at the most.
const PIECE_MAX: i64 = 1_000_000;

impl Drop for Loader {
    /// The connection ends, with all that it staged.
    fn drop(&mut self) {
        if let Own::Postgres(connection, _) = &mut self.connection {
            connection.take().map(|connection| Object::take(*connection));
        }
    }
}
