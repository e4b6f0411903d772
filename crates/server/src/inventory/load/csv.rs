//! Files of our own format, as a source of rows.

use std::{cell::Cell, collections::BTreeSet, io::Write, sync::atomic::Ordering};

use super::{
    Files,
    input::{self, Place},
    lines::{Encoding, Lines, Values},
    record::{ABSENT, Mistake, Record},
    shapes::{self, Shape},
    source::{Origin, Progress, Source, Taker},
};

/// A file, and what it holds where its name says so.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) shape: Option<&'static Shape>,
}

/// Files of our own format.
pub struct CsvSource {
    pub(super) inputs: Vec<Input>,
    pub(super) encoding: Encoding,
}

impl CsvSource {
    /// Files that are in memory.
    pub(super) fn of(files: &Files) -> Self {
        let input = |(name, text): (&&'static str, &String)| Input {
            name: (*name).to_owned(),
            place: Place::Text(text.clone()),
            shape: shapes::of_name(name),
        };
        let mut inputs: Vec<_> = files.iter().map(input).collect();
        inputs.sort_by_key(shapes_order);
        Self { inputs, encoding: Encoding::Utf8 }
    }
}

/// The place of a file among the kinds.
pub(super) fn shapes_order(input: &Input) -> usize {
    let name = input.shape.map(|shape| shape.name);
    let place = shapes::ALL.iter().position(|known| Some(known.name) == name);
    place.unwrap_or(shapes::ALL.len())
}

impl Source for CsvSource {
    fn files(&self) -> Vec<String> {
        self.inputs.iter().map(|input| input.name.clone()).collect()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.inputs.iter().filter_map(|input| input.shape).map(|shape| shape.name).collect()
    }

    fn size(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input::size(&input.place)).sum()
    }

    fn read(&mut self, progress: &Progress, taker: &mut dyn Taker) -> anyhow::Result<()> {
        for (file, input) in self.inputs.iter_mut().enumerate() {
            let file = u32::try_from(file)?;
            if !read_file(file, input, self.encoding, progress, taker)? {
                break;
            }
        }
        Ok(())
    }

    fn copy_lines(
        &mut self,
        file: u32,
        lines: &BTreeSet<u32>,
        into: &mut dyn Write,
    ) -> anyhow::Result<bool> {
        let Some(input) = self.inputs.get(file as usize) else { return Ok(false) };
        if input::size(&input.place).is_none() {
            return Ok(false);
        }
        let progress = Progress::default();
        let mut records = Lines::new(input::open(&input.place, &progress)?, self.encoding);
        let mut is_head = true;
        while let Some(line) = records.next()? {
            if is_head || lines.contains(&line.number) {
                into.write_all(line.raw)?;
                if !line.raw.ends_with(b"\n") {
                    into.write_all(b"\n")?;
                }
            }
            is_head = false;
        }
        Ok(true)
    }
}

/// Reads a file; false: no more is wanted.
fn read_file(
    file: u32,
    input: &mut Input,
    encoding: Encoding,
    progress: &Progress,
    taker: &mut dyn Taker,
) -> anyhow::Result<bool> {
    let mut lines = Lines::new(input::open(&input.place, progress)?, encoding);
    let (shape, columns, width) = match head(&mut lines, input, taker)? {
        Ok(head) => head,
        Err(mistakes) => {
            let mut goes_on = true;
            for mistake in mistakes {
                let origin = Origin { file, line: mistake.line };
                goes_on &= taker.mistake(origin, mistake);
            }
            return Ok(goes_on);
        }
    };
    input.shape = Some(shape);
    while let Some(line) = lines.next()? {
        let origin = Origin { file, line: line.number };
        progress.rows.fetch_add(1, Ordering::Relaxed);
        let said = |reason: String| Mistake {
            file: input.name.clone(),
            line: line.number,
            reason,
            ..Mistake::default()
        };
        let read = match line.values {
            Err(broken) => Err(said(broken.reason().to_owned())),
            Ok(values) if values.len() != width => {
                Err(said(format!("{} values, {width} columns", values.len())))
            }
            Ok(values) => (shape.read)(&Record {
                file: &input.name,
                line: line.number,
                columns: &columns,
                names: shape.columns,
                values,
                next: Cell::new(0),
            }),
        };
        let goes_on = match read {
            Ok(row) => taker.row(origin, row),
            Err(mistake) => taker.mistake(origin, mistake),
        };
        if !goes_on {
            return Ok(false);
        }
    }
    Ok(true)
}

type Head = (&'static Shape, Vec<usize>, usize);

/// The first line: which columns there are, and where.
fn head<R: std::io::BufRead>(
    lines: &mut Lines<R>,
    input: &Input,
    taker: &mut dyn Taker,
) -> anyhow::Result<Result<Head, Vec<Mistake>>> {
    let mistake = |column: &str, reason: String| Mistake {
        file: input.name.clone(),
        line: 1,
        column: column.to_owned(),
        reason,
        ..Mistake::default()
    };
    let Some(line) = lines.next()? else {
        let reason = "the file is empty; its first line names the columns";
        return Ok(Err(vec![mistake("", reason.to_owned())]));
    };
    let header = match line.values {
        Ok(header) => header,
        Err(broken) => return Ok(Err(vec![mistake("", broken.reason().to_owned())])),
    };
    let given: Vec<_> = header.iter().map(str::trim).collect();
    if let (1, Some(separator)) = (given.len(), other_separator(given[0])) {
        let reason = format!("the values are separated by {separator}; use ;");
        return Ok(Err(vec![mistake("", reason)]));
    }
    let Some(shape) = input.shape.or_else(|| shapes::of_header(&given)) else {
        let reason = "no kind of file has these columns; docs/data-format.md lists them";
        return Ok(Err(vec![mistake("", reason.to_owned())]));
    };
    let mut mistakes = Vec::new();
    for name in shape.columns {
        match given.iter().filter(|given| *given == name).count() {
            0 if shape.required.contains(name) => {
                let unknown = given.iter().filter(|given| !shape.columns.contains(given));
                let nearest = unknown.min_by_key(|given| strsim::osa_distance(given, name));
                let near = nearest.filter(|given| strsim::osa_distance(given, name) <= 3);
                let hint = near.map_or(String::new(), |near| format!("; is it {near}?"));
                mistakes.push(mistake(name, format!("this column is missing{hint}")));
            }
            0 | 1 => {}
            _ => mistakes.push(mistake(name, "this column stands twice".to_owned())),
        }
    }
    if !mistakes.is_empty() {
        return Ok(Err(mistakes));
    }
    for unknown in given.iter().filter(|given| !shape.columns.contains(given)) {
        let note = format!("{}:1 column {unknown}: not known, and not read", input.name);
        taker.note(note);
    }
    Ok(Ok((shape, columns(shape, header), header.len())))
}

/// Where each known column is.
fn columns(shape: &Shape, header: Values<'_>) -> Vec<usize> {
    let at = |name: &&str| header.iter().position(|given| given.trim() == *name);
    shape.columns.iter().map(|name| at(name).unwrap_or(ABSENT)).collect()
}

fn other_separator(header: &str) -> Option<&'static str> {
    [(',', "commas"), ('\t', "tabs"), ('|', "|")]
        .into_iter()
        .find(|(separator, _)| header.contains(*separator))
        .map(|(_, name)| name)
}
