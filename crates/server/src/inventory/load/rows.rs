//! The rows of each file, typed and checked by themselves.

use ereprov_domain::{
    order::{BuildingKind, Intervention, OrderState, RouteKind, Zone},
    reason::Reason,
    refs::Place,
    reprovisioning::State,
    route::{Construction, Usage},
};

use ereprov_wire::text;

use super::{
    Files,
    record::{Mistake, Origin, Record},
    table::Reader,
};
use crate::admission::{
    credentials::{LOGIN_MAX, LOGIN_RULE, is_login},
    password,
    profile::Profiles,
};

/// Mistakes that are told at the most.
const MISTAKES_MAX: usize = 100;
/// Longest name of a fibre, a cable, a PM or a place, in characters.
const TEXT_MAX: usize = 255;
/// Longest colour, in characters (contract.md, D16a).
const COLOUR_MAX: usize = 50;

/// Longest reference, in characters: what a question could not ask for is not loaded.
fn reference_max() -> usize {
    text::length_of("referenceContrat")
}

/// Every row of every file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) operators: Vec<(Origin, OperatorRow)>,
    pub(super) floors: Vec<(Origin, FloorRow)>,
    pub(super) pbos: Vec<(Origin, PboRow)>,
    pub(super) ptos: Vec<(Origin, PtoRow)>,
    pub(super) fibres: Vec<(Origin, FibreRow)>,
    pub(super) contracts: Vec<(Origin, ContractRow)>,
    pub(super) reprovisionings: Vec<(Origin, ReprovisioningRow)>,
}

#[derive(Debug)]
pub(super) struct OperatorRow {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) password_hash: String,
    pub(super) profile: Option<String>,
    pub(super) quota: Option<i64>,
    pub(super) sessions: Option<i64>,
}

#[derive(Debug)]
pub(super) struct FloorRow {
    pub(super) site: String,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) struct PboRow {
    pub(super) at: FloorRow,
    pub(super) reference: String,
    pub(super) location: String,
}

#[derive(Debug)]
pub(super) struct PtoRow {
    pub(super) reference: String,
    pub(super) at: FloorRow,
    pub(super) construction: Construction,
}

#[derive(Debug)]
pub(super) struct FibreRow {
    pub(super) reference: String,
    pub(super) at: FloorRow,
    pub(super) pbo: String,
    pub(super) pto: Option<String>,
    pub(super) pm: String,
    pub(super) pm_position: String,
    pub(super) cable: String,
    pub(super) tube: String,
    pub(super) colour: String,
    pub(super) usage: Usage,
    pub(super) out_of_service: bool,
    pub(super) holder: Option<String>,
}

#[derive(Debug)]
pub(super) struct ContractRow {
    pub(super) reference: String,
    pub(super) operator: String,
    pub(super) at: FloorRow,
    pub(super) fibre: Option<String>,
    pub(super) pbo: Option<String>,
    pub(super) pm: Option<String>,
    pub(super) zone: Zone,
    pub(super) building_kind: BuildingKind,
    pub(super) route: RouteKind,
    pub(super) existing_socket: bool,
    pub(super) opac: bool,
    pub(super) order: OrderState,
    pub(super) intervention: Intervention,
}

#[derive(Debug)]
pub(super) struct ReprovisioningRow {
    pub(super) contract: String,
    pub(super) fibre: String,
    pub(super) old_fibre: Option<String>,
    pub(super) reason: Reason,
    pub(super) keep_pto: bool,
    pub(super) pto: Option<String>,
    pub(super) state: State,
    pub(super) discharge_code: String,
    pub(super) accepted_ms: i64,
    pub(super) ended_ms: i64,
}

