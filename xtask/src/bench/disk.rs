//! What the disk allows by itself.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const PAGE: [u8; 4096] = [7; 4096];
/// Between a page of SQLite's log and the next.
const FRAME_HEADER: [u8; 24] = [7; 24];
/// Pages of the log after which the service folds it into the file.
const FOLDED_PAGES: u64 = 4000;
const TIME: Duration = Duration::from_secs(2);

/// Writes of one page, each made durable before the next, for two seconds: how many a second.
pub fn commits_a_second(folder: &Path) -> anyhow::Result<f64> {
    const PAGES: u64 = 1024;
    let file = Written::new(folder.join("disk.test"), PAGES)?;
    a_second(|commits| {
        file.0.write_all_at(&PAGE, commits % PAGES * 4096)?;
        file.0.sync_data()
    })
}

/// Puts that each write this much, by the disk alone, for two seconds: how many a second. So many of
/// them share a commit, which writes their pages behind each other, each behind its header, as SQLite does to
/// its log, and makes them durable. Two in five pages are those that are then folded into the
/// file, all over it, each time after so many.
pub fn puts_a_second(folder: &Path, bytes_a_put: u64, puts_a_commit: u64) -> anyhow::Result<f64> {
    const LOG_PAGES: u64 = 4 * FOLDED_PAGES;
    let pages = (bytes_a_put * puts_a_commit / 4096).max(5);
    let (log_pages, file_pages) = (pages * 3 / 5, pages * 2 / 5);
    let log = Written::new(folder.join("log.test"), LOG_PAGES + 100)?;
    let file = Written::new(folder.join("file.test"), LOG_PAGES)?;
    let (mut frame, mut left) = (0, 0);
    let commits = a_second(|_| {
        for _ in 0..log_pages {
            let at = frame % LOG_PAGES * 4120;
            log.0.write_all_at(&FRAME_HEADER, at)?;
            log.0.write_all_at(&PAGE, at + 24)?;
            frame += 1;
        }
        log.0.sync_data()?;
        left += file_pages;
        if frame % FOLDED_PAGES < log_pages {
            for page in 0..std::mem::take(&mut left) {
                // All over the file: a prime number of pages on.
                file.0.write_all_at(&PAGE, (frame + page * 7919) % LOG_PAGES * 4096)?;
            }
            file.0.sync_data()?;
        }
        Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "some ten")]
    let puts = puts_a_commit as f64;
    Ok(commits * puts)
}

fn a_second(mut commit: impl FnMut(u64) -> std::io::Result<()>) -> anyhow::Result<f64> {
    let (begin, mut commits) = (Instant::now(), 0_u32);
    while begin.elapsed() < TIME {
        commit(commits.into())?;
        commits += 1;
    }
    Ok(f64::from(commits) / begin.elapsed().as_secs_f64())
}

/// A file that has its size before, as a log that is used again has; gone when dropped.
struct Written(File, PathBuf);

impl Written {
    fn new(path: PathBuf, pages: u64) -> anyhow::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let file = Self(file, path);
        for page in 0..pages {
            file.0.write_all_at(&PAGE, page * 4096)?;
        }
        file.0.sync_all()?;
        Ok(file)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // It is in a folder that goes, too.
        let _ = std::fs::remove_file(&self.1);
    }
}
