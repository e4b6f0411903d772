//! `ereprovd import`: loads a folder of CSV files.

use std::path::PathBuf;

use serde_json::json;

use super::{
    context::{Context, act},
    output::{self, Failure},
};
use crate::inventory::load::{load, read_folder};

/// The format is described in docs/data-format.md. What is already there stays as it is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with floors.csv, pbos.csv, ptos.csv, fibres.csv, contracts.csv and the like.
    folder: PathBuf,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let files = read_folder(&args.folder)?;
    let profiles = context.load()?.profiles()?;
    let store = context.store_or_new().await?;
    let act = act("import", &args.folder.display().to_string(), "");
    let summary = load(&store, &files, &profiles, act).await?;
    if context.json {
        let files = summary.files.iter().map(
            |(file, added, kept)| json!({"file": file, "added": added, "already_there": kept}),
        );
        return output::json(&files.collect::<Vec<_>>());
    }
    let rows = summary
        .files
        .iter()
        .map(|(file, added, kept)| vec![(*file).to_owned(), added.to_string(), kept.to_string()]);
    output::table(&["FILE", "ADDED", "ALREADY THERE"], rows.collect(), "nothing to load")
}
