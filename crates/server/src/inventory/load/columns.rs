//! The columns of each file, and how a line of it is read.

use ereprov_domain::{
    order::{BuildingKind, Intervention, OrderState, RouteKind, Zone},
    reason::Reason,
    refs::Place,
    reprovisioning::State,
    route::{Construction, Usage},
};

use ereprov_wire::text;

use super::{
    record::{Mistake, Record},
    rows::{
        ContractRow, FibreRow, FloorRow, OperatorRow, PboRow, PtoRow, ReprovisioningRow, Service,
    },
    source::Row,
};
use crate::admission::{
    credentials::{LOGIN_MAX, LOGIN_RULE, is_login},
    password,
};

pub(super) use crate::store::export::{CONTRACT, FIBRE, FLOOR, OPERATOR, PBO, PTO, REPROVISIONING};

/// Longest name of a fibre, a cable, a PM or a place, in characters.
const TEXT_MAX: usize = 255;
/// Longest colour, in characters (contract.md, D16a).
const COLOUR_MAX: usize = 50;

/// Longest reference, in characters: what a question could not ask for is not loaded.
fn reference_max() -> usize {
    text::length_of("referenceContrat")
}

/// Columns that a file of fibres must have.
pub(super) const FIBRE_REQUIRED: &[&str] = &[
    "fibre",
    "site",
    "building",
    "staircase",
    "floor",
    "pbo",
    "pm",
    "pm_position",
    "cable",
    "tube",
    "colour",
    "usage",
];
/// Columns that a file of contracts must have.
pub(super) const CONTRACT_REQUIRED: &[&str] = &[
    "contract",
    "operator",
    "site",
    "building",
    "staircase",
    "floor",
    "zone",
    "building_kind",
    "route",
    "order",
    "intervention",
];

fn operator(record: &Record<'_>) -> Result<OperatorRow, Mistake> {
    let login = record.required("login", LOGIN_MAX)?;
    if !is_login(&login) {
        return Err(record.mistake("login", &login, LOGIN_RULE));
    }
    let password_hash = record.required("password_hash", TEXT_MAX)?;
    if !password::is_hash(&password_hash) {
        return Err(record.mistake("password_hash", "", "argon2 in PHC form is expected"));
    }
    let sessions = record.number("sessions")?;
    if sessions == Some(0) {
        return Err(record.mistake("sessions", "0", "at least 1"));
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
        construction: record
            .word("construction", Construction::parse, || words(Construction::ALL))?,
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
        usage: record.word("usage", Usage::parse, || words(Usage::ALL))?,
        service: service(record)?,
        holder: record.optional("holder", reference_max())?,
    })
}

fn service(record: &Record<'_>) -> Result<Option<Service>, Mistake> {
    match record.optional("out_of_service", COLOUR_MAX)?.as_deref() {
        Some("yes") => Ok(Some(Service::Out)),
        Some("restored") => Ok(Some(Service::Restored)),
        Some("no") => Ok(Some(Service::In)),
        None => Ok(None),
        Some(other) => Err(record.mistake("out_of_service", other, "yes, no or restored")),
    }
}

fn contract(record: &Record<'_>) -> Result<ContractRow, Mistake> {
    let row = ContractRow {
        reference: record.required("contract", reference_max())?,
        operator: record.required("operator", LOGIN_MAX)?,
        at: floor(record)?,
        fibre: record.optional("fibre", TEXT_MAX)?,
        pbo: record.optional("pbo", reference_max())?,
        pm: record.optional("pm", TEXT_MAX)?,
        zone: record.word("zone", Zone::parse, || words(Zone::ALL))?,
        building_kind: record
            .word("building_kind", BuildingKind::parse, || words(BuildingKind::ALL))?,
        route: record.word("route", RouteKind::parse, || words(RouteKind::ALL))?,
        existing_socket: record.yes("existing_socket")?,
        opac: record.yes("opac")?,
        order: record.word("order", OrderState::parse, || words(OrderState::ALL))?,
        intervention: record
            .word("intervention", Intervention::parse, || words(Intervention::ALL))?,
    };
    // A put would be 20000, for an inventory that contradicts itself.
    if row.fibre.is_none() && row.order == OrderState::Open && row.route == RouteKind::Real {
        let reason = "missing: an open order on a real route has one";
        return Err(record.mistake("fibre", "", reason));
    }
    Ok(row)
}

fn reprovisioning(record: &Record<'_>) -> Result<ReprovisioningRow, Mistake> {
    let state = record.word("state", State::parse, || words(State::ALL))?;
    if !state.is_final() {
        let reason = "a past re-provisioning has ended: completed, cancelled or failed";
        return Err(record.mistake("state", state.as_str(), reason));
    }
    let accepted = record.time("accepted")?;
    let accepted = accepted.ok_or_else(|| record.mistake("accepted", "", "missing"))?;
    let ended = record.time("ended")?.unwrap_or(accepted);
    if ended < accepted {
        return Err(record.mistake("ended", "", "before it was accepted"));
    }
    Ok(ReprovisioningRow {
        contract: record.required("contract", reference_max())?,
        fibre: record.required("fibre", TEXT_MAX)?,
        old_fibre: record.optional("old_fibre", TEXT_MAX)?,
        reason: record.word("reason", Reason::parse, || words(Reason::ALL))?,
        keep_pto: record.yes("keep_pto")?,
        pto: record.optional("pto", reference_max())?,
        state,
        discharge_code: record.required("discharge_code", reference_max())?,
        accepted_ms: accepted,
        ended_ms: ended,
    })
}

/// A line of one kind, read.
pub(super) type Read = fn(&Record<'_>) -> Result<Row, Mistake>;

/// A line of operators.csv.
pub(super) fn read_operator(record: &Record<'_>) -> Result<Row, Mistake> {
    operator(record).map(Row::Operator)
}

/// A line of floors.csv.
pub(super) fn read_floor(record: &Record<'_>) -> Result<Row, Mistake> {
    floor(record).map(Row::Floor)
}

/// A line of pbos.csv.
pub(super) fn read_pbo(record: &Record<'_>) -> Result<Row, Mistake> {
    pbo(record).map(Row::Pbo)
}

/// A line of ptos.csv.
pub(super) fn read_pto(record: &Record<'_>) -> Result<Row, Mistake> {
    pto(record).map(Row::Pto)
}

/// A line of fibres.csv.
pub(super) fn read_fibre(record: &Record<'_>) -> Result<Row, Mistake> {
    fibre(record).map(Row::Fibre)
}

/// A line of contracts.csv.
pub(super) fn read_contract(record: &Record<'_>) -> Result<Row, Mistake> {
    contract(record).map(Row::Contract)
}

/// A line of reprovisionings.csv.
pub(super) fn read_reprovisioning(record: &Record<'_>) -> Result<Row, Mistake> {
    reprovisioning(record).map(Row::Past)
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
