//! Numbers without a row, of which a row may come yet: on PostgreSQL a row gets its number when it is
//! written, and another one, with a higher number, may be committed before it.

use super::ranges::Ranges;
use crate::store::{StoreError, records::Kind, seals::Horizon};

/// How long a gap is kept at the least: for a row that has its number, and whose transaction has not
/// begun to write yet.
const KEPT_MS: i64 = 60_000;

/// Every gap that is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps(Vec<Group>);

/// Gaps that were found at the same time.
#[derive(Debug, Clone)]
struct Group {
    since_ms: i64,
    /// The first transaction that had not begun then.
    next: i64,
    requests: Ranges,
    acts: Ranges,
}

impl Group {
    fn of(&self, kind: Kind) -> &Ranges {
        match kind {
            Kind::Request => &self.requests,
            Kind::Act => &self.acts,
        }
    }
}

impl Gaps {
    /// Reads what [`Gaps::text`] writes.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let group = |text: &str| {
            let mut parts = text.split('/');
            let mut next = || parts.next().unwrap_or_default();
            Some(Group {
                since_ms: next().parse().ok()?,
                next: next().parse().ok()?,
                requests: next().parse().ok()?,
                acts: next().parse().ok()?,
            })
        };
        let groups = text.split(' ').filter(|_| !text.is_empty()).map(group);
        let groups: Option<Vec<_>> = groups.collect();
        groups.map(Self).ok_or_else(|| StoreError::Broken("audit_seal.gaps cannot be read".into()))
    }

    /// As a seal has it: `SINCE_MS/TRANSACTION/REQUESTS/ACTS`, with a blank between two.
    pub(super) fn text(&self) -> String {
        let groups = self.0.iter().map(|group| {
            let Group { since_ms, next, requests, acts } = group;
            format!("{since_ms}/{next}/{requests}/{acts}")
        });
        groups.collect::<Vec<_>>().join(" ")
    }

    /// The spans of a table, in ascending order.
    pub(super) fn spans(&self, kind: Kind) -> Vec<(i64, i64)> {
        let groups = self.0.iter().flat_map(|group| group.of(kind).spans());
        let mut spans: Vec<_> = groups.copied().collect();
        spans.sort_unstable();
        spans
    }

    /// A row has come.
    pub(super) fn fill(&mut self, kind: Kind, seq: i64) {
        for group in &mut self.0 {
            let ranges = match kind {
                Kind::Request => &mut group.requests,
                Kind::Act => &mut group.acts,
            };
            if ranges.take(seq, seq) {
                return;
            }
        }
    }

    /// Lets go of those to which no row can come any more, all having been looked at in the snapshot
    /// of this horizon.
    pub(super) fn settle(&mut self, horizon: Horizon, now_ms: i64) {
        self.0.retain_mut(|group| {
            // A database that was restored elsewhere counts its transactions anew; a clock that was
            // ahead would keep a gap for ever.
            group.next = group.next.min(horizon.next);
            group.since_ms = group.since_ms.min(now_ms);
            let settled = horizon.oldest >= group.next && now_ms - group.since_ms >= KEPT_MS;
            let filled = group.requests.is_empty() && group.acts.is_empty();
            !(settled || filled)
        });
    }

    /// Keeps those that were found now.
    pub(super) fn keep(&mut self, requests: Ranges, acts: Ranges, horizon: Horizon, now_ms: i64) {
        if !(requests.is_empty() && acts.is_empty()) {
            self.0.push(Group { since_ms: now_ms, next: horizon.next, requests, acts });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Ranges {
        text.parse().unwrap()
    }

    #[test]
    fn a_gap_is_kept_until_nothing_can_fill_it() {
        let mut gaps = Gaps::default();
        let at = |oldest, next| Horizon { oldest, next };
        gaps.keep(ranges("5,7-8"), ranges(""), at(90, 100), 1000);
        gaps.keep(ranges("12"), ranges("3"), at(95, 110), 2000);
        assert_eq!(gaps.text(), "1000/100/5,7-8/ 2000/110/12/3");
        assert_eq!(Gaps::parse(&gaps.text()).unwrap().text(), gaps.text());
        assert_eq!(gaps.spans(Kind::Request), [(5, 5), (7, 8), (12, 12)]);
        gaps.fill(Kind::Request, 7);
        gaps.fill(Kind::Act, 3);
        // Who had it may go on, however long.
        gaps.settle(at(99, 500), 1_000_000);
        assert_eq!(gaps.text(), "1000/100/5,8/ 2000/110/12/");
        // Nobody who could fill it is left, but it is too early for who had not begun to write.
        gaps.settle(at(100, 500), 1000 + KEPT_MS - 1);
        assert_eq!(gaps.spans(Kind::Request), [(5, 5), (8, 8), (12, 12)]);
        gaps.settle(at(100, 500), 1000 + KEPT_MS);
        assert_eq!(gaps.text(), "2000/110/12/");
        gaps.fill(Kind::Request, 12);
        gaps.settle(at(100, 500), 1000 + KEPT_MS);
        assert_eq!(gaps.text(), "");
    }

    #[test]
    fn neither_a_restored_database_nor_a_clock_put_back_keeps_a_gap_for_ever() {
        let mut gaps = Gaps::default();
        gaps.keep(ranges("5"), ranges(""), Horizon { oldest: 900, next: 1000 }, 5_000_000);
        gaps.settle(Horizon { oldest: 10, next: 11 }, 1000);
        assert_eq!(gaps.text(), "1000/11/5/");
        gaps.settle(Horizon { oldest: 11, next: 11 }, 1000 + KEPT_MS);
        assert_eq!(gaps.text(), "");
    }

    #[test]
    fn what_is_no_list_of_gaps_is_refused() {
        for wrong in ["x", "1/2/3", "1/2/3/0", "1/2/3/4/", " "] {
            let read = Gaps::parse(wrong).map(|gaps| gaps.text());
            assert!(read.is_err() || read.unwrap() != wrong, "{wrong}");
        }
    }
}
