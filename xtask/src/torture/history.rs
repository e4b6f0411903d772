//! What the clients saw: one line of JSON for each question.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A question and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Which client.
    pub(super) client: usize,
    /// Through which instance.
    pub(super) instance: usize,
    /// The client's operator, by its login and by its mark.
    pub(super) login: String,
    /// See [`Seen::login`].
    pub(super) mark: String,
    /// The method.
    pub(super) method: String,
    /// The contract asked about.
    pub(super) contract: String,
    /// The fibre asked for.
    pub(super) fibre: Option<String>,
    /// `Idempotency-Key`
    pub(super) key: Option<String>,
    /// Since the run began, in microseconds.
    pub(super) sent_us: i64,
    /// See [`Seen::sent_us`].
    pub(super) received_us: i64,
    /// Since 1970, in milliseconds.
    pub(super) sent_ms: i64,
    /// See [`Seen::sent_ms`].
    pub(super) received_ms: i64,
    /// What came of it.
    pub(super) outcome: Outcome,
    /// `codeErreur`
    pub(super) code: Option<i64>,
    /// `X-Request-Id`
    pub(super) request_id: Option<String>,
    /// `codeDecharge`
    pub(super) discharge_code: Option<String>,
    /// The contract in the answer.
    pub(super) answer_contract: Option<String>,
    /// The fibre in the answer of a method that names one.
    pub(super) answer_fibre: Option<String>,
    /// The state in the answer.
    pub(super) state: Option<String>,
    /// The marks of operators in the answer.
    pub(super) marks: Vec<String>,
    /// Why there is no answer.
    pub(super) lost_because: Option<String>,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// OK.
    Ok,
    /// KO, with its code.
    Ko,
    /// A SOAP fault, or no SOAP at all.
    Fault,
    /// No answer: the connection ended.
    #[default]
    Lost,
    /// No answer, and the connection stayed.
    Hung,
    /// Nothing could be sent.
    Unsent,
}

impl Seen {
    /// An accepted put.
    pub(super) fn is_accepted(&self) -> bool {
        self.method == "putReprovisionning" && self.outcome == Outcome::Ok
    }

    /// Whether the contract asked about is the client's own.
    pub(super) fn is_own(&self) -> bool {
        self.contract.split('-').next() == Some(&self.mark)
    }
}

/// The time since a run began, and since 1970, which go together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
    start_ms: i64,
}

impl Clock {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a tool of its own; this is its one clock")]
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), start_ms: since.as_millis().try_into().unwrap_or(i64::MAX) }
    }

    /// Microseconds since the start, milliseconds since 1970.
    pub(super) fn now(&self) -> (i64, i64) {
        let since_us = i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX);
        (since_us, self.start_ms + since_us / 1000)
    }
}

/// Appends what was seen to a client's file.
pub(super) fn append(file: &mut File, seen: &Seen) -> io::Result<()> {
    let mut line = serde_json::to_string(seen)?;
    line.push('\n');
    file.write_all(line.as_bytes())
}

/// Reads every client's file, in the order in which the answers came.
pub(super) fn read(folder: &Path) -> io::Result<Vec<Seen>> {
    let mut all: Vec<Seen> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            for line in BufReader::new(File::open(path)?).lines() {
                all.push(serde_json::from_str(&line?)?);
            }
        }
    }
    all.sort_by_key(|seen| seen.received_us);
    Ok(all)
}
