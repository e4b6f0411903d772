//! A file with its header and its lines, before anybody asks what the values mean.

use std::collections::HashMap;

use super::{
    Files,
    record::{ABSENT, Mistake, Origin, Record},
};

/// Reads the files, keeping what is wrong with them.
pub(super) struct Reader<'a> {
    files: &'a Files,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(files: &'a Files, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { files, mistakes }
    }

    /// The rows of a file that have no mistake; none where the file is not there. `key` names the
    /// columns that no two lines may share.
    pub(super) fn rows<T>(
        &mut self,
        file: &'static str,
        names: &'static [&'static str],
        key: &'static [&'static str],
        read: fn(&Record<'_>) -> Result<T, Mistake>,
    ) -> Vec<(Origin, T)> {
        let Some(text) = self.files.get(file) else { return Vec::new() };
        let mut lines =
            csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(text.as_bytes());
        let header = lines.headers().cloned().unwrap_or_default();
        let columns = match columns(file, names, &header) {
            Ok(columns) => columns,
            Err(mistakes) => {
                self.mistakes.extend(mistakes);
                return Vec::new();
            }
        };
        let mut rows = Vec::new();
        let mut seen = HashMap::new();
        for line in lines.records() {
            let fields = match line {
                Ok(fields) => fields,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    self.mistakes.push(Origin { file, line }.mistake("", "", error));
                    continue;
                }
            };
            let origin = Origin { file, line: line_of(text, fields.position()) };
            if fields.len() != header.len() {
                let reason = format!("{} values, {} columns", fields.len(), header.len());
                self.mistakes.push(origin.mistake("", "", reason));
                continue;
            }
            let record = Record { origin, columns: &columns, names, fields: &fields };
            let key_of_line = record.key(key);
            let row = match seen.insert(key_of_line.clone(), origin.line) {
                None => read(&record),
                Some(first) => {
                    let reason = format!("the same {} as line {first}", key.join(" "));
                    Err(origin.mistake("", &key_of_line, reason))
                }
            };
            match row {
                Ok(row) => rows.push((origin, row)),
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
        rows
    }
}

/// The line on which a record stands: its position is where the one before it ended, and blank lines
/// may stand between.
fn line_of(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = text.as_bytes().get(from..).unwrap_or_default();
    let breaks = blank.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
}

/// Where each known column is in the file: by name, in any order.
fn columns(
    file: &'static str,
    names: &'static [&'static str],
    header: &csv::StringRecord,
) -> Result<Vec<usize>, Vec<Mistake>> {
    let origin = Origin { file, line: 1 };
    let mut mistakes = Vec::new();
    if header.len() == 1 && header.get(0).is_some_and(|only| only.contains(',')) {
        return Err(vec![origin.mistake("", "", "the values are separated by commas; use ;")]);
    }
    for given in header {
        if !names.contains(&given.trim()) {
            let nearest = names.iter().min_by_key(|name| strsim::osa_distance(name, given));
            let reason = format!("unknown column; did you mean {}?", nearest.unwrap_or(&""));
            mistakes.push(origin.mistake(given, "", reason));
        }
    }
    for name in names {
        if header.iter().filter(|given| given.trim() == *name).count() > 1 {
            mistakes.push(origin.mistake(name, "", "this column stands twice"));
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let position = |name: &&str| header.iter().position(|given| given.trim() == *name);
    Ok(names.iter().map(|name| position(name).unwrap_or(ABSENT)).collect())
}
