//! Streets of houses in ZMD: a site a street, a building a house, a PBO on every few of them.

use std::io;

use super::{
    Maker,
    chance::Chance,
    line::{At, line},
    names::{LESS_DENSE, Scheme, Street},
    tower::scheme,
};

/// A street, house by house; each PBO hangs by the first house that it serves.
pub(super) fn street(maker: &mut Maker<'_>, chance: &mut Chance, site: u64) -> io::Result<()> {
    let (town, street) = (chance.pick(LESS_DENSE), Street::any(chance));
    let scheme = scheme(chance);
    let reference = match scheme {
        Scheme::Sfr => format!("SC-{site:06}"),
        Scheme::Orange => format!("IMB/{}/X/{site:06X}", town.insee),
    };
    let pm = format!("FI-{}-{:04}", town.insee, site / 40);
    let cable = format!("CABLE-{}-{site:06}-72FO / {street} / {reference}", town.insee);
    let (mut in_cable, mut house) = (0, chance.between(1, 40));
    for _ in 0..chance.between(2, 7) {
        if maker.left == 0 {
            return Ok(());
        }
        maker.numbers.pbo += 1;
        let pbo = match scheme {
            Scheme::Sfr => format!("PBO-{:08}", maker.numbers.pbo),
            Scheme::Orange => format!("PT {:08}", maker.numbers.pbo),
        };
        let place = |house: u64, bis: bool| {
            let bis = if bis { " bis" } else { "" };
            format!("{reference};PAVILLON-{house}{bis};ENTREE;RDC")
        };
        let pbo_place = place(house, false);
        let where_it_hangs =
            *chance.pick(&["poteau bois", "chambre L2T", "façade", "poteau métal"]);
        maker.files.pbos.add(format_args!(
            "{pbo_place};{pbo};{house} {street}, {} ({where_it_hangs})",
            town.name
        ))?;
        let mut neighbour = None;
        for n in 0..chance.between(4, 8) {
            if maker.left == 0 {
                return Ok(());
            }
            let own = place(house, n % 5 == 4);
            maker.files.floors.add(format_args!("{own}"))?;
            let at = At {
                place: &own,
                pbo_place: &pbo_place,
                pbo: &pbo,
                pm: &pm,
                cable: &cable,
                scheme,
                in_cable,
                kind: "zmd;house",
                opac: false,
            };
            neighbour = line(maker, chance, &at, neighbour)?;
            in_cable += 1;
            // One side of the street; a house and its `bis` share a number.
            house += if n % 5 == 3 { 0 } else { 2 };
        }
        house += 2;
    }
    Ok(())
}
