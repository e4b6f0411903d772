//! Loads an inventory from a folder of files, in one transaction: all of it, or nothing.
//!
//! The format is documented in docs/data-format.md. What is already in the database stays as it is:
//! the loader adds.

mod record;
mod rows;
mod write;

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
pub use record::Mistake;

use crate::store::Store;

/// The files of an inventory, in the order in which they are read.
pub const FILES: [&str; 7] = [
    "operators.csv",
    "floors.csv",
    "pbos.csv",
    "ptos.csv",
    "fibres.csv",
    "contracts.csv",
    "reprovisionings.csv",
];

/// Bytes of one file at the most.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The text of each file that is there, by name.
pub type Files = BTreeMap<&'static str, String>;

/// What a load did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// File by file: rows added, rows that were there already.
    pub files: Vec<(&'static str, u64, u64)>,
}

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files contain mistakes; here are the first ones.
    #[error("nothing was loaded: {} mistakes", .0.len())]
    Mistakes(Vec<Mistake>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Reads the files of a folder.
///
/// # Errors
/// The folder has none of them, or one cannot be read.
pub fn read_folder(folder: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    for name in FILES {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let length = path.metadata().with_context(|| path.display().to_string())?.len();
        anyhow::ensure!(length <= FILE_BYTES_MAX, "{}: 256 MiB at the most", path.display());
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{}: UTF-8", path.display()))?;
        files.insert(name, text.trim_start_matches('\u{feff}').to_owned());
    }
    anyhow::ensure!(
        !files.is_empty(),
        "{} has none of the files {}",
        folder.display(),
        FILES.join(", ")
    );
    Ok(files)
}

/// Loads files; all of them become visible at once.
///
/// # Errors
/// See [`LoadError`]; nothing was loaded then.
pub async fn load(store: &Store, files: &Files, now_ms: i64) -> Result<Summary, LoadError> {
    let rows = rows::read(files).map_err(LoadError::Mistakes)?;
    let outcome = store.write("load", (rows, now_ms), |tx, (rows, now)| {
        Box::pin(async move {
            match write::all(tx, rows, *now).await {
                Ok(summary) => Ok(Ok(summary)),
                Err(write::Stop::Store(error)) => Err(error),
                Err(write::Stop::Mistakes(mistakes)) => {
                    tx.undo_to_mark().await?;
                    Ok(Err(mistakes))
                }
            }
        })
    });
    outcome.await?.map_err(LoadError::Mistakes)
}
