//! `ereprovd audit export`: seals and their rows, as lines of JSON.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use tempfile::NamedTempFile;

use super::time_or;
use crate::{
    chain::export::{Asked, ExportError, Exported, export},
    commands::{
        context::Context,
        output::{self, Failure},
    },
    store::Store,
};

/// Which rows, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rows that were sealed from this time on: 2026-11-23, or 2026-11-23T14:00, in Paris.
    #[arg(long)]
    since: Option<String>,
    /// Rows that were sealed before this time; the next export begins there.
    #[arg(long)]
    until: Option<String>,
    /// The file to write, for its owner's eyes only [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let period =
        (time_or(args.since.as_deref(), i64::MIN)?, time_or(args.until.as_deref(), i64::MAX)?);
    let store = context.store().await?;
    let Some(path) = args.output else {
        let out = BufWriter::new(io::stdout());
        return match write(&store, period, Box::new(out)).await? {
            Ok(_) => Ok(()),
            // A reader that has seen enough (`| head`) is no failure.
            Err(ExportError::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(anyhow::Error::new(error).into()),
        };
    };
    if path.symlink_metadata().is_ok() {
        return Err(Failure::refused(format!("{} is there already", path.display())));
    }
    let failed = |error: io::Error| {
        Failure::from(anyhow::Error::new(error).context(path.display().to_string()))
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Readable for nobody else from the start; it has its name once it is whole.
    let file = NamedTempFile::with_prefix_in(".ereprov-export-", folder).map_err(failed)?;
    let out = BufWriter::new(file.reopen().map_err(failed)?);
    let done = write(&store, period, Box::new(out)).await?.map_err(|error| {
        Failure::from(anyhow::Error::new(error).context(path.display().to_string()))
    })?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(&path).map_err(|error| failed(error.error))?;
    let head = done.head.map_or("no seal".to_owned(), |head| head.to_string());
    output::line(&format!(
        "{}: {} rows in {} seals, up to {head}",
        path.display(),
        done.rows,
        done.seals
    ))
}

async fn write(
    store: &Store,
    (since_ms, until_ms): (i64, i64),
    out: Box<dyn Write + Send>,
) -> Result<Result<Exported, ExportError>, Failure> {
    let asked = Asked { since_ms, until_ms, out: Mutex::new(out) };
    let exporting = store.read_much("audit.export", asked, |tx, asked| Box::pin(export(tx, asked)));
    Ok(exporting.await?)
}
