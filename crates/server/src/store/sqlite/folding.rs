//! Folds the write-ahead log into the file on a thread of its own, beside the writer: so that those who
//! wait for a commit do not wait for pages to be copied.

use std::{
    ffi::c_int,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
};

use rusqlite::{Connection, OpenFlags, hooks::Wal};

use super::open_connection;
use crate::store::error::StoreError;

/// Pages of the log (4 KiB each) after which it is folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding {
    /// On the thread of its own, again after so many more: those that many commits write again and again,
    /// as the last ones of the indexes, are copied once for more of them.
    pub(super) pages: c_int,
    /// By the writer, which then copies what is left and begins the log anew: while it writes, nobody
    /// else comes to the log's end.
    pub(super) pages_max: c_int,
}

impl Folding {
    /// Folds what this connection writes to this file, until it is closed.
    ///
    /// # Errors
    /// The file cannot be opened once more, or there is no thread for it.
    pub(super) fn begin(self, writer: &mut Connection, path: &Path) -> Result<(), StoreError> {
        let beside = open_connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let (ask, asked) = sync_channel(1);
        thread::Builder::new()
            .name("sqlite-folding".into())
            .spawn(move || fold(&beside, &asked))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let mut last = 0;
        writer.wal_hook(Some(move |log: &mut Wal, pages| {
            self.after_commit(log, pages, &mut last, &ask);
            Ok(())
        }))?;
        Ok(())
    }

    /// `last`: how many pages the log had when it was last asked to be folded.
    fn after_commit(self, log: &mut Wal, pages: c_int, last: &mut c_int, ask: &SyncSender<()>) {
        if pages < *last {
            *last = 0;
        }
        if pages >= self.pages_max {
            // Where that does not succeed, the next commit tries it again, as SQLite by itself would.
            let _ = log.checkpoint();
        } else if pages - *last >= self.pages {
            *last = pages;
            // It is at it, or gone with its thread: then the writer does it all.
            let (Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) =
                ask.try_send(());
        }
    }
}

fn fold(beside: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        let folded = beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::warn!(%error, "the write-ahead log could not be folded; it is tried again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        time::{Duration, Instant},
    };

    use super::*;

    /// A database whose commits write a page each, and its path.
    fn written(folding: Folding, commits: usize) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let mut writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE page (text TEXT)").unwrap();
        folding.begin(&mut writer, &path).unwrap();
        for _ in 0..commits {
            writer.execute("INSERT INTO page VALUES (?1)", ["x".repeat(3000)]).unwrap();
        }
        (folder, writer)
    }

    /// Pages of the log that are in the file.
    fn folded(beside: &Connection) -> i64 {
        beside.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(2)).unwrap()
    }

    #[test]
    fn the_log_is_folded_beside_the_writer() {
        let (folder, writer) = written(Folding { pages: 10, pages_max: c_int::MAX }, 50);
        let beside = Connection::open(folder.path().join("test.db")).unwrap();
        let began = Instant::now();
        while folded(&beside) < 10 {
            assert!(began.elapsed() < Duration::from_secs(10), "{}", folded(&beside));
            thread::sleep(Duration::from_millis(5));
        }
        drop(writer);
    }

    #[test]
    fn the_log_never_grows_far_over_its_bound() {
        let (folder, writer) = written(Folding { pages: 10, pages_max: 40 }, 2000);
        let log = fs::metadata(folder.path().join("test.db-wal")).unwrap();
        assert!(log.len() < 400 * 4120, "{} bytes", log.len());
        let pages: i64 =
            writer.query_row("SELECT COUNT(*) FROM page", [], |row| row.get(0)).unwrap();
        assert_eq!(pages, 2000);
    }

    #[test]
    fn its_thread_ends_with_the_writer() {
        let (ask, asked) = sync_channel(1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        Connection::open(&path).unwrap().pragma_update(None, "journal_mode", "WAL").unwrap();
        let beside = open_connection(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        let folding = thread::spawn(move || fold(&beside, &asked));
        ask.send(()).unwrap();
        drop(ask);
        folding.join().unwrap();
    }
}
