//! The first line of a file, which names its columns, and the lines below it, read by them.

use std::{cell::Cell, io::BufRead, sync::atomic::Ordering};

use super::{
    lines::Lines,
    record::{ABSENT, Mistake, Record},
    source::{Origin, Progress, Row, Taker},
};

/// The columns that a kind of file may have.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// Those that are read, as messages name them.
    pub(super) read: &'static [&'static str],
    /// Those that a file must have.
    pub(super) required: &'static [&'static str],
    /// What of a name counts: two names are one column where this makes the same of them.
    pub(super) same: fn(&str) -> String,
}

/// Where a file has its columns, and how many.
pub(super) struct Head {
    /// Where each column stands that is read.
    at: Vec<usize>,
    width: usize,
    /// Names of columns that are not read.
    pub(super) unread: Vec<String>,
}

/// The first line of a file whose columns are known.
pub(super) fn read<R: BufRead>(
    lines: &mut Lines<R>,
    file: &str,
    columns: &Columns,
) -> std::io::Result<Result<Head, Vec<Mistake>>> {
    Ok(match names(lines, file)? {
        Ok(given) => find(file, &given, columns),
        Err(mistake) => Err(vec![mistake]),
    })
}

/// The names on the first line.
pub(super) fn names<R: BufRead>(
    lines: &mut Lines<R>,
    file: &str,
) -> std::io::Result<Result<Vec<String>, Mistake>> {
    let Some(line) = lines.next()? else {
        let reason = "the file is empty; its first line names the columns";
        return Ok(Err(mistake(file, "", reason.to_owned())));
    };
    let header = match line.values {
        Ok(header) => header,
        Err(broken) => return Ok(Err(mistake(file, "", broken.reason().to_owned()))),
    };
    let given: Vec<_> = header.iter().map(|name| name.trim().to_owned()).collect();
    if let (1, Some(separator)) = (given.len(), other_separator(&given[0])) {
        let reason = format!("the values are separated by {separator}; use ;");
        return Ok(Err(mistake(file, "", reason)));
    }
    Ok(Ok(given))
}

/// Which of the names are columns that are read.
pub(super) fn find(file: &str, given: &[String], columns: &Columns) -> Result<Head, Vec<Mistake>> {
    let keys: Vec<_> = given.iter().map(|name| (columns.same)(name)).collect();
    let known: Vec<_> = columns.read.iter().map(|name| (columns.same)(name)).collect();
    let mut mistakes = Vec::new();
    for (name, key) in columns.read.iter().zip(&known) {
        match keys.iter().filter(|given| *given == key).count() {
            0 if columns.required.contains(name) => {
                let unread = given.iter().zip(&keys).filter(|(_, given)| !known.contains(*given));
                let distance = |given: &String| strsim::osa_distance(given, key);
                let nearest = unread.min_by_key(|(_, given)| distance(given));
                let near = nearest.filter(|(_, given)| distance(given) <= 3);
                let hint = near.map_or(String::new(), |(near, _)| format!("; is it {near}?"));
                mistakes.push(mistake(file, name, format!("this column is missing{hint}")));
            }
            0 | 1 => {}
            _ => mistakes.push(mistake(file, name, "this column stands twice".to_owned())),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let at = known.iter().map(|key| keys.iter().position(|given| given == key).unwrap_or(ABSENT));
    let unread = given.iter().zip(&keys).filter(|(_, key)| !known.contains(*key));
    Ok(Head {
        at: at.collect(),
        width: given.len(),
        unread: unread.map(|(name, _)| name.clone()).collect(),
    })
}

/// A file whose columns are known, on its way to a taker.
pub(super) struct Body<'b> {
    pub(super) number: u32,
    pub(super) file: &'b str,
    pub(super) head: &'b Head,
    pub(super) columns: &'static [&'static str],
    pub(super) progress: &'b Progress,
}

impl Body<'_> {
    /// Reads every line; one that yields nothing is passed over. False: no more is wanted.
    pub(super) fn read<R: BufRead>(
        &self,
        lines: &mut Lines<R>,
        taker: &mut dyn Taker,
        read: &mut dyn FnMut(&Record<'_>) -> Result<Option<Row>, Mistake>,
    ) -> std::io::Result<bool> {
        while let Some(line) = lines.next()? {
            let origin = Origin { file: self.number, line: line.number };
            self.progress.rows.fetch_add(1, Ordering::Relaxed);
            let said = |reason: String| Mistake {
                file: self.file.to_owned(),
                line: line.number,
                reason,
                ..Mistake::default()
            };
            let width = self.head.width;
            let row = match line.values {
                Err(broken) => Err(said(broken.reason().to_owned())),
                Ok(values) if values.len() != width => {
                    Err(said(format!("{} values, {width} columns", values.len())))
                }
                Ok(values) => read(&Record {
                    file: self.file,
                    line: line.number,
                    columns: &self.head.at,
                    names: self.columns,
                    values,
                    next: Cell::new(0),
                }),
            };
            let goes_on = match row {
                Ok(Some(row)) => taker.row(origin, row),
                Ok(None) => true,
                Err(mistake) => taker.mistake(origin, mistake),
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Refuses a file as a whole; false: no more is wanted.
pub(super) fn refuse(number: u32, mistakes: Vec<Mistake>, taker: &mut dyn Taker) -> bool {
    let mut goes_on = true;
    for mistake in mistakes {
        let origin = Origin { file: number, line: mistake.line };
        goes_on &= taker.mistake(origin, mistake);
    }
    goes_on
}

fn mistake(file: &str, column: &str, reason: String) -> Mistake {
    Mistake {
        file: file.to_owned(),
        line: 1,
        column: column.to_owned(),
        reason,
        ..Mistake::default()
    }
}

fn other_separator(header: &str) -> Option<&'static str> {
    [(',', "commas"), ('\t', "tabs"), ('|', "|")]
        .into_iter()
        .find(|(separator, _)| header.contains(*separator))
        .map(|(_, name)| name)
}
