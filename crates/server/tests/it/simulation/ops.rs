//! What may happen, and lists of it by chance.

use super::{
    chance::Chance,
    world::{CONTRACTS, FIBRES, OPERATORS},
};

pub const DAY_MS: i64 = 24 * 3_600_000;

/// The fifteen of table 3.4.1.
pub const MOTIFS: [&str; 15] = [
    "PTO existante",
    "Bâtiment erroné",
    "Escalier erroné",
    "Fibre occupée",
    "Fibre cassée",
    "Adresse erronée",
    "Etage erroné",
    "PBO erroné",
    "Absence de signal",
    "PTO inexistante",
    "PTO erronée",
    "PBO saturé",
    "PBO éloigné",
    "Problème génie civil",
    "Route optique virtuelle",
];

/// A putReprovisionning, by index into the world; `named` is the fibre whose first socket is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    pub contract: usize,
    /// One more than there are: a fibre that exists nowhere.
    pub fibre: usize,
    pub named: Option<usize>,
    pub keep: bool,
    pub motif: usize,
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Structure(usize),
    /// Of the contract's own place.
    Routes(usize),
    /// Of a floor of the world, with a PBO's name.
    RoutesAt(usize, usize, Option<&'static str>),
    Put(Put, Option<u8>),
    Get(usize),
    /// A putReprovisionning whose conservationPTO is neither 0 nor 1.
    Wrong(usize),
}

/// A move of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    Ms(i64),
    /// To so many milliseconds after the next month begins in Paris, or the next change of the clock.
    Month(i64),
    Change(i64),
    /// To so many milliseconds after the last name given ends.
    NameEnd(i64),
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Who, with the right password or not, what.
    Ask(usize, bool, Question),
    /// The last accepted putReprovisionning again, under its name.
    Again,
    Cancel(usize),
    Retry(usize),
    Closed(bool),
    /// So many calls more than were counted this month; none: the profile's number.
    Quota(usize, Option<i64>),
    Sessions(usize, Option<i64>),
    Disabled(usize, bool),
    Profile(usize, Option<&'static str>),
    Restore(usize),
    Pass(Time),
    /// The driver takes every step that is due.
    Drive,
    /// A driver claims what is due and dies: before it asked Networks, or after.
    Die {
        performs: bool,
    },
    /// The dead ones come back and record what they had done.
    Late,
    /// The service stops and starts on the same file.
    Restart,
    /// Another request of the operator is in progress; about this contract, it is being decided.
    HoldSession(usize),
    HoldContract(usize),
    LetGo,
    /// Every method for every contract.
    LookAtAll,
}

/// A list of operations.
pub fn list(chance: &mut Chance, length: usize) -> Vec<Op> {
    let mut list = Vec::with_capacity(length + 1);
    while list.len() < length {
        let op = op(chance);
        list.push(op);
        // What is asked for is mostly carried on, and looked at.
        match op {
            Op::Pass(_) if chance.percent(70) => list.push(Op::Drive),
            Op::Drive | Op::Ask(_, _, Question::Put(..)) if chance.percent(30) => {
                list.push(ask(chance));
            }
            Op::Ask(_, _, Question::Put(put, _)) if chance.percent(10) => {
                list.push(Op::Cancel(put.contract));
                list.extend(chance.percent(50).then_some(Op::Retry(put.contract)));
            }
            _ => {}
        }
    }
    list
}

fn op(chance: &mut Chance) -> Op {
    let who = chance.below(OPERATORS.len());
    let contract = chance.below(CONTRACTS.len());
    match chance.below(100) {
        0..44 => put(chance),
        44..50 => ask(chance),
        50..54 => Op::Again,
        54..76 => Op::Pass(time(chance)),
        76 => Op::Drive,
        77..80 => Op::Die { performs: chance.percent(70) },
        80..82 => Op::Late,
        82..85 => Op::Cancel(contract),
        85..88 => Op::Retry(contract),
        88 => Op::Closed(chance.percent(15)),
        89 | 90 => Op::Quota(who, chance.pick(&[None, None, Some(0), Some(1), Some(2), Some(7)])),
        91 => Op::Sessions(who, chance.pick(&[None, None, None, Some(0), Some(1), Some(3)])),
        92 => Op::Disabled(who, chance.percent(15)),
        93 => Op::Profile(who, chance.pick(&[OPERATORS[who].1, Some("OC"), Some("LECTURE"), None])),
        94 => Op::Restore(chance.below(FIBRES.len())),
        95 => Op::HoldSession(who),
        96 => Op::HoldContract(contract),
        97 => Op::LetGo,
        98 => Op::Restart,
        _ => chance.pick(&[Op::LookAtAll, Op::Drive, Op::Drive]),
    }
}

