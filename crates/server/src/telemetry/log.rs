//! Structured logs on standard error.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What failed and is ours to mend.
    Error,
    /// And what looks odd.
    Warn,
    /// And each request and each end of a re-provisioning.
    Info,
    /// And each step.
    Debug,
}

/// Starts the log of this process; a second call changes nothing.
pub fn start(format: Format, level: Level) {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A log that was started before, by a test, stays.
    let _ = match format {
        Format::Text => builder.with_ansi(colours).with_target(false).try_init(),
        Format::Json => builder.json().flatten_event(true).with_target(false).try_init(),
    };
}
