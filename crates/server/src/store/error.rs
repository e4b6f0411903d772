//! What can go wrong with the database.

use std::error::Error;

use super::statement::Statement;

/// A failure of the database: the caller gets 10100 or 10101, the log gets the cause.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or did not answer in time.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It answered with an error.
    #[error("the database failed")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// Another transaction was in the way, and stayed there however often this one was run.
    #[error("the database has too many conflicts")]
    Again(#[source] Box<dyn Error + Send + Sync>),
    /// The request was answered before this could be committed, and the answer stands.
    #[error("the request was answered already")]
    Answered,
    /// What was read has changed before this could be committed: nothing is kept, and it is to be
    /// read again.
    #[error("what was read has changed")]
    Changed,
    /// A use case broke off by a bug of ours.
    #[error("a transaction was cut off by a bug: {0}")]
    Bug(String),
}

impl StoreError {
    /// The error and what caused it, on one line.
    pub fn chain(&self) -> String {
        chain(self)
    }

    /// The same, for one more caller.
    pub(super) fn same(&self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::Unavailable(chain(&**cause).into()),
            Self::Broken(cause) => Self::Broken(chain(&**cause).into()),
            other => Self::Broken(other.chain().into()),
        }
    }

    /// The same, saying which statement it was.
    pub(super) fn of(self, statement: &Statement) -> Self {
        let name = statement.name;
        match self {
            Self::Broken(cause) => Self::Broken(format!("{name}: {}", chain(&*cause)).into()),
            Self::Unavailable(cause) => {
                Self::Unavailable(format!("{name}: {}", chain(&*cause)).into())
            }
            Self::Again(cause) => Self::Again(format!("{name}: {}", chain(&*cause)).into()),
            other => other,
        }
    }

    /// Whether the connection is not to be used again.
    pub(super) fn is_the_connections(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Broken(_) | Self::Again(_) | Self::Answered | Self::Changed | Self::Bug(_) => {
                false
            }
        }
    }

    /// A value that our own statements never write.
    pub(super) fn unexpected(column: &str) -> Self {
        Self::Broken(format!("unexpected value in column {column}").into())
    }
}

/// An error and what caused it, on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked};
        match error.sqlite_error_code() {
            Some(CannotOpen | DatabaseBusy | DatabaseLocked) => Self::Unavailable(error.into()),
            _ => Self::Broken(error.into()),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => match db.code().code() {
                // A serialization failure, a deadlock, or somebody wrote the same key at the same
                // time: run again, the use case sees what is there.
                "40001" | "40P01" | "23505" => Self::Again(error.into()),
                // It has no room for us; somebody held what we waited for; it is a standby by now; we
                // were idle in a transaction.
                "53300" | "55P03" | "25006" | "25P03" => Self::Unavailable(error.into()),
                // The server is going down or came up.
                code if code.starts_with("57P") => Self::Unavailable(error.into()),
                _ => Self::Broken(error.into()),
            },
            None if is_ours(&error) => Self::Broken(error.into()),
            None => Self::Unavailable(error.into()),
        }
    }
}

/// Whether a statement and its values did not fit together, which no connection is to blame for.
fn is_ours(error: &tokio_postgres::Error) -> bool {
    !error.is_closed() && error.source().is_some_and(|cause| !cause.is::<std::io::Error>())
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(other.into()),
        }
    }
}
