//! Colours of fibres and tubes by their codes: 1 to 12 of fibres and 1.1 to 1.12 of tubes are Orange's order. Other
//! codes are what the lists say that come with the tables.

use ereprov_words::colours::{ORANGE, ringed};

/// The last code of a tube: five times through the colours with rings.
const TUBES: usize = 72;
/// Bundles of tubes.
const BUNDLES: usize = 6;

/// A fibre's colour.
pub(super) fn of_fibre(code: &str) -> Option<String> {
    number(code, ORANGE.len()).map(|n| ORANGE[n - 1].to_owned())
}

/// A tube's colour: with a black ring for each time that the colours were gone through before.
pub(super) fn of_tube(code: &str) -> Option<String> {
    if let Some(n) = number(code, BUNDLES) {
        return Some(format!("Sous-faisceau {}", ORANGE[n - 1].to_lowercase()));
    }
    let n = number(code.strip_prefix("1.")?, TUBES)?;
    Some(ringed(ORANGE[(n - 1) % ORANGE.len()], (n - 1) / ORANGE.len()))
}

fn number(code: &str, max: usize) -> Option<usize> {
    let is_plain = code.bytes().all(|byte| byte.is_ascii_digit()) && !code.starts_with('0');
    code.parse().ok().filter(|n| is_plain && (1..=max).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_colours_and_rings() {
        assert_eq!(of_fibre("1").as_deref(), Some("Rouge"));
        assert_eq!(of_fibre("12").as_deref(), Some("Rose"));
        assert_eq!(of_fibre("1.9"), None, "the lists disagree about it");
        assert_eq!(of_fibre("13"), None);
        assert_eq!(of_tube("2").as_deref(), Some("Sous-faisceau bleu"));
        assert_eq!(of_tube("1.10").as_deref(), Some("Noir"));
        assert_eq!(of_tube("1.28").as_deref(), Some("Jaune, 2 bagues noires"));
        assert_eq!(of_tube("1.72").as_deref(), Some("Rose, 5 bagues noires"));
        assert_eq!((of_tube("1.73"), of_tube("7"), of_tube("")), (None, None, None));
    }
}
