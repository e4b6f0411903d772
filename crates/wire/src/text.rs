//! §2.5: the characters and lengths of a value.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Longest value of each question's field, in characters (tables 3.2.1 to 3.5.1; §3.1 says that
/// they may move to those of the access protocol 1.3: move them here).
pub const LENGTHS: &[(&str, usize)] = &[
    ("referenceContrat", 30),
    ("referenceBatiment", 30),
    ("referenceEscalier", 30),
    ("referenceEtage", 30),
    ("referencePBO", 30),
    ("referenceBE", 30),
    ("referenceFibre", 255),
    ("referencePTO", 30),
    ("conservationPTO", 30),
    ("motif", 255),
];

/// The length of `libelleErreur`, in characters (tables 3.2.2 to 3.5.2).
pub const LIBELLE_MAX: usize = 255;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// More characters than the field takes.
    #[error("{found} caractères, {max} au plus")]
    TooLong {
        /// Characters after normalization.
        found: usize,
        /// Characters allowed.
        max: usize,
    },
    /// A character outside §2.5, with its position from 1.
    #[error("caractère interdit U+{:04X} en position {position} (§2.5 : ISO/CEI 8859-1 imprimable)", u32::from(*.character))]
    Forbidden {
        /// The character itself.
        character: char,
        /// Its position in the value, from 1.
        position: usize,
    },
}

/// Cleans and checks one value: white space around it dropped (D7), Unicode NFC, then characters
/// (D9), then length (D8). An empty value counts as absent.
///
/// # Errors
/// A character outside the printable part of ISO/IEC 8859-1, or too many of them.
pub fn clean(raw: &str, length_max: usize) -> Result<Option<String>, BadText> {
    let trimmed = raw.trim_matches([' ', '\t', '\r', '\n']);
    if trimmed.is_empty() {
        return Ok(None);
    }
    let value: String = if is_nfc(trimmed) { trimmed.to_owned() } else { trimmed.nfc().collect() };
    let mut length = 0;
    for (index, character) in value.chars().enumerate() {
        if !is_allowed(character) {
            return Err(BadText::Forbidden { character, position: index + 1 });
        }
        length = index + 1;
    }
    if length > length_max {
        return Err(BadText::TooLong { found: length, max: length_max });
    }
    Ok(Some(value))
}

/// The characters of §2.5, in one place so that the set can be narrowed (D9): the printable part of
/// ISO/IEC 8859-1 without the soft hyphen.
pub fn is_allowed(c: char) -> bool {
    matches!(c, '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}')
}

/// Cuts a text to a number of characters.
pub fn cut(text: &str, length_max: usize) -> &str {
    text.char_indices().nth(length_max).map_or(text, |(end, _)| &text[..end])
}

/// Case, accents and repeated blanks folded away: how labels are compared (contract.md, D12, D19).
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        let bare = word.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
        folded.extend(bare.flat_map(char::to_lowercase));
    }
    folded
}

/// The longest value that `field` takes.
///
/// # Panics
/// Never for a field of [`LENGTHS`].
pub fn length_of(field: &str) -> usize {
    LENGTHS.iter().find(|(name, _)| *name == field).expect("every field has its length").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_is_dropped_and_nothing_is_absence() {
        assert_eq!(clean("\n  ARA-502701\t", 30), Ok(Some("ARA-502701".into())));
        assert_eq!(clean(" \r\n", 30), Ok(None));
        assert_eq!(clean("a  b", 30), Ok(Some("a  b".into())));
    }

    #[test]
    fn normalized_before_anything_is_counted() {
        let decomposed = "Fibre casse\u{301}e";
        assert_eq!(clean(decomposed, 12), Ok(Some("Fibre cassée".into())));
        assert_eq!(clean("Fibre cassée", 11), Err(BadText::TooLong { found: 12, max: 11 }));
    }

    #[test]
    fn characters_come_before_length() {
        let bad = clean("1234€", 3).unwrap_err();
        assert_eq!(bad, BadText::Forbidden { character: '€', position: 5 });
        assert!(bad.to_string().contains("U+20AC"), "{bad}");
    }

    #[test]
    fn the_table_of_2_5() {
        for c in (0u32..0x3000).filter_map(char::from_u32) {
            let printable = (' '..='~').contains(&c) || ('¡'..='ÿ').contains(&c) && c != '\u{ad}';
            assert_eq!(is_allowed(c), printable, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("éàü", 2), "éà");
        assert_eq!(cut("éà", 2), "éà");
    }
}
