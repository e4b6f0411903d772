//! §1.1 and §3.4.1: may this line have that fibre? One function a rule, in the order in which the
//! first broken one is named (contract.md, D26 and D28).

use crate::{
    order::{BuildingKind, RouteKind, Zone},
    reason::Reason,
    route::{Construction, Holder, Usage},
};

/// What the contract's order says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// ZTD or ZMD.
    pub zone: Zone,
    /// Collective building or house.
    pub building: BuildingKind,
    /// Real or virtual route.
    pub route: RouteKind,
    /// The order is on an existing socket (prise existante).
    pub existing_socket: bool,
    /// The order is on the OPAC base (parc OPAC).
    pub opac: bool,
    /// The contract's own socket is known.
    pub has_socket: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Why.
    pub reason: Reason,
    /// Whether the socket stays.
    pub keep_pto: bool,
    /// Whether the question names a socket.
    pub names_pto: bool,
}

/// The fibre that is asked for, seen from the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// It hangs on the contract's own PM.
    pub same_pm: bool,
    /// Where its PBO is.
    pub pbo: PboRelation,
    /// It is the route that the contract has now.
    pub is_current: bool,
    /// The state of its socket.
    pub construction: Construction,
    /// Its label.
    pub usage: Usage,
    /// Who holds it.
    pub holder: Holder,
    /// Who holds the fibre of the socket that is to be kept.
    pub kept_pto_holder: Holder,
}

/// Where the PBO of the asked fibre is, seen from the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PboRelation {
    /// It is the PBO of the CR CMD.
    OfTheOrder,
    /// Another one of the contract's site.
    OfTheSite,
    /// One of another site.
    Elsewhere,
}

/// A rule that can be broken. Each is 20015 to the caller; the label tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// §1.1: only on the PM that was planned.
    OtherPm,
    /// §1.1: in ZMD, only the PBO of the CR CMD.
    OtherPboInZmd,
    /// §1.1: in ZTD outside a collective building, only the PBO of the CR CMD.
    OtherPboOutsideCollective,
    /// §1.1: another PBO, but of the contract's site.
    PboOfAnotherSite,
    /// §3.4.1, first rule: the fibre must be another one.
    SameFibre,
    /// §3.4.1, second rule: existing socket.
    KeepsExistingSocket,
    /// §3.4.1, third rule: OPAC base.
    KeepsOpacSocket,
    /// §3.4.1, fourth rule: the reason forbids it.
    KeepsDespiteReason,
    /// Table 3.4.1: never with a virtual route.
    KeepsOnVirtualRoute,
    /// §3.4.1, fifth rule: the two pairs of states.
    KeptSocketNeedsFreshFibre,
    /// Table 3.4.1: no socket is named with a virtual route.
    NamesSocketOnVirtualRoute,
    /// There is no socket to keep.
    NoSocketToKeep,
    /// Without keeping the socket, the fibre must be available (contract.md, D29).
    NotAvailable(Usage),
    /// Another contract holds the fibre (contract.md, D31).
    HeldByAnother,
    /// The socket to be kept is on another contract's line.
    SocketHeldByAnother,
}

/// Looks at every rule.
///
/// # Errors
/// The first rule that is broken, in the order of the text.
pub fn check(line: &Line, asked: &Asked, target: &Target) -> Result<(), Rule> {
    same_pm(target)?;
    allowed_pbo(line, target)?;
    another_fibre(target)?;
    if asked.keep_pto {
        may_keep_socket(line, asked)?;
        fresh_fibre_for_kept_socket(target)?;
    }
    no_socket_named_on_virtual_route(line, asked)?;
    if asked.keep_pto {
        some_socket_to_keep(line, asked)?;
    } else {
        available(target)?;
    }
    not_held_by_another(asked, target)
}

/// §1.1: "Uniquement sur le PM initialement prévu".
fn same_pm(target: &Target) -> Result<(), Rule> {
    if target.same_pm { Ok(()) } else { Err(Rule::OtherPm) }
}

/// §1.1: another PBO only "au sein d'un immeuble collectif en ZTD" (contract.md, D30).
fn allowed_pbo(line: &Line, target: &Target) -> Result<(), Rule> {
    match (target.pbo, line.zone, line.building) {
        (PboRelation::OfTheOrder, _, _)
        | (PboRelation::OfTheSite, Zone::Ztd, BuildingKind::Collective) => Ok(()),
        (_, Zone::Zmd, _) => Err(Rule::OtherPboInZmd),
        (_, Zone::Ztd, BuildingKind::House) => Err(Rule::OtherPboOutsideCollective),
        (PboRelation::Elsewhere, Zone::Ztd, BuildingKind::Collective) => {
            Err(Rule::PboOfAnotherSite)
        }
    }
}

/// §3.4.1, first rule (contract.md, D27).
fn another_fibre(target: &Target) -> Result<(), Rule> {
    if target.is_current { Err(Rule::SameFibre) } else { Ok(()) }
}

/// §3.4.1, second to fourth rules, and the table's "0 pour ROV" (contract.md, D28).
fn may_keep_socket(line: &Line, asked: &Asked) -> Result<(), Rule> {
    if line.existing_socket && asked.reason != Reason::BrokenFibre {
        return Err(Rule::KeepsExistingSocket);
    }
    if line.opac {
        return Err(Rule::KeepsOpacSocket);
    }
    if asked.reason.forbids_keeping() {
        return Err(Rule::KeepsDespiteReason);
    }
    match line.route {
        RouteKind::Virtual => Err(Rule::KeepsOnVirtualRoute),
        RouteKind::Real => Ok(()),
    }
}

/// §3.4.1, fifth rule: the two pairs of states.
fn fresh_fibre_for_kept_socket(target: &Target) -> Result<(), Rule> {
    match (target.construction, target.usage) {
        (Construction::ToBuild, Usage::Available) | (Construction::BeingBuilt, Usage::Reserved) => {
            Ok(())
        }
        _ => Err(Rule::KeptSocketNeedsFreshFibre),
    }
}

/// Table 3.4.1: "Vide pour ROV".
fn no_socket_named_on_virtual_route(line: &Line, asked: &Asked) -> Result<(), Rule> {
    match line.route {
        RouteKind::Virtual if asked.names_pto => Err(Rule::NamesSocketOnVirtualRoute),
        RouteKind::Virtual | RouteKind::Real => Ok(()),
    }
}

/// A socket that is to be kept is named, or is the contract's own.
fn some_socket_to_keep(line: &Line, asked: &Asked) -> Result<(), Rule> {
    if asked.names_pto || line.has_socket { Ok(()) } else { Err(Rule::NoSocketToKeep) }
}

/// Without keeping the socket, the label must say available (contract.md, D29).
fn available(target: &Target) -> Result<(), Rule> {
    match target.usage {
        Usage::Available => Ok(()),
        taken @ (Usage::Occupied | Usage::Reserved) => Err(Rule::NotAvailable(taken)),
    }
}

/// Whatever the labels say (contract.md, D31). A reserved fibre without a known holder passed only
/// as one of the pairs of the fifth rule.
fn not_held_by_another(asked: &Asked, target: &Target) -> Result<(), Rule> {
    if target.holder == Holder::AnotherContract {
        return Err(Rule::HeldByAnother);
    }
    if asked.keep_pto && target.kept_pto_holder == Holder::AnotherContract {
        return Err(Rule::SocketHeldByAnother);
    }
    Ok(())
}
