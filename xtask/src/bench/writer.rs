//! What the service's one writer says of its time, so that a table tells whether the disk bounds it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    ops::{AddAssign, Sub},
    time::Duration,
};

use anyhow::Context;

/// Its counters, as `/metrics` has them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    running_s: f64,
    committing_s: f64,
    commits: f64,
    use_cases: f64,
}

impl Spent {
    /// Since the service's start.
    pub fn ask(telemetry: SocketAddr) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(telemetry)?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let value = |name: &str| -> anyhow::Result<f64> {
            let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            Ok(line.with_context(|| format!("no {name} in the metrics"))?.trim().parse()?)
        };
        Ok(Self {
            running_s: value("ereprov_writer_seconds_total{part=\"use_cases\"}")?,
            committing_s: value("ereprov_writer_seconds_total{part=\"commits\"}")?,
            commits: value("ereprov_writer_commits_total")?,
            use_cases: value("ereprov_writer_use_cases_total")?,
        })
    }

    /// As a sentence, of the time in which that was.
    pub fn sentence(&self, time: Duration) -> String {
        let worked = self.running_s + self.committing_s;
        let percent = |part: f64, whole: f64| 100.0 * part / whole;
        format!(
            "Its writer was at work {:.0} % of the time: {:.0} % of that went into the commits, of \
             {:.0} use cases each, and {:.0} % into rules and rows.",
            percent(worked, time.as_secs_f64()),
            percent(self.committing_s, worked),
            self.use_cases / self.commits,
            percent(self.running_s, worked)
        )
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            running_s: self.running_s - before.running_s,
            committing_s: self.committing_s - before.committing_s,
            commits: self.commits - before.commits,
            use_cases: self.use_cases - before.use_cases,
        }
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, more: Self) {
        self.running_s += more.running_s;
        self.committing_s += more.committing_s;
        self.commits += more.commits;
        self.use_cases += more.use_cases;
    }
}
