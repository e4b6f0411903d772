//! What commands print: tables for people, JSON, CSV or the service's own XML for programs.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::{colour::Chip, context::Context, failure::Failure, lang::Lang};

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; all but whole sentences is the same in every language.
    Json,
    /// For spreadsheets: a line of names, then one line each.
    Csv,
    /// What the service answered, as it came.
    Xml,
}

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    chip: Option<Chip>,
}

impl Cell {
    /// A colour, by its name.
    pub fn colour(name: &str) -> Self {
        Self { text: name.to_owned(), chip: Chip::of(name) }
    }

    fn width(&self, colours: bool) -> usize {
        let around = if colours && self.chip.is_some() { 2 } else { 0 };
        self.text.chars().count() + around
    }

    fn shown(&self, colours: bool) -> String {
        let text = printable(&self.text);
        match self.chip {
            Some(chip) if colours => chip.paint(&text),
            _ => text,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), chip: None }
    }
}

/// A column: its name for programs, and its title in English and in French.
pub type Column = (&'static str, &'static str, &'static str);

/// How a page is laid out for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One line a row, under titles.
    Rows,
    /// One line a value; of each row, the values that there are.
    Sheet,
}

/// An answer, in every form but the service's own.
pub struct Page {
    /// For programs.
    pub json: Value,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows, of as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// How people see it.
    pub layout: Layout,
    /// What people are told where there is no row, or below the rows.
    pub note: Option<String>,
}

impl Page {
    /// Prints it.
    pub fn print(&self, context: &Context) -> Result<(), Failure> {
        match context.format {
            Format::Json => text(&pretty(&self.json)),
            Format::Csv => self.print_csv(),
            Format::Table => text(&self.for_people(context)),
            Format::Xml => Err(no_xml(context.lang)),
        }
    }

    fn for_people(&self, context: &Context) -> String {
        let mut lines = match self.layout {
            Layout::Rows if self.rows.is_empty() => Vec::new(),
            Layout::Rows => {
                let titles =
                    self.columns.iter().map(|(_, en, fr)| context.lang.pick(*en, *fr).into());
                let mut all = vec![titles.collect::<Vec<Cell>>()];
                all.extend(self.rows.iter().cloned());
                aligned(&all, context.colours)
            }
            Layout::Sheet => {
                let rows = self.rows.iter().flat_map(|row| self.columns.iter().zip(row));
                let named = rows.filter(|(_, cell)| !cell.text.is_empty());
                let named = named.map(|((_, en, fr), cell)| {
                    vec![Cell::from(context.lang.pick(*en, *fr)), cell.clone()]
                });
                aligned(&named.collect::<Vec<_>>(), context.colours)
            }
        };
        if let Some(note) = &self.note {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(note.clone());
        }
        lines.join("\n")
    }

    fn print_csv(&self) -> Result<(), Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| Failure::new(crate::exit::FAILED, error.to_string());
        writer.write_record(self.columns.iter().map(|(name, _, _)| name)).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| cell.text.as_str())).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        text(String::from_utf8_lossy(&bytes).trim_end())
    }
}

/// The service has answered nothing that could be printed as it came.
pub fn no_xml(lang: Lang) -> Failure {
    let message = lang.pick(
        "--output xml prints an answer of the service's, and this is none",
        "--output xml affiche une réponse du service, et ceci n'en est pas une",
    );
    Failure::usage(message).hint("--output table, --output json, --output csv")
}

fn aligned(rows: &[Vec<Cell>], colours: bool) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width(colours));
        }
    }
    let line = |row: &Vec<Cell>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let blanks = width - cell.width(colours) + 2;
            line.push_str(&format!("{}{:blanks$}", cell.shown(colours), ""));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A text without what a terminal would take for a command.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The same for texts of several lines.
pub fn printable_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| printable(&line.replace('\t', "    "))).collect();
    lines.join("\n")
}

/// JSON for whoever reads it.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// Prints what came from the service as it came; where it would reach a terminal, without commands.
pub fn raw(answer: &str) -> Result<(), Failure> {
    if io::stdout().is_terminal() { text(&printable_lines(answer)) } else { text(answer) }
}

/// Prints a text and ends the line.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.map_err(|error| Failure::new(crate::exit::FAILED, error.to_string())),
    }
}

/// Says something beside the answer, on standard error.
pub fn aside(text: &str) {
    // Where nobody listens any more, nobody is told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_with_and_without_colours() {
        let rows = [
            vec!["F".into(), "colour".into(), "x".into()],
            vec!["CTP-1".into(), Cell::colour("Bleu"), "é".into()],
            vec!["C".into(), Cell::colour("Ardoise"), "y".into()],
        ];
        let plain = ["F      colour   x", "CTP-1  Bleu     é", "C      Ardoise  y"];
        assert_eq!(aligned(&rows, false), plain);
        let coloured = aligned(&rows, true);
        let chip = Chip::of("Bleu").unwrap().paint("Bleu");
        assert_eq!(coloured[1], format!("CTP-1  {chip}   é"));
    }

    #[test]
    fn no_command_reaches_a_terminal() {
        let cell = Cell::from("a\u{1b}[2Jb\u{9b}c\n");
        assert_eq!(cell.shown(true), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        assert_eq!(printable_lines("a\tb\n\u{7}"), "a    b\n\u{fffd}");
    }
}
