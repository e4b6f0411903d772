//! A network in GraceTHD (CNIG standard ANT 2.0.x): a folder of one CSV a table, or a `GeoPackage`.
//!
//! docs/gracethd.md says which column goes where. The tables are staged and joined in a file
//! (`store/gracethd`); a route is loaded where its fibres are joined from the PM to the PBO and on, and
//! is told, and left out, where they are not.

mod boxes;
mod colours;
mod routes;
mod stage;

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::{
    input::{self, Place},
    lines::Encoding,
    record::{Mistake, VALUE_MAX},
    source::{Origin, Progress, Source, Taker},
};
use crate::store::gracethd::{GeoPackage, Sheets, TABLES, Table};

/// A table of a set: which one it is, and what its file is called.
struct Sheet {
    table: &'static Table,
    file: String,
    place: Placed,
}

/// Where a table is.
enum Placed {
    /// In a file of its own.
    File(Place),
    /// In the `GeoPackage`, under this name.
    Package(String),
}

/// A set of tables.
pub(super) struct GracethdSource {
    sheets: Vec<Sheet>,
    package: Option<PathBuf>,
    encoding: Encoding,
    notes: Vec<String>,
}

/// Whether a file is one of a set's, by its name.
pub(super) fn table_of(file: &str) -> Option<&'static Table> {
    let name = file.to_ascii_lowercase();
    let unpacked = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let stem = unpacked.strip_suffix(".csv")?;
    TABLES.iter().find(|table| table.name == stem)
}

/// A folder, as a source.
///
/// # Errors
/// It lacks a table that routes need, or cannot be read.
pub(super) fn open_folder(
    folder: &Path,
    encoding: Encoding,
    mut notes: Vec<String>,
) -> anyhow::Result<GracethdSource> {
    let mut sheets = Vec::new();
    let mut others = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        match table_of(&file) {
            Some(table) => {
                sheets.push(Sheet { table, file, place: Placed::File(Place::Path(path)) });
            }
            None if file.to_ascii_lowercase().contains(".csv") => others.push(file),
            None => {}
        }
    }
    check(&sheets, &folder.display().to_string())?;
    left(others, &mut notes);
    Ok(source(sheets, None, encoding, notes))
}

/// A `GeoPackage`, as a source.
///
/// # Errors
/// It lacks a table that routes need, or cannot be read.
pub(super) fn open_package(path: &Path, mut notes: Vec<String>) -> anyhow::Result<GracethdSource> {
    let named = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let package = GeoPackage::open(path).with_context(|| path.display().to_string())?;
    let mut sheets = Vec::new();
    let mut others = Vec::new();
    for name in package.tables()? {
        match TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(&name)) {
            Some(table) => sheets.push(Sheet {
                table,
                file: format!("{named} {}", table.name),
                place: Placed::Package(name),
            }),
            None if name.to_ascii_lowercase().starts_with("t_") => others.push(name),
            None => {}
        }
    }
    check(&sheets, &named)?;
    left(others, &mut notes);
    Ok(source(sheets, Some(path.to_owned()), Encoding::Utf8, notes))
}

fn source(
    mut sheets: Vec<Sheet>,
    package: Option<PathBuf>,
    encoding: Encoding,
    notes: Vec<String>,
) -> GracethdSource {
    let order = |sheet: &Sheet| TABLES.iter().position(|table| table.name == sheet.table.name);
    sheets.sort_by_key(order);
    GracethdSource { sheets, package, encoding, notes }
}

fn check(sheets: &[Sheet], set: &str) -> anyhow::Result<()> {
    let has = |table: &Table| sheets.iter().filter(|it| it.table.name == table.name).count();
    let missing: Vec<_> = TABLES.iter().filter(|it| it.required && has(it) == 0).collect();
    let names: Vec<_> = missing.iter().map(|table| table.name).collect();
    ensure!(
        names.is_empty(),
        "{set} lacks {}, without which no route leads anywhere",
        names.join(", ")
    );
    let twice = TABLES.iter().find(|table| has(table) > 1);
    let twice = twice.map_or("", |table| table.name);
    ensure!(twice.is_empty(), "{set} has {twice} more than once");
    Ok(())
}

