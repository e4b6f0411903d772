//! A lock that a process holds on a file, and that ends with it.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// The lock; dropped, it is free. The file stays, for the lock is on it.
#[derive(Debug)]
pub struct FileLock(File);

impl FileLock {
    /// Takes it, on a file that is made where it is not there; `None`: another has it.
    ///
    /// # Errors
    /// The file cannot be written or locked.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = File::create(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A process that is being started at this moment holds the file, too, until it is its own program:
        // closed alone, it would stay locked so long. What cannot be unlocked is closed all the same.
        let _ = self.0.unlock();
    }
}
