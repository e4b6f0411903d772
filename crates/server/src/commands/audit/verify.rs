//! `ereprovd audit verify`: every row, held against the chain.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    calendar,
    chain::{
        Head,
        verify::{Asked, Report, verify},
    },
    commands::{
        context::Context,
        output::{self, Failure},
    },
};

/// Findings that people are shown.
const SHOWN_MAX: usize = 50;

/// Against what.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A head that was noted down before (`audit head`, the log, the metrics): the chain must still have
    /// it. A cut-off end is found by nothing else.
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Option<Head>,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let store = context.store().await?;
    let on_a_terminal = io::stderr().is_terminal() && !context.json;
    let progress = if on_a_terminal { show_progress } else { |_, _| {} };
    let asked = Asked { noted: args.head, progress };
    let verifying =
        store.read_much("audit.verify", asked, |tx, asked| Box::pin(verify(tx, asked))).await;
    if SHOWN.load(Ordering::Relaxed) {
        // Where nobody looks, nothing is to be wiped.
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    let report = verifying?;
    if context.json {
        output::json(&report)?;
    } else {
        show(&report)?;
    }
    if report.holds() {
        return Ok(());
    }
    Err(Failure::broken_audit("the audit is not as it was sealed")
        .hint("docs/audit.md says what to do"))
}

/// Whether any progress was shown.
static SHOWN: AtomicBool = AtomicBool::new(false);

fn show_progress(done: i64, all: i64) {
    SHOWN.store(true, Ordering::Relaxed);
    let percent = if all > 0 { done.saturating_mul(100) / all } else { 100 };
    // Where nobody looks, it goes on all the same.
    let _ = write!(io::stderr(), "\r{done} of {all} rows, {percent} %");
}

fn show(report: &Report) -> Result<(), Failure> {
    for finding in report.findings.iter().take(SHOWN_MAX) {
        output::line(&finding.to_string())?;
    }
    let more = report.findings.len().saturating_sub(SHOWN_MAX) as u64 + report.more_findings;
    if more > 0 {
        output::line(&format!("and {more} more"))?;
    }
    let head = report.head.as_ref().map_or("nothing is sealed".to_owned(), ToString::to_string);
    let removed = report.removed.as_ref().map_or_else(String::new, |removed| {
        format!(
            "{} rows, of seals up to {}, sealed until {}; last decided at {}",
            removed.rows,
            removed.to_seal,
            calendar::iso(removed.sealed_until_ms),
            calendar::iso(removed.decided_ms),
        )
    });
    let not_sealed = match (report.requests_not_sealed, report.acts_not_sealed) {
        (0, 0) => "none".to_owned(),
        (requests, acts) => format!("{requests} requests, {acts} acts"),
    };
    let off = match report.off_their_time {
        0 => String::new(),
        rows => format!(
            "{rows} rows were sealed more than an hour before or after it, in seals {}",
            report.off_their_time_in
        ),
    };
    output::sheet(&[
        ("seals", report.seals.to_string()),
        ("rows held against them", report.rows.to_string()),
        ("removed by retention", removed),
        ("not sealed yet", not_sealed),
        ("off their time", off),
        ("head", head),
        (
            "verdict",
            if report.holds() { "as it was sealed" } else { "NOT as it was sealed" }.into(),
        ),
    ])
}
