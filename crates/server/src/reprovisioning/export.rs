//! The list of what has ended since a time, as CSV for the OI's other systems.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use ereprov_domain::reason::Reason;

use crate::{
    calendar,
    soap::words,
    store::{Row, Store, StoreError, Tx, reprovisionings::each_ended_since},
};

/// The columns, in their order.
pub const COLUMNS: [&str; 32] = [
    "id",
    "operator",
    "contract",
    "discharge_code",
    "state",
    "motif",
    "keep_pto",
    "pto",
    "accepted",
    "ended",
    "fibre",
    "pm",
    "pm_position",
    "site",
    "building",
    "staircase",
    "floor",
    "pbo",
    "cable",
    "tube",
    "colour",
    "old_fibre",
    "old_pm",
    "old_pm_position",
    "old_site",
    "old_building",
    "old_staircase",
    "old_floor",
    "old_pbo",
    "old_cable",
    "old_tube",
    "old_colour",
];

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Writes the list to a file, which has its name once it is whole, or to standard output; answers
/// how many there are.
///
/// # Errors
/// See [`ExportError`]; a file that had the name is as it was then.
pub async fn export(
    store: &Store,
    since_ms: i64,
    file: Option<PathBuf>,
) -> Result<u64, ExportError> {
    let written =
        store.read_much("reprovisioning.export", (since_ms, file), |tx, (since, file)| {
            Box::pin(async move {
                match write(tx, *since, file.as_deref()).await {
                    Ok(count) => Ok(Ok(count)),
                    Err(ExportError::Write(error)) => Ok(Err(error)),
                    Err(ExportError::Store(error)) => Err(error),
                }
            })
        });
    Ok(written.await??)
}

async fn write(tx: &mut Tx<'_>, since_ms: i64, file: Option<&Path>) -> Result<u64, ExportError> {
    let Some(file) = file else { return write_to(tx, since_ms, io::stdout()).await };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let made = tempfile::Builder::new().prefix(".ereprov-export-").tempfile_in(folder)?;
    let count = write_to(tx, since_ms, made.as_file().try_clone()?).await?;
    made.as_file().sync_all()?;
    made.persist(file).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(count)
}

async fn write_to(
    tx: &mut Tx<'_>,
    since_ms: i64,
    out: impl Write + Send,
) -> Result<u64, ExportError> {
    let mut lines = csv::WriterBuilder::new().delimiter(b';').from_writer(BufWriter::new(out));
    lines.write_record(COLUMNS)?;
    let mut count = 0;
    each_ended_since(tx, since_ms, |row| {
        count += 1;
        write_line(&mut lines, row)
    })
    .await?;
    lines.flush()?;
    Ok(count)
}

fn write_line<W: Write>(lines: &mut csv::Writer<W>, row: &Row<'_>) -> Result<(), ExportError> {
    for column in COLUMNS {
        match column {
            "motif" => {
                lines.write_field(words::motif(row.word("reason", Reason::parse)?).label())?;
            }
            "accepted" => lines.write_field(calendar::exact(row.int("accepted_ms")?))?,
            "ended" => lines.write_field(calendar::exact(row.int("ended_ms")?))?,
            _ => row.with_text(column, |text| lines.write_field(text.unwrap_or_default()))??,
        }
    }
    Ok(lines.write_record(None::<&[u8]>)?)
}
