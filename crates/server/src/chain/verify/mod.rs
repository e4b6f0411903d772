//! Holds the audit against its chain: one pass over the seals and their rows, on one snapshot and within
//! bounded memory.

mod coverage;
mod report;
mod rows;

use super::{Head, NOTHING_BEFORE, gaps::Gaps, ranges::Ranges};
use crate::store::{
    StoreError, Tx,
    records::{self, Kind},
    seals::{self, Seal, Totals, VERSION},
};

use coverage::Coverage;
pub use report::{Finding, Removed, Report, Row};

/// Seals that are read at a time.
const PAGE: i64 = 100;
/// Rows between two calls of whoever is told how far it is.
const STEP: i64 = 10_000;

/// What is to be verified.
pub struct Asked {
    /// A head that was noted down before.
    pub noted: Option<Head>,
    /// Told how many rows were looked at, and of how many.
    pub progress: fn(i64, i64),
}

/// A verification on its way.
struct Verifying<'a> {
    asked: &'a Asked,
    totals: Totals,
    report: Report,
    coverage: [Coverage; 2],
    last: Option<Seal>,
    /// Rows that are done with.
    done: i64,
    off_their_time_in: Ranges,
}

/// Verifies everything that is there.
///
/// # Errors
/// The database's; what is wrong with the audit is in the report.
pub async fn verify(tx: &mut Tx<'_>, asked: &Asked) -> Result<Report, StoreError> {
    let totals = seals::totals(tx).await?;
    let mut verifying = Verifying {
        asked,
        totals,
        report: Report::default(),
        coverage: [Coverage::new(), Coverage::new()],
        last: None,
        done: 0,
        off_their_time_in: Ranges::default(),
    };
    loop {
        let number = verifying.last.as_ref().map_or(i64::MIN, |last| last.number);
        let page = seals::after(tx, number, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for seal in page {
            verifying.seal(tx, seal).await?;
        }
    }
    for kind in Kind::ALL {
        verifying.rest(tx, kind).await?;
    }
    Ok(verifying.end())
}

impl Verifying<'_> {
    /// One seal, its place in the chain, and its rows.
    async fn seal(&mut self, tx: &mut Tx<'_>, seal: Seal) -> Result<(), StoreError> {
        self.report.seals += 1;
        self.link(&seal);
        let numbers = [seal.requests.parse::<Ranges>(), seal.acts.parse::<Ranges>()];
        if let [Ok(requests), Ok(acts)] = &numbers {
            let numbers = [requests, acts];
            self.cover(&seal, numbers);
            if seal.number > self.totals.removed_to {
                rows::hold(tx, &seal, numbers, self).await?;
            } else {
                self.removed(tx, &seal, numbers).await?;
            }
        } else {
            self.altered(&seal, "the numbers of its rows cannot be read");
        }
        self.last = Some(seal);
        Ok(())
    }

    fn altered(&mut self, seal: &Seal, what: &'static str) {
        self.report.find(Finding::SealAltered { seal: seal.number, what });
    }

    /// Whether it follows the one before it, and is as it was written.
    fn link(&mut self, seal: &Seal) {
        let last = self.last.as_ref();
        let expected = last.map_or(0, |last| last.number) + 1;
        let before = last.map_or(NOTHING_BEFORE, |last| &last.hash);
        let follows = seal.number == expected && seal.previous == before;
        if seal.number > expected {
            self.report.find(Finding::SealsRemoved { from: expected, to: seal.number - 1 });
        } else if !follows {
            self.altered(seal, "it does not follow the one before it");
        }
        if seal.version != VERSION {
            self.altered(seal, "this program does not know its version");
        } else if seal.hash != seal.hashed() {
            self.altered(seal, "it does not have its hash");
        }
        if let Some(noted) = self.asked.noted.as_ref().filter(|noted| noted.number == seal.number)
            && !seal.hash.starts_with(&noted.hash)
        {
            let hash = seal.hash.clone();
            self.report.find(Finding::Rewritten { noted: noted.number, hash });
        }
    }

    /// Notes which rows it has, and what it says of rows that were removed.
    fn cover(&mut self, seal: &Seal, numbers: [&Ranges; 2]) {
        let [requests, acts] = &mut self.coverage;
        let alone = requests.cover(numbers[0]) & acts.cover(numbers[1]);
        if !alone || (requests.to(), acts.to()) != (seal.requests_to, seal.acts_to) {
            self.altered(seal, "its rows are not those after the one before it");
        }
        let before = self.last.as_ref().map_or(0, |last| last.removed_to);
        if seal.removed_to > before {
            let removed = self.report.removed.get_or_insert_default();
            (removed.to_seal, removed.decided_ms) = (seal.removed_to, seal.sealed_ms);
        } else if seal.removed_to < before {
            self.altered(seal, "it takes back that rows were removed");
        }
    }

    /// The rows of a seal that were removed, or are about to be: those that are gone do not come back.
    async fn removed(
        &mut self,
        tx: &mut Tx<'_>,
        seal: &Seal,
        numbers: [&Ranges; 2],
    ) -> Result<(), StoreError> {
        self.step(seal.row_count);
        let removed = self.report.removed.get_or_insert_default();
        removed.rows += seal.row_count;
        removed.sealed_until_ms = removed.sealed_until_ms.max(seal.sealed_ms);
        if seal.marks.is_empty() {
            for (kind, numbers) in Kind::ALL.into_iter().zip(numbers) {
                for span in numbers.spans() {
                    self.inserted(tx, kind, *span, &Ranges::default()).await?;
                }
            }
        }
        Ok(())
    }

    /// Rows that no seal has.
    async fn rest(&mut self, tx: &mut Tx<'_>, kind: Kind) -> Result<(), StoreError> {
        let gaps = self.last.as_ref().map_or("", |last| &last.gaps);
        let mut awaited = Ranges::default();
        for (from, to) in Gaps::parse(gaps).unwrap_or_default().spans(kind) {
            awaited.push(from, to);
        }
        let coverage = &self.coverage[kind as usize];
        let (free, to) = (coverage.free().to_vec(), coverage.to());
        for span in free {
            self.inserted(tx, kind, span, &awaited).await?;
        }
        *self.not_sealed(kind) += records::count_after(tx, kind, to).await?;
        Ok(())
    }

    /// Whatever is there of these numbers was inserted, but for what is awaited.
    async fn inserted(
        &mut self,
        tx: &mut Tx<'_>,
        kind: Kind,
        (mut from, to): (i64, i64),
        awaited: &Ranges,
    ) -> Result<(), StoreError> {
        loop {
            let page = records::span(tx, kind, (from, to), PAGE).await?;
            let Some(last) = page.last().map(|record| record.seq) else { return Ok(()) };
            for record in &page {
                if awaited.contains(record.seq) {
                    *self.not_sealed(kind) += 1;
                } else {
                    let row = Row::of(kind.name(), record);
                    self.report.find(Finding::RowInserted { row });
                }
            }
            if last >= to {
                return Ok(());
            }
            from = last + 1;
        }
    }

    fn not_sealed(&mut self, kind: Kind) -> &mut i64 {
        match kind {
            Kind::Request => &mut self.report.requests_not_sealed,
            Kind::Act => &mut self.report.acts_not_sealed,
        }
    }

    /// So many rows more are done with.
    fn step(&mut self, rows: i64) {
        let before = self.done;
        self.done += rows;
        if before / STEP != self.done / STEP {
            (self.asked.progress)(self.done, self.totals.rows);
        }
    }

    fn end(mut self) -> Report {
        self.report.head = self.last.as_ref().map(Head::of);
        let end = self.last.map_or(0, |last| last.number);
        if let Some(noted) = self.asked.noted.as_ref().filter(|noted| noted.number > end) {
            self.report.find(Finding::CutOff { noted: noted.number });
        }
        self.report.off_their_time_in = self.off_their_time_in.to_string();
        self.report
    }
}
