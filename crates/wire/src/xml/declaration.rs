//! The XML declaration, which the tree reader does not check.

use super::read::XmlError;

/// Splits a document into its XML declaration (if it has one) and the rest.
///
/// # Errors
/// A declaration that does not follow productions 23 to 32 and 77 to 81 of XML 1.0, or one of a
/// version other than 1.0.
pub(super) fn split(text: &str) -> Result<(Option<Declaration<'_>>, &str), XmlError> {
    let Some(after) = text.strip_prefix("<?xml") else { return Ok((None, text)) };
    if !after.starts_with(is_space) {
        // `<?xml-stylesheet …?>` and the like: an ordinary processing instruction.
        return Ok((None, text));
    }
    let (inside, rest) = after.split_once("?>").ok_or(XmlError::Declaration)?;
    Ok((Some(Declaration::read(inside)?), rest))
}

/// The encoding that an ASCII-compatible document declares, if it has a declaration that names one.
pub fn declared_encoding(start: &str) -> Option<&str> {
    split(start).ok()?.0?.encoding
}

/// What an XML declaration says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declaration<'t> {
    pub(super) encoding: Option<&'t str>,
}

impl<'t> Declaration<'t> {
    fn read(inside: &'t str) -> Result<Self, XmlError> {
        let mut pairs = Pairs { rest: inside };
        let version = pairs.next("version")?.ok_or(XmlError::Declaration)?;
        if version != "1.0" {
            return Err(XmlError::Version);
        }
        let encoding = pairs.next("encoding")?;
        if encoding.is_some_and(|name| !is_encoding_name(name)) {
            return Err(XmlError::Declaration);
        }
        let standalone = pairs.next("standalone")?;
        let known = matches!(standalone, None | Some("yes" | "no"));
        if !known || !pairs.rest.trim_start_matches(is_space).is_empty() {
            return Err(XmlError::Declaration);
        }
        Ok(Self { encoding })
    }
}

/// The pseudo-attributes of a declaration, taken in their fixed order.
struct Pairs<'t> {
    rest: &'t str,
}

impl<'t> Pairs<'t> {
    fn next(&mut self, name: &str) -> Result<Option<&'t str>, XmlError> {
        let trimmed = self.rest.trim_start_matches(is_space);
        let Some(after_name) = trimmed.strip_prefix(name) else { return Ok(None) };
        if trimmed.len() == self.rest.len() {
            return Err(XmlError::Declaration);
        }
        let value = after_name
            .trim_start_matches(is_space)
            .strip_prefix('=')
            .map(|v| v.trim_start_matches(is_space))
            .ok_or(XmlError::Declaration)?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or(XmlError::Declaration)?;
        let (inside, rest) = value[1..].split_once(quote).ok_or(XmlError::Declaration)?;
        self.rest = rest;
        Ok(Some(inside))
    }
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_as_the_standard_has_them() {
        let (declaration, rest) =
            split("<?xml version='1.0' encoding=\"ISO-8859-1\" standalone='no' ?><a/>").unwrap();
        assert_eq!(declaration.unwrap().encoding, Some("ISO-8859-1"));
        assert_eq!(rest, "<a/>");
        assert_eq!(split("<a/>").unwrap(), (None, "<a/>"));
    }

    #[test]
    fn declarations_as_it_does_not() {
        for bad in [
            "<?xml?>",
            "<?xml ?><a/>",
            "<?xml encoding='UTF-8' version='1.0'?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' encoding='1'?>",
            "<?xml version='1.0' standalone='YES'?>",
            "<?xml version='1.0' more='1'?>",
            "<?xml version=1.0?>",
            "<?xml version='1.1'?>",
            "<?xml version='1.0'",
        ] {
            assert!(split(bad).is_err() || split(bad).unwrap().0.is_none(), "{bad}");
            assert!(super::super::parse(bad, &super::super::Limits::QUESTION).is_err(), "{bad}");
        }
    }
}
