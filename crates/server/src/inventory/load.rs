//! Loads an inventory from a folder of files, in one transaction: all of it, or nothing.
//!
//! The format is documented in docs/data-format.md. What is already in the database stays as it is:
//! the loader adds.

mod record;
mod rows;
mod table;
mod write;

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
pub use record::{Mistake, in_english};

use crate::{
    admission::profile::Profiles,
    store::{
        Store,
        admin_acts::{self, Act},
    },
};

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
/// The folder has none of them, has another `.csv` file, or one of them cannot be read.
pub fn read_folder(folder: &Path) -> anyhow::Result<Files> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_csv =
            Path::new(&name).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("csv"));
        if is_csv && !FILES.contains(&name.as_str()) {
            let nearest = FILES.iter().min_by_key(|file| strsim::osa_distance(file, &name));
            let nearest = nearest.copied().unwrap_or_default();
            anyhow::bail!("{name} is not a file of an inventory; did you mean {nearest}?");
        }
    }
    let mut files = Files::new();
    for name in FILES {
        let path = folder.join(name);
        if path.exists() {
            let text = read_file(&path).with_context(|| path.display().to_string())?;
            files.insert(name, text);
        }
    }
    anyhow::ensure!(
        !files.is_empty(),
        "{} has none of the files {}",
        folder.display(),
        FILES.join(", ")
    );
    Ok(files)
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    let facts = path.metadata()?;
    anyhow::ensure!(facts.is_file(), "it is not a file");
    anyhow::ensure!(facts.len() <= FILE_BYTES_MAX, "256 MiB at the most");
    let text = String::from_utf8(std::fs::read(path)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        anyhow::anyhow!("line {line} is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)")
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Loads files; all of them become visible at once. Operators may have these profiles only.
///
/// # Errors
/// See [`LoadError`]; nothing was loaded then.
pub async fn load(
    store: &Store,
    files: &Files,
    profiles: &Profiles,
    act: Act,
) -> Result<Summary, LoadError> {
    let rows = rows::read(files, profiles).map_err(LoadError::Mistakes)?;
    let outcome = store.write("load", (rows, act), |tx, (rows, act)| {
        Box::pin(async move {
            match write::all(tx, rows, act.at_ms).await {
                Ok(summary) => {
                    admin_acts::record(tx, act).await?;
                    Ok(Ok(summary))
                }
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
