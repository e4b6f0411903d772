//! What a load came to, in words and numbers.

use std::path::Path;

use serde_json::json;

use super::super::{
    context::Context,
    output::{self, Failure},
};
use crate::{
    inventory::load::{Outcome, named, said_difference, why},
    store::load::Counted,
};

/// Differences that are shown to people.
const DIFFERENCES_SHOWN: usize = 20;

/// Prints it.
pub(super) fn print(
    context: &Context,
    outcome: &Outcome,
    rejects: Option<&Path>,
) -> Result<(), Failure> {
    if context.json { as_json(outcome, rejects) } else { as_text(outcome) }
}

fn as_json(outcome: &Outcome, rejects: Option<&Path>) -> Result<(), Failure> {
    let kinds = outcome.found.kinds.iter().map(|kind| {
        json!({"kind": kind.kind, "lines": kind.lines, "added": kind.added,
               "changed": kind.changed, "removed": kind.removed, "retired": kind.retired,
               "unchanged": unchanged(kind), "refused": kind.refused})
    });
    let mistakes = outcome.mistakes.iter().map(|mistake| {
        json!({"file": mistake.file, "line": mistake.line, "column": mistake.column,
               "value": mistake.value, "reason": mistake.reason})
    });
    let differences = outcome.differences.iter().map(|it| {
        let at = it.at.and_then(|(file, _)| outcome.files.get(usize::try_from(file).ok()?));
        json!({"kind": it.kind, "reference": it.reference, "code": it.code,
               "reason": why(&it.code), "file": at, "line": it.at.map(|(_, line)| line),
               "here": it.ours, "in_file": it.theirs})
    });
    output::json(&json!({
        "loaded": outcome.published,
        "kinds": kinds.collect::<Vec<_>>(),
        "pbos_moved": outcome.found.pbos_moved,
        "fibres_moved": outcome.found.fibres_moved,
        "routes_moved": outcome.found.routes_moved,
        "refused": outcome.refused,
        "rejects": rejects.filter(|_| outcome.written > 0),
        "mistakes": mistakes.collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
        "notes": outcome.notes,
    }))
}

fn as_text(outcome: &Outcome) -> Result<(), Failure> {
    for note in &outcome.notes {
        output::warning(note);
    }
    let rows =
        outcome.found.kinds.iter().filter(|kind| {
            kind.lines + kind.refused + kind.removed + kind.retired + kind.changed > 0
        });
    let rows = rows.map(|kind| {
        let numbers = [
            kind.lines,
            kind.added,
            kind.changed,
            unchanged(kind),
            kind.removed,
            kind.retired,
            kind.refused,
        ];
        let name = plural(&kind.kind, 2);
        std::iter::once(name).chain(numbers.map(|number| number.to_string())).collect()
    });
    let titles = ["", "LINES", "ADDED", "CHANGED", "UNCHANGED", "REMOVED", "RETIRED", "REFUSED"];
    output::table(&titles, rows.collect(), "nothing to load")?;
    output::line(&sentence(outcome))?;
    if !outcome.mistakes.is_empty() {
        output::line(&format!("refused:\n{}", output::mistake_lines(&outcome.mistakes)))?;
    }
    if !outcome.differences.is_empty() {
        let shown = outcome.differences.iter().take(DIFFERENCES_SHOWN);
        let lines: Vec<_> =
            shown.map(|it| format!("  {}", said_difference(it, &outcome.files))).collect();
        output::line(&format!("left as it is, to be looked at:\n{}", lines.join("\n")))?;
    }
    Ok(())
}

/// "12 fibres added, 1 PBO moved, 3 fibres left: held by a running re-provisioning"
fn sentence(outcome: &Outcome) -> String {
    let found = &outcome.found;
    let mut parts = Vec::new();
    for kind in &found.kinds {
        for (number, what) in [
            (kind.added, "added"),
            (kind.changed, "changed"),
            (kind.removed, "removed"),
            (kind.retired, "retired"),
            (kind.refused, "refused"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {} {what}", plural(&kind.kind, number)));
            }
        }
    }
    for (number, kind, what) in [
        (found.pbos_moved, "pbo", "moved to another floor"),
        (found.fibres_moved, "fibre", "moved to another PBO"),
        (found.routes_moved, "contract", "moved to another route"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {} {what}", plural(kind, number)));
        }
    }
    for (kind, code, number) in &found.differences {
        parts.push(format!("{number} {} left: {}", plural(kind, *number), why(code)));
    }
    let done = if outcome.published { "loaded" } else { "nothing was changed; it would be" };
    let parts = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
    format!("{done}: {parts}")
}

fn plural(kind: &str, number: u64) -> String {
    let name = named(kind);
    if number == 1 { name.to_owned() } else { format!("{name}s") }
}

fn unchanged(kind: &Counted) -> u64 {
    kind.lines.saturating_sub(kind.added + kind.changed)
}