/// Reads every file that is there.
pub(super) fn read(files: &Files, profiles: &Profiles) -> Result<Rows, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut rows = Rows::default();
    let mut reader = Reader::new(files, &mut mistakes);
    rows.operators = reader.rows("operators.csv", OPERATOR, &["login"], operator);
    rows.floors = reader.rows("floors.csv", FLOOR, FLOOR, floor);
    rows.pbos = reader.rows("pbos.csv", PBO, &PBO[..5], pbo);
    rows.ptos = reader.rows("ptos.csv", PTO, &["pto"], pto);
    rows.fibres = reader.rows("fibres.csv", FIBRE, &["fibre"], fibre);
    rows.contracts = reader.rows("contracts.csv", CONTRACT, &["contract"], contract);
    rows.reprovisionings =
        reader.rows("reprovisionings.csv", REPROVISIONING, &["discharge_code"], reprovisioning);
    for (origin, row) in &rows.operators {
        let profile = row.profile.as_ref().filter(|name| !profiles.contains_key(*name));
        mistakes.extend(profile.map(|name| {
            let known: Vec<_> = profiles.keys().map(String::as_str).collect();
            let reason = format!("not in the configuration, which has {}", known.join(", "));
            origin.mistake("profile", name, reason)
        }));
    }
    mistakes.truncate(MISTAKES_MAX);
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

const OPERATOR: &[&str] = &["login", "name", "password_hash", "profile", "quota", "sessions"];
const FLOOR: &[&str] = &["site", "building", "staircase", "floor"];
const PBO: &[&str] = &["site", "building", "staircase", "floor", "pbo", "location"];
const PTO: &[&str] = &["pto", "site", "building", "staircase", "floor", "construction"];
const FIBRE: &[&str] = &[
    "fibre",
    "site",
    "building",
    "staircase",
    "floor",
    "pbo",
    "pto",
    "pm",
    "pm_position",
    "cable",
    "tube",
    "colour",
    "usage",
    "out_of_service",
    "holder",
];
const CONTRACT: &[&str] = &[
    "contract",
    "operator",
    "site",
    "building",
    "staircase",
    "floor",
    "fibre",
    "pbo",
    "pm",
    "zone",
    "building_kind",
    "route",
    "existing_socket",
    "opac",
    "order",
    "intervention",
];
const REPROVISIONING: &[&str] = &[
    "contract",
    "fibre",
    "old_fibre",
    "reason",
    "keep_pto",
    "pto",
    "state",
    "discharge_code",
    "accepted",
    "ended",
];

fn operator(record: &Record<'_>) -> Result<OperatorRow, Mistake> {
    let login = record.required("login", LOGIN_MAX)?;
    if !is_login(&login) {
        return Err(record.origin.mistake("login", &login, LOGIN_RULE));
    }
    let password_hash = record.required("password_hash", TEXT_MAX)?;
    if !password::is_hash(&password_hash) {
        return Err(record.origin.mistake("password_hash", "", "argon2 in PHC form is expected"));
    }
    let sessions = record.number("sessions")?;
    if sessions == Some(0) {
        return Err(record.origin.mistake("sessions", "0", "at least 1"));
    }
    Ok(OperatorRow {
        login,
        name: record.required("name", LOGIN_MAX)?,
        password_hash,
        profile: record.optional("profile", LOGIN_MAX)?,
        quota: record.number("quota")?,
        sessions,
    })
}

fn floor(record: &Record<'_>) -> Result<FloorRow, Mistake> {
    Ok(FloorRow {
        site: record.required("site", reference_max())?,
        place: Place {
            building: record.required("building", reference_max())?,
            staircase: record.required("staircase", reference_max())?,
            floor: record.required("floor", reference_max())?,
        },
    })
}

fn pbo(record: &Record<'_>) -> Result<PboRow, Mistake> {
    let at = floor(record)?;
    // Where nothing else is said, a PBO is where its floor is.
    let location = record.optional("location", TEXT_MAX)?;
    let location = location.unwrap_or_else(|| at.place.floor.clone());
    Ok(PboRow { reference: record.required("pbo", reference_max())?, location, at })
}

fn pto(record: &Record<'_>) -> Result<PtoRow, Mistake> {
    Ok(PtoRow {
        reference: record.required("pto", reference_max())?,
        at: floor(record)?,
        construction: record.word(
            "construction",
            Construction::parse,
            &words(Construction::ALL),
        )?,
    })
}

