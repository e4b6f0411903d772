//! What things are called: towns, streets, colours, references.

use std::fmt;

use ereprov_words::colours;

use super::chance::Chance;

/// A town, by its INSEE code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Town {
    pub(super) insee: &'static str,
    pub(super) name: &'static str,
}

const fn town(insee: &'static str, name: &'static str) -> Town {
    Town { insee, name }
}

/// Zone très dense.
pub(super) const DENSE: &[Town] = &[
    town("75115", "Paris 15e"),
    town("75120", "Paris 20e"),
    town("69383", "Lyon 3e"),
    town("13208", "Marseille 8e"),
    town("92012", "Boulogne-Billancourt"),
    town("38185", "Grenoble"),
    town("67482", "Strasbourg"),
    town("94028", "Créteil"),
];

/// Zone moins dense.
pub(super) const LESS_DENSE: &[Town] = &[
    town("36044", "Châteauroux"),
    town("16015", "Angoulême"),
    town("34032", "Béziers"),
    town("88160", "Épinal"),
    town("51030", "Aÿ-Champagne"),
    town("71270", "Mâcon"),
    town("34301", "Sète"),
    town("35115", "Fougères"),
    town("44069", "Guérande"),
    town("56165", "Ploërmel"),
    town("73006", "Aime-la-Plagne"),
    town("22113", "Lannion"),
];

const WAYS: &[&str] =
    &["rue", "avenue", "boulevard", "allée", "impasse", "chemin", "place", "quai", "cité"];

const STREETS: &[&str] = &[
    "de l'Église",
    "du Général de Gaulle",
    "des Frères Lumière",
    "Georges Clémenceau",
    "de la République",
    "d'Alésia",
    "Émile Zola",
    "des Chênes",
    "du Maréchal Foch",
    "de la Forêt",
    "Antoine de Saint-Exupéry",
    "Aimé Césaire",
    "du Pré-aux-Clercs",
    "de Bâle",
    "des Aïeux",
    "Louise Michel",
    "du 8-Mai-1945",
    "de la Croix-Nivert",
    "Hélène Boucher",
    "des Lavandières",
];

/// A street, such as `allée des Aïeux`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Street(&'static str, &'static str);

impl Street {
    pub(super) fn any(chance: &mut Chance) -> Self {
        let (way, street): (&&str, &&str) = (chance.pick(WAYS), chance.pick(STREETS));
        Self(way, street)
    }
}

impl fmt::Display for Street {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

/// By which order a cable's tubes and fibres have their colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Tubes of twelve.
    Orange,
    /// Tubes of six.
    Sfr,
}

/// A colour, with so many black rings: past twelve, the order begins again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colour(&'static str, usize);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&colours::ringed(self.0, self.1))
    }
}

impl Scheme {
    /// The colours of a cable's fibre, from 0: its tube's, its own.
    pub(super) fn colours(self, fibre: usize) -> (Colour, Colour) {
        let own = match self {
            Self::Orange => &colours::ORANGE[..],
            // The six that the specification's samples show.
            Self::Sfr => &colours::SFR[..6],
        };
        let (tube, within) = (fibre / own.len(), fibre % own.len());
        (Colour(colours::ORANGE[tube % 12], tube / 12), Colour(own[within], 0))
    }
}

/// A line's identifier in Arcep's form, OO-XXXX-XXXX: scattered, and no two numbers have one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Socket(pub(super) u64);

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTUVWX";
        // An odd factor turns the 40 bits into others, one to one.
        let scattered = self.0.wrapping_mul(0x9E_3779_B97F) & 0xFF_FFFF_FFFF;
        let mut signs = *b"FI-0000-0000";
        for (n, at) in [3, 4, 5, 6, 8, 9, 10, 11].into_iter().enumerate() {
            let five = (scattered >> (35 - 5 * n)) & 31;
            signs[at] = SIGNS[usize::try_from(five).unwrap_or_default()];
        }
        f.write_str(std::str::from_utf8(&signs).unwrap_or_default())
    }
}

/// A discharge code; no two numbers have one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code(pub(super) u64);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SIGNS: &[u8; 16] = b"23456789CFHJMRUW";
        let scattered = self.0.wrapping_mul(0x9E37_79B9_7F4B) & 0xFFFF_FFFF_FFFF;
        let mut signs = [0; 12];
        for (n, sign) in signs.iter_mut().enumerate() {
            let four = (scattered >> (44 - 4 * n)) & 15;
            *sign = SIGNS[usize::try_from(four).unwrap_or_default()];
        }
        f.write_str(std::str::from_utf8(&signs).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn references_of_their_form_are_each_ones_own() {
        let sockets: BTreeSet<_> = (0..20_000).map(|n| Socket(n).to_string()).collect();
        let codes: BTreeSet<_> = (0..20_000).map(|n| Code(n).to_string()).collect();
        assert_eq!((sockets.len(), codes.len()), (20_000, 20_000));
        assert!(sockets.iter().all(|socket| socket.len() == 12));
    }

    #[test]
    fn the_colours_of_both_orders() {
        let shown = |scheme: Scheme, fibre| {
            let (tube, own) = scheme.colours(fibre);
            format!("{tube}/{own}")
        };
        assert_eq!(shown(Scheme::Orange, 0), "Rouge/Rouge");
        assert_eq!(shown(Scheme::Orange, 23), "Bleu/Rose");
        assert_eq!(shown(Scheme::Orange, 150), "Rouge, 1 bague noire/Orange");
        assert_eq!(shown(Scheme::Sfr, 5), "Rouge/Jaune");
        assert_eq!(shown(Scheme::Sfr, 6), "Bleu/Bleu");
    }
}
