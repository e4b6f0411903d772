//! What is printed: Markdown, ready for docs/performance.md.

use std::time::Duration;

use super::{load::Measured, question::Method, writer::Spent};

/// What one server did in all its turns.
#[derive(Debug, Default)]
pub struct Side {
    took_ns: Vec<u32>,
    time: Duration,
    cpu: Duration,
    written_bytes: u64,
}

impl Side {
    /// Adds a turn.
    pub fn add(&mut self, mut measured: Measured) {
        self.took_ns.append(&mut measured.took_ns);
        self.took_ns.sort_unstable();
        self.time += measured.time;
        self.cpu += measured.cpu;
        self.written_bytes += measured.written_bytes;
    }

    pub fn answers(&self) -> usize {
        self.took_ns.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52 here")]
    fn a_second(&self) -> f64 {
        self.answers() as f64 / self.time.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52 here")]
    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.answers().max(1) as f64
    }

    /// Bytes that it wrote to the disk for one answer.
    pub fn bytes_an_answer(&self) -> u64 {
        self.written_bytes / (self.answers() as u64).max(1)
    }

    /// The time within which so many of a hundred were answered, in milliseconds.
    fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.answers() * percent / 100).min(self.answers().saturating_sub(1));
        self.took_ns.get(at).map_or(0.0, |ns| f64::from(*ns) / 1e6)
    }
}

/// One method at one number of connections.
#[derive(Debug)]
pub struct Row {
    method: Method,
    connections: usize,
    pub bare: Side,
    pub ours: Side,
    /// What the writer of a file spent on it.
    pub spent: Spent,
    /// In which time that was.
    pub spent_in: Duration,
    /// Puts a second that the disk allows, where it was asked.
    pub disk: Option<f64>,
}

impl Row {
    pub fn new(method: Method, connections: usize) -> Self {
        let (bare, ours) = (Side::default(), Side::default());
        let (spent, spent_in) = (Spent::default(), Duration::ZERO);
        Self { method, connections, bare, ours, spent, spent_in, disk: None }
    }

    /// What the disk alone makes of the same writes, as a sentence.
    pub fn beside_the_disk(&self) -> Option<String> {
        let disk = self.disk?;
        Some(format!(
            "{} at {} connections: {} KiB written for each; the disk alone makes {disk:.0} of \
             them a second, ereprovd **{:.2}** of that. {}",
            self.method,
            self.connections,
            self.ours.bytes_an_answer() / 1024,
            self.ours.a_second() / disk,
            self.spent.sentence(self.spent_in)
        ))
    }

    /// The row as Markdown.
    pub fn line(&self) -> String {
        let Self { method, connections, bare, ours, .. } = self;
        let both = |of: &dyn Fn(&Side) -> f64, digits: usize| {
            format!("{:.digits$} | {:.digits$}", of(bare), of(ours))
        };
        format!(
            "| {method} | {connections} | {} | **{:.2}** | {} | {} | {} |",
            both(&Side::a_second, 0),
            ours.a_second() / bare.a_second(),
            both(&|side| side.percentile_ms(50), 2),
            both(&|side| side.percentile_ms(99), 2),
            both(&Side::cpu_us, 0),
        )
    }
}

/// What stands above a table.
pub fn heading(fibres: u64, commits_a_second: f64, loaded: Duration) -> String {
    let a_second = commits_a_second.round();
    format!(
        "{fibres} fibres beside the demo's, loaded in {:.0} s; the disk makes {a_second} writes of \
         a page durable a second, one after the other.\n",
        loaded.as_secs_f64()
    )
}

/// All rows.
pub fn table(rows: &[Row]) -> String {
    let mut text = "\
| method | connections | bare: answers/s | ereprovd: answers/s | ratio | bare: p50 ms | \
     ereprovd: p50 ms | bare: p99 ms | ereprovd: p99 ms | bare: CPU µs | ereprovd: CPU µs |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for row in rows {
        text.push_str(&row.line());
        text.push('\n');
    }
    for said in rows.iter().filter_map(Row::beside_the_disk) {
        text.push('\n');
        text.push_str(&said);
        text.push('\n');
    }
    text
}
