//! Fibres' and tubes' colours as chips. The colour never stands alone: its name is always in it.

/// Background and letters, of the 256 colours that terminals have. Between them the contrast is 4.5 to 1
/// or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chip {
    fill: u8,
    letters: u8,
}

const WHITE: u8 = 231;
const BLACK: u8 = 16;

/// The colours that services name.
const CHIPS: [(&str, Chip); 12] = [
    ("bleu", Chip { fill: 26, letters: WHITE }),
    ("orange", Chip { fill: 208, letters: BLACK }),
    ("vert", Chip { fill: 28, letters: WHITE }),
    ("marron", Chip { fill: 94, letters: WHITE }),
    ("gris", Chip { fill: 246, letters: BLACK }),
    ("jaune", Chip { fill: 220, letters: BLACK }),
    ("rouge", Chip { fill: 160, letters: WHITE }),
    ("violet", Chip { fill: 97, letters: WHITE }),
    ("blanc", Chip { fill: WHITE, letters: BLACK }),
    ("noir", Chip { fill: 233, letters: WHITE }),
    ("rose", Chip { fill: 211, letters: BLACK }),
    ("turquoise", Chip { fill: 38, letters: BLACK }),
];

impl Chip {
    /// The chip of a colour's name, also with rings after a comma; none for what is no name that we know.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.split(',').next()?.trim().to_lowercase();
        CHIPS.iter().find(|(known, _)| *known == name).map(|(_, chip)| *chip)
    }

    /// The name on its colour.
    pub fn paint(self, name: &str) -> String {
        let Self { fill, letters } = self;
        format!("\u{1b}[48;5;{fill};38;5;{letters}m {name} \u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2) of one of the 256 colours from the 16th on.
    fn luminance(colour: u8) -> f64 {
        let channels = if colour >= 232 {
            [8 + 10 * (u32::from(colour) - 232); 3]
        } else {
            let index = u32::from(colour) - 16;
            [index / 36, index / 6 % 6, index % 6]
                .map(|step| if step == 0 { 0 } else { 55 + 40 * step })
        };
        let linear = channels.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.03928 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    #[test]
    fn names_can_be_read_on_their_colours() {
        for (name, Chip { fill, letters }) in CHIPS {
            let (fill, letters) = (luminance(fill), luminance(letters));
            let ratio = (fill.max(letters) + 0.05) / (fill.min(letters) + 0.05);
            assert!(ratio >= 4.5, "{name}: {ratio:.2}");
        }
    }

    #[test]
    fn what_is_no_known_colour_is_not_guessed() {
        assert!(Chip::of("Bleu").is_some() && Chip::of("Rouge, 2 bagues") == Chip::of("rouge"));
        assert_eq!(Chip::of("Ardoise"), None);
        assert_eq!(Chip::of("Bleu clair"), None);
        assert!(Chip::of("Bleu").is_some_and(|chip| chip.paint("Bleu").contains(" Bleu ")));
    }
}
