//! Never one call over the quota, and every admitted call counted once.

use super::{Index, Kind, Report};
use crate::torture::{facts::Audit, history::Outcome};

/// Codes of calls that were not admitted.
const NOT_ADMITTED: [i64; 6] = [-1, 10000, 20020, 20021, 20007, 20016];
/// Codes that tell nothing of how far a call had come.
const ANYWHERE: [i64; 5] = [0, 10100, 10101, 10200, 20004];

pub(super) fn check(index: &Index<'_>, report: &mut Report) {
    for operator in &index.facts.operators {
        let login = &operator.login;
        let mut used = 0;
        for usage in index.facts.usage.iter().filter(|usage| usage.operator_id == operator.id) {
            used += usage.used;
            if usage.used > operator.quota {
                let said =
                    format!("{login} used {} of {} in {}", usage.used, operator.quota, usage.month);
                report.add(Kind::Quota, said);
            }
        }
        let rows = index.facts.audit.iter().filter(|row| row.operator_id == Some(operator.id));
        let (mut least, mut most) = (0, 0);
        // What failed after its session was open, and before it was told that it is one too many,
        // looks like what failed later.
        let is_exhausted = used >= operator.quota;
        for counts in rows.map(|row| counts(row, index.facts.audit_has_sessions, is_exhausted)) {
            least += i64::from(counts == Some(true));
            most += i64::from(counts != Some(false));
        }
        if used < least || used > most {
            let said =
                format!("{login} used {used}; its audit has {least} to {most} rows that count");
            report.add(Kind::Quota, said);
        }
    }
    for seen in index.seen.iter().filter(|seen| seen.outcome == Outcome::Ok) {
        let row = seen.request_id.as_deref().and_then(|id| index.audit.get(id));
        if row.is_none() {
            let said = format!(
                "an OK without an audit row: {} {} {:?}",
                seen.method, seen.contract, seen.request_id
            );
            report.add(Kind::Quota, said);
        }
    }
}

/// Whether a row is of an admitted call; `None`: it does not tell.
fn counts(row: &Audit, has_sessions: bool, is_exhausted: bool) -> Option<bool> {
    match row.code {
        Some(code) if NOT_ADMITTED.contains(&code) => Some(false),
        Some(code) if ANYWHERE.contains(&code) => match (has_sessions, row.admitted_us) {
            (true, None) => Some(false),
            (true, Some(_)) if !is_exhausted => Some(true),
            _ => None,
        },
        _ => Some(true),
    }
}
