//! What a run came to, for whoever reads it in a terminal.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    check::Report,
    facts::Facts,
    faults::Done,
    history::{Outcome, Seen},
};

/// Offending rows of one kind that are shown.
const SHOWN_MAX: usize = 20;

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
pub(super) fn print(line: &str) {
    println!("{line}");
}

/// Prints the figures and every violation.
pub(super) fn tell(
    facts: &Facts,
    seen: &[Seen],
    done: &Done,
    rested: Option<Duration>,
    report: &Report,
) {
    let mut codes = BTreeMap::<String, u64>::new();
    for seen in seen {
        let code = match (seen.outcome, seen.code) {
            (Outcome::Ko, Some(code)) => code.to_string(),
            (outcome, _) => format!("{outcome:?}"),
        };
        *codes.entry(code).or_default() += 1;
    }
    let codes: Vec<_> = codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
    print(&format!("answers: {}", codes.join(", ")));
    let mut states = BTreeMap::<&str, u64>::new();
    for change in &facts.changes {
        *states.entry(&change.state).or_default() += 1;
    }
    let states: Vec<_> = states.iter().map(|(state, count)| format!("{state} {count}")).collect();
    print(&format!("re-provisionings: {}", states.join(", ")));
    if let Some(chain) = &facts.chain {
        let rows = chain.requests.len() + chain.acts.len();
        print(&format!("audit: {rows} rows in {} seals", chain.seals.len()));
    }
    match rested {
        Some(time) => print(&format!("at rest after {} ms", time.as_millis())),
        None => print("not at rest in time"),
    }
    let answered = seen.iter().filter(|seen| seen.request_id.is_some());
    let slowest = answered.map(|seen| seen.received_us - seen.sent_us).max().unwrap_or_default();
    print(&format!("slowest answer {} ms", slowest / 1000));
    for note in &report.notes {
        print(&format!("note: {note}"));
    }
    for (kind, rows) in &report.violations {
        print(&format!("{kind}: {}", rows.len()));
        for row in rows.iter().take(SHOWN_MAX) {
            print(&format!("  {row}"));
        }
    }
    let count = |what: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| what(seen)).count();
    if done.stopped > 0 {
        print(&format!(
            "instances that stopped by themselves, and were started again: {}",
            done.stopped
        ));
    }
    let codes: BTreeSet<_> = seen.iter().filter_map(|seen| seen.discharge_code.as_ref()).collect();
    let is_put = |seen: &Seen| seen.method == "putReprovisionning";
    print(&format!(
        "puts sent {}, acknowledged {}, gets {}, kills of instances {}, kills of PostgreSQL {}, \
         cuts {} (in COMMIT {}), hangs {}, lost answers {}",
        count(&|seen| is_put(seen) && seen.outcome != Outcome::Unsent),
        codes.len(),
        count(&|seen| !is_put(seen) && seen.outcome != Outcome::Unsent),
        done.instances_killed,
        done.postgres_killed,
        done.cuts,
        done.commits_cut,
        done.hangs,
        count(&|seen| matches!(seen.outcome, Outcome::Lost | Outcome::Hung)),
    ));
    print(&format!("violations: {}", report.count()));
}
