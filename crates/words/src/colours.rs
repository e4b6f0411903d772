//! The orders in which fibres lie in a tube, and tubes in a cable. Beyond the twelfth, the same colours come again
//! with one ring, then with two.

/// SFR's, which the specification's samples have; also LDCOM's.
pub const SFR: [&str; 12] = [
    "Bleu",
    "Orange",
    "Vert",
    "Marron",
    "Gris",
    "Jaune",
    "Rouge",
    "Violet",
    "Blanc",
    "Noir",
    "Rose",
    "Turquoise",
];

/// France Télécom's and Orange's, with which GraceTHD's list of codes begins.
pub const ORANGE: [&str; 12] = [
    "Rouge",
    "Bleu",
    "Vert",
    "Jaune",
    "Violet",
    "Blanc",
    "Orange",
    "Gris",
    "Marron",
    "Noir",
    "Turquoise",
    "Rose",
];

/// TIA-598, FOTAG.
pub const TIA: [&str; 12] = [
    "Bleu",
    "Orange",
    "Vert",
    "Marron",
    "Gris",
    "Blanc",
    "Rouge",
    "Noir",
    "Jaune",
    "Violet",
    "Rose",
    "Turquoise",
];

/// IEC 60304, DIN.
pub const IEC: [&str; 12] = [
    "Rouge",
    "Vert",
    "Bleu",
    "Jaune",
    "Blanc",
    "Gris",
    "Marron",
    "Violet",
    "Turquoise",
    "Noir",
    "Orange",
    "Rose",
];

/// A colour with so many black rings.
pub fn ringed(colour: &str, rings: usize) -> String {
    match rings {
        0 => colour.to_owned(),
        1 => format!("{colour}, 1 bague noire"),
        rings => format!("{colour}, {rings} bagues noires"),
    }
}
