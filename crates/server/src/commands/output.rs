//! What commands print: tables for people, JSON for programs, errors with a hint.

use std::{
    fmt::Display,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::{
    calendar,
    config::ConfigError,
    inventory::load::{LoadError, Mistake},
    reprovisioning::admin::AdminError,
    store::StoreError,
};

/// A command that did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Nothing has that name.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into(), hint: None }
    }

    /// A rule or the present state forbids it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into(), hint: None }
    }

    /// The rest was done.
    pub fn in_part(message: impl Into<String>) -> Self {
        Self { code: 7, message: message.into(), hint: None }
    }

    /// The arguments cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into(), hint: None }
    }

    /// There is no database where the configuration says.
    pub fn no_database(path: &Path) -> Self {
        let message = format!("no database at {}", path.display());
        let hint = "give the service's own file: --config FILE, or EREPROV_CONFIG";
        Self { code: 5, message, hint: None }.hint(hint)
    }

    /// The database cannot be opened or used.
    pub fn unreachable(what: impl Display, error: &StoreError) -> Self {
        Self { code: 5, message: format!("{what}: {}", error.chain()), hint: None }
    }

    /// The audit is not as it was sealed.
    pub fn broken_audit(message: impl Into<String>) -> Self {
        Self { code: 6, message: message.into(), hint: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Says it on standard error.
    pub fn report(&self) -> ExitCode {
        let mut err = io::stderr().lock();
        // Where nobody listens any more, the exit code still tells.
        let _ = writeln!(err, "error: {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(err, "hint:  {hint}");
        }
        ExitCode::from(self.code)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { code: 1, message: format!("{error:#}"), hint: None }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = "`ereprovd config default` prints every setting with its meaning";
        Self::usage(error.to_string()).hint(hint)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = if matches!(error, StoreError::Unavailable(_)) { 5 } else { 1 };
        Self { code, message: error.chain(), hint: None }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            LoadError::Mistakes(mistakes) => Self {
                code: 1,
                message: format!("nothing was loaded:\n{}", mistake_lines(&mistakes)),
                hint: None,
            },
            LoadError::TooMany(mistakes) => Self {
                code: 1,
                message: format!(
                    "nothing was loaded, for over a million lines are refused:\n{}",
                    mistake_lines(&mistakes)
                ),
                hint: None,
            },
            LoadError::File(error) => error.into(),
            waits @ LoadError::Waits(_) => Self::refused(waits.to_string()).hint(
                "load less at a time, or at a quiet hour with --hold-service: requests that come \
                 meanwhile may get 10101",
            ),
        }
    }
}

/// Mistakes that are shown at the most.
const MISTAKES_SHOWN: usize = 100;

/// Mistakes, one a line, and how many more there are.
pub fn mistake_lines(mistakes: &[Mistake]) -> String {
    let shown = mistakes.iter().take(MISTAKES_SHOWN).map(|mistake| format!("  {mistake}"));
    let mut lines: Vec<_> = shown.collect();
    if let Some(more) = mistakes.len().checked_sub(MISTAKES_SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more"));
    }
    lines.join("\n")
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Unknown => Self::unknown(error.to_string())
                .hint("`ereprovd reprovisioning list` shows them; an id, a discharge code or a contract names one"),
            AdminError::Refused(refusal) => {
                let ko = crate::soap::ko(&crate::soap::Refused::Business(refusal));
                Self::refused(format!("{} {}", ko.code, ko.libelle))
            }
            AdminError::Store(error) => error.into(),
            AdminError::Ended(_)
            | AdminError::Running(_)
            | AdminError::NotTheLatest
            | AdminError::Held => Self::refused(error.to_string()),
            AdminError::Network(_) => Self { code: 1, message: error.to_string(), hint: None },
        }
    }
}

/// Says what can be but is hardly meant, on standard error.
pub fn warning(text: &str) {
    // Where nobody listens any more, nobody is warned.
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

/// Prints a line that somebody must see.
pub fn must_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a line.
pub fn line(text: &str) -> Result<(), Failure> {
    match must_line(text) {
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.map_err(|error| anyhow::Error::new(error).into()),
    }
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::new)?;
    line(&text)
}

/// Prints rows under their titles, or what to say where there are none.
pub fn table(titles: &[&str], rows: Vec<Vec<String>>, none: &str) -> Result<(), Failure> {
    if rows.is_empty() {
        return line(none);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(titles.to_vec());
    for row in rows {
        table.add_row(row);
    }
    let text = table.to_string();
    let lines: Vec<_> = text.lines().map(|line| line.trim_end().trim_start()).collect();
    line(&lines.join("\n"))
}

/// Prints names and values, one a line.
pub fn sheet(values: &[(&str, String)]) -> Result<(), Failure> {
    let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let lines: Vec<_> = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:width$}  {value}"))
        .collect();
    line(&lines.join("\n"))
}

/// Reads a time that was typed.
pub fn time_of(text: &str) -> Result<i64, Failure> {
    let wrong = || Failure::usage(format!("{text} is not a time such as 2026-11-23"));
    calendar::parse(text).ok_or_else(wrong)
}

/// A time, or nothing.
pub fn time(time_ms: Option<i64>) -> String {
    time_ms.map_or(String::new(), calendar::iso)
}

/// A value, or nothing.
pub fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
