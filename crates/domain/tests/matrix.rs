//! Every combination of the facts that §1.1 and §3.4.1 speak about, against a table written down
//! from the text: 15 reasons, keeping or not, nine pairs of states, zones, buildings, PBOs, PMs,
//! virtual routes, OPAC, existing sockets.

use ereprov_domain::{
    eligibility::{Asked, Line, PboRelation, Rule, Target, check},
    order::{BuildingKind, RouteKind, Zone},
    reason::Reason,
    route::{Construction, Holder, Usage},
};

/// §3.4.1: the reasons, and whether the text lets the socket be kept for them.
const REASONS: [(Reason, &str); 15] = [
    (Reason::ExistingPto, "0"),
    (Reason::WrongBuilding, "0"),
    (Reason::WrongStaircase, "0"),
    (Reason::OccupiedFibre, "0 or 1"),
    (Reason::BrokenFibre, "0 or 1"),
    (Reason::WrongAddress, "0"),
    (Reason::WrongFloor, "0"),
    (Reason::WrongPbo, "0 or 1"),
    (Reason::NoSignal, "0 or 1"),
    (Reason::MissingPto, "0"),
    (Reason::WrongPto, "0"),
    (Reason::FullPbo, "0 or 1"),
    (Reason::DistantPbo, "0 or 1"),
    (Reason::CivilWorks, "0 or 1"),
    (Reason::VirtualRoute, "0"),
];

/// The nine pairs of states: may a fibre in it be asked for without keeping the socket (D29), and
/// with (fifth rule)?
const STATES: [(Construction, Usage, bool, bool); 9] = [
    (Construction::ToBuild, Usage::Available, true, true),
    (Construction::ToBuild, Usage::Occupied, false, false),
    (Construction::ToBuild, Usage::Reserved, false, false),
    (Construction::BeingBuilt, Usage::Available, true, false),
    (Construction::BeingBuilt, Usage::Occupied, false, false),
    (Construction::BeingBuilt, Usage::Reserved, false, true),
    (Construction::Built, Usage::Available, true, false),
    (Construction::Built, Usage::Occupied, false, false),
    (Construction::Built, Usage::Reserved, false, false),
];

/// D30: zone, building, where the PBO is, may it be asked for?
const PLACES: [(Zone, BuildingKind, PboRelation, bool); 12] = [
    (Zone::Ztd, BuildingKind::Collective, PboRelation::OfTheOrder, true),
    (Zone::Ztd, BuildingKind::Collective, PboRelation::OfTheSite, true),
    (Zone::Ztd, BuildingKind::Collective, PboRelation::Elsewhere, false),
    (Zone::Ztd, BuildingKind::House, PboRelation::OfTheOrder, true),
    (Zone::Ztd, BuildingKind::House, PboRelation::OfTheSite, false),
    (Zone::Ztd, BuildingKind::House, PboRelation::Elsewhere, false),
    (Zone::Zmd, BuildingKind::Collective, PboRelation::OfTheOrder, true),
    (Zone::Zmd, BuildingKind::Collective, PboRelation::OfTheSite, false),
    (Zone::Zmd, BuildingKind::Collective, PboRelation::Elsewhere, false),
    (Zone::Zmd, BuildingKind::House, PboRelation::OfTheOrder, true),
    (Zone::Zmd, BuildingKind::House, PboRelation::OfTheSite, false),
    (Zone::Zmd, BuildingKind::House, PboRelation::Elsewhere, false),
];

const BOTH: [bool; 2] = [false, true];

struct Case {
    reason: (Reason, &'static str),
    keep: bool,
    state: (Construction, Usage, bool, bool),
    place: (Zone, BuildingKind, PboRelation, bool),
    same_pm: bool,
    is_virtual: bool,
    opac: bool,
    existing_socket: bool,
}

impl Case {
    /// Which families of rules the table says are broken, in the order of contract.md D26.
    fn broken(&self) -> Vec<&'static str> {
        let mut broken = Vec::new();
        if !self.same_pm || !self.place.3 {
            broken.push("place");
        }
        if self.keep {
            let existing = self.existing_socket && self.reason.0 != Reason::BrokenFibre;
            if existing || self.opac || self.reason.1 == "0" || self.is_virtual {
                broken.push("keeping");
            }
            if !self.state.3 {
                broken.push("state when kept");
            }
        } else if !self.state.2 {
            broken.push("state");
        }
        broken
    }

