//! One line: a fibre, its socket, and the contract that has it, if one has.

use std::{fmt, io};

use super::{
    Maker,
    chance::Chance,
    names::{Code, Colour, Scheme, Socket},
};

/// What has been counted so far: every reference is made of a number.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) fibre: u64,
    pub(super) pbo: u64,
    contract: u64,
    past: u64,
}

/// Where a line is.
pub(super) struct At<'a> {
    /// Site, building, staircase and floor of its socket.
    pub(super) place: &'a str,
    /// The same of its PBO, and the PBO.
    pub(super) pbo_place: &'a str,
    pub(super) pbo: &'a str,
    /// Its PM.
    pub(super) pm: &'a str,
    /// Its cable, in words.
    pub(super) cable: &'a str,
    pub(super) scheme: Scheme,
    /// The how-manieth fibre of the cable it is, from 0.
    pub(super) in_cable: usize,
    /// `ztd;collective`, `zmd;collective` or `zmd;house`.
    pub(super) kind: &'static str,
    /// Whether the building is one of the OPAC base.
    pub(super) opac: bool,
}

/// What a line is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A contract's.
    Contract,
    /// Somebody's, nobody knows whose.
    Somebodys,
    /// Reserved for a contract that has another route yet.
    Held,
    /// Reserved for nobody known, while its socket is being built.
    Reserved,
    /// Broken.
    Broken,
    /// Free, with a socket.
    Free,
    /// Free, without one: a virtual route has been ordered on its PBO, perhaps.
    Spare,
}

fn any_use(chance: &mut Chance) -> Use {
    match chance.below(100) {
        0..60 => Use::Contract,
        60..62 => Use::Somebodys,
        62..63 => Use::Held,
        63..66 => Use::Reserved,
        66..67 => Use::Broken,
        67..88 => Use::Free,
        _ => Use::Spare,
    }
}

/// A fibre's reference: as SFR's, or one that says all about where it is.
enum Fibre<'a> {
    Short(u64),
    Long { pm: &'a str, number: u64, position: u64, tube: Colour, colour: Colour },
}

impl fmt::Display for Fibre<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(number) => write!(f, "CTP-{number}-1"),
            Self::Long { pm, number, position, tube, colour } => write!(
                f,
                "{pm}/TIROIR-{:02}/POSITION-{:03}/TUBE {tube}/FIBRE {colour}/FO-{number:010}",
                position / 144 + 1,
                position % 144 + 1,
            ),
        }
    }
}

/// A contract, by its number: as the specification's samples have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contract(u64);

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, day, hour) = (self.0, self.0 % 28 + 1, self.0 % 10 + 8);
        write!(f, "MUT{n:09}2025{:02}{day:02}{hour:02}{:02}", n / 28 % 12 + 1, n / 7 % 60)
    }
}

/// Makes a line; `neighbour` is the latest contract of the same floor or street. Answers the
/// contract that has it now.
pub(super) fn line(
    maker: &mut Maker<'_>,
    chance: &mut Chance,
    at: &At<'_>,
    neighbour: Option<Contract>,
) -> io::Result<Option<Contract>> {
    maker.left -= 1;
    maker.numbers.fibre += 1;
    let number = 1_000_000 + maker.numbers.fibre;
    let (tube, colour) = at.scheme.colours(at.in_cable);
    let position = at.in_cable as u64;
    let fibre = match at.scheme {
        Scheme::Sfr => Fibre::Short(number),
        Scheme::Orange => Fibre::Long { pm: at.pm, number, position, tube, colour },
    };
    let mut kind = any_use(chance);
    if kind == Use::Held && neighbour.is_none() {
        kind = Use::Free;
    }
    let socket = (kind != Use::Spare).then_some(Socket(number));
    if let Some(socket) = &socket {
        let construction = match kind {
            Use::Reserved | Use::Held => "being_built",
            Use::Free if chance.percent(60) => "to_build",
            _ => "built",
        };
        maker.files.ptos.add(format_args!("{socket};{};{construction}", at.place))?;
    }
    let (usage, broken) = match kind {
        Use::Contract | Use::Somebodys => ("occupied", "no"),
        Use::Broken => ("occupied", "yes"),
        Use::Held | Use::Reserved => ("reserved", "no"),
        Use::Free | Use::Spare => ("available", "no"),
    };
    let holder = neighbour.filter(|_| kind == Use::Held);
    let (pto, holder) = (Or(socket), Or(holder));
    maker.files.fibres.add(format_args!(
        "{fibre};{};{};{pto};{};Etage {} - {};{};{tube};{colour};{usage};{broken};{holder}",
        at.pbo_place,
        at.pbo,
        at.pm,
        position / 144 + 1,
        position % 144 + 1,
        at.cable,
    ))?;
    match kind {
        Use::Contract => contract(maker, chance, at, &fibre).map(Some),
        // A virtual route, which is a place in a PBO of the contract's own floor.
        Use::Spare if at.place == at.pbo_place && chance.percent(20) => {
            virtual_contract(maker, chance, at).map(|()| neighbour)
        }
        _ => Ok(neighbour),
    }
}