fn put(chance: &mut Chance) -> Op {
    // Mostly one that may be served, and a fibre of its own site that may be had.
    let contract =
        if chance.percent(85) { chance.pick(&OPEN) } else { chance.below(CONTRACTS.len()) };
    let row = &CONTRACTS[contract];
    let near = match row.floor {
        0..3 => 0..27,
        3 | 4 => 27..32,
        _ => 32..36,
    };
    let any = |chance: &mut Chance| {
        if chance.percent(95) {
            near.start + chance.below(near.len())
        } else {
            chance.below(FIBRES.len() + 1)
        }
    };
    let keep = chance.percent(35);
    let fresh = |at: &usize| match FIBRES[*at] {
        (_, _, Some((_, construction)), _, usage, _) if keep => {
            (construction, usage) == ("to_build", "available")
                || (construction, usage) == ("being_built", "reserved")
        }
        (.., usage, _) => !keep && usage == "available",
    };
    let likely: Vec<usize> = near.clone().filter(fresh).collect();
    let fibre =
        if chance.percent(65) && !likely.is_empty() { chance.pick(&likely) } else { any(chance) };
    let motif = if chance.percent(60) { chance.pick(&KEEPING) } else { chance.below(MOTIFS.len()) };
    // Now and then one that the contract has reserved already.
    let own = FIBRES.iter().position(|row_of| row_of.5 == Some(row.name));
    let fibre = own.filter(|_| keep && chance.percent(30)).unwrap_or(fibre);
    let named = chance.percent(if row.is_virtual { 5 } else { 30 }).then(|| any(chance));
    let put = Put { contract, fibre, named, keep, motif };
    let who = if chance.percent(97) { row.operator } else { chance.below(OPERATORS.len()) };
    let name = chance.percent(40).then(|| u8::try_from(chance.below(6)).unwrap());
    Op::Ask(who, chance.percent(98), Question::Put(put, name))
}

/// Contracts whose order may be served, by index; those that get on with Networks twice.
const OPEN: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 0, 1, 4, 5];

/// Motifs that allow a socket to be kept, by index.
const KEEPING: [usize; 7] = [3, 4, 7, 8, 11, 12, 13];

fn ask(chance: &mut Chance) -> Op {
    let contract =
        if chance.percent(75) { chance.pick(&OPEN) } else { chance.below(CONTRACTS.len()) };
    let own = CONTRACTS[contract].operator;
    let who = if chance.percent(85) { own } else { chance.below(OPERATORS.len()) };
    let question = match chance.below(10) {
        0 | 1 => Question::Structure(contract),
        2 => Question::Routes(contract),
        3 | 4 => {
            let pbo = chance.pick(&[None, Some("P1"), Some("P2"), Some("P3"), Some("P9")]);
            Question::RoutesAt(contract, chance.below(super::world::FLOORS.len()), pbo)
        }
        5 => Question::Wrong(contract),
        _ => Question::Get(contract),
    };
    Op::Ask(who, chance.percent(98), question)
}

fn time(chance: &mut Chance) -> Time {
    let near = chance.pick(&[-3_600_000, -2_000, -1, 0, 1, 999, 3_600_000]);
    match chance.below(30) {
        0 => Time::Month(near),
        1 => Time::Change(near),
        2 => Time::NameEnd(chance.pick(&[-1, 0, 1])),
        3 => Time::Ms(i64::try_from(chance.below(21)).unwrap() * DAY_MS),
        4 => Time::Ms(chance.pick(&[1, 10, 24]) * 3_600_000),
        5 => Time::Ms(chance.pick(&[29_999, 30_000, 30_001, 60_000])),
        _ => Time::Ms(chance.pick(&[1, 999, 1_000, 1_001, 2_000, 2_000, 3_000, 4_000, 8_000])),
    }
}