    fn decided(&self) -> Result<(), Rule> {
        let route = if self.is_virtual { RouteKind::Virtual } else { RouteKind::Real };
        let line = Line {
            zone: self.place.0,
            building: self.place.1,
            route,
            existing_socket: self.existing_socket,
            opac: self.opac,
            has_socket: true,
        };
        let asked = Asked { reason: self.reason.0, keep_pto: self.keep, names_pto: false };
        let target = Target {
            same_pm: self.same_pm,
            pbo: self.place.2,
            is_current: false,
            construction: self.state.0,
            usage: self.state.1,
            holder: Holder::Nobody,
            kept_pto_holder: Holder::ThisContract,
        };
        check(&line, &asked, &target)
    }
}

/// The family of a rule, as the table calls it.
fn family(rule: Rule) -> &'static str {
    match rule {
        Rule::OtherPm
        | Rule::OtherPboInZmd
        | Rule::OtherPboOutsideCollective
        | Rule::PboOfAnotherSite => "place",
        Rule::KeepsExistingSocket
        | Rule::KeepsOpacSocket
        | Rule::KeepsDespiteReason
        | Rule::KeepsOnVirtualRoute => "keeping",
        Rule::KeptSocketNeedsFreshFibre => "state when kept",
        Rule::NotAvailable(_) => "state",
        Rule::SameFibre
        | Rule::NamesSocketOnVirtualRoute
        | Rule::NoSocketToKeep
        | Rule::HeldByAnother
        | Rule::SocketHeldByAnother => "another",
    }
}

