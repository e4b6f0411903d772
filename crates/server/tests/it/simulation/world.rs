//! The little network that is played on: few fibres, so that contracts meet.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
use ereprov_server::inventory::load::Files;

/// From an order to the begin of re-patching, and from there to its end.
pub const START_MS: i64 = 2_000;
pub const REPATCH_MS: i64 = 3_000;
/// The workflow's settings.
pub const POLL_MS: i64 = 1_000;
pub const LEASE_MS: i64 = 30_000;
pub const FAILURES_MAX: i64 = 3;
pub const BACKOFF_FIRST_MS: i64 = 1_000;
pub const BACKOFF_MAX_MS: i64 = 3_000;
/// Calls to Networks that fail at first, for [`Networks::Fails`].
pub const ERRORS: u64 = 2;

/// How Networks behaves for a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    Willing,
    Refuses,
    /// The first calls after the acceptance fail.
    Fails,
    /// Every call after the acceptance fails.
    Dead,
    /// What it answers before the acceptance, and the code that comes of it.
    Says(&'static str, &'static str),
}

/// Logins, and the profile of each.
pub const OPERATORS: [(&str, Option<&str>); 4] =
    [("oc-a", Some("OC")), ("oc-b", Some("OC")), ("oc-lecture", Some("LECTURE")), ("oc-nu", None)];

/// Calls a month and requests at once, where nothing else is said.
pub const QUOTA: i64 = 2_000;
pub const SESSIONS: i64 = 2;

/// Site, building, staircase, floor.
pub const FLOORS: [[&str; 4]; 7] = [
    ["S1", "A", "E1", "00"],
    ["S1", "A", "E1", "01"],
    ["S1", "B", "E2", "00"],
    ["S2", "A", "E1", "01"],
    ["S2", "A", "E1", "00"],
    ["S3", "A", "E1", "00"],
    ["S3", "A", "E1", "01"],
];

/// Floor, name.
pub const PBOS: [(usize, &str); 7] =
    [(0, "P1"), (1, "P2"), (2, "P3"), (3, "P2"), (4, "P1"), (5, "P1"), (6, "P2")];

