//! Never lose an accepted request; and what was answered is what is written down.

use std::collections::BTreeMap;

use super::{Index, Kind, Report};
use crate::torture::history::{Outcome, Seen};

/// Codes after which nobody knows what came of a request: the caller has to look.
const UNCERTAIN: [i64; 4] = [0, 10100, 10101, 10200];

/// Each change as its rows have it.
pub(super) fn check(index: &Index<'_>, report: &mut Report) {
    for seen in index.seen.iter().filter(|seen| seen.is_accepted()) {
        acknowledged(index, seen, report);
    }
    names(index, report);
    rest(index, report);
    refused(index, report);
    forgotten(index, report);
    answers(index, report);
}

fn acknowledged(index: &Index<'_>, seen: &Seen, report: &mut Report) {
    let Seen { contract, login, fibre, discharge_code, .. } = seen;
    let Some(code) = discharge_code else {
        return report.add(Kind::RequestLost, format!("an OK without a discharge code: {seen:?}"));
    };
    let Some(change) = index.codes.get(code.as_str()) else {
        return report.add(
            Kind::RequestLost,
            format!("{contract} was given the code {code}: no row has it"),
        );
    };
    let (found, led) = (index.contract(change.contract_id), index.fibre(change.fibre_id));
    if found != contract || index.operator(login) != Some(change.operator_id) {
        let said = format!("{login} was given {code} for {contract}: the row is {found}'s");
        report.add(Kind::RequestLost, said);
    }
    if fibre.as_deref() != Some(led) || seen.answer_fibre.as_deref() != Some(led) {
        let said = format!(
            "{contract} asked for {fibre:?}, was told {:?} with the code {code}: the row has {led}",
            seen.answer_fibre
        );
        report.add(Kind::RequestLost, said);
    }
}

/// One name, one code: in the answers, and in the table that remembers names.
fn names(index: &Index<'_>, report: &mut Report) {
    let mut codes = BTreeMap::<(i64, &str), &str>::new();
    for seen in index.seen.iter().filter(|seen| seen.is_accepted()) {
        let (Some(key), Some(code)) = (&seen.key, &seen.discharge_code) else { continue };
        let Some(operator) = index.operator(&seen.login) else { continue };
        let first = codes.entry((operator, key)).or_insert(code);
        if *first != code {
            let said = format!("the request {key} was given the codes {first} and {code}");
            report.add(Kind::RequestLost, said);
        }
    }
    for row in &index.facts.names {
        let key = row.key.strip_prefix("key:").unwrap_or(&row.key);
        let told = codes.remove(&(row.operator_id, key));
        if let Some(told) = told.filter(|told| *told != row.discharge_code) {
            let said = format!("{key} was given {told}; remembered is {}", row.discharge_code);
            report.add(Kind::RequestLost, said);
        }
    }
    for ((_, key), code) in codes {
        report.add(Kind::RequestLost, format!("{key} was given {code}, and is not remembered"));
    }
}

/// Whatever was accepted has ended, and its request has its row.
fn rest(index: &Index<'_>, report: &mut Report) {
    for change in &index.facts.changes {
        let contract = index.contract(change.contract_id);
        let (code, state) = (&change.discharge_code, &change.state);
        if !["completed", "cancelled", "failed"].contains(&state.as_str()) {
            let said = format!("{contract}, code {code}: accepted, and never ended ({state})");
            report.add(Kind::RequestLost, said);
        }
        let row = index.audit.get(change.request_id.as_str());
        if !row.is_some_and(|row| row.code.is_none() && row.method == "putReprovisionning") {
            let said = format!("{contract}, code {code}: accepted, and its audit row is {row:?}");
            report.add(Kind::RequestLost, said);
        }
    }
}

/// A clear no was a no.
fn refused(index: &Index<'_>, report: &mut Report) {
    let changes = index.facts.changes.iter();
    let accepted: BTreeMap<_, _> =
        changes.map(|change| (change.request_id.as_str(), change)).collect();
    for seen in index.seen.iter().filter(|seen| seen.outcome == Outcome::Ko) {
        let (Some(id), Some(code)) = (&seen.request_id, seen.code) else { continue };
        if let Some(change) = accepted.get(id.as_str())
            && !UNCERTAIN.contains(&code)
        {
            let (contract, given) = (&seen.contract, &change.discharge_code);
            let said = format!("{contract} was told {code}, and has been accepted as {given}");
            report.add(Kind::RequestLost, said);
        }
    }
}

/// Once a put was answered OK, its contract has one to follow.
fn forgotten(index: &Index<'_>, report: &mut Report) {
    let mut first_ok = BTreeMap::<&str, i64>::new();
    for seen in index.seen.iter().filter(|seen| seen.is_accepted()) {
        let first = first_ok.entry(&seen.contract).or_insert(seen.received_us);
        *first = (*first).min(seen.received_us);
    }
    let asked = index.seen.iter().filter(|seen| {
        seen.method == "getReprovisionning" && seen.code == Some(20014) && seen.is_own()
    });
    for seen in asked {
        if first_ok.get(seen.contract.as_str()).is_some_and(|first| *first < seen.sent_us) {
            let said = format!("{} was accepted, and later unknown (20014)", seen.contract);
            report.add(Kind::RequestLost, said);
        }
    }
}

/// Every answer comes, and is the one that its audit row tells of.
fn answers(index: &Index<'_>, report: &mut Report) {
    for seen in index.seen {
        let what = || format!("{} {} {:?}", seen.method, seen.contract, seen.request_id);
        match seen.outcome {
            Outcome::Hung => report.add(Kind::Answers, format!("no answer: {}", what())),
            Outcome::Ko if seen.code == Some(0) => {
                report.add(Kind::Answers, format!("the answer of a bug (0): {}", what()));
            }
            _ => {}
        }
        let row = seen.request_id.as_deref().and_then(|id| index.audit.get(id));
        let is_told = match (seen.outcome, row) {
            // Without a row: quota.rs.
            (Outcome::Ok, None) => true,
            (Outcome::Ok, Some(row)) => row.code.is_none(),
            (Outcome::Ko, None) => seen.code.is_some_and(|code| UNCERTAIN.contains(&code)),
            (Outcome::Ko, Some(row)) => {
                row.code == seen.code || seen.code.is_some_and(|code| UNCERTAIN.contains(&code))
            }
            _ => true,
        };
        if !is_told {
            let said = format!("{} was told {:?}, and its audit row is {row:?}", what(), seen.code);
            report.add(Kind::RequestLost, said);
        }
    }
}
