//! Fibres' and tubes' colours: a name, its place in the order, its rings. What no order has is
//! shown as it came, and never guessed.

use ereprov_words::colours;
use serde::Serialize;

use crate::settings::ColourOrder;

/// A colour as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Chip {
    /// The name as the service says it.
    pub name: String,
    /// The class that paints it; `inconnue` for what no order has.
    pub class: &'static str,
    /// Its place in the tube, or the tube's in the cable, from 1.
    pub position: Option<u32>,
    /// How many there are, where that can be told.
    pub of: Option<u32>,
    /// How many rings it bears.
    pub rings: u32,
    /// In words, for those who hear it.
    pub spoken: String,
}

/// What a colour is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A tube in a cable.
    Tube,
    /// A fibre in a tube.
    Fibre,
}

/// A name, as a class of the style sheet, and as an adjective of « la fibre ».
const KNOWN: [(&str, &str, &str); 12] = [
    ("bleu", "bleu", "bleue"),
    ("orange", "orange", "orange"),
    ("vert", "vert", "verte"),
    ("marron", "marron", "marron"),
    ("gris", "gris", "grise"),
    ("jaune", "jaune", "jaune"),
    ("rouge", "rouge", "rouge"),
    ("violet", "violet", "violette"),
    ("blanc", "blanc", "blanche"),
    ("noir", "noir", "noire"),
    ("rose", "rose", "rose"),
    ("turquoise", "turquoise", "turquoise"),
];

impl ColourOrder {
    /// The order's name, for people.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Sfr => "SFR / LDCOM",
            Self::Orange => "France Télécom – Orange",
            Self::Tia => "TIA-598 / FOTAG",
            Self::Iec => "IEC 60304 / DIN",
        }
    }

    /// Its colours, from the first to the last.
    pub(crate) const fn names(self) -> &'static [&'static str; 12] {
        match self {
            Self::Sfr => &colours::SFR,
            Self::Orange => &colours::ORANGE,
            Self::Tia => &colours::TIA,
            Self::Iec => &colours::IEC,
        }
    }

    /// A colour's place, from 1, rings counted.
    pub(crate) fn position(self, said: &str) -> Option<u32> {
        let (name, rings) = read(said)?;
        let index = self.names().iter().position(|one| one.to_lowercase() == name)?;
        let (index, all) = (u32::try_from(index).ok()?, u32::try_from(self.names().len()).ok()?);
        rings.checked_mul(all)?.checked_add(index + 1)
    }

    /// A colour as a page shows it; `of`: how many lie beside it.
    pub(crate) fn chip(self, part: Part, said: &str, of: Option<u32>) -> Chip {
        let position = self.position(said);
        let of = of.filter(|of| position.is_some_and(|position| position <= *of));
        let read = read(said);
        let known = read.as_ref().and_then(|(name, _)| KNOWN.iter().find(|one| one.0 == name));
        let rings = known.and(read.as_ref()).map_or(0, |(_, rings)| *rings);
        let colour = match (known, part) {
            (Some((name, _, _)), Part::Tube) => (*name).to_owned(),
            (Some((_, _, adjective)), Part::Fibre) => (*adjective).to_owned(),
            (None, _) => format!("« {said} »"),
        };
        let spoken = spoken(part, &colour, rings, position, of);
        let class = known.map_or("inconnue", |(_, class, _)| class);
        Chip { name: shown(said, rings), class, position, of, rings, spoken }
    }
}

fn spoken(part: Part, colour: &str, rings: u32, position: Option<u32>, of: Option<u32>) -> String {
    let part = match part {
        Part::Tube => "tube",
        Part::Fibre => "fibre",
    };
    let mut text = format!("{part} {colour}");
    match rings {
        0 => {}
        1 => text.push_str(", 1 bague"),
        rings => text.push_str(&format!(", {rings} bagues")),
    }
    match (position, of) {
        (Some(position), Some(of)) => text.push_str(&format!(", position {position} sur {of}")),
        (Some(position), None) => text.push_str(&format!(", numéro {position}")),
        (None, _) => {}
    }
    text
}

fn shown(said: &str, rings: u32) -> String {
    let name = if rings == 0 { said } else { said.split(',').next().unwrap_or(said) };
    name.trim().to_owned()
}

/// A name in lower case, and how many rings are said after it: "Bleu, 2 bagues".
fn read(said: &str) -> Option<(String, u32)> {
    let (name, rings) = match said.split_once(',') {
        None => (said, 0),
        Some((name, rest)) => {
            let mut words = rest.split_whitespace();
            let rings = words.next()?.parse().ok().filter(|rings| (1..=9).contains(rings))?;
            let word = words.next()?.to_lowercase();
            if !matches!(word.as_str(), "bague" | "bagues" | "anneau" | "anneaux") {
                return None;
            }
            (name, rings)
        }
    };
    Some((name.trim().to_lowercase(), rings))
}

/// Of how many one of these is one: the smallest usual size that holds the last of them.
pub(crate) fn size(positions: impl Iterator<Item = Option<u32>>) -> Option<u32> {
    let last = positions.flatten().max()?;
    [6, 12, 24, 36, 48].into_iter().find(|size| last <= *size)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [ColourOrder; 4] =
        [ColourOrder::Sfr, ColourOrder::Orange, ColourOrder::Tia, ColourOrder::Iec];

    #[test]
    fn every_order_has_every_colour_once() {
        for order in ALL {
            let names: BTreeSet<_> = order.names().iter().map(|name| name.to_lowercase()).collect();
            let known: BTreeSet<_> = KNOWN.iter().map(|(name, _, _)| (*name).to_owned()).collect();
            assert_eq!(names, known, "{}", order.label());
        }
    }

    #[test]
    fn what_is_heard_has_colour_rings_and_position() {
        for order in ALL {
            for (index, name) in order.names().iter().enumerate() {
                for rings in 0..3 {
                    let said = match rings {
                        0 => (*name).to_owned(),
                        1 => format!("{name}, 1 bague"),
                        rings => format!("{name}, {rings} bagues"),
                    };
                    let position = rings * 12 + u32::try_from(index).unwrap() + 1;
                    let chip = order.chip(Part::Tube, &said, Some(36));
                    assert_eq!((chip.position, chip.rings), (Some(position), rings));
                    assert_eq!(chip.name, *name);
                    let spoken = chip.spoken;
                    assert!(
                        spoken.starts_with(&format!("tube {}", name.to_lowercase())),
                        "{spoken}"
                    );
                    assert!(spoken.ends_with(&format!("position {position} sur 36")), "{spoken}");
                    assert_eq!(spoken.contains("bague"), rings > 0, "{spoken}");
                }
            }
        }
        let chip = ColourOrder::Sfr.chip(Part::Fibre, "Bleu", Some(6));
        assert_eq!(chip.spoken, "fibre bleue, position 1 sur 6");
    }

    #[test]
    fn what_is_no_known_colour_is_shown_as_it_came() {
        for said in ["Brun", "Ardoise", "Bleu clair", "Bleu, rayé", "Bleu, 99 bagues", ""] {
            let chip = ColourOrder::Sfr.chip(Part::Fibre, said, Some(6));
            assert_eq!((chip.class, chip.position, chip.of), ("inconnue", None, None), "{said}");
            assert_eq!(chip.name, said);
            assert!(chip.spoken.contains(said));
        }
    }

    #[test]
    fn sizes_are_the_usual_ones() {
        assert_eq!(size([Some(1), Some(6), None].into_iter()), Some(6));
        assert_eq!(size([Some(7)].into_iter()), Some(12));
        assert_eq!(size([None].into_iter()), None);
    }
}
