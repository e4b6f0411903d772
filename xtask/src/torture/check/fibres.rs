//! Never one fibre to two lines.

use std::collections::BTreeMap;

use super::{Index, Kind, Report};
use crate::torture::facts::Change;

pub(super) fn check(index: &Index<'_>, report: &mut Report) {
    routes(index, report);
    moves(index, report);
    overlaps(index, report);
}

/// The tables as they are now: one line a fibre, and each knows the other.
fn routes(index: &Index<'_>, report: &mut Report) {
    let mut lines = BTreeMap::<i64, Vec<i64>>::new();
    for contract in &index.facts.contracts {
        if let Some(fibre) = contract.fibre_id {
            lines.entry(fibre).or_default().push(contract.id);
        }
    }
    for change in index.facts.changes.iter().filter(|change| is_running(change)) {
        lines.entry(change.fibre_id).or_default().push(change.contract_id);
    }
    let holders: BTreeMap<_, _> =
        index.facts.fibres.iter().map(|fibre| (fibre.id, fibre.contract_id)).collect();
    for (fibre, contracts) in lines {
        let name = index.fibre(fibre);
        let called: Vec<_> = contracts.iter().map(|id| index.contract(*id)).collect();
        if contracts.len() > 1 {
            report.add(Kind::FibreTwice, format!("{name} is the fibre of {}", called.join(", ")));
        }
        let holder = holders.get(&fibre).copied().flatten();
        if !contracts.iter().all(|contract| holder == Some(*contract)) {
            let holder = holder.map_or("nobody", |id| index.contract(id));
            let line = called.join(", ");
            report.add(Kind::FibreTwice, format!("{name} is {line}'s, and held by {holder}"));
        }
    }
}

fn is_running(change: &Change) -> bool {
    !["completed", "cancelled", "failed"].contains(&change.state.as_str())
}

/// Who came to a fibre and who left it, counted: a line that came and never left is still there.
fn moves(index: &Index<'_>, report: &mut Report) {
    let mut count = BTreeMap::<(i64, i64), i64>::new();
    let mut current = BTreeMap::<i64, Option<i64>>::new();
    for change in index.facts.changes.iter().filter(|change| change.state == "completed") {
        let here = current.entry(change.contract_id).or_insert(change.old_fibre_id);
        if *here != change.old_fibre_id {
            report.add(
                Kind::FibreTwice,
                format!(
                    "{} left {} for {} without having been there (its {}th change)",
                    index.contract(change.contract_id),
                    change.old_fibre_id.map_or("nothing", |id| index.fibre(id)),
                    index.fibre(change.fibre_id),
                    change.number
                ),
            );
        }
        if !count.keys().any(|(_, contract)| *contract == change.contract_id)
            && let Some(first) = change.old_fibre_id
        {
            // Where it was before.
            count.insert((first, change.contract_id), 1);
        }
        if let Some(old) = change.old_fibre_id {
            *count.entry((old, change.contract_id)).or_default() -= 1;
        }
        *count.entry((change.fibre_id, change.contract_id)).or_default() += 1;
        *here = Some(change.fibre_id);
    }
    for contract in &index.facts.contracts {
        let moved = current.get(&contract.id).copied().unwrap_or(contract.fibre_id);
        if moved != contract.fibre_id {
            report.add(
                Kind::FibreTwice,
                format!(
                    "{} has {}, and its changes led it to {}",
                    contract.reference,
                    contract.fibre_id.map_or("nothing", |id| index.fibre(id)),
                    moved.map_or("nothing", |id| index.fibre(id)),
                ),
            );
        }
    }
    let mut left_on = BTreeMap::<i64, Vec<&str>>::new();
    for ((fibre, contract), _) in count.into_iter().filter(|(_, count)| *count != 0) {
        left_on.entry(fibre).or_default().push(index.contract(contract));
    }
    for (fibre, contracts) in left_on.into_iter().filter(|(_, contracts)| contracts.len() > 1) {
        let (name, lines) = (index.fibre(fibre), contracts.join(", "));
        report.add(Kind::FibreTwice, format!("{name}: came and never left: {lines}"));
    }
}

/// A time in which a line certainly had a fibre: from when that was first seen, by a client or by
/// the worker, to when the worker began to write down that it ended.
struct Held<'a> {
    change: &'a Change,
    from_ms: i64,
    to_ms: i64,
}

fn overlaps(index: &Index<'_>, report: &mut Report) {
    let mut acknowledged = BTreeMap::<&str, i64>::new();
    for seen in index.seen.iter().filter(|seen| seen.is_accepted()) {
        if let Some(code) = &seen.discharge_code {
            let first = acknowledged.entry(code).or_insert(seen.received_ms);
            *first = (*first).min(seen.received_ms);
        }
    }
    let mut held = BTreeMap::<i64, Vec<Held<'_>>>::new();
    for change in &index.facts.changes {
        let told = acknowledged.get(change.discharge_code.as_str()).copied();
        let known = [told, change.in_progress_ms, change.ended_ms];
        let Some(from_ms) = known.into_iter().flatten().min() else { continue };
        let to_ms = match change.state.as_str() {
            "completed" => left_at(index, change),
            _ => change.ended_ms,
        };
        let to_ms = to_ms.unwrap_or(i64::MAX);
        held.entry(change.fibre_id).or_default().push(Held { change, from_ms, to_ms });
    }
    for times in held.values_mut() {
        times.sort_by_key(|held| held.from_ms);
        for (number, first) in times.iter().enumerate() {
            let others = times[number + 1..].iter();
            let both = others.filter(|other| {
                other.change.contract_id != first.change.contract_id
                    && other.from_ms < first.to_ms
                    && other.from_ms < other.to_ms
            });
            for second in both {
                let said = format!(
                    "{} was {}'s (code {}) from {} to {}, and {}'s (code {}) from {}",
                    index.fibre(first.change.fibre_id),
                    index.contract(first.change.contract_id),
                    first.change.discharge_code,
                    first.from_ms,
                    first.to_ms,
                    index.contract(second.change.contract_id),
                    second.change.discharge_code,
                    second.from_ms
                );
                report.add(Kind::FibreTwice, said);
            }
        }
    }
}

/// When the line left the fibre to which a change had led it.
fn left_at(index: &Index<'_>, change: &Change) -> Option<i64> {
    let later = index.facts.changes.iter().filter(|later| {
        later.contract_id == change.contract_id
            && later.number > change.number
            && later.state == "completed"
    });
    later.min_by_key(|later| later.number).and_then(|later| later.ended_ms)
}
