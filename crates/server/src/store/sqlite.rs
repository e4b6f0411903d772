//! The embedded database: one writer thread that commits many use cases at once, several readers.

use std::{
    fs::OpenOptions,
    future::Future,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    UseCase,
    error::StoreError,
    faults::FaultHook,
    tx::{Connection as AnyConnection, Tx},
};

/// Use cases that share one commit at the most.
const GROUP_MAX: usize = 64;
/// Use cases that wait for the writer at the most; more wait outside, under their own deadline.
const QUEUE_MAX: usize = 1024;
/// How long a statement waits for another process (an import, an administrator) to commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared on each connection.
const PREPARED_MAX: usize = 128;

/// A SQLite file.
#[derive(Clone)]
pub(super) struct Sqlite {
    path: Arc<Path>,
    writer: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    hook: FaultHook,
}

/// A use case on its way to the writer: runs in its own savepoint (or learns why there is no
/// transaction), and leaves behind what to tell the caller once the commit is known.
type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> Tell + Send>;
type Tell = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

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
        let writer = open_connection(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // A commit that was acknowledged survives the power cut.
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "foreign_keys", "ON")?;
        let idle = (0..readers)
            .map(|_| open_connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .collect::<Result<Vec<_>, _>>()?;
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn({
                let hook = hook.clone();
                move || write_groups(writer, receiver, &hook)
            })
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let permits = Arc::new(Semaphore::new(idle.len()));
        let readers = Readers { idle: Mutex::new(idle), permits };
        Ok(Self { path: path.into(), writer: sender, readers: Arc::new(readers), hook })
    }

    /// Runs a use case on the writer; answers after its group is committed.
    pub(super) async fn write<A, T>(
        &self,
        name: &'static str,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let hook = self.hook.clone();
        let job: Job = Box::new(move |connection| {
            let outcome = match connection {
                Ok(connection) => run_in_savepoint(name, connection, hook, &*arguments, use_case),
                Err(error) => Err(error),
            };
            Box::new(move |commit| {
                let outcome = match (outcome, commit) {
                    (Ok(_), Err(error)) => Err(StoreError::Broken(error.chain().into())),
                    (outcome, _) => outcome,
                };
                // Nobody waits any more where the request's deadline has passed.
                let _ = tell.send(outcome);
            })
        });
        self.writer.send(job).await.map_err(|_| writer_gone())?;
        told.await.map_err(|_| writer_gone())?
    }

    /// Folds the write-ahead log into the file, so that the file alone is the database; where
    /// somebody still reads, the log stays beside it, which loses nothing.
    pub(super) async fn fold(&self) {
        let path = Arc::clone(&self.path);
        let folding = tokio::task::spawn_blocking(move || {
            let connection = open_connection(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok::<_, StoreError>(())
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
        let hook = self.hook.clone();
        let outcome = run_in_snapshot(name, &mut connection, hook, &*arguments, use_case);
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
            let outcome = run_in_snapshot(name, &mut connection, hook, &*arguments, use_case);
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

/// The writer: takes what waits, runs it in one transaction, commits, then tells every caller.
fn write_groups(mut connection: Connection, mut jobs: mpsc::Receiver<Job>, hook: &FaultHook) {
    let mut group: Vec<Tell> = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = jobs.blocking_recv() {
        if let Err(error) = hook.ask("BEGIN") {
            first(Err(error))(Ok(()));
            continue;
        }
        if let Err(error) = run_plain(&connection, "BEGIN IMMEDIATE") {
            // What waited behind it has waited as long: it is not made to wait once more each.
            let again = error.sqlite_error().copied();
            first(Err(error.into()))(Ok(()));
            while let (Some(code), Ok(next)) = (again, jobs.try_recv()) {
                next(Err(rusqlite::Error::SqliteFailure(code, None).into()))(Ok(()));
            }
            continue;
        }
        group.push(first(Ok(&mut connection)));
        // SQLite ends the whole transaction by itself on some errors (a full disk): no use case may
        // run after that, and the commit below then fails for all.
        while group.len() < GROUP_MAX && !connection.is_autocommit() {
            let Ok(next) = jobs.try_recv() else { break };
            group.push(next(Ok(&mut connection)));
        }
        let commit = hook
            .ask("COMMIT")
            .and_then(|()| run_plain(&connection, "COMMIT").map_err(StoreError::from));
        if commit.is_err() && !connection.is_autocommit() {
            // Nothing is committed: the next BEGIN would say so too, where this fails.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for tell in group.drain(..) {
            tell(commit.as_ref().copied());
        }
    }
}

fn run_in_savepoint<A, T>(
    name: &'static str,
    connection: &mut Connection,
    hook: FaultHook,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<T, StoreError> {
    run_plain(connection, "SAVEPOINT use_case")?;
    let outcome = run_to_the_end(name, connection, hook, arguments, use_case);
    if connection.is_autocommit() {
        // SQLite has undone everything by itself (a full disk), the savepoint with it.
        let undone = || StoreError::Broken("the transaction was undone".into());
        return outcome.and_then(|_| Err(undone()));
    }
    if outcome.is_err() {
        run_plain(connection, "ROLLBACK TO use_case")?;
    }
    run_plain(connection, "RELEASE use_case")?;
    outcome
}

fn run_in_snapshot<A, T>(
    name: &'static str,
    connection: &mut Connection,
    hook: FaultHook,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<T, StoreError> {
    hook.ask("BEGIN")?;
    run_plain(connection, "BEGIN")?;
    let outcome = run_to_the_end(name, connection, hook, arguments, use_case);
    run_plain(connection, "ROLLBACK")?;
    outcome
}

/// Runs a statement without parameters or rows, which stays prepared.
fn run_plain(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(text)?.raw_execute().map(drop)
}

/// On SQLite every step of a use case is ready at once: one poll runs it to its end.
fn run_to_the_end<A, T>(
    name: &'static str,
    connection: &mut Connection,
    hook: FaultHook,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<T, StoreError> {
    let run = AssertUnwindSafe(|| {
        let mut tx = Tx { connection: AnyConnection::Sqlite(connection), hook };
        let future = pin!(use_case(&mut tx, arguments));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Err(StoreError::Bug(format!("{name} waited for something else"))),
        }
    });
    catch_unwind(run).unwrap_or_else(|_| Err(StoreError::Bug(format!("{name} panicked"))))
}
