//! What the portal keeps: one SQLite file. SQL stands in this folder only, one file a table or two.

pub(crate) mod interventions;
pub(crate) mod journal;
mod migrations;
mod requests;
mod seen;
pub(crate) mod sessions;
pub(crate) mod technicians;

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ereprov_door::file_lock::FileLock;
use rusqlite::{Connection, TransactionBehavior};

pub(crate) use interventions::{DAY_MS, Recent};
pub(crate) use requests::{Chosen, Opened, Request, Stage};
pub(crate) use seen::Seen;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite says so.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The folder cannot be used.
    #[error("the data folder {} cannot be used: {cause}", folder.display())]
    Folder {
        /// Which one.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A newer version of the portal has been here.
    #[error("the database is of a newer version: step {found}, {known} are known")]
    Newer {
        /// Steps that it has.
        found: usize,
        /// Steps that this version knows.
        known: usize,
    },
    /// Another portal runs on the folder.
    #[error("another portal runs on this data folder")]
    Taken,
    /// What was written cannot be read.
    #[error("what was written cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The thread that worked on it ended.
    #[error("the work on the database was cut off")]
    CutOff,
}

/// The database; a clone is the same one.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens it in a folder, both made where they are not there, for this user alone.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join("portal.sqlite");
        make_private(folder, &file).map_err(unusable(folder))?;
        let mut connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A discharge code that was shown is never lost.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrations::run(&mut connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Claims a folder, made where it is not there, for the one portal that runs on it, until this is dropped.
    pub fn claim(folder: &Path) -> Result<FileLock, StoreError> {
        let path = folder.join("portal.lock");
        let lock = make_private(folder, &path).and_then(|()| FileLock::take(&path));
        lock.map_err(unusable(folder))?.ok_or(StoreError::Taken)
    }

    /// Does something in one transaction, on a thread that may wait for the disk.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = store.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Others write to it, too: whoever reads before he writes would be told that it has changed.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        done.await.unwrap_or(Err(StoreError::CutOff))
    }
}

fn unusable(folder: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |cause| StoreError::Folder { folder: folder.to_owned(), cause }
}

/// Makes the folder, where it is not there, and the file, for this user alone. A folder that is there may
/// be used for more, and stays as it is.
fn make_private(folder: &Path, file: &Path) -> io::Result<()> {
    let mut maker = DirBuilder::new();
    maker.recursive(true);
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        maker.mode(0o700);
        options.mode(0o600);
    }
    maker.create(folder)?;
    options.open(file).map(|_| ())
}