/// A fibre: name, PBO, floor and construction of its socket, PM, label, holder.
pub type FibreRow = (
    &'static str,
    usize,
    Option<(usize, &'static str)>,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const OUT: &str = "out_of_service";

pub const FIBRES: &[FibreRow] = &[
    ("F01", 0, Some((0, "built")), "PM-1", "occupied", None),
    ("F02", 0, Some((0, "built")), "PM-1", "occupied", None),
    ("F03", 0, Some((0, "built")), "PM-1", "occupied", None),
    ("F04", 1, Some((1, "built")), "PM-1", "occupied", None),
    ("F05", 1, None, "PM-1", "occupied", None),
    ("F06", 1, None, "PM-1", "occupied", None),
    ("F07", 2, Some((2, "built")), "PM-1", "occupied", None),
    ("F08", 2, Some((2, "built")), "PM-1", "occupied", None),
    ("F09", 2, Some((2, "built")), "PM-1", "occupied", None),
    ("F10", 0, Some((0, "built")), "PM-1", "occupied", None),
    ("F11", 0, Some((0, "built")), "PM-1", "available", None),
    ("F12", 0, Some((1, "built")), "PM-1", "available", None),
    ("F13", 0, Some((0, "to_build")), "PM-1", "available", None),
    ("F14", 1, Some((0, "to_build")), "PM-1", "available", None),
    ("F15", 1, Some((1, "being_built")), "PM-1", "reserved", None),
    ("F16", 1, None, "PM-1", "available", None),
    ("F17", 1, Some((1, "built")), "PM-1", "available", None),
    ("F18", 2, Some((2, "built")), "PM-1", "available", None),
    ("F19", 2, Some((2, "to_build")), "PM-1", "available", None),
    ("F20", 2, Some((2, "being_built")), "PM-1", "reserved", Some("C7")),
    ("F21", 2, Some((2, "built")), "PM-1", "available", Some("C2")),
    ("F22", 2, Some((2, "built")), "PM-1", "reserved", None),
    ("F23", 0, Some((0, "built")), "PM-1", OUT, None),
    ("F24", 0, Some((0, "built")), "PM-9", "available", None),
    ("F25", 1, Some((1, "built")), "PM-1", "available", None),
    ("F26", 2, Some((2, "to_build")), "PM-1", "available", None),
    ("F27", 0, Some((0, "being_built")), "PM-1", "reserved", Some("C1")),
    ("G01", 4, Some((4, "built")), "PM-2", "occupied", None),
    ("G02", 4, Some((4, "built")), "PM-2", "available", None),
    ("G03", 4, Some((4, "to_build")), "PM-2", "available", None),
    ("G04", 3, Some((3, "built")), "PM-2", "available", None),
    ("G05", 4, Some((4, "built")), "PM-2", "occupied", None),
    ("H01", 5, Some((5, "built")), "PM-1", "occupied", None),
    ("H02", 5, Some((5, "built")), "PM-1", "available", None),
    ("H03", 6, Some((6, "built")), "PM-1", "available", None),
    ("H04", 5, Some((5, "being_built")), "PM-1", "reserved", None),
];

/// A contract: name, operator, floor, route, zone, building, virtual, existing socket, OPAC, order
/// and intervention, Networks.
pub struct ContractRow {
    pub name: &'static str,
    pub operator: usize,
    pub floor: usize,
    pub fibre: &'static str,
    pub zmd: bool,
    pub house: bool,
    pub is_virtual: bool,
    pub existing_socket: bool,
    pub opac: bool,
    pub order: &'static str,
    pub intervention: &'static str,
    pub networks: Networks,
    /// PBO and PM of the CR CMD, where the route does not tell them.
    pub cr: Option<(usize, &'static str)>,
}

const PLAIN: ContractRow = ContractRow {
    name: "",
    operator: 0,
    floor: 0,
    fibre: "",
    zmd: false,
    house: false,
    is_virtual: false,
    existing_socket: false,
    opac: false,
    order: "open",
    intervention: "connection",
    networks: Networks::Willing,
    cr: None,
};

pub const CONTRACTS: &[ContractRow] = &[
    ContractRow { name: "C1", fibre: "F01", ..PLAIN },
    ContractRow { name: "C2", fibre: "F02", operator: 1, ..PLAIN },
    ContractRow { name: "C3", fibre: "F03", existing_socket: true, ..PLAIN },
    ContractRow { name: "C4", fibre: "F04", operator: 1, floor: 1, opac: true, ..PLAIN },
    ContractRow { name: "C5", fibre: "F05", floor: 1, is_virtual: true, ..PLAIN },
    ContractRow { name: "C6", fibre: "F06", operator: 1, floor: 1, ..PLAIN },
    ContractRow { name: "C7", fibre: "F07", floor: 2, networks: Networks::Refuses, ..PLAIN },
    ContractRow { name: "C8", fibre: "F08", floor: 2, networks: Networks::Fails, ..PLAIN },
    ContractRow {
        name: "C9",
        fibre: "F09",
        operator: 1,
        floor: 2,
        networks: Networks::Dead,
        ..PLAIN
    },
    ContractRow { name: "C10", fibre: "F10", order: "done", ..PLAIN },
    ContractRow { name: "Z1", fibre: "G01", floor: 4, zmd: true, ..PLAIN },
    ContractRow {
        name: "Z2",
        fibre: "G05",
        operator: 1,
        floor: 4,
        zmd: true,
        networks: Networks::Says("busy", "20009"),
        ..PLAIN
    },
    ContractRow { name: "H1", fibre: "H01", operator: 1, floor: 5, house: true, ..PLAIN },
    ContractRow { name: "V1", floor: 5, is_virtual: true, cr: Some((5, "PM-1")), ..PLAIN },
    ContractRow { name: "V2", fibre: "G04", floor: 4, order: "cancelled", ..PLAIN },
    ContractRow { name: "V3", fibre: "H03", floor: 5, intervention: "other", ..PLAIN },
    ContractRow { name: "L1", operator: 2, floor: 1, order: "none", ..PLAIN },
];

/// The settings.
pub fn config() -> String {
    let mut text = format!(
        "[profiles.OC]\nmethods = [\"getSiteStructure\", \"getRoSite\", \"putReprovisionning\", \
         \"getReprovisionning\"]\nquota_per_month = {QUOTA}\nsessions = {SESSIONS}\n\
         [networks]\nstart_ms = {START_MS}\nrepatch_ms = {REPATCH_MS}\n\
         [workflow]\npoll_ms = {POLL_MS}\nlease_ms = {LEASE_MS}\nfailures_max = {FAILURES_MAX}\n\
         backoff_first_ms = {BACKOFF_FIRST_MS}\nbackoff_max_ms = {BACKOFF_MAX_MS}\n\
         [admission]\nlogin_failures_max = 1000000000\n"
    );
    for row in CONTRACTS {
        let behaviour = match row.networks {
            Networks::Willing => continue,
            Networks::Refuses => "refuses = true".to_owned(),
            Networks::Fails => format!("errors = {ERRORS}"),
            Networks::Dead => "errors = 1000000000".to_owned(),
            Networks::Says(word, _) => format!("ask = \"{word}\""),
        };
        text += &format!("[[networks.behaviour]]\ncontract = \"{}\"\n{behaviour}\n", row.name);
    }
    text
}

/// The files of the network.
pub fn files() -> Files {
    let place = |floor: usize| FLOORS[floor].join(";");
    let mut operators = "login;name;password_hash;profile;quota;sessions\n".to_owned();
    for (login, profile) in OPERATORS {
        operators +=
            &format!("{login};{login};{};{};;\n", cheap_hash(login), profile.unwrap_or(""));
    }
    let mut floors = "site;building;staircase;floor\n".to_owned();
    floors.extend((0..FLOORS.len()).map(|floor| place(floor) + "\n"));
    let mut pbos = "site;building;staircase;floor;pbo;location\n".to_owned();
    pbos.extend(PBOS.map(|(floor, name)| format!("{};{name};at {name}\n", place(floor))));
    let mut ptos = "pto;site;building;staircase;floor;construction\n".to_owned();
    let mut fibres = "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;\
                      colour;usage;out_of_service;holder\n"
        .to_owned();
    for (name, pbo, pto, pm, usage, holder) in FIBRES {
        if let Some((floor, construction)) = pto {
            ptos += &format!("T-{name};{};{construction}\n", place(*floor));
        }
        let socket = pto.map_or(String::new(), |_| format!("T-{name}"));
        let (usage, out) = if *usage == OUT { ("occupied", "yes") } else { (*usage, "no") };
        let (floor, pbo) = PBOS[*pbo];
        fibres += &format!(
            "{name};{};{pbo};{socket};{pm};pos {name};cable;tube;{name};{usage};{out};{}\n",
            place(floor),
            holder.unwrap_or("")
        );
    }
    let mut contracts = "contract;operator;site;building;staircase;floor;fibre;pbo;pm;zone;\
                         building_kind;route;existing_socket;opac;order;intervention\n"
        .to_owned();
    let yes = |is: bool| if is { "yes" } else { "no" };
    for row in CONTRACTS {
        contracts += &format!(
            "{};{};{};{};{};{};{};{};{};{};{};{};{}\n",
            row.name,
            OPERATORS[row.operator].0,
            place(row.floor),
            row.fibre,
            row.cr.map_or("", |(pbo, _)| PBOS[pbo].1),
            row.cr.map_or("", |(_, pm)| pm),
            if row.zmd { "zmd" } else { "ztd" },
            if row.house { "house" } else { "collective" },
            if row.is_virtual { "virtual" } else { "real" },
            yes(row.existing_socket),
            yes(row.opac),
            row.order,
            row.intervention,
        );
    }
    Files::from([
        ("operators.csv", operators),
        ("floors.csv", floors),
        ("pbos.csv", pbos),
        ("ptos.csv", ptos),
        ("fibres.csv", fibres),
        ("contracts.csv", contracts),
    ])
}

/// A hash that costs next to nothing: logins are not what is tried here.
fn cheap_hash(password: &str) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap().to_string()
}
