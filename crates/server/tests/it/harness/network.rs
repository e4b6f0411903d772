//! The demo network, by name (docs/demo-network.md).

/// The contract of the specification's samples.
pub const MUT: &str = "MUT56816520160316162024";

/// Contracts with a site of their own, in the order of the demo's files; each site has the same
/// eleven fibres.
const SITES: [&str; 22] = [
    "DEMO-ZMD",
    "DEMO-ZTD-PAVILLON",
    "DEMO-ROV",
    "DEMO-OPAC",
    "DEMO-PRISE-EXISTANTE",
    "DEMO-ECHEC",
    "DEMO-LENT",
    "DEMO-20008",
    "DEMO-20009",
    "DEMO-20010",
    "DEMO-20011",
    "DEMO-SANS-PTO",
    "DEMO-LECTURE",
    "DEMO-QUOTA",
    "DEMO-AUTRE-OC",
    "DEMO-SANS-COMMANDE",
    "DEMO-COMMANDE-FINIE",
    "DEMO-COMMANDE-INVALIDE",
    "DEMO-SANS-CR",
    "DEMO-SAV",
    "DEMO-SIMPLE",
    "DEMO-20007",
];

/// What a fibre of such a site is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The contract's route.
    Current = 1,
    /// Built and available.
    Free = 2,
    /// To build and available: the socket may be kept.
    Fresh = 3,
    /// Being built and reserved for nobody known: the socket may be kept.
    Reserved = 4,
    /// The neighbour's line.
    Neighbour = 5,
    /// Built and reserved.
    Taken = 6,
    /// Labelled available, held by the neighbour.
    Mislabelled = 7,
    /// Being built and reserved by the neighbour.
    NeighbourNext = 8,
    /// Out of service.
    Broken = 9,
    /// On the other PBO of the site.
    OtherPbo = 10,
    /// On another PM.
    OtherPm = 11,
}

/// The fibre of a contract's site that plays a part; its socket has the same name.
pub fn fibre(contract: &str, role: Role) -> String {
    let site = SITES.iter().position(|known| *known == contract).expect("a contract of the demo");
    format!("CTP-{}-1", 6_000_000 + (site + 1) * 100 + role as usize)
}
