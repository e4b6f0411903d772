//! A copy of a SQLite database that is being served.

use std::{
    fs::{self, File},
    io::{Error, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use tempfile::Builder;

use super::{StoreError, sqlite::open_connection};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something has that name.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// It has the name of the database, or of what SQLite keeps beside it.
    #[error("{} belongs to the database itself", .0.display())]
    Itself(PathBuf),
    /// A file cannot be written or read.
    #[error("{}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// What was written is no whole database.
    #[error("the copy fails its check: {0}")]
    Damaged(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes what a database holds at this moment into a file of its own, for its owner's eyes only, and
/// answers its size in bytes. The file has its name once it is whole, checked and on the disk.
///
/// # Errors
/// See [`BackupError`]; nothing is left behind then, and a file that had the name is as it was.
pub fn backup(database: &Path, file: &Path, overwrite: bool) -> Result<u64, BackupError> {
    let failed = |source| BackupError::File { path: file.to_owned(), source };
    if belongs_to(database, file) {
        return Err(BackupError::Itself(file.to_owned()));
    }
    if !overwrite && file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Beside the file, so that it can take its name; readable for nobody else from the start.
    let copy = Builder::new().prefix(".ereprov-backup-").tempfile_in(folder).map_err(failed)?;
    write(database, copy.path())?;
    check(copy.path())?;
    copy.as_file().sync_all().map_err(failed)?;
    let size = copy.as_file().metadata().map_err(failed)?.len();
    if overwrite {
        copy.persist(file).map_err(|error| failed(error.error))?;
    } else {
        copy.persist_noclobber(file).map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
            _ => failed(error.error),
        })?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(size)
}

/// One snapshot, while others write on.
fn write(database: &Path, copy: &Path) -> Result<(), BackupError> {
    let source = open_connection(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let name = copy.to_str().ok_or_else(|| BackupError::File {
        path: copy.to_owned(),
        source: Error::new(ErrorKind::InvalidFilename, "SQLite takes names in UTF-8 only"),
    })?;
    let written = source.execute("VACUUM INTO ?1", [name]);
    written.map(drop).map_err(|error| StoreError::from(error).into())
}

fn check(copy: &Path) -> Result<(), BackupError> {
    let connection = open_connection(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let said = first_complaint(&connection).map_err(StoreError::from)?;
    match said {
        None => Ok(()),
        Some(complaint) => Err(BackupError::Damaged(complaint)),
    }
}

fn first_complaint(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}

/// Whether a path is the database, under whatever name, or a file that is kept beside it.
fn belongs_to(database: &Path, file: &Path) -> bool {
    let same = |own: &Path| match (fs::metadata(own), fs::metadata(file)) {
        (Ok(own), Ok(other)) => (own.dev(), own.ino()) == (other.dev(), other.ino()),
        _ => false,
    };
    let beside = ["-wal", "-shm", "-journal"].map(|end| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    let own = [database.to_owned(), database.with_extension("lock")].into_iter().chain(beside);
    own.into_iter().any(|own| own == file || same(&own))
}
