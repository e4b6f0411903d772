//! The rows of an inventory, typed and checked by themselves.

use ereprov_domain::{
    order::{BuildingKind, Intervention, OrderState, RouteKind, Zone},
    reason::Reason,
    refs::Place,
    reprovisioning::State,
    route::{Construction, Usage},
};

/// An operator.
#[derive(Debug, Clone)]
pub struct OperatorRow {
    /// What it logs in with.
    pub login: String,
    /// What people call it.
    pub name: String,
    /// Its password, hashed.
    pub password_hash: String,
    /// Its technical profile.
    pub profile: Option<String>,
    /// Calls a month.
    pub quota: Option<i64>,
    /// Requests at once.
    pub sessions: Option<i64>,
}

/// A place: a floor of a site.
#[derive(Debug, Clone)]
pub struct FloorRow {
    /// The site.
    pub site: String,
    /// Building, staircase and floor.
    pub place: Place,
}

/// A PBO.
#[derive(Debug, Clone)]
pub struct PboRow {
    /// Where it is.
    pub at: FloorRow,
    /// What it is called, on its floor.
    pub reference: String,
    /// Where it is, in words.
    pub location: String,
}

/// A socket.
#[derive(Debug, Clone)]
pub struct PtoRow {
    /// What it is called.
    pub reference: String,
    /// Where it is.
    pub at: FloorRow,
    /// How far it is built.
    pub construction: Construction,
}

/// A fibre: one route from the PM to a PBO.
#[derive(Debug, Clone)]
pub struct FibreRow {
    /// What it is called.
    pub reference: String,
    /// Where its PBO is.
    pub at: FloorRow,
    /// Its PBO.
    pub pbo: String,
    /// The socket that it serves.
    pub pto: Option<String>,
    /// Its PM.
    pub pm: String,
    /// Its position there.
    pub pm_position: String,
    /// Cable, in words.
    pub cable: String,
    /// Colour of the tube.
    pub tube: String,
    /// Colour of the fibre.
    pub colour: String,
    /// Its label.
    pub usage: Usage,
    /// Whether it is out of service, where the file says so.
    pub service: Option<Service>,
    /// The contract that has it reserved.
    pub holder: Option<String>,
}

/// What a file says about a fibre's service, where it says anything that changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Out of service: never offered.
    Out,
    /// In service, which does not bring back what was taken out of it.
    In,
    /// Back in service, whatever it was.
    Restored,
}

/// A contract.
#[derive(Debug, Clone)]
pub struct ContractRow {
    /// What its operator calls it.
    pub reference: String,
    /// The operator's login.
    pub operator: String,
    /// Its own place.
    pub at: FloorRow,
    /// Its route.
    pub fibre: Option<String>,
    /// The PBO of its CR CMD.
    pub pbo: Option<String>,
    /// Its PM.
    pub pm: Option<String>,
    /// ZTD or ZMD.
    pub zone: Zone,
    /// Collective building or house.
    pub building_kind: BuildingKind,
    /// Real or virtual.
    pub route: RouteKind,
    /// Ordered on an existing socket.
    pub existing_socket: bool,
    /// Ordered on the OPAC base.
    pub opac: bool,
    /// Where its order stands.
    pub order: OrderState,
    /// What the technician comes for.
    pub intervention: Intervention,
}

/// What the report of an order (CR CMD) says of a contract: the route by what a technician reads, to be
/// found among the fibres that are there, and nothing of the place.
#[derive(Debug, Clone)]
pub struct ReportRow {
    /// What its operator calls the contract.
    pub reference: String,
    /// The operator's login.
    pub operator: String,
    /// Whether the order is delivered; false: it is refused, and only called off.
    pub accepted: bool,
    /// The socket.
    pub pto: Option<String>,
    /// The PBO, wherever it stands.
    pub pbo: Option<String>,
    /// The PM.
    pub pm: Option<String>,
    /// The position there.
    pub pm_position: Option<String>,
    /// The cable at the PBO.
    pub cable: Option<String>,
    /// Colour of the tube at the PBO.
    pub tube: Option<String>,
    /// Colour of the fibre at the PBO.
    pub colour: Option<String>,
    /// Whether it was ordered on an existing socket, where the file says so.
    pub existing_socket: Option<bool>,
    /// The zone of contracts that nothing else says it of.
    pub zone: Option<Zone>,
    /// The kind of building of contracts that nothing else says it of.
    pub building_kind: Option<BuildingKind>,
}

/// What no report of an order says, of the contracts of a site or, where the site has no such row, of a PM.
#[derive(Debug, Clone)]
pub struct FactRow {
    /// The site.
    pub site: Option<String>,
    /// The PM.
    pub pm: Option<String>,
    /// ZTD or ZMD.
    pub zone: Option<Zone>,
    /// Collective building or house.
    pub building_kind: Option<BuildingKind>,
    /// Whether its contracts are on the OPAC base.
    pub opac: Option<bool>,
}

/// A past re-provisioning.
#[derive(Debug, Clone)]
pub struct ReprovisioningRow {
    /// Whose.
    pub contract: String,
    /// To which fibre.
    pub fibre: String,
    /// From which.
    pub old_fibre: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Whether the socket stayed.
    pub keep_pto: bool,
    /// The socket that was named.
    pub pto: Option<String>,
    /// How it ended.
    pub state: State,
    /// What the operator reports it by.
    pub discharge_code: String,
    /// When it was accepted, in ms since 1970.
    pub accepted_ms: i64,
    /// When it ended, in ms since 1970.
    pub ended_ms: i64,
}
