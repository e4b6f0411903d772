//! The month's calls, counted before they are made: one byte a call in a file of the month, so that
//! the count is the file's length and nothing can be half written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
};

use super::{Folder, open_private};

/// How much of the month's quota is used, as far as is known on this machine; where the service says
/// how much is left, as far as it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls this month.
    pub used: u64,
    /// Calls allowed in a month.
    pub quota: u64,
    /// What the latest call has reached.
    pub reached: Option<Mark>,
}

/// A part of the quota of which the operator is warned, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// 80 %
    Eighty,
    /// 95 %
    NinetyFive,
    /// All of it: the next call is not made.
    All,
}

impl Usage {
    /// The part of the quota that is used, whenever it was reached.
    pub fn mark(&self) -> Option<Mark> {
        mark(self.used, self.quota)
    }

    fn after(before: u64, used: u64, quota: u64) -> Self {
        let reached = mark(used, quota).filter(|now| mark(before, quota) != Some(*now));
        Self { used, quota, reached }
    }
}

fn mark(used: u64, quota: u64) -> Option<Mark> {
    let hundredths = used.saturating_mul(100);
    if used >= quota {
        Some(Mark::All)
    } else if hundredths >= quota.saturating_mul(95) {
        Some(Mark::NinetyFive)
    } else {
        (hundredths >= quota.saturating_mul(80)).then_some(Mark::Eighty)
    }
}

/// The count of one month, locked.
struct Month {
    file: File,
    used: u64,
}

impl Month {
    fn open(folder: &Folder, month: &str) -> io::Result<Self> {
        let path = folder.join(&format!("calls-{month}"));
        let file = open_private(&path, OpenOptions::new().create(true).truncate(false))?;
        // Held for some microseconds.
        file.lock()?;
        let used = file.metadata()?.len();
        Ok(Self { file, used })
    }

    fn set(&mut self, used: u64) -> io::Result<()> {
        if used == self.used + 1 {
            self.file.seek(SeekFrom::End(0))?;
            self.file.write_all(b".")?;
        } else {
            self.file.set_len(used)?;
        }
        self.used = used;
        Ok(())
    }
}

/// Counts one call, before it is made.
///
/// # Errors
/// `Err(usage)` inside `Ok`: the quota is used up, and nothing is counted.
pub(crate) fn count(folder: &Folder, month: &str, quota: u64) -> io::Result<Result<Usage, Usage>> {
    let mut ledger = Month::open(folder, month)?;
    let before = ledger.used;
    if before >= quota {
        return Ok(Err(Usage { used: before, quota, reached: None }));
    }
    ledger.set(before + 1)?;
    Ok(Ok(Usage::after(before, before + 1, quota)))
}

/// Takes one call back, which the service has not counted.
pub(crate) fn take_back(folder: &Folder, month: &str) -> io::Result<()> {
    let mut ledger = Month::open(folder, month)?;
    let less = ledger.used.saturating_sub(1);
    ledger.set(less)
}

/// Believes the service, which sees the calls of other machines, too.
pub(crate) fn learn(folder: &Folder, month: &str, used: u64, quota: u64) -> io::Result<Usage> {
    /// No quota is so large; what says so is wrong.
    const BELIEVABLE: u64 = 10_000_000;
    let mut ledger = Month::open(folder, month)?;
    let before = ledger.used;
    if used > before && used <= BELIEVABLE {
        ledger.set(used)?;
    }
    Ok(Usage::after(before.saturating_sub(1), ledger.used, quota))
}

/// Keeps what the service has told of the quota, over all months.
pub(crate) fn learn_quota(folder: &Folder, quota: u64) -> io::Result<()> {
    if told_quota(folder)? == Some(quota) {
        return Ok(());
    }
    fs::write(folder.join(TOLD), quota.to_string())
}

/// The quota that the service has told.
pub(crate) fn told_quota(folder: &Folder) -> io::Result<Option<u64>> {
    match fs::read_to_string(folder.join(TOLD)) {
        // While another process writes it, it is empty.
        Ok(text) => Ok(text.parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

const TOLD: &str = "quota";

/// How much is used.
pub(crate) fn usage(folder: &Folder, month: &str, quota: u64) -> io::Result<Usage> {
    let ledger = Month::open(folder, month)?;
    Ok(Usage { used: ledger.used, quota, reached: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let all = tempfile::tempdir().unwrap();
        let folder = Folder::open(all.path(), "oi.example", "oc").unwrap();
        (all, folder)
    }

    #[test]
    fn each_mark_is_reached_once_and_nothing_passes_the_quota() {
        let (_all, folder) = folder();
        let mut reached = Vec::new();
        for _ in 0..100 {
            let usage = count(&folder, "2026-11", 100).unwrap().unwrap();
            reached.extend(usage.reached.map(|mark| (usage.used, mark)));
        }
        assert_eq!(reached, [(80, Mark::Eighty), (95, Mark::NinetyFive), (100, Mark::All)]);
        let refused = count(&folder, "2026-11", 100).unwrap().unwrap_err();
        assert_eq!((refused.used, refused.mark()), (100, Some(Mark::All)));
        assert_eq!(count(&folder, "2026-12", 100).unwrap().unwrap().used, 1);
    }

    #[test]
    fn calls_are_taken_back_and_learned() {
        let (_all, folder) = folder();
        count(&folder, "m", 100).unwrap().unwrap();
        take_back(&folder, "m").unwrap();
        assert_eq!(usage(&folder, "m", 100).unwrap().used, 0);
        take_back(&folder, "m").unwrap();
        count(&folder, "m", 100).unwrap().unwrap();
        let learned = learn(&folder, "m", 96, 100).unwrap();
        assert_eq!(learned, Usage { used: 96, quota: 100, reached: Some(Mark::NinetyFive) });
        assert_eq!(learn(&folder, "m", 3, 100).unwrap().used, 96);
        assert_eq!(learn(&folder, "m", u64::MAX, 100).unwrap().used, 96);
    }

    #[test]
    fn the_quota_is_what_the_service_told_last() {
        let (_all, folder) = folder();
        assert_eq!(told_quota(&folder).unwrap(), None);
        learn_quota(&folder, 100_000).unwrap();
        learn_quota(&folder, 5).unwrap();
        assert_eq!(told_quota(&folder).unwrap(), Some(5));
        fs::write(folder.join(TOLD), "").unwrap();
        assert_eq!(told_quota(&folder).unwrap(), None);
    }

    #[test]
    fn many_at_once_lose_no_call_and_pass_no_quota() {
        let (_all, folder) = folder();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let folder = folder.clone();
                std::thread::spawn(move || {
                    (0..100).filter(|_| count(&folder, "m", 300).unwrap().is_ok()).count()
                })
            })
            .collect();
        let counted: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(counted, 300);
        assert_eq!(usage(&folder, "m", 300).unwrap().used, 300);
    }
}
