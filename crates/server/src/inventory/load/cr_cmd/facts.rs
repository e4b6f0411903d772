//! What no report of orders says, said beside them: zone, kind of building and OPAC of a site or a PM.

use std::collections::HashSet;

use ereprov_domain::order::{BuildingKind, Zone};
use ereprov_wire::text;

use crate::inventory::load::{
    header::Columns,
    record::{Mistake, Record},
    rows::FactRow,
};

/// Longest name of a PM, in characters.
const TEXT_MAX: usize = 255;
/// Longest word, in characters.
const WORD_MAX: usize = 40;

pub(super) static COLUMNS: Columns = Columns {
    read: &["site", "pm", "zone", "building_kind", "opac"],
    required: &[],
    same: str::to_ascii_lowercase,
};

/// Reads a line; `met` has the sites and PMs of those before it.
pub(super) fn read(
    record: &Record<'_>,
    met: &mut HashSet<(bool, String)>,
) -> Result<FactRow, Mistake> {
    let site = record.optional("site", text::length_of("referenceContrat"))?;
    let pm = record.optional("pm", TEXT_MAX)?;
    let key = match (&site, &pm) {
        (Some(site), None) => (true, site.clone()),
        (None, Some(pm)) => (false, pm.clone()),
        _ => return Err(record.mistake("site", "", "a line is about a site or about a PM")),
    };
    let named = if key.0 { "site" } else { "pm" };
    if !met.insert(key.clone()) {
        return Err(record.mistake(named, &key.1, "a line before it is about the same"));
    }
    Ok(FactRow {
        site,
        pm,
        zone: word(record, "zone", Zone::parse, "ztd or zmd")?,
        building_kind: word(record, "building_kind", BuildingKind::parse, "collective or house")?,
        opac: match record.optional("opac", WORD_MAX)? {
            None => None,
            Some(_) => Some(record.yes("opac")?),
        },
    })
}

fn word<T>(
    record: &Record<'_>,
    column: &'static str,
    parse: fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, Mistake> {
    let Some(word) = record.optional(column, WORD_MAX)? else { return Ok(None) };
    parse(&word).map(Some).ok_or_else(|| record.mistake(column, &word, expected))
}
