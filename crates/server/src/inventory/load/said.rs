//! What the database's side found, in words: where, what is wrong, and what to do.

use super::{
    record::{Mistake, VALUE_MAX},
    shapes,
    source::Source,
};
use crate::store::load::{Difference, Problem};

/// What is wrong with a line that contradicts another one, or what is there.
pub(super) fn mistake(problem: &Problem, files: &[String], source: &dyn Source) -> Mistake {
    let name = |file: i64| {
        usize::try_from(file).ok().and_then(|file| files.get(file)).cloned().unwrap_or_default()
    };
    let (column, reason) = match problem.code.as_str() {
        "twice" => ("", twice(problem, name, source)),
        "no_floor" => ("floor", "no such floor; add it to floors.csv".to_owned()),
        "no_pbo" => ("pbo", "no such PBO there; add it to pbos.csv".to_owned()),
        "no_pbo_here" => ("pbo", "no such PBO on this floor".to_owned()),
        "no_pto" => ("pto", "no such PTO; add it to ptos.csv".to_owned()),
        "pto_taken" => ("pto", format!("a PTO has one fibre, and this one has {}", other(problem))),
        "no_holder" => ("holder", "no such contract; add it to contracts.csv".to_owned()),
        "held" => ("holder", format!("the contract {} has this fibre", other(problem))),
        "no_operator" => ("operator", "no operator has this login; add it first".to_owned()),
        "other_operator" => (
            "operator",
            "the contract is another operator's, and does not change hands; give it another \
             reference"
                .to_owned(),
        ),
        "no_fibre" => ("fibre", "no such fibre; add it to fibres.csv".to_owned()),
        "no_old_fibre" => ("old_fibre", "no such fibre; add it to fibres.csv".to_owned()),
        "route_taken" => ("fibre", format!("the contract {} has this fibre", other(problem))),
        "no_contract" => ("contract", "no such contract; add it to contracts.csv".to_owned()),
        "older" => {
            ("accepted", "the contract has a later one already; the oldest come first".to_owned())
        }
        "name_taken" => ("name", "another operator has this name".to_owned()),
        _ => of_report(problem),
    };
    Mistake {
        file: name(problem.file),
        line: u32::try_from(problem.line).unwrap_or_default(),
        column: if column.is_empty() { String::new() } else { source.column(column) },
        value: ereprov_wire::text::cut(&problem.value, VALUE_MAX).to_owned(),
        reason: source.reason(&problem.code).map_or(reason, str::to_owned),
    }
}

/// What is wrong with a line of a report of orders: in which column, and why.
fn of_report(problem: &Problem) -> (&'static str, String) {
    match problem.code.as_str() {
        "no_route" => (
            "pbo",
            "no fibre of this PBO and PM has the tube, colour or position that the report says; load \
             the network first, or put right the line"
                .to_owned(),
        ),
        "several_routes" => (
            "pbo",
            format!(
                "{} fibres of this PBO look as the report says, and neither socket, position nor cable \
                 tells them apart",
                other(problem)
            ),
        ),
        "other_route" => (
            "pto",
            format!(
                "this socket has the fibre {}, which is not the one that the report says; one of the \
                 two is wrong",
                other(problem)
            ),
        ),
        "report_no_pbo" => {
            ("pbo", "no PBO of this name has fibres of this PM; load the network first".to_owned())
        }
        "several_pbos" => (
            "pbo",
            format!("{} PBOs have this name and fibres of this PM; only a fibre tells them apart",
                other(problem)),
        ),
        "no_zone" => (
            "",
            "a report does not say the zone; say --zone, or give it to its site or PM with --facts"
                .to_owned(),
        ),
        "no_building_kind" => (
            "",
            "a report does not say the kind of building; say --building-kind, or give it to its site \
             or PM with --facts"
                .to_owned(),
        ),
        other => ("", other.to_owned()),
    }
}

fn other(problem: &Problem) -> &str {
    problem.other.as_deref().unwrap_or_default()
}

fn twice(problem: &Problem, name: impl Fn(i64) -> String, source: &dyn Source) -> String {
    let shape = shapes::ALL.iter().find(|shape| shape.kind == problem.kind);
    let key = shape.map_or_else(Vec::new, |shape| {
        shape.key.iter().map(|column| source.column(column)).collect()
    });
    let key = key.join(" ");
    let elsewhere = problem.other_file.filter(|file| *file != problem.file);
    let of = elsewhere.map_or(String::new(), |file| format!(" of {}", name(file)));
    format!("the same {key} as line {}{of}", other(problem))
}

/// What differs and is left as it is, on one line.
pub fn difference(difference: &Difference, files: &[String]) -> String {
    let at = difference.at.and_then(|(file, line)| {
        Some(format!("{}:{line} ", files.get(usize::try_from(file).ok()?)?))
    });
    let ours = difference.ours.as_deref().map_or(String::new(), |ours| format!("; here: {ours}"));
    let theirs = difference.theirs.as_deref().map_or(String::new(), |it| format!("; file: {it}"));
    format!(
        "{}{} {}: {}{ours}{theirs}",
        at.unwrap_or_default(),
        named(&difference.kind),
        difference.reference,
        why(&difference.code),
    )
}

/// Why something is left as it is.
pub fn why(code: &str) -> &'static str {
    match code {
        "busy" => "held by a running re-provisioning",
        "later" => "changed by the service after the date of the file",
        "out_of_service" => "out of service until it is said to be restored",
        "held" => "in use by its contract",
        "late" => "changed by the service during the load; load again",
        "socket" => "the report has another socket than the fibre that it says",
        "absent" => "not in the file, but in use or changed by the service",
        _ => "left as it is",
    }
}

/// A kind of rows, as people call one of them.
pub fn named(kind: &str) -> &'static str {
    match kind {
        "operator" => "operator",
        "floor" => "floor",
        "pbo" => "PBO",
        "pto" => "PTO",
        "fibre" => "fibre",
        "contract" => "contract",
        _ => "past re-provisioning",
    }
}
