//! What the disk allows by itself.

use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

/// Writes of one page, each made durable before the next, for two seconds: how many a second. The
/// file has its size before, as a write-ahead log that is used again has.
pub fn commits_a_second(folder: &Path) -> anyhow::Result<f64> {
    const PAGE: [u8; 4096] = [7; 4096];
    const PAGES: u64 = 1024;
    let path = folder.join("disk.test");
    let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    for page in 0..PAGES {
        file.write_all_at(&PAGE, page * 4096)?;
    }
    file.sync_all()?;
    let (begin, mut commits) = (Instant::now(), 0_u32);
    while begin.elapsed() < Duration::from_secs(2) {
        file.write_all_at(&PAGE, u64::from(commits) % PAGES * 4096)?;
        file.sync_data()?;
        commits += 1;
    }
    let took = begin.elapsed();
    std::fs::remove_file(&path)?;
    Ok(f64::from(commits) / took.as_secs_f64())
}
