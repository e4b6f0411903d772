//! Never more requests of an operator at once than it may have.

use super::{Index, Kind, Report};

/// Codes of requests that may have lost their connection, and their session with it, before they
/// were answered.
const MAY_HAVE_LOST_IT: [i64; 4] = [0, 10100, 10101, 10200];
/// Taken from each end of a session, in microseconds: the clock's own grain.
const GRAIN_US: i64 = 1000;

pub(super) fn check(index: &Index<'_>, report: &mut Report) {
    if !index.facts.audit_has_sessions {
        let said = "sessions: not checked, for the audit has no admitted_us";
        return report.notes.push(said.to_owned());
    }
    for operator in &index.facts.operators {
        // (time, +1 or -1, request): at the same time, ends come first.
        let mut turns = Vec::new();
        for row in index.facts.audit.iter().filter(|row| row.operator_id == Some(operator.id)) {
            let Some(admitted_us) = row.admitted_us else { continue };
            if row.code.is_some_and(|code| MAY_HAVE_LOST_IT.contains(&code)) {
                continue;
            }
            let from = row.at_ms * 1000 + admitted_us + GRAIN_US;
            let to = row.at_ms * 1000 + row.duration_us - GRAIN_US;
            if from < to {
                turns.push((from, 1, row.request_id.as_str()));
                turns.push((to, -1, row.request_id.as_str()));
            }
        }
        turns.sort_unstable();
        let mut open = Vec::new();
        for (at, turn, request) in turns {
            if turn < 0 {
                open.retain(|open| *open != request);
                continue;
            }
            open.push(request);
            if i64::try_from(open.len()).unwrap_or(i64::MAX) > operator.sessions {
                let said = format!(
                    "{} had {} requests at once ({} allowed) at {} ms: {}",
                    operator.login,
                    open.len(),
                    operator.sessions,
                    at / 1000,
                    open.join(", ")
                );
                report.add(Kind::Sessions, said);
            }
        }
    }
}
