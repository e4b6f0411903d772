//! Files of our own format, as a source of rows.

use std::{collections::BTreeSet, io::Write};

use super::{
    Files,
    header::{self, Body, Columns, Head},
    input::{self, Place},
    lines::{Encoding, Lines},
    record::Mistake,
    shapes::{self, Shape},
    source::{Progress, Source, Taker},
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
        input::copy(&input.place, self.encoding, lines, into)
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
    let (shape, head) = match head(&mut lines, input)? {
        Ok(head) => head,
        Err(mistakes) => return Ok(header::refuse(file, mistakes, taker)),
    };
    for unknown in &head.unread {
        taker.note(format!("{}:1 column {unknown}: not known, and not read", input.name));
    }
    input.shape = Some(shape);
    let body =
        Body { number: file, file: &input.name, head: &head, columns: shape.columns, progress };
    Ok(body.read(&mut lines, taker, &mut |record| (shape.read)(record).map(Some))?)
}

/// The first line: which kind of file it is, and where its columns are.
fn head<R: std::io::BufRead>(
    lines: &mut Lines<R>,
    input: &Input,
) -> anyhow::Result<Result<(&'static Shape, Head), Vec<Mistake>>> {
    let given = match header::names(lines, &input.name)? {
        Ok(given) => given,
        Err(mistake) => return Ok(Err(vec![mistake])),
    };
    let names: Vec<_> = given.iter().map(String::as_str).collect();
    let Some(shape) = input.shape.or_else(|| shapes::of_header(&names)) else {
        let reason = "no kind of file has these columns; docs/data-format.md lists them";
        let file = input.name.clone();
        let reason = reason.to_owned();
        return Ok(Err(vec![Mistake { file, line: 1, reason, ..Mistake::default() }]));
    };
    let columns = Columns { read: shape.columns, required: shape.required, same: str::to_owned };
    Ok(header::find(&input.name, &given, &columns).map(|head| (shape, head)))
}
