//! How far a load is: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::inventory::load::Watcher;

/// Between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// Watches a load.
pub(super) struct Bar {
    drawn: Option<ProgressBar>,
    json: bool,
    size: Option<u64>,
    begun: Instant,
    said: Instant,
    read: u64,
    written: u64,
}

impl Bar {
    /// For so many bytes, where that is known.
    pub(super) fn new(size: Option<u64>, json: bool) -> Self {
        let now = Instant::now();
        let drawn = (io::stderr().is_terminal() && !json).then(|| {
            let bar = ProgressBar::new(size.unwrap_or_default());
            let style = "{bar:30} {binary_bytes}/{binary_total_bytes}, {eta} left{msg}";
            // The style is a constant that a test draws.
            bar.set_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self { drawn, json, size, begun: now, said: now, read: 0, written: 0 }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
    }

    /// Says a line, if the last one is some time ago.
    fn say(&mut self, step: &str, what: &str, rows: u64, done: Option<f64>) {
        if self.said.elapsed() < LINES {
            return;
        }
        self.said = Instant::now();
        let a_second = rate(rows, self.begun.elapsed());
        let left = done.filter(|done| *done > 0.0).map(|done| {
            Duration::from_secs_f64(self.begun.elapsed().as_secs_f64() * (1.0 - done) / done)
        });
        let left_s = left.map(|left| left.as_secs());
        let line = if self.json {
            json!({"step": step, "what": what, "rows": rows, "rows_a_second": a_second,
                   "seconds_left": left_s})
            .to_string()
        } else {
            let left = left_s.map_or(String::new(), |left| format!(", {left} s left"));
            format!("{step} {what}: {rows} rows, {a_second} a second{left}")
        };
        // Where nobody listens, the load goes on.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

fn rate(rows: u64, time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    rows.saturating_mul(1000) / millis
}

/// A part of a whole, from 0 to 1.
fn part(done: u64, all: u64) -> Option<f64> {
    let thousandths = done.saturating_mul(1000).checked_div(all)?.min(1000);
    u32::try_from(thousandths).ok().map(|part| f64::from(part) / 1000.0)
}

impl Watcher for Bar {
    fn reads(&mut self, bytes: u64, rows: u64) {
        self.read = rows;
        if let Some(bar) = &self.drawn {
            bar.set_position(bytes);
            let a_second = rate(rows, self.begun.elapsed());
            bar.set_message(format!(", {rows} lines read, {a_second} a second"));
        } else {
            self.say("reading", "lines", rows, self.size.and_then(|size| part(bytes, size)));
        }
    }

    fn checks(&mut self, what: &str) {
        if let Some(bar) = &self.drawn {
            bar.set_message(format!(", {} lines read, checking {what}", self.read));
            bar.tick();
        } else {
            self.say("checking", what, self.read, None);
        }
    }

    fn writes(&mut self, what: &str, rows: u64) {
        if self.written == 0 {
            self.begun = Instant::now();
            if let Some(bar) = &self.drawn {
                bar.set_length(self.read);
                bar.reset();
                let style = "{bar:30} {pos}/{len} rows written, {per_sec}, {eta} left{msg}";
                if let Ok(style) = ProgressStyle::with_template(style) {
                    bar.set_style(style);
                }
            }
        }
        self.written += rows;
        if let Some(bar) = &self.drawn {
            bar.set_position(self.written);
            bar.set_message(format!(", {what}"));
        } else {
            self.say("writing", what, self.written, part(self.written, self.read));
        }
    }
}
