//! A line of the log for people, written once for each request: the same line as `tracing_subscriber`'s
//! own, at a third of its work, for text that needs no escape.

use std::fmt;

use jiff::fmt::{StdFmtWrite, temporal::DateTimePrinter};
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
        TIME.print_timestamp(&machine_time(), StdFmtWrite(&mut writer)).map_err(|_| fmt::Error)?;
        let level = event.metadata().level().as_str();
        writer.write_str(if level.len() < 5 { "  " } else { " " })?;
        writer.write_str(level)?;
        let mut fields = Fields { writer: writer.by_ref(), outcome: Ok(()) };
        event.record(&mut fields);
        fields.outcome?;
        writer.write_char('\n')
    }
}

/// The fields of an event, each behind a space.
struct Fields<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.outcome.is_ok() {
            self.outcome = self.name(field).and_then(|()| value(&mut self.writer));
        }
    }

    fn name(&mut self, field: &Field) -> fmt::Result {
        self.writer.write_char(' ')?;
        if field.name() == "message" {
            return Ok(());
        }
        self.writer.write_str(field.name())?;
        self.writer.write_char('=')
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |writer| {
            if value.bytes().all(stands_for_itself) {
                writer.write_char('"')?;
                writer.write_str(value)?;
                writer.write_char('"')
            } else {
                write!(writer, "{value:?}")
            }
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, |writer| write!(writer, "{value:?}"));
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
