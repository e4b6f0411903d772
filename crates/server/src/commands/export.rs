//! `ereprovd export`: everything, in a folder of files that `import` reads.

use std::path::PathBuf;

use serde_json::json;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::inventory::export::{ExportError, export};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make; it is there once all of it is on the disk. For its owner's eyes only: it
    /// has the hashes of the operators' passwords.
    folder: PathBuf,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let store = context.store().await?;
    let exported = export(&store, &args.folder).await.map_err(|error| match error {
        ExportError::Exists(_) => Failure::refused(error.to_string()),
        ExportError::File { .. } => anyhow::Error::new(error).into(),
        ExportError::Store(error) => error.into(),
    })?;
    if !exported.restricted.is_empty() {
        let whose = exported.restricted.join(", ");
        output::warning(&format!(
            "the files do not say what restricts the logins of {whose} (disabled, addresses, \
             certificates): where they are loaded, say it again"
        ));
    }
    if exported.running > 0 {
        output::warning(&format!(
            "{} re-provisionings that run are not in the files; their fibres are, as reserved",
            exported.running
        ));
    }
    if context.json {
        let files =
            exported.files.iter().map(|(file, lines)| json!({"file": file, "lines": lines}));
        return output::json(&json!({
            "files": files.collect::<Vec<_>>(),
            "restricted": exported.restricted,
            "running": exported.running,
        }));
    }
    let rows =
        exported.files.iter().map(|(file, lines)| vec![(*file).to_owned(), lines.to_string()]);
    output::table(&["FILE", "LINES"], rows.collect(), "nothing")
}
