//! The rows of one seal, held against it.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Verifying,
    report::{Finding, Row},
};
use crate::{
    chain::{
        ranges::Ranges,
        sealing::{Adding, MARK},
    },
    store::{
        StoreError, Tx,
        records::{self, Kind, Record},
        seals::Seal,
    },
};

/// Rows that are read at a time.
const PAGE: i64 = 2000;
/// How far a row's own time may be from that of its seal, in milliseconds.
const OFF_MS: u64 = 3_600_000;

/// What the rows of a seal came to, so far.
struct Holding<'s> {
    seal: &'s Seal,
    marks: Vec<u8>,
    adding: Adding,
    /// Rows that should have come so far, and those that have.
    place: usize,
    found: i64,
    missing: bool,
    /// Rows whose marks differ.
    unlike: Vec<Row>,
}

/// Rows whose marks differ that are remembered.
const UNLIKE_MAX: usize = 1000;

/// Reads the rows of a seal, and finds which are not as they were.
pub(super) async fn hold(
    tx: &mut Tx<'_>,
    seal: &Seal,
    numbers: [&Ranges; 2],
    verifying: &mut Verifying<'_>,
) -> Result<(), StoreError> {
    let marks = STANDARD.decode(&seal.marks).unwrap_or_default();
    let mut holding = Holding {
        seal,
        marks,
        adding: Adding::default(),
        place: 0,
        found: 0,
        missing: false,
        unlike: Vec::new(),
    };
    for (kind, numbers) in Kind::ALL.into_iter().zip(numbers) {
        for span in numbers.spans() {
            holding.span(tx, kind, *span, verifying).await?;
        }
    }
    holding.end(verifying);
    Ok(())
}

impl Holding<'_> {
    async fn span(
        &mut self,
        tx: &mut Tx<'_>,
        kind: Kind,
        (from, to): (i64, i64),
        verifying: &mut Verifying<'_>,
    ) -> Result<(), StoreError> {
        let mut next = from;
        loop {
            let page = records::span(tx, kind, (next, to), PAGE).await?;
            let whole = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            for record in &page {
                self.pass_over(kind, next, record.seq - 1, verifying);
                self.look(kind, record, verifying);
                next = record.seq + 1;
            }
            if whole {
                self.pass_over(kind, next, to, verifying);
                return Ok(());
            }
            if next > to {
                return Ok(());
            }
        }
    }

    /// Numbers without a row.
    fn pass_over(&mut self, kind: Kind, from: i64, to: i64, verifying: &mut Verifying<'_>) {
        if from > to {
            return;
        }
        self.missing = true;
        self.place =
            self.place.saturating_add(usize::try_from(to - from + 1).unwrap_or(usize::MAX));
        let (seal, table) = (self.seal.number, kind.name());
        verifying.report.find(Finding::RowsRemoved { seal, table, from, to });
    }

    fn look(&mut self, kind: Kind, record: &Record, verifying: &mut Verifying<'_>) {
        let hash = self.adding.add(record);
        let begin = self.place.saturating_mul(MARK);
        let mark = self.marks.get(begin..begin.saturating_add(MARK));
        if mark != Some(&hash[..MARK]) && self.unlike.len() < UNLIKE_MAX {
            self.unlike.push(Row::of(kind.name(), record));
        }
        self.place = self.place.saturating_add(1);
        self.found += 1;
        verifying.report.rows += 1;
        if record.at_ms().abs_diff(self.seal.sealed_ms) > OFF_MS {
            verifying.report.off_their_time += 1;
            verifying.off_their_time_in.push(self.seal.number, self.seal.number);
        }
        verifying.step(1);
    }

    fn end(self, verifying: &mut Verifying<'_>) {
        let seal = self.seal.number;
        let (digest, marks) = self.adding.end();
        let report = &mut verifying.report;
        if !self.missing && digest == self.seal.digest {
            if marks != self.seal.marks {
                report.find(Finding::SealAltered { seal, what: "its marks" });
            }
            if self.found != self.seal.row_count {
                report.find(Finding::SealAltered { seal, what: "the number of its rows" });
            }
            return;
        }
        if self.unlike.is_empty() && !self.missing {
            report.find(Finding::ARowAltered { seal });
        }
        for row in self.unlike {
            report.find(Finding::RowAltered { seal, row });
        }
    }
}
