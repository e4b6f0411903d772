//! The tables of a set, read into the file in which they are joined.

use std::{path::Path, sync::atomic::Ordering};

use anyhow::Context;

use super::{Placed, Reading, Sheet};
use crate::{
    inventory::load::{
        header::{self, Body, Columns},
        input::{self, Place},
        lines::{Encoding, Lines},
        record::Mistake,
    },
    store::gracethd::GeoPackage,
};

/// Stages every table; tells of rows that have another one's name.
pub(super) fn read(
    reading: &mut Reading<'_>,
    package: Option<&Path>,
    encoding: Encoding,
) -> anyhow::Result<()> {
    let files = reading.files;
    let package = package.map(GeoPackage::open).transpose()?;
    for (number, sheet) in files.iter().enumerate() {
        let number = u32::try_from(number)?;
        match (&sheet.place, &package) {
            (Placed::File(place), _) => read_file(reading, number, sheet, place, encoding)?,
            (Placed::Package(name), Some(package)) => {
                read_table(reading, number, sheet, package, name)?;
            }
            (Placed::Package(_), None) => {}
        }
        if !reading.goes_on {
            return Ok(());
        }
    }
    let sheets = reading.sheets;
    sheets.index(&mut |table, line, name, first| {
        let key = table.key.unwrap_or_default();
        let reason = format!("the same {key} as line {first}, which is the one that counts");
        reading.refuse(table.name, line, key, name, reason);
        reading.goes_on
    })?;
    Ok(())
}

fn read_file(
    reading: &mut Reading<'_>,
    number: u32,
    sheet: &Sheet,
    place: &Place,
    encoding: Encoding,
) -> anyhow::Result<()> {
    let table = sheet.table;
    let columns =
        Columns { read: table.columns, required: table.needed, same: str::to_ascii_lowercase };
    let mut lines = Lines::new(input::open(place, reading.progress)?, encoding);
    let head = match header::read(&mut lines, &sheet.file, &columns)? {
        Ok(head) => head,
        Err(mistakes) => {
            reading.goes_on &= header::refuse(number, mistakes, reading.taker);
            return Ok(());
        }
    };
    let mut filler = reading.sheets.filler(table)?;
    let mut failed = None;
    let body = Body {
        number,
        file: &sheet.file,
        head: &head,
        columns: table.columns,
        progress: reading.progress,
    };
    let more = body.read(&mut lines, reading.taker, &mut |record| {
        let values: Vec<_> = table.columns.iter().map(|name| record.plain(name)).collect();
        if failed.is_none() && !table.is_abandoned(&values) {
            failed = filler.insert(record.line, &values).err();
        }
        Ok(None)
    })?;
    reading.goes_on &= more;
    failed.map_or(Ok(()), |error| Err(error).context("a file to join the tables in"))
}

fn read_table(
    reading: &mut Reading<'_>,
    number: u32,
    sheet: &Sheet,
    package: &GeoPackage,
    called: &str,
) -> anyhow::Result<()> {
    let table = sheet.table;
    let there = package.columns(called)?;
    let has = |name: &str| there.iter().any(|it| it.eq_ignore_ascii_case(name));
    let missing: Vec<_> = table.needed.iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        let mistake = |column: &&&str| Mistake {
            file: sheet.file.clone(),
            line: 1,
            column: (**column).to_owned(),
            reason: "this column is missing".to_owned(),
            ..Mistake::default()
        };
        let mistakes = missing.iter().map(mistake).collect();
        reading.goes_on &= header::refuse(number, mistakes, reading.taker);
        return Ok(());
    }
    let mut filler = reading.sheets.filler(table)?;
    package.rows(called, table, &mut |line, values| {
        reading.progress.rows.fetch_add(1, Ordering::Relaxed);
        filler.insert(u32::try_from(line).unwrap_or(u32::MAX), values)?;
        Ok(())
    })
}
