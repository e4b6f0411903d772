//! Values as one text: the same whichever database they come from, and no other values' text. Sums of
//! tables (`copy/`) and the hashes of the audit (docs/audit.md) are made over it.

use super::value::Param;

/// Appends values, each with `;` behind it: a number in decimal, a text behind its length in bytes and
/// `:`, a truth as `true` or `false`, NULL as `-`.
pub(crate) fn write(line: &mut String, values: &[Param<'_>]) {
    let mut digits = itoa::Buffer::new();
    for value in values {
        match value {
            Param::Null => line.push('-'),
            Param::Int(number) => line.push_str(digits.format(*number)),
            Param::Text(text) => {
                line.push_str(digits.format(text.len()));
                line.push(':');
                line.push_str(text);
            }
            Param::Bool(truth) => line.push_str(if *truth { "true" } else { "false" }),
        }
        line.push(';');
    }
}

/// Bytes in hexadecimal, in small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
