//! Values as one text: the same whichever database they come from, and no other values' text. Sums of
//! tables (`copy/`) and the hashes of the audit (docs/audit.md) are made over it.

use std::fmt::Write;

use super::value::Param;

/// Appends values, each with `;` behind it: a number in decimal, a text behind its length in bytes and
/// `:`, a truth as `true` or `false`, NULL as `-`.
pub(crate) fn write(line: &mut String, values: &[Param<'_>]) {
    for value in values {
        // Writing to a String does not fail.
        let _ = match value {
            Param::Null => line.write_str("-;"),
            Param::Int(number) => write!(line, "{number};"),
            Param::Text(text) => write!(line, "{}:{text};", text.len()),
            Param::Bool(truth) => write!(line, "{truth};"),
        };
    }
}

/// Bytes in hexadecimal, in small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