#[test]
fn every_combination() {
    let mut seen = 0;
    for reason in REASONS {
        for (keep, same_pm) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
            for state in STATES {
                for place in PLACES {
                    for flags in 0..8_u8 {
                        let case = Case {
                            reason,
                            keep,
                            state,
                            place,
                            same_pm,
                            is_virtual: flags & 1 != 0,
                            opac: flags & 2 != 0,
                            existing_socket: flags & 4 != 0,
                        };
                        compare(&case);
                        seen += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen, 15 * 2 * 2 * 9 * 12 * 8);
}

#[track_caller]
fn compare(case: &Case) {
    let said = case.decided().err().map(family);
    let expected = case.broken().first().copied();
    assert_eq!(
        said,
        expected,
        "{:?} keep {} {:?} {:?} {:?} {:?} {:?} same PM {} virtual {} OPAC {} existing {}",
        case.reason.0,
        case.keep,
        case.state.0,
        case.state.1,
        case.place.0,
        case.place.1,
        case.place.2,
        case.same_pm,
        case.is_virtual,
        case.opac,
        case.existing_socket,
    );
}

/// A request that breaks nothing, to be bent one fact at a time.
fn allowed(keep_pto: bool) -> (Line, Asked, Target) {
    let line = Line {
        zone: Zone::Ztd,
        building: BuildingKind::Collective,
        route: RouteKind::Real,
        existing_socket: false,
        opac: false,
        has_socket: true,
    };
    let asked = Asked { reason: Reason::BrokenFibre, keep_pto, names_pto: false };
    let target = Target {
        same_pm: true,
        pbo: PboRelation::OfTheOrder,
        is_current: false,
        construction: Construction::ToBuild,
        usage: Usage::Available,
        holder: Holder::Nobody,
        kept_pto_holder: Holder::Nobody,
    };
    (line, asked, target)
}

#[test]
fn the_route_that_the_contract_has_is_never_a_new_one() {
    for keep in BOTH {
        let (line, asked, target) = allowed(keep);
        assert_eq!(check(&line, &asked, &target), Ok(()));
        let current = Target { is_current: true, ..target };
        assert_eq!(check(&line, &asked, &current), Err(Rule::SameFibre));
    }
}

#[test]
fn what_another_contract_holds_is_never_given() {
    for keep in BOTH {
        let (line, asked, target) = allowed(keep);
        let held = Target { holder: Holder::AnotherContract, ..target };
        assert_eq!(check(&line, &asked, &held), Err(Rule::HeldByAnother));
        let own = Target { holder: Holder::ThisContract, ..target };
        assert_eq!(check(&line, &asked, &own), Ok(()));
    }
    let (line, asked, target) = allowed(true);
    let reserved = Target {
        construction: Construction::BeingBuilt,
        usage: Usage::Reserved,
        holder: Holder::AnotherContract,
        ..target
    };
    assert_eq!(check(&line, &asked, &reserved), Err(Rule::HeldByAnother));
    let socket = Target { kept_pto_holder: Holder::AnotherContract, ..target };
    assert_eq!(check(&line, &asked, &socket), Err(Rule::SocketHeldByAnother));
}

#[test]
fn a_kept_socket_is_named_or_known() {
    let (line, asked, target) = allowed(true);
    let line = Line { has_socket: false, ..line };
    assert_eq!(check(&line, &asked, &target), Err(Rule::NoSocketToKeep));
    let named = Asked { names_pto: true, ..asked };
    assert_eq!(check(&line, &named, &target), Ok(()));
    let (_, not_kept, _) = allowed(false);
    assert_eq!(check(&line, &not_kept, &target), Ok(()));
}

#[test]
fn a_virtual_route_names_no_socket() {
    let (line, asked, target) = allowed(false);
    let line = Line { route: RouteKind::Virtual, ..line };
    assert_eq!(check(&line, &asked, &target), Ok(()));
    let named = Asked { names_pto: true, ..asked };
    assert_eq!(check(&line, &named, &target), Err(Rule::NamesSocketOnVirtualRoute));
}

#[test]
fn the_first_broken_rule_is_the_one_that_is_named() {
    let (line, asked, _) = allowed(true);
    let line = Line {
        zone: Zone::Zmd,
        existing_socket: true,
        opac: true,
        route: RouteKind::Virtual,
        ..line
    };
    let asked = Asked { reason: Reason::WrongPto, names_pto: true, ..asked };
    let target = Target {
        same_pm: false,
        pbo: PboRelation::OfTheSite,
        is_current: true,
        construction: Construction::Built,
        usage: Usage::Occupied,
        holder: Holder::AnotherContract,
        kept_pto_holder: Holder::AnotherContract,
    };
    // Everything is broken; mended one by one, the rules appear in the order of the text.
    assert_eq!(check(&line, &asked, &target), Err(Rule::OtherPm));
    let target = Target { same_pm: true, ..target };
    assert_eq!(check(&line, &asked, &target), Err(Rule::OtherPboInZmd));
    let line = Line { zone: Zone::Ztd, ..line };
    assert_eq!(check(&line, &asked, &target), Err(Rule::SameFibre));
    let target = Target { is_current: false, ..target };
    assert_eq!(check(&line, &asked, &target), Err(Rule::KeepsExistingSocket));
    let line = Line { existing_socket: false, ..line };
    assert_eq!(check(&line, &asked, &target), Err(Rule::KeepsOpacSocket));
    let line = Line { opac: false, ..line };
    assert_eq!(check(&line, &asked, &target), Err(Rule::KeepsDespiteReason));
    let asked = Asked { reason: Reason::BrokenFibre, ..asked };
    assert_eq!(check(&line, &asked, &target), Err(Rule::KeepsOnVirtualRoute));
    let line = Line { route: RouteKind::Real, ..line };
    assert_eq!(check(&line, &asked, &target), Err(Rule::KeptSocketNeedsFreshFibre));
    let target = Target { construction: Construction::ToBuild, usage: Usage::Available, ..target };
    assert_eq!(check(&line, &asked, &target), Err(Rule::HeldByAnother));
    let target = Target { holder: Holder::Nobody, ..target };
    assert_eq!(check(&line, &asked, &target), Err(Rule::SocketHeldByAnother));
    let target = Target { kept_pto_holder: Holder::Nobody, ..target };
    assert_eq!(check(&line, &asked, &target), Ok(()));
}
