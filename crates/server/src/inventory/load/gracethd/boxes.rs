//! PBOs and sockets, with their floors.

use ereprov_domain::{refs::Place, route::Construction};
use ereprov_wire::text;

use super::Reading;
use crate::{
    inventory::load::{
        record::in_english,
        rows::{FloorRow, PboRow, PtoRow},
        source::Row,
    },
    store::gracethd::{BoxRow, SettledBox},
};

/// Stands for a building, a staircase or a floor that is not said.
const UNSAID: &str = "-";
/// Longest words for where a PBO is, in characters.
const TEXT_MAX: usize = 255;

/// What is wrong with a box: in which column, with which value, and why.
type Wrong = (&'static str, String, String);

/// Gives every PBO and socket that has a place.
pub(super) fn read(reading: &mut Reading<'_>) -> anyhow::Result<()> {
    let sheets = reading.sheets;
    sheets.boxes(&mut |row| {
        if !reading.goes_on {
            return Ok(());
        }
        match settled(&row) {
            Ok(settled) => give(reading, &row, &settled),
            Err((column, value, reason)) => {
                reading.refuse("t_ebp", row.line, column, &value, reason);
                Ok(())
            }
        }
    })
}

fn give(reading: &mut Reading<'_>, row: &BoxRow, settled: &SettledBox) -> anyhow::Result<()> {
    let origin = reading.origin("t_ebp", row.line);
    let given = match given(row, settled) {
        Ok(given) => given,
        Err((column, value, reason)) => {
            reading.refuse("t_ebp", row.line, column, &value, reason);
            return Ok(());
        }
    };
    if let Some(code) = &row.code {
        reading.sheets.settle(code, settled)?;
    }
    if reading.sheets.meets(&settled.place)? {
        let floor = floor(&settled.place);
        reading.goes_on &= reading.taker.row(origin, Row::Floor(floor));
    }
    reading.goes_on &= reading.taker.row(origin, given);
    Ok(())
}

/// A place, as a row.
pub(super) fn floor([site, building, staircase, floor]: &[String; 4]) -> FloorRow {
    FloorRow {
        site: site.clone(),
        place: Place {
            building: building.clone(),
            staircase: staircase.clone(),
            floor: floor.clone(),
        },
    }
}

fn given(row: &BoxRow, settled: &SettledBox) -> Result<Row, Wrong> {
    let at = floor(&settled.place);
    let reference = settled.reference.clone();
    if row.kind == "PBO" {
        return Ok(Row::Pbo(PboRow { at, reference, location: location(row, settled)? }));
    }
    let construction = construction(row.status.as_deref()).ok_or_else(|| {
        let value = row.status.clone().unwrap_or_default();
        let reason =
            "says how far a socket is built: PRE, DIA, AVP, PRO, ACT, EXE, TVX, REC or MCO";
        ("bp_statut", value, reason.to_owned())
    })?;
    Ok(Row::Pto(PtoRow { reference, at, construction }))
}

/// How far a socket is built, by the phase of its works.
pub(super) fn construction(status: Option<&str>) -> Option<Construction> {
    match status? {
        "PRE" | "DIA" | "AVP" | "PRO" | "ACT" | "EXE" => Some(Construction::ToBuild),
        "TVX" => Some(Construction::BeingBuilt),
        "REC" | "MCO" => Some(Construction::Built),
        _ => None,
    }
}

fn settled(row: &BoxRow) -> Result<SettledBox, Wrong> {
    let code = checked("bp_code", row.code.as_deref(), TEXT_MAX)?;
    let is_pbo = row.kind == "PBO";
    let (column, named) = if is_pbo {
        ("bp_etiquet", row.label.as_deref())
    } else {
        ("bp_linecod", row.line_code.as_deref())
    };
    let column = if named.is_some() { column } else { "bp_code" };
    let max = text::length_of("referenceContrat");
    let reference = checked(column, Some(named.unwrap_or(&code)), max)?;
    let site = site(row)?;
    let origin = origin_column(row);
    let part = |column: &'static str, value: &Option<String>| {
        checked(column, Some(value.as_deref().unwrap_or(UNSAID)), max)
    };
    Ok(SettledBox {
        reference,
        place: [
            checked(origin, Some(&site), max)?,
            part("lt_bat", &row.building)?,
            part("sf_escal", &row.staircase)?,
            part("sf_etage", &row.floor)?,
        ],
        kind: row.kind.clone(),
        suf: row.suf.clone(),
        operator: row.operator.clone(),
        status: row.status.clone(),
    })
}

/// The column of `t_ebp` that leads to its place.
fn origin_column(row: &BoxRow) -> &'static str {
    match row.origin.as_deref() {
        Some("lt") => "bp_lt_code",
        Some("pt") => "bp_pt_code",
        _ => "bp_sf_code",
    }
}

fn site(row: &BoxRow) -> Result<String, Wrong> {
    let wrong = |reason: &str| {
        let value = row.origin_code.clone().unwrap_or_default();
        Err((origin_column(row), value, reason.to_owned()))
    };
    match (row.origin.as_deref(), row.there.as_deref(), &row.site) {
        (None, _, _) => wrong("where it is is not said: bp_lt_code, bp_pt_code or bp_sf_code"),
        (Some("sf"), None, _) => wrong("no such dwelling in t_suf"),
        (Some("lt"), None, _) => wrong("no such room in t_ltech"),
        (Some("lt"), Some(""), _) => wrong("the site of this room is not in t_sitetech"),
        (Some(_), None, _) => wrong("no such technical point in t_ptech"),
        (Some(_), Some(_), None) => wrong("this dwelling has no address (sf_ad_code)"),
        (Some(_), Some(_), Some(site)) => Ok(site.clone()),
    }
}

/// Where a PBO is, in words: the address, the room or the technical point, the floor.
fn location(row: &BoxRow, settled: &SettledBox) -> Result<String, Wrong> {
    let [number, complement, street, town] = &row.address;
    let words = |parts: &[&Option<String>]| {
        let said: Vec<_> = parts.iter().filter_map(|part| part.as_deref()).collect();
        said.join(" ")
    };
    let parts = [
        words(&[number, complement, street]),
        words(&[town]),
        words(&[&row.spot]),
        words(&[&row.floor]),
    ];
    let said: Vec<_> = parts.iter().filter(|part| !part.is_empty()).cloned().collect();
    let said = if said.is_empty() { settled.place[0].clone() } else { said.join(", ") };
    checked("ad_nomvoie", Some(text::cut(&said, TEXT_MAX)), TEXT_MAX)
}

/// A value that a question could ask for, or an answer show.
pub(super) fn checked(
    column: &'static str,
    value: Option<&str>,
    length_max: usize,
) -> Result<String, Wrong> {
    let raw = value.unwrap_or_default();
    match text::clean(raw, length_max) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err((column, String::new(), "missing".to_owned())),
        Err(bad) => Err((column, raw.to_owned(), in_english(&bad))),
    }
}
