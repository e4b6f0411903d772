//! Which format files are in, and what reads them.

use std::{
    io::{BufRead, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, bail, ensure};

use super::{
    cr_cmd::{self, Told},
    folder, gracethd, header,
    input::{self, Place, spool},
    lines::{Encoding, Lines},
    source::{Progress, Source},
};

/// A format of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Found out: by the files in a folder, or how a file begins.
    Auto,
    /// Our own, described in docs/data-format.md.
    Own,
    /// Reports of orders (CR CMD) of the access protocol 1.2 and 1.3, described in docs/cr-cmd.md.
    CrCmd,
    /// GraceTHD 2.0.x, a folder of CSV files or a .gpkg file, described in docs/gracethd.md.
    Gracethd,
}

/// How files are to be read.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Their format.
    pub format: Format,
    /// What their bytes mean.
    pub encoding: Encoding,
    /// Where standard input is kept while it is read.
    pub spool_in: PathBuf,
    /// What is said beside reports of orders.
    pub told: Told,
}

/// What was opened.
pub struct Opened {
    /// What yields the rows.
    pub source: Box<dyn Source>,
    /// In which format.
    pub format: Format,
    /// The time that the files are of, in ms since 1970; `None`: standard input says none.
    pub as_of_ms: Option<i64>,
}

/// Opens files in whatever format.
///
/// # Errors
/// They are not what they are said to be, or cannot be read.
pub fn open_as(paths: &[PathBuf], opening: &Opening) -> anyhow::Result<Opened> {
    let (format, why) = match opening.format {
        Format::Auto => detect(paths)?,
        format => (format, None),
    };
    let notes: Vec<_> = why.into_iter().collect();
    match format {
        Format::Auto | Format::Own => {
            let (source, as_of_ms) = folder::open(paths, opening.encoding, &opening.spool_in)?;
            Ok(Opened { source: Box::new(source), format: Format::Own, as_of_ms })
        }
        Format::CrCmd => reports(paths, opening, notes),
        Format::Gracethd => set(paths, opening, notes),
    }
}

fn detect(paths: &[PathBuf]) -> anyhow::Result<(Format, Option<String>)> {
    let Some(path) = paths.first().filter(|path| path.as_os_str() != "-") else {
        return Ok((Format::Own, None));
    };
    let shown = path.display();
    if path.is_dir() {
        let files = files_of(path)?;
        if let Some((name, _)) = files.iter().find(|(name, _)| gracethd::table_of(name).is_some()) {
            let why = format!("{shown}: read as GraceTHD, for it has {name}");
            return Ok((Format::Gracethd, Some(why)));
        }
        for (name, path) in &files {
            if is_report(path)? {
                let why = format!("{shown}: read as CR CMD, for {name} has the columns of one");
                return Ok((Format::CrCmd, Some(why)));
            }
        }
        return Ok((Format::Own, None));
    }
    if is_package(path)? {
        let why = format!("{shown}: read as GraceTHD, for it is a GeoPackage");
        return Ok((Format::Gracethd, Some(why)));
    }
    if is_report(path)? {
        let why = format!("{shown}: read as CR CMD, for it has the columns of one");
        return Ok((Format::CrCmd, Some(why)));
    }
    Ok((Format::Own, None))
}

fn is_package(path: &Path) -> anyhow::Result<bool> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut head = Vec::new();
    file.take(16).read_to_end(&mut head)?;
    Ok(head.starts_with(b"SQLite format 3\0"))
}

/// Whether the first line of a file is that of a report of orders.
fn is_report(path: &Path) -> anyhow::Result<bool> {
    let (place, progress) = (Place::Path(path.to_owned()), Progress::default());
    let mut bytes = input::open(&place, &progress)?;
    if bytes.fill_buf().is_err() {
        return Ok(false);
    }
    let mut lines = Lines::new(bytes, Encoding::Auto);
    Ok(header::names(&mut lines, "")
        .is_ok_and(|names| names.is_ok_and(|it| cr_cmd::is_report(&it))))
}

fn reports(paths: &[PathBuf], opening: &Opening, notes: Vec<String>) -> anyhow::Result<Opened> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(("standard input".to_owned(), spool(&opening.spool_in)?));
        } else if path.is_dir() {
            let mut within = files_of(path)?;
            // The facts may lie among the reports.
            let facts = opening.told.facts.as_ref().and_then(|file| file.canonicalize().ok());
            within.retain(|(_, path)| facts.is_none() || path.canonicalize().ok() != facts);
            ensure!(!within.is_empty(), "{} has no CSV files", path.display());
            files.extend(within.into_iter().map(|(name, path)| (name, Place::Path(path))));
        } else {
            ensure!(path.exists(), "{}: no such file", path.display());
            files.push((name_of(path), Place::Path(path.clone())));
        }
    }
    let mut changed = Vec::new();
    for (_, place) in &files {
        changed.push(match place {
            Place::Path(path) => Some(changed_ms(path)?),
            Place::Spooled(_) | Place::Text(_) => None,
        });
    }
    let (source, days) = cr_cmd::open(files, opening.told.clone(), opening.encoding, notes)?;
    let times = days.iter().zip(changed).map(|(day, changed)| day.or(changed));
    // One that says none is of no time: whatever the service did wins.
    let as_of_ms = times.reduce(|one, other| one.zip(other).map(|(one, other)| one.min(other)));
    Ok(Opened { source: Box::new(source), format: Format::CrCmd, as_of_ms: as_of_ms.flatten() })
}

fn set(paths: &[PathBuf], opening: &Opening, notes: Vec<String>) -> anyhow::Result<Opened> {
    let [path] = paths else {
        bail!("GraceTHD is one folder, or one GeoPackage, at a time");
    };
    ensure!(path.exists(), "{}: no such folder or GeoPackage", path.display());
    let (source, as_of_ms) = if path.is_dir() {
        let mut oldest = None;
        for (name, path) in files_of(path)? {
            if gracethd::table_of(&name).is_some() {
                let changed = changed_ms(&path)?;
                oldest = Some(oldest.map_or(changed, |oldest: i64| oldest.min(changed)));
            }
        }
        (gracethd::open_folder(path, opening.encoding, notes)?, oldest)
    } else {
        (gracethd::open_package(path, notes)?, Some(changed_ms(path)?))
    };
    Ok(Opened { source: Box::new(source), format: Format::Gracethd, as_of_ms })
}

/// The CSV files of a folder, by name.
fn files_of(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let name = name_of(&path);
        if folder::is_csv(&name) && path.is_file() {
            files.push((name, path));
        }
    }
    files.sort();
    Ok(files)
}

fn changed_ms(path: &Path) -> anyhow::Result<i64> {
    let facts = path.metadata().with_context(|| path.display().to_string())?;
    Ok(i64::try_from(facts.modified()?.duration_since(UNIX_EPOCH)?.as_millis())?)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
