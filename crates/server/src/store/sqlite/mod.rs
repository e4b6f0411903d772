//! The embedded database: one writer thread that commits many use cases at once, several readers.

mod run;
mod spent;
mod version;
mod writer;

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{UseCase, error::StoreError, faults::FaultHook};

use run::run_in_snapshot;
use spent::Account;
pub use spent::Spent;
pub use version::Version;
use version::Versions;
use writer::{Asked, Job, Writer};

/// Use cases that wait for the writer at the most; more wait outside, under their own deadline.
const QUEUE_MAX: usize = 1024;
/// How long a statement waits for another process (an import, an administrator) to commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages that the writer keeps, in KiB at the most.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// Pages of the write-ahead log (4 KiB each) that are folded into the file together: those that many commits
/// write again and again, as the last ones of the indexes, are copied once for more of them.
const FOLDED_PAGES: i64 = 4000;
/// Statements kept prepared on each connection.
const PREPARED_MAX: usize = 128;

/// What a use case does to what others have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It may change it.
    Changes,
    /// It leaves it as it is, and is run only while this is what is there.
    Keeps(Option<Version>),
}

/// A SQLite file.
pub(super) struct Sqlite {
    path: Arc<Path>,
    writer: mpsc::Sender<Box<dyn Job>>,
    versions: Versions,
    account: Account,
    readers: Arc<Readers>,
    hook: FaultHook,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the file, creating it where it is not there.
    ///
    /// # Errors
    /// The file cannot be opened, or is not a database.
    pub(super) fn open(path: &Path, readers: usize, hook: FaultHook) -> Result<Self, StoreError> {
        create_private(path)?;
        let mut writer = open_connection(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        writer.busy_handler(Some(wait_a_moment))?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // A commit that was acknowledged survives the power cut.
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "foreign_keys", "ON")?;
        // What it has read stays true after its own commits; a reader's pages do not.
        writer.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        writer.pragma_update(None, "wal_autocheckpoint", FOLDED_PAGES)?;
        let idle = (0..readers)
            .map(|_| open_connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .collect::<Result<Vec<_>, _>>()?;
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let (versions, account) = (Versions::default(), Account::default());
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn({
                let (hook, versions, account) = (hook.clone(), versions.clone(), account.clone());
                move || Writer::new(writer, hook, versions, account).run(receiver)
            })
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let permits = Arc::new(Semaphore::new(idle.len()));
        let readers = Readers { idle: Mutex::new(idle), permits };
        let (path, readers) = (path.into(), Arc::new(readers));
        Ok(Self { path, writer: sender, versions, account, readers, hook })
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a use case on the writer; answers after its group is committed.
    pub(super) async fn write<A, T>(
        &self,
        name: &'static str,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
        effect: Effect,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let hook = self.hook.clone();
        let asked = Asked { name, arguments, use_case, effect, hook, outcome: None, tell };
        self.writer.send(Box::new(asked)).await.map_err(|_| writer_gone())?;
        told.await.map_err(|_| writer_gone())?
    }

    /// How the writer has spent its time.
    pub(super) fn spent(&self) -> Spent {
        self.account.spent()
    }

    /// What is in the database now, by number.
    pub(super) fn version(&self) -> Option<Version> {
        self.versions.now()
    }

    /// Folds the write-ahead log into the file, so that the file alone is the database; where
    /// somebody still reads or folds, the log stays beside it, which loses nothing.
    pub(super) async fn fold(&self) {
        let path = Arc::clone(&self.path);
        let folding = tokio::task::spawn_blocking(move || {
            let connection = open_connection(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            // It does not fail where it finds others, but says so in its first column.
            let busy = connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?;
            let others = || StoreError::Unavailable("others use it".into());
            if busy { Err(others()) } else { Ok(()) }
        });
        if let Ok(Err(error)) = folding.await {
            tracing::warn!(error = error.chain(), "the write-ahead log stays beside the database");
        }
    }

    /// Runs a use case that only reads, on a connection of its own and on the thread that asks: what
    /// is looked up by a key is there before another thread could be woken.
    pub(super) async fn read<A, T>(
        &self,
        name: &'static str,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let permit = self.readers.permits.acquire().await;
        let permit = permit.map_err(|error| StoreError::Unavailable(error.into()))?;
        let mut connection = self.readers.take()?;
        let outcome = run_in_snapshot(name, &mut connection, &self.hook, &*arguments, use_case);
        self.readers.lock().push(connection);
        drop(permit);
        outcome
    }

    /// The same, for a use case that reads much: on a thread that nobody else waits for.
    pub(super) async fn read_much<A, T>(
        &self,
        name: &'static str,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let hook = self.hook.clone();
        let permit = Arc::clone(&readers.permits).acquire_owned().await;
        let permit = permit.map_err(|error| StoreError::Unavailable(error.into()))?;
        let reading = tokio::task::spawn_blocking(move || {
            let mut connection = readers.take()?;
            let outcome = run_in_snapshot(name, &mut connection, &hook, &*arguments, use_case);
            readers.lock().push(connection);
            // Kept until the connection is back, even where the caller has given up waiting.
            drop(permit);
            outcome
        });
        reading.await.map_err(|error| StoreError::Bug(error.to_string()))?
    }
}

impl Readers {
    /// An idle connection, for who holds a permit.
    fn take(&self) -> Result<Connection, StoreError> {
        self.lock().pop().ok_or_else(|| StoreError::Bug("no idle reader".into()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for another process to commit. A load leaves pauses of a few milliseconds, which SQLite's own
/// waiting, of up to a tenth of a second at a time, would sleep through.
fn wait_a_moment(waited_ms: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    u128::try_from(waited_ms).is_ok_and(|waited| waited < BUSY_TIMEOUT.as_millis())
}

/// Makes the file where it is not there, for its owner's eyes only: it holds password hashes. SQLite
/// gives the files beside it the same rights.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", path.display()).into())),
    }
}

/// A connection as all of them are; none creates the file unless the flags say so.
pub(super) fn open_connection(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
    // A plan stays what it is, whatever is bound: otherwise SQLite plans statements anew at each run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn writer_gone() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}