fn left(mut others: Vec<String>, notes: &mut Vec<String>) {
    if !others.is_empty() {
        others.sort();
        notes.push(format!("not read, for nothing here is made of them: {}", others.join(", ")));
    }
}

/// A set being read.
struct Reading<'r> {
    sheets: &'r Sheets,
    files: &'r [Sheet],
    taker: &'r mut dyn Taker,
    progress: &'r Progress,
    /// Whether the taker wants more.
    goes_on: bool,
}

impl Reading<'_> {
    fn origin(&self, table: &str, line: u32) -> Origin {
        let file = self.files.iter().position(|sheet| sheet.table.name == table);
        Origin { file: file.and_then(|file| u32::try_from(file).ok()).unwrap_or_default(), line }
    }

    /// Refuses a line of a table.
    fn refuse(&mut self, table: &str, line: u32, column: &str, value: &str, reason: String) {
        let file = self.files.iter().find(|sheet| sheet.table.name == table);
        let mistake = Mistake {
            file: file.map_or_else(|| table.to_owned(), |sheet| sheet.file.clone()),
            line,
            column: column.to_owned(),
            value: ereprov_wire::text::cut(value, VALUE_MAX).to_owned(),
            reason,
        };
        self.goes_on &= self.taker.mistake(self.origin(table, line), mistake);
    }
}

impl Source for GracethdSource {
    fn files(&self) -> Vec<String> {
        self.sheets.iter().map(|sheet| sheet.file.clone()).collect()
    }

    fn kinds(&self) -> Vec<&'static str> {
        vec!["floors", "pbos", "ptos", "fibres"]
    }

    fn size(&self) -> Option<u64> {
        if let Some(path) = &self.package {
            return path.metadata().ok().map(|facts| facts.len());
        }
        let size = |sheet: &Sheet| match &sheet.place {
            Placed::File(place) => input::size(place),
            Placed::Package(_) => None,
        };
        self.sheets.iter().map(size).sum()
    }

    fn read(&mut self, progress: &Progress, taker: &mut dyn Taker) -> anyhow::Result<()> {
        for note in std::mem::take(&mut self.notes) {
            taker.note(note);
        }
        let sheets = Sheets::new().context("a file to join the tables in")?;
        let mut reading =
            Reading { sheets: &sheets, files: &self.sheets, taker, progress, goes_on: true };
        stage::read(&mut reading, self.package.as_deref(), self.encoding)?;
        if reading.goes_on {
            boxes::read(&mut reading)?;
        }
        if reading.goes_on {
            routes::read(&mut reading)?;
        }
        Ok(())
    }

    fn column(&self, ours: &'static str) -> String {
        let theirs = match ours {
            "fibre" => "rt_code",
            "pbo" => "bp_etiquet",
            "pto" => "bp_linecod",
            other => other,
        };
        theirs.to_owned()
    }

    fn reason(&self, code: &str) -> Option<&'static str> {
        match code {
            "no_pbo" => Some("its PBO is refused, as said in t_ebp"),
            "no_pto" => Some("its socket is refused, as said in t_ebp"),
            _ => None,
        }
    }

    fn loads_alone(&self) -> bool {
        false
    }

    fn copy_lines(
        &mut self,
        file: u32,
        lines: &BTreeSet<u32>,
        into: &mut dyn Write,
    ) -> anyhow::Result<bool> {
        match self.sheets.get(file as usize).map(|sheet| &sheet.place) {
            Some(Placed::File(place)) => input::copy(place, self.encoding, lines, into),
            Some(Placed::Package(_)) | None => Ok(false),
        }
    }
}