fn fibre(record: &Record<'_>) -> Result<FibreRow, Mistake> {
    Ok(FibreRow {
        reference: record.required("fibre", TEXT_MAX)?,
        at: floor(record)?,
        pbo: record.required("pbo", reference_max())?,
        pto: record.optional("pto", reference_max())?,
        pm: record.required("pm", TEXT_MAX)?,
        pm_position: record.required("pm_position", TEXT_MAX)?,
        cable: record.required("cable", TEXT_MAX)?,
        tube: record.required("tube", COLOUR_MAX)?,
        colour: record.required("colour", COLOUR_MAX)?,
        usage: record.word("usage", Usage::parse, &words(Usage::ALL))?,
        out_of_service: record.yes("out_of_service")?,
        holder: record.optional("holder", reference_max())?,
    })
}

fn contract(record: &Record<'_>) -> Result<ContractRow, Mistake> {
    let row = ContractRow {
        reference: record.required("contract", reference_max())?,
        operator: record.required("operator", LOGIN_MAX)?,
        at: floor(record)?,
        fibre: record.optional("fibre", TEXT_MAX)?,
        pbo: record.optional("pbo", reference_max())?,
        pm: record.optional("pm", TEXT_MAX)?,
        zone: record.word("zone", Zone::parse, &words(Zone::ALL))?,
        building_kind: record.word(
            "building_kind",
            BuildingKind::parse,
            &words(BuildingKind::ALL),
        )?,
        route: record.word("route", RouteKind::parse, &words(RouteKind::ALL))?,
        existing_socket: record.yes("existing_socket")?,
        opac: record.yes("opac")?,
        order: record.word("order", OrderState::parse, &words(OrderState::ALL))?,
        intervention: record.word(
            "intervention",
            Intervention::parse,
            &words(Intervention::ALL),
        )?,
    };
    // A put would be 20000, for an inventory that contradicts itself.
    if row.fibre.is_none() && row.order == OrderState::Open && row.route == RouteKind::Real {
        let reason = "missing: an open order on a real route has one";
        return Err(record.origin.mistake("fibre", "", reason));
    }
    Ok(row)
}

fn reprovisioning(record: &Record<'_>) -> Result<ReprovisioningRow, Mistake> {
    let state = record.word("state", State::parse, &words(State::ALL))?;
    if !state.is_final() {
        let reason = "a past re-provisioning has ended: completed, cancelled or failed";
        return Err(record.origin.mistake("state", state.as_str(), reason));
    }
    let accepted = record.time("accepted")?;
    let accepted = accepted.ok_or_else(|| record.origin.mistake("accepted", "", "missing"))?;
    let ended = record.time("ended")?.unwrap_or(accepted);
    if ended < accepted {
        return Err(record.origin.mistake("ended", "", "before it was accepted"));
    }
    Ok(ReprovisioningRow {
        contract: record.required("contract", reference_max())?,
        fibre: record.required("fibre", TEXT_MAX)?,
        old_fibre: record.optional("old_fibre", TEXT_MAX)?,
        reason: record.word("reason", Reason::parse, &words(Reason::ALL))?,
        keep_pto: record.yes("keep_pto")?,
        pto: record.optional("pto", reference_max())?,
        state,
        discharge_code: record.required("discharge_code", reference_max())?,
        accepted_ms: accepted,
        ended_ms: ended,
    })
}

fn words<T: Word>(all: &[T]) -> Vec<&'static str> {
    all.iter().map(Word::word).collect()
}

/// The stable words of the domain's enumerations.
trait Word {
    fn word(&self) -> &'static str;
}

macro_rules! words {
    ($($name:ident)*) => { $(impl Word for $name { fn word(&self) -> &'static str { self.as_str() } })* };
}

words! { BuildingKind Construction Intervention OrderState Reason RouteKind State Usage Zone }
