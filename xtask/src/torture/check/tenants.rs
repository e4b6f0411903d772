//! Never another operator's data.

use super::{Index, Kind, Report};
use crate::torture::history::Outcome;

/// What a question about another operator's contract may get: as if that did not exist, or what
/// comes before anything is looked up, or nothing that can be told.
const ALLOWED: [i64; 6] = [20019, 20007, 20016, 10100, 10101, 10200];
/// A fault of a server that sheds load.
const OVERLOADED: i64 = 20004;

pub(super) fn check(index: &Index<'_>, report: &mut Report) {
    for change in &index.facts.changes {
        let owner = index.facts.contracts.iter().find(|row| row.id == change.contract_id);
        if owner.is_none_or(|contract| contract.operator_id != change.operator_id) {
            let (contract, code) = (index.contract(change.contract_id), &change.discharge_code);
            let said = format!("{contract}, code {code}: of operator {}", change.operator_id);
            report.add(Kind::Tenants, said);
        }
    }
    for seen in index.seen {
        let who = || format!("{} asked {} about {}", seen.login, seen.method, seen.contract);
        let is_answered = matches!(seen.outcome, Outcome::Ok | Outcome::Ko);
        if is_answered && !seen.is_own() {
            let allowed =
                seen.code.is_some_and(|code| ALLOWED.contains(&code) || code == OVERLOADED);
            if !allowed {
                let said = seen.code.map_or("OK".to_owned(), |code| code.to_string());
                report.add(Kind::Tenants, format!("{}, and was told {said}", who()));
            }
        }
        for mark in seen.marks.iter().filter(|mark| **mark != seen.mark) {
            report.add(Kind::Tenants, format!("{}, and read of {mark}", who()));
        }
        let Some(code) = &seen.discharge_code else { continue };
        if let Some(change) = index.codes.get(code.as_str())
            && index.operator(&seen.login) != Some(change.operator_id)
        {
            let owner = index.contract(change.contract_id);
            report.add(Kind::Tenants, format!("{}, and was given {owner}'s code {code}", who()));
        }
    }
}
