//! A line of the log for people, written once for each request: the same line as `tracing_subscriber`'s
//! own, at a third of its work, for text that needs no escape.

use std::fmt::{self, Write};

use jiff::fmt::temporal::DateTimePrinter;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::clock::machine_time;

/// How a time is written: UTC, to the microsecond.
const TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Bytes of the line of most requests.
const LINE_BYTES: usize = 320;

/// Time, level, what happened, and its fields; without colours.
pub(super) struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(LINE_BYTES);
        TIME.print_timestamp(&machine_time(), &mut line).map_err(|_| fmt::Error)?;
        let level = event.metadata().level().as_str();
        line.push_str(if level.len() < 5 { "  " } else { " " });
        line.push_str(level);
        let mut fields = Fields { line, outcome: Ok(()) };
        event.record(&mut fields);
        fields.outcome?;
        fields.line.push('\n');
        // Once: each piece would go through two tables of methods.
        writer.write_str(&fields.line)
    }
}

/// The fields of an event, each behind a space.
struct Fields {
    line: String,
    outcome: fmt::Result,
}

impl Fields {
    fn name(&mut self, field: &Field) {
        self.line.push(' ');
        if field.name() != "message" {
            self.line.push_str(field.name());
            self.line.push('=');
        }
    }

    fn formatted(&mut self, value: &dyn fmt::Debug) {
        self.outcome = self.outcome.and(write!(self.line, "{value:?}"));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        if value.bytes().all(stands_for_itself) {
            self.line.push('"');
            self.line.push_str(value);
            self.line.push('"');
        } else {
            self.formatted(&value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        self.line.push_str(itoa::Buffer::new().format(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.formatted(value);
    }
}

/// Whether a byte is written between quotes as it is.
fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn say() {
        let (request_id, contract, cause) = ("0198", "MUT-1", "");
        tracing::info!(request_id, contract, code = "OK", duration_us = 12_u64, cause, "answered");
        tracing::error!(error = ?Some("a\nb"), left = -3, forged = "x\n y=\"é\"\u{1b}[0m", "it failed");
        tracing::warn!(address = %"::1", known = false, ratio = 0.5, "un nom : {}", "é");
    }

    /// What is logged, without the times.
    fn lines(kept: &Kept) -> Vec<String> {
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let untimed = |line: &str| {
            let (time, line) = line.split_once(' ').unwrap();
            let digits: String = time.replace(|c: char| c.is_ascii_digit(), "9");
            assert_eq!(digits, "9999-99-99T99:99:99.999999Z");
            line.to_owned()
        };
        text.lines().map(untimed).collect()
    }

    #[test]
    fn a_line_is_what_it_would_be_without_us() {
        let (ours, theirs) = (Kept::default(), Kept::default());
        let writer = |kept: &Kept| {
            let kept = kept.clone();
            move || kept.clone()
        };
        let builder = tracing_subscriber::fmt().with_writer(writer(&ours)).event_format(Line);
        tracing::subscriber::with_default(builder.finish(), say);
        let builder = tracing_subscriber::fmt().with_writer(writer(&theirs));
        let builder = builder.with_ansi(false).with_target(false);
        tracing::subscriber::with_default(builder.finish(), say);
        assert_eq!(lines(&ours), lines(&theirs));
        let answered = r#" INFO answered request_id="0198" contract="MUT-1" code="OK" duration_us=12 cause="""#;
        assert_eq!(lines(&ours)[0], answered);
        assert_eq!(lines(&ours).len(), 3, "nobody forges a line");
    }
}
