//! Writes everything into a folder of files that the loader reads, on one snapshot, while others go
//! on. The folder is there whole, or not at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    calendar,
    store::{
        Row, Store, StoreError, Tx,
        export::{self, LISTINGS, Listing, TIMES},
        operators::{self, Operator},
        reprovisionings,
    },
};

/// Bytes of a file that are gathered before they are written.
const BUFFER_BYTES: usize = 256 * 1024;

/// What was written, and what was not.
#[derive(Debug, Default)]
pub struct Exported {
    /// Lines of each file, without its header.
    pub files: Vec<(&'static str, u64)>,
    /// Operators that are disabled, or let in under conditions: the file has no word for it.
    pub restricted: Vec<String>,
    /// Re-provisionings that run, which the file has no word for either.
    pub running: i64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The folder is there, and has something in it.
    #[error("{} is there, and not empty", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("{}: {source}", folder.display())]
    File {
        /// Where.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes all files; they are for their owner's eyes, since they hold the hashes of passwords.
///
/// # Errors
/// See [`ExportError`]; the folder is as it was then.
pub async fn export(store: &Store, folder: &Path) -> Result<Exported, ExportError> {
    let failed = |source| ExportError::File { folder: folder.to_owned(), source };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ExportError::Exists(folder.to_owned()));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Beside the folder, so that it can take its name once it is whole.
    let beside = tempfile::Builder::new().prefix(".ereprov-export-").tempdir_in(parent);
    let beside = beside.map_err(failed)?;
    let writing = store.read_much("export", beside.path().to_owned(), |tx, folder| {
        Box::pin(async move {
            match write(tx, folder).await {
                Ok(exported) => Ok(Ok(exported)),
                Err(Stop::File(error)) => Ok(Err(error)),
                Err(Stop::Store(error)) => Err(error),
            }
        })
    });
    let exported = writing.await?.map_err(failed)?;
    std::fs::rename(beside.path(), folder).map_err(failed)?;
    // What has moved is not ours to remove.
    let _ = beside.keep();
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
    Ok(exported)
}

enum Stop {
    Store(StoreError),
    File(io::Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<csv::Error> for Stop {
    fn from(error: csv::Error) -> Self {
        Self::File(error.into())
    }
}

async fn write(tx: &mut Tx<'_>, folder: &Path) -> Result<Exported, Stop> {
    let mut exported = Exported::default();
    for listing in &LISTINGS {
        exported.files.push((listing.file, write_file(tx, folder, listing).await?));
    }
    let all = operators::list(tx).await?;
    let restricted = all.into_iter().filter(is_restricted).map(|operator| operator.login);
    exported.restricted = restricted.collect();
    let counts = reprovisionings::counts(tx).await?;
    let running = counts.iter().filter(|(state, _)| !state.is_final()).map(|(_, count)| count);
    exported.running = running.sum();
    Ok(exported)
}

fn is_restricted(operator: &Operator) -> bool {
    operator.disabled || operator.addresses.is_some() || operator.certificates.is_some()
}

async fn write_file(tx: &mut Tx<'_>, folder: &Path, listing: &Listing) -> Result<u64, Stop> {
    let mut open = OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(folder.join(listing.file))?;
    let mut lines = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(BufWriter::with_capacity(BUFFER_BYTES, file));
    lines.write_record(listing.columns)?;
    let mut count = 0;
    export::each(tx, listing, |row| {
        count += 1;
        write_line(&mut lines, listing, row)
    })
    .await?;
    let mut file = lines.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(count)
}

fn write_line<W: Write>(
    lines: &mut csv::Writer<W>,
    listing: &Listing,
    row: &Row<'_>,
) -> Result<(), Stop> {
    for column in listing.columns {
        if TIMES.contains(column) {
            lines.write_field(calendar::exact(row.int(column)?))?;
        } else {
            row.with_text(column, |text| lines.write_field(text.unwrap_or_default()))??;
        }
    }
    Ok(lines.write_record(None::<&[u8]>)?)
}
