//! `ereprovd backup`: a copy of the SQLite database, while the service runs.

use std::path::PathBuf;

use serde_json::json;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::store::{
    Location,
    backup::{self, BackupError},
};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write.
    file: PathBuf,
    /// Overwrite it, where it is there.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let Location::Sqlite(database) = context.load()?.location()? else {
        let message = "the data is on PostgreSQL, whose own tools back it up";
        return Err(Failure::usage(message).hint("pg_dump, or pg_basebackup with archived WAL"));
    };
    if !database.exists() {
        return Err(Failure::no_database(&database));
    }
    let Args { file, force } = args;
    let name = file.display().to_string();
    let writing = tokio::task::spawn_blocking(move || backup::backup(&database, &file, force));
    let size = writing.await.map_err(anyhow::Error::new)?.map_err(|error| match error {
        BackupError::Store(error) => error.into(),
        BackupError::Exists(_) => Failure::refused(error.to_string()).hint("--force overwrites it"),
        BackupError::Itself(_) => Failure::refused(error.to_string()),
        BackupError::File { .. } | BackupError::Damaged(_) => anyhow::Error::new(error).into(),
    })?;
    if context.json {
        return output::json(&json!({"file": name, "bytes": size}));
    }
    output::line(&format!("{name}: {size} bytes, checked, and on the disk"))
}
