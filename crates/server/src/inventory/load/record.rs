//! One line of a file, read column by column, and what can be wrong with it.

use std::{cell::Cell, fmt};

use ereprov_wire::text::{self, BadText};

use super::lines::Values;

/// A mistake in a file: where, and what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistake {
    /// Which file.
    pub file: String,
    /// Which line, from 1, the header included.
    pub line: u32,
    /// Which column; empty where it is the whole line.
    pub column: String,
    /// The value, cut.
    pub value: String,
    /// What is wrong, and what is expected.
    pub reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if !self.column.is_empty() {
            write!(f, " column {}", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, " value {:?}", self.value)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// What is wrong with a value, to those who administer the service.
pub fn in_english(bad: &BadText) -> String {
    match bad {
        BadText::TooLong { found, max } => format!("{found} characters, {max} at the most"),
        BadText::Forbidden { character, position } => format!(
            "character U+{:04X} at {position}; printable ISO/IEC 8859-1 only (§2.5)",
            u32::from(*character)
        ),
    }
}

/// One line, with the columns that its file has.
pub(super) struct Record<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) columns: &'a [usize],
    pub(super) names: &'static [&'static str],
    pub(super) values: Values<'a>,
    /// Where the next column is looked for first: they are mostly read in their order.
    pub(super) next: Cell<usize>,
}

impl Record<'_> {
    /// What is wrong with a value of it.
    pub(super) fn mistake(&self, column: &str, value: &str, reason: impl fmt::Display) -> Mistake {
        Mistake {
            file: self.file.to_owned(),
            line: self.line,
            column: column.to_owned(),
            value: text::cut(value, VALUE_MAX).to_owned(),
            reason: reason.to_string(),
        }
    }

    /// A value that may be absent, checked like a question's: characters of §2.5, length.
    pub(super) fn optional(
        &self,
        name: &'static str,
        length_max: usize,
    ) -> Result<Option<String>, Mistake> {
        let raw = self.raw(name);
        text::clean(raw, length_max).map_err(|bad| self.mistake(name, raw, in_english(&bad)))
    }

    /// A value that must be there.
    pub(super) fn required(
        &self,
        name: &'static str,
        length_max: usize,
    ) -> Result<String, Mistake> {
        let value = self.optional(name, length_max)?;
        value.ok_or_else(|| self.mistake(name, "", "missing"))
    }

    /// One of a list of words.
    pub(super) fn word<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Option<T>,
        all: fn() -> Vec<&'static str>,
    ) -> Result<T, Mistake> {
        let word = self.required(name, WORD_MAX)?;
        let wrong = || self.mistake(name, &word, format!("one of {}", all().join(", ")));
        parse(&word).ok_or_else(wrong)
    }

    /// `yes` or `no`; absent: no.
    pub(super) fn yes(&self, name: &'static str) -> Result<bool, Mistake> {
        match self.optional(name, WORD_MAX)?.as_deref() {
            Some("yes") => Ok(true),
            Some("no") | None => Ok(false),
            Some(other) => Err(self.mistake(name, other, "yes or no")),
        }
    }

    /// A whole number that may be absent.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, Mistake> {
        let Some(text) = self.optional(name, WORD_MAX)? else { return Ok(None) };
        let wrong = |_| self.mistake(name, &text, "a whole number, at least 0");
        text.parse::<u32>().map(|number| Some(i64::from(number))).map_err(wrong)
    }

    /// A time that may be absent.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<i64>, Mistake> {
        let Some(text) = self.optional(name, WORD_MAX)? else { return Ok(None) };
        let wrong = || self.mistake(name, &text, "a time such as 2026-11-23T14:05:00Z");
        crate::calendar::parse(&text).map(Some).ok_or_else(wrong)
    }

    /// A value as it stands there, unchecked, without the white space around it.
    pub(super) fn plain(&self, name: &'static str) -> Option<&str> {
        let value = self.raw(name).trim();
        (!value.is_empty()).then_some(value)
    }

    fn raw(&self, name: &'static str) -> &str {
        let next = self.next.get();
        let is_it = |at: &usize| self.names.get(*at).is_some_and(|known| *known == name);
        let known = Some(next).filter(is_it).or_else(|| (0..self.names.len()).find(is_it));
        self.next.set(known.map_or(0, |known| known + 1));
        let at = known.and_then(|known| self.columns.get(known)).copied().unwrap_or(ABSENT);
        self.values.get(at).unwrap_or_default()
    }
}

/// Stands for a column that the file does not have.
pub(super) const ABSENT: usize = usize::MAX;

/// Longest word, number or time, in characters.
const WORD_MAX: usize = 40;
/// Characters of a value that a mistake shows.
pub(super) const VALUE_MAX: usize = 60;
