//! A network to re-provision on, as the CSV files of docs/data-format.md.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result};

use crate::root;

const FLOORS: usize = 30;
/// Contracts of a floor, each with a fibre.
const LINES: usize = 10;
/// Fibres of a floor that nobody has at first.
pub(super) const SPARES: usize = 120;
/// How many contracts there are.
pub(super) const CONTRACTS: usize = FLOORS * LINES;

/// The reference of a contract.
pub(super) fn contract(number: usize) -> String {
    format!("HA-{number}")
}

/// The floor of a contract.
pub(super) fn floor(contract: usize) -> usize {
    contract / LINES
}

/// The reference of a fibre of a floor that nobody has at first.
pub(super) fn spare(floor: usize, number: usize) -> String {
    format!("HA-{floor}-S{number}")
}

/// The number of floors.
pub(super) const fn floors() -> usize {
    FLOORS
}

/// Writes the files. The operator `oc-demo` is the demo network's, with a quota that nobody uses up.
pub(super) fn write(folder: &Path) -> Result<()> {
    let demo = fs::read_to_string(root().join("crates/server/demo/operators.csv"))?;
    let demo = demo.lines().find_map(|line| line.strip_prefix("oc-demo;"));
    let hash = demo.and_then(|rest| rest.split(';').nth(1)).context("no oc-demo in the demo")?;
    let mut floors = "site;building;staircase;floor\n".to_owned();
    let mut pbos = "site;building;staircase;floor;pbo\n".to_owned();
    let mut fibres =
        "fibre;site;building;staircase;floor;pbo;pm;pm_position;cable;tube;colour;usage\n"
            .to_owned();
    let mut contracts = "contract;operator;site;building;staircase;floor;fibre;zone;building_kind;\
                         route;existing_socket;opac;order;intervention\n"
        .to_owned();
    for floor in 0..FLOORS {
        let place = format!("HA-SITE;B;E;{floor}");
        writeln!(floors, "{place}")?;
        writeln!(pbos, "{place};PBO")?;
        let mut fibre = |name: &str, usage: &str| {
            writeln!(fibres, "{name};{place};PBO;FI-HA;{name};C;T;C;{usage}")
        };
        for line in 0..LINES {
            let number = floor * LINES + line;
            let route = format!("HA-{floor}-L{line}");
            fibre(&route, "occupied")?;
            let contract = contract(number);
            writeln!(
                contracts,
                "{contract};oc-demo;{place};{route};ztd;collective;real;no;no;open;connection"
            )?;
        }
        for number in 0..SPARES {
            fibre(&spare(floor, number), "available")?;
        }
    }
    let operators = format!(
        "login;name;password_hash;profile;quota;sessions\noc-demo;OC HA;{hash};OC;100000000;64\n"
    );
    for (name, text) in [
        ("operators.csv", operators),
        ("floors.csv", floors),
        ("pbos.csv", pbos),
        ("fibres.csv", fibres),
        ("contracts.csv", contracts),
    ] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
