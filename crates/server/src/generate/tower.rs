//! Collective buildings: towers where it is dense, small ones where it is less so.

use std::io;

use super::{
    Maker,
    chance::Chance,
    line::{At, line},
    names::{DENSE, LESS_DENSE, Scheme, Street, Town},
};

/// Floors that one PBO serves, with its own in their middle.
const FLOORS_OF_A_PBO: u64 = 3;

/// What the buildings of a site are like.
struct Site<'a> {
    number: u64,
    town: &'a Town,
    street: Street,
    scheme: Scheme,
    pm: String,
    kind: &'static str,
    opac: bool,
    floors: u64,
    lines_of_a_floor: u64,
}

/// One to three buildings of a site in ZTD, of one or two staircases each.
pub(super) fn tower(maker: &mut Maker<'_>, chance: &mut Chance, number: u64) -> io::Result<()> {
    let town = chance.pick(DENSE);
    let site = Site {
        number,
        town,
        street: Street::any(chance),
        scheme: scheme(chance),
        pm: format!("FI-{}-{number:04}", town.insee),
        kind: "ztd;collective",
        opac: chance.percent(15),
        floors: chance.between(5, 18),
        lines_of_a_floor: chance.between(3, 6),
    };
    for building in 1..=chance.between(1, 3) {
        for staircase in 1..=chance.between(1, 2) {
            column(maker, chance, &site, building, staircase)?;
        }
    }
    Ok(())
}

/// A building of few floors in ZMD, on the PM of its quarter.
pub(super) fn small_building(
    maker: &mut Maker<'_>,
    chance: &mut Chance,
    number: u64,
) -> io::Result<()> {
    let town = chance.pick(LESS_DENSE);
    let site = Site {
        number,
        town,
        street: Street::any(chance),
        scheme: scheme(chance),
        pm: format!("FI-{}-{:04}", town.insee, number / 40),
        kind: "zmd;collective",
        opac: chance.percent(25),
        floors: chance.between(2, 5),
        lines_of_a_floor: chance.between(2, 4),
    };
    column(maker, chance, &site, 1, 1)
}

pub(super) fn scheme(chance: &mut Chance) -> Scheme {
    if chance.percent(50) { Scheme::Sfr } else { Scheme::Orange }
}

/// A staircase, from the ground up.
fn column(
    maker: &mut Maker<'_>,
    chance: &mut Chance,
    site: &Site<'_>,
    building: u64,
    staircase: u64,
) -> io::Result<()> {
    let Site { number, town, street, scheme, .. } = site;
    let reference = match scheme {
        Scheme::Sfr => format!("SC-{number:06}"),
        Scheme::Orange => format!("IMB/{}/C/{number:06X}", town.insee),
    };
    let house = number % 180 + 1;
    let cable =
        format!("BPI-{number:06}-{building} / BE-01 à BE-08 / ESCALIER-{staircase} / {reference}");
    let place = |floor: u64| {
        format!("{reference};BATIMENT-{building};ESCALIER-{staircase};ETAGE-{floor:02}")
    };
    let (mut in_cable, mut neighbour) = (0, None);
    for lowest in (0..site.floors).step_by(3) {
        if maker.left == 0 {
            return Ok(());
        }
        let highest = (lowest + FLOORS_OF_A_PBO).min(site.floors) - 1;
        let (own, pbo) = (lowest + (highest - lowest) / 2, format!("BE-{:02}", lowest / 3 + 1));
        let pbo_place = place(own);
        for floor in lowest..=highest {
            maker.files.floors.add(format_args!("{}", place(floor)))?;
        }
        maker.numbers.pbo += 1;
        maker.files.pbos.add(format_args!(
            "{pbo_place};{pbo};{house} {street}, {}, gaine technique, palier {own}",
            town.name
        ))?;
        for floor in lowest..=highest {
            let floor_place = place(floor);
            for _ in 0..site.lines_of_a_floor {
                if maker.left == 0 {
                    return Ok(());
                }
                let at = At {
                    place: &floor_place,
                    pbo_place: &pbo_place,
                    pbo: &pbo,
                    pm: &site.pm,
                    cable: &cable,
                    scheme: *scheme,
                    in_cable,
                    kind: site.kind,
                    opac: site.opac,
                };
                neighbour = line(maker, chance, &at, neighbour)?;
                in_cable += 1;
            }
        }
    }
    Ok(())
}
