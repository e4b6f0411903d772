//! Two requests at once for each operator (§2.2), over all its processes on this machine: one file a
//! seat, whose lock is the seat.

use std::{
    fs::{File, TryLockError},
    io,
    time::Duration,
};

use super::Folder;
use crate::clock::Clock;

/// Requests of one operator at once (§2.2).
const SEATS: usize = 2;
/// Puts are told apart by contract into so many locks.
const CONTRACTS: u32 = 64;
/// How often it is looked whether a lock is free.
const LOOK: Duration = Duration::from_millis(25);

/// A lock, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Held {
    file: File,
}

impl Drop for Held {
    fn drop(&mut self) {
        // A process that somebody starts meanwhile has a copy of the file until its program begins: closed
        // alone, it would stay locked so long. What cannot be unlocked is closed all the same.
        let _ = self.file.unlock();
    }
}

/// Waits for one of the seats; `None`: neither was free in time.
///
/// # Errors
/// The folder cannot be used.
pub(crate) async fn take_seat(
    folder: &Folder,
    clock: &Clock,
    patience: Duration,
) -> io::Result<Option<Held>> {
    take(folder, &names(), clock, patience).await
}

fn names() -> Vec<String> {
    (1..=SEATS).map(|number| format!("seat-{number}")).collect()
}

/// Whether one of the seats is free now.
///
/// # Errors
/// The folder cannot be used.
pub(crate) fn has_free_seat(folder: &Folder) -> io::Result<bool> {
    Ok(try_any(folder, &names())?.is_some())
}

/// Waits until no other put is on its way for a contract, or for one that shares its lock.
///
/// # Errors
/// The folder cannot be used.
pub(crate) async fn take_contract(
    folder: &Folder,
    contract: &str,
    clock: &Clock,
    patience: Duration,
) -> io::Result<Option<Held>> {
    let sum = contract
        .bytes()
        .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    take(folder, &[format!("put-{}", sum % CONTRACTS)], clock, patience).await
}

async fn take(
    folder: &Folder,
    names: &[String],
    clock: &Clock,
    patience: Duration,
) -> io::Result<Option<Held>> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(held) = try_any(folder, names)? {
            return Ok(Some(held));
        }
        if waited >= patience {
            return Ok(None);
        }
        clock.wait(LOOK).await;
        waited += LOOK;
    }
}

fn try_any(folder: &Folder, names: &[String]) -> io::Result<Option<Held>> {
    for name in names {
        let file = folder.file(name)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(Held { file })),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_are_two_seats_and_a_dropped_one_is_free() {
        let all = tempfile::tempdir().unwrap();
        let folder = Folder::open(all.path(), "oi.example", "oc").unwrap();
        let clock = Clock::manual(0);
        let take = async || take_seat(&folder, &clock, Duration::from_secs(1)).await.unwrap();
        let (one, other) = (take().await, take().await);
        assert!(one.is_some() && other.is_some());
        assert!(!has_free_seat(&folder).unwrap());
        assert!(take().await.is_none());
        assert_eq!(clock.now_ms(), 1000, "it waited as long as it may");
        drop(one);
        assert!(has_free_seat(&folder).unwrap());
        let one = take().await;
        assert!(one.is_some());
        let elsewhere = Folder::open(all.path(), "oi.example", "OC").unwrap();
        assert!(take_seat(&elsewhere, &clock, Duration::ZERO).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_contract_is_asked_for_by_one_at_a_time() {
        let all = tempfile::tempdir().unwrap();
        let folder = Folder::open(all.path(), "oi.example", "oc").unwrap();
        let clock = Clock::manual(0);
        let take = async |c: &str| take_contract(&folder, c, &clock, Duration::ZERO).await.unwrap();
        let held = take("A").await;
        assert!(held.is_some());
        assert!(take("A").await.is_none());
        assert!(take("B").await.is_some());
        drop(held);
        assert!(take("A").await.is_some());
    }

    #[tokio::test]
    async fn what_is_given_back_is_free_whoever_has_a_copy_of_the_file() {
        let all = tempfile::tempdir().unwrap();
        let folder = Folder::open(all.path(), "oi.example", "oc").unwrap();
        let clock = Clock::manual(0);
        let take = async || take_contract(&folder, "A", &clock, Duration::ZERO).await.unwrap();
        let held = take().await.unwrap();
        // As a process has one that is being started.
        let copy = held.file.try_clone().unwrap();
        assert!(take().await.is_none());
        drop(held);
        assert!(take().await.is_some());
        drop(copy);
    }
}
