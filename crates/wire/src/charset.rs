//! From the bytes of a body to text (contract.md, D4).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::xml::declared_encoding;

/// Why the bytes are not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// The `charset` parameter or the XML declaration names an encoding that is not read.
    #[error("jeu de caractères non pris en charge : UTF-8, UTF-16 ou ISO-8859-1")]
    Unsupported,
    /// The bytes are not what was announced.
    #[error("le corps n'est pas en {0} valide")]
    Invalid(&'static str),
}

/// Decodes a body: the `charset` parameter decides, then a byte order mark, then the XML
/// declaration, then UTF-8 (WS-I R1019: with a parameter, the declaration does not count). Every line
/// ends in `\n` then, as XML 1.0 §2.11 wants it before anything is parsed.
///
/// # Errors
/// An encoding other than UTF-8, UTF-16, ISO-8859-1 (or its superset windows-1252) or US-ASCII, and
/// bytes that are not in the announced one.
pub fn decode(bytes: &[u8], parameter: Option<&str>) -> Result<String, CharsetError> {
    if let Some(label) = parameter {
        return match named(label).ok_or(CharsetError::Unsupported)? {
            Named::Utf16 => decode_utf16(bytes),
            Named::Exactly(encoding) => decode_as(encoding, strip_mark(bytes, encoding)),
        };
    }
    if let Some((marked, mark_length)) = Encoding::for_bom(bytes) {
        let text = decode_as(marked, &bytes[mark_length..])?;
        return match declared_encoding(&text).map(named) {
            None | Some(Some(Named::Utf16)) if marked != UTF_8 => Ok(text),
            None => Ok(text),
            Some(Some(Named::Exactly(declared))) if declared == marked => Ok(text),
            Some(_) => Err(CharsetError::Invalid(marked.name())),
        };
    }
    let start: String = bytes.iter().take(DECLARATION_BYTES_MAX).map(|b| char::from(*b)).collect();
    match declared_encoding(&start).map(named) {
        None => decode_as(UTF_8, bytes),
        // Two bytes a character cannot have been read as a declaration of one byte each.
        Some(Some(Named::Utf16)) => Err(CharsetError::Invalid("UTF-16")),
        Some(Some(Named::Exactly(encoding))) if encoding != UTF_16BE && encoding != UTF_16LE => {
            decode_as(encoding, bytes)
        }
        Some(_) => Err(CharsetError::Unsupported),
    }
}

/// An XML declaration that names an encoding fits in this many bytes.
const DECLARATION_BYTES_MAX: usize = 256;

enum Named {
    Utf16,
    Exactly(&'static Encoding),
}

fn named(label: &str) -> Option<Named> {
    let label = label.trim_matches(['"', '\'', ' ']).to_ascii_lowercase();
    Some(match label.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Named::Exactly(UTF_8),
        "utf-16" => Named::Utf16,
        "utf-16le" => Named::Exactly(UTF_16LE),
        "utf-16be" => Named::Exactly(UTF_16BE),
        "iso-8859-1" | "iso8859-1" | "latin1" | "windows-1252" | "cp1252" => {
            Named::Exactly(WINDOWS_1252)
        }
        _ => return None,
    })
}

fn decode_utf16(bytes: &[u8]) -> Result<String, CharsetError> {
    match Encoding::for_bom(bytes) {
        Some((encoding, length)) if encoding != UTF_8 => decode_as(encoding, &bytes[length..]),
        Some(_) => Err(CharsetError::Invalid("UTF-16")),
        // RFC 2781 §4.3: without a mark, big-endian; a document begins with `<`, which tells.
        None if bytes.starts_with(b"<\0") => decode_as(UTF_16LE, bytes),
        None => decode_as(UTF_16BE, bytes),
    }
}

fn strip_mark<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> &'b [u8] {
    match Encoding::for_bom(bytes) {
        Some((marked, length)) if marked == encoding => &bytes[length..],
        _ => bytes,
    }
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, CharsetError> {
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(CharsetError::Invalid(encoding.name()))?;
    Ok(if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<a>Fibre cassée</a>";

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let pair = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(pair).collect()
    }

    fn latin1(text: &str) -> Vec<u8> {
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    }

    #[test]
    fn the_parameter_decides() {
        assert_eq!(decode(TEXT.as_bytes(), Some("UTF-8")).unwrap(), TEXT);
        assert_eq!(decode(&latin1(TEXT), Some("iso-8859-1")).unwrap(), TEXT);
        assert_eq!(decode(&utf16(TEXT, true), Some("utf-16")).unwrap(), TEXT);
        assert_eq!(decode(&utf16(TEXT, false), Some("utf-16")).unwrap(), TEXT);
        let declared = "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>";
        assert_eq!(decode(declared.as_bytes(), Some("\"utf-8\"")).unwrap(), declared);
        assert_eq!(decode(b"<a/>", Some("utf-7")), Err(CharsetError::Unsupported));
        assert_eq!(decode(&latin1(TEXT), Some("utf-8")), Err(CharsetError::Invalid("UTF-8")));
    }

    #[test]
    fn every_line_ends_alike() {
        assert_eq!(decode(b"a\r\nb\rc\r\r\n&amp;\n", None).unwrap(), "a\nb\nc\n\n&amp;\n");
        assert_eq!(decode(&utf16("a\r\nb", true), Some("utf-16le")).unwrap(), "a\nb");
    }

    #[test]
    fn then_the_mark() {
        assert_eq!(decode(&[b"\xef\xbb\xbf", TEXT.as_bytes()].concat(), None).unwrap(), TEXT);
        let marked = [vec![0xff, 0xfe], utf16(TEXT, true)].concat();
        assert_eq!(decode(&marked, None).unwrap(), TEXT);
        let marked = [vec![0xfe, 0xff], utf16(TEXT, false)].concat();
        assert_eq!(decode(&marked, None).unwrap(), TEXT);
        let contradicted = "<?xml version='1.0' encoding='utf-8'?><a/>";
        let contradicted = [vec![0xff, 0xfe], utf16(contradicted, true)].concat();
        assert_eq!(decode(&contradicted, None), Err(CharsetError::Invalid("UTF-16LE")));
    }

    #[test]
    fn then_the_declaration_then_utf8() {
        let declared = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
        assert_eq!(decode(&latin1(declared), None).unwrap(), declared);
        assert_eq!(decode(TEXT.as_bytes(), None).unwrap(), TEXT);
        let lying = b"<?xml version='1.0' encoding='UTF-16'?><a/>";
        assert_eq!(decode(lying, None), Err(CharsetError::Invalid("UTF-16")));
        let unknown = b"<?xml version='1.0' encoding='XYZ+999'?><a/>";
        assert!(
            crate::xml::parse(std::str::from_utf8(unknown).unwrap(), &crate::xml::Limits::QUESTION)
                .is_err()
        );
    }
}
