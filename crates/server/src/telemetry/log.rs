//! Structured logs on standard error.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    thread,
    time::Duration,
};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use super::line::Line;

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

/// Starts the log of this process; a second call changes nothing. The lines are written by a thread
/// of their own, which nobody waits for: where nobody reads them or the disk is full they are lost,
/// and the service goes on. What waits is written when the guard is dropped.
pub fn start(format: Format, level: Level) -> WorkerGuard {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let stderr = InTurns(BufWriter::new(io::stderr()));
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(LINES_MAX).finish(stderr);
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(writer)
        // Errors of the log itself would go to the standard error that has just failed.
        .log_internal_errors(false);
    // A log that was started before stays.
    let _ = match format {
        Format::Text if colours => builder.with_ansi(true).with_target(false).try_init(),
        Format::Text => builder.event_format(Line).try_init(),
        Format::Json => builder.json().flatten_event(true).with_target(false).try_init(),
    };
    guard
}

/// Written together where many wait; the thread that writes flushes when none does. Then it rests a
/// moment, in which nobody has to wake it for each line.
struct InTurns<W: Write>(BufWriter<W>);

impl<W: Write> Write for InTurns<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(REST);
        Ok(())
    }
}

/// How long the log rests after what waited was written: no line is later than that.
const REST: Duration = Duration::from_millis(2);

/// Lines that wait to be written at the most; more are lost.
const LINES_MAX: usize = 16_384;