fn contract(
    maker: &mut Maker<'_>,
    chance: &mut Chance,
    at: &At<'_>,
    fibre: &Fibre<'_>,
) -> io::Result<Contract> {
    let contract = next_contract(maker);
    let order = match chance.below(100) {
        0..6 => "open",
        6..7 => "awaiting_report",
        7..8 => "cancelled",
        8..9 => "none",
        _ => "done",
    };
    let existing = yes(chance.percent(25));
    let intervention = if chance.percent(97) { "connection" } else { "other" };
    let operator = chance.pick(maker.operators);
    // Only a PBO of the contract's own floor has a word in the file.
    let pbo = if at.place == at.pbo_place { at.pbo } else { "" };
    maker.files.contracts.add(format_args!(
        "{contract};{operator};{};{fibre};{pbo};{};{};real;{existing};{};{order};{intervention}",
        at.place,
        at.pm,
        at.kind,
        yes(at.opac),
    ))?;
    if order == "done" && chance.percent(1) {
        past(maker, chance, contract, fibre)?;
    }
    Ok(contract)
}

fn virtual_contract(maker: &mut Maker<'_>, chance: &mut Chance, at: &At<'_>) -> io::Result<()> {
    let contract = next_contract(maker);
    let operator = chance.pick(maker.operators);
    maker.files.contracts.add(format_args!(
        "{contract};{operator};{};;{};{};{};virtual;no;{};open;connection",
        at.place,
        at.pbo,
        at.pm,
        at.kind,
        yes(at.opac),
    ))
}

/// A re-provisioning that brought the contract to this fibre.
fn past(
    maker: &mut Maker<'_>,
    chance: &mut Chance,
    contract: Contract,
    fibre: &Fibre<'_>,
) -> io::Result<()> {
    const REASONS: [&str; 5] =
        ["broken_fibre", "occupied_fibre", "no_signal", "full_pbo", "distant_pbo"];
    maker.numbers.past += 1;
    let code = Code(maker.numbers.past);
    let reason = chance.pick(&REASONS);
    let state = if chance.percent(95) { "completed" } else { "cancelled" };
    let (month, day) = (chance.between(1, 12), chance.between(1, 28));
    let (hour, minute) = (chance.between(8, 18), chance.between(0, 49));
    maker.files.past.add(format_args!(
        "{contract};{fibre};;{reason};no;;{state};{code};\
         2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00.000Z;\
         2025-{month:02}-{day:02}T{hour:02}:{:02}:00.000Z",
        minute + chance.between(1, 10),
    ))
}

fn next_contract(maker: &mut Maker<'_>) -> Contract {
    maker.numbers.contract += 1;
    Contract(maker.numbers.contract)
}

pub(super) fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// A value, or nothing.
struct Or<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Or<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |value| value.fmt(f))
    }
}
