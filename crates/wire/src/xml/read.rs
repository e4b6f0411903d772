//! A conforming, bounded reader of XML 1.0 with namespaces, without document types.
//!
//! `roxmltree` reads the tree. What it leaves open is closed here, each case found in the W3C
//! conformance suite or beside Expat: XML declarations, processing instructions, names that begin
//! with a colon, prefixes bound to nothing, the reserved prefix `xmlns` and attributes that are called
//! so, a default namespace declared twice, references to surrogates. Its cost grows with the square of
//! nested namespace declarations, so the counts that drive it are bounded first.

use roxmltree::{Document, Node, ParsingOptions};

use super::declaration;

/// What a document may hold. Counts are of the raw text, taken before the tree is built.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Characters `<`: elements, end tags, comments, CDATA sections.
    pub markup_max: usize,
    /// Characters `=`: attributes and namespace declarations (and any in text).
    pub equals_max: usize,
    /// Characters `=` from one `<` to the next: attributes of one element (and any in the text after
    /// it). What they cost grows with their square.
    pub equals_in_a_row_max: usize,
    /// Occurrences of `xmlns`.
    pub namespaces_max: usize,
    /// Elements within elements.
    pub depth_max: usize,
    /// Attributes of one element.
    pub attributes_max: usize,
    /// Bytes of one element's or attribute's name.
    pub name_bytes_max: usize,
}

impl Limits {
    /// A question: the largest honest one has about 60 pieces of markup.
    pub const QUESTION: Self = Self {
        markup_max: 1024,
        equals_max: 1024,
        equals_in_a_row_max: 1024,
        namespaces_max: 64,
        depth_max: 32,
        attributes_max: 64,
        name_bytes_max: 256,
    };

    /// An answer: a building of ten thousand sockets has some twenty thousand pieces of markup.
    pub const ANSWER: Self = Self {
        markup_max: 200_000,
        equals_max: 2_000_000,
        equals_in_a_row_max: 256,
        namespaces_max: 256,
        ..Self::QUESTION
    };
}

/// Why a text is not a document that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// A bound of [`Limits`] was passed; the name says which.
    #[error("document trop grand : {0}")]
    TooBig(&'static str),
    /// A document type declaration.
    #[error("les déclarations DOCTYPE sont interdites")]
    Doctype,
    /// A processing instruction.
    #[error("les instructions de traitement sont interdites")]
    ProcessingInstruction,
    /// A version other than XML 1.0.
    #[error("seule la version 1.0 de XML est lue")]
    Version,
    /// A broken XML declaration.
    #[error("la déclaration XML est mal formée")]
    Declaration,
    /// Anything else that is not well-formed, with the line where it shows (from 1).
    #[error("XML mal formé, ligne {line}")]
    Malformed {
        /// Line of the text, from 1.
        line: u32,
    },
}

/// Reads a document whose lines end in `\n`, as [`crate::charset::decode`] gives it.
///
/// # Errors
/// Whatever is not well-formed XML 1.0 with namespaces, holds a DOCTYPE or a processing
/// instruction, or passes one of the limits.
pub fn parse<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, XmlError> {
    let (_, text) = declaration::split(text)?;
    // The tree reader takes one away; whoever decoded the text has done so already.
    if text.starts_with('\u{feff}') {
        return Err(XmlError::Malformed { line: 1 });
    }
    // It would take a second declaration for the first, too.
    if declaration::split(text)?.0.is_some() {
        return Err(XmlError::Declaration);
    }
    check_raw(text, limits)?;
    let nodes_limit = u32::try_from(limits.markup_max * 2).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::Doctype,
        roxmltree::Error::NodesLimitReached => XmlError::TooBig("éléments"),
        other => XmlError::Malformed { line: other.pos().row },
    })?;
    check_tree(&document, limits)?;
    Ok(document)
}

/// The bounds and rules that are checked on the text itself, before anything is allocated for it.
fn check_raw(text: &str, limits: &Limits) -> Result<(), XmlError> {
    let count = |byte: u8| text.bytes().filter(|b| *b == byte).count();
    if count(b'<') > limits.markup_max {
        return Err(XmlError::TooBig("éléments"));
    }
    let equals = count(b'=');
    if equals > limits.equals_max {
        return Err(XmlError::TooBig("attributs"));
    }
    let in_a_row = |piece: &str| piece.bytes().filter(|b| *b == b'=').count();
    if equals > limits.equals_in_a_row_max
        && text.split('<').any(|piece| in_a_row(piece) > limits.equals_in_a_row_max)
    {
        return Err(XmlError::TooBig("attributs"));
    }
    // Each declaration has its `=`.
    if equals > limits.namespaces_max && text.matches("xmlns").count() > limits.namespaces_max {
        return Err(XmlError::TooBig("espaces de noms"));
    }
    // Whether there is any is told in a fraction of the time that it takes to say where.
    let each = |what: &'static str| {
        let there = text.contains(what);
        there.then(|| text.match_indices(what)).into_iter().flatten()
    };
    let malformed = |position| XmlError::Malformed { line: line_of(text, position) };
    for (position, _) in each("&#") {
        check_reference(&text[position + 2..]).ok_or_else(|| malformed(position))?;
    }
    // The tree reader lets `</:b>` end `<b>`.
    if let Some((position, _)) = each("</:").next() {
        return Err(malformed(position));
    }
    for (position, name) in each(":xmlns") {
        if is_set(&text[position + name.len()..]) {
            return Err(malformed(position));
        }
    }
    Ok(())
}

/// Whether a name that ends here is given a value. The tree reader takes `p:xmlns="u"`, which is an
/// attribute like any other, for a declaration of the default namespace.
fn is_set(after: &str) -> bool {
    after.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('=')
}

/// A character reference names a character (production 66); inside CDATA it is only text, and a
/// malformed one there is refused too: no honest question has any.
fn check_reference(after: &str) -> Option<()> {
    const DIGITS_MAX: usize = 32;
    let (digits, radix) = after.strip_prefix('x').map_or((after, 10), |hex| (hex, 16));
    let end = digits.bytes().take(DIGITS_MAX + 1).position(|byte| byte == b';')?;
    // What stands before an ASCII character ends where a character ends.
    let digits = digits.get(..end).filter(|digits| !digits.starts_with('+'))?;
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).map(drop)
}

fn check_tree(document: &Document<'_>, limits: &Limits) -> Result<(), XmlError> {
    let text = document.input_text();
    let mut depth = 0_usize;
    let mut node = document.root();
    loop {
        check_node(node, text, limits)?;
        if let Some(child) = node.first_child() {
            depth += 1;
            if depth > limits.depth_max {
                return Err(XmlError::TooBig("profondeur"));
            }
            node = child;
            continue;
        }
        while node.next_sibling().is_none() {
            match node.parent() {
                Some(parent) => node = parent,
                None => return Ok(()),
            }
            depth -= 1;
        }
        node = node.next_sibling().expect("the loop above stops at a node that has one");
    }
}

fn check_node(node: Node<'_, '_>, text: &str, limits: &Limits) -> Result<(), XmlError> {
    if node.is_pi() {
        return Err(XmlError::ProcessingInstruction);
    }
    if !node.is_element() {
        return Ok(());
    }
    let malformed = || XmlError::Malformed { line: line_of(text, node.range().start) };
    if text[node.range().start..].starts_with("<:") {
        return Err(malformed());
    }
    if node.attributes().len() > limits.attributes_max {
        return Err(XmlError::TooBig("attributs"));
    }
    if node.tag_name().name().len() > limits.name_bytes_max {
        return Err(XmlError::TooBig("noms"));
    }
    for attribute in node.attributes() {
        if text[attribute.range().start..].starts_with(':') {
            return Err(malformed());
        }
        if attribute.name().len() > limits.name_bytes_max {
            return Err(XmlError::TooBig("noms"));
        }
    }
    let unbound = |ns: &roxmltree::Namespace<'_>| {
        ns.name() == Some("xmlns") || (ns.name().is_some() && ns.uri().is_empty())
    };
    let defaults = node.namespaces().filter(|ns| ns.name().is_none()).count();
    if defaults > 1 || node.namespaces().any(unbound) { Err(malformed()) } else { Ok(()) }
}

fn line_of(text: &str, position: usize) -> u32 {
    let breaks = text.as_bytes()[..position].iter().filter(|b| **b == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(), XmlError> {
        parse(text, &Limits::QUESTION).map(drop)
    }

    #[test]
    fn what_the_tree_reader_alone_lets_through() {
        for bad in [
            "<:a/>",
            "<a :b='1'/>",
            "<a></:a>",
            "<a xmlns:p=''><p:b/></a>",
            "<a xmlns:xmlns='u'/>",
            "<a p:xmlns='u'/>",
            "<a xmlns='u' xmlns='u'/>",
            "<a xmlns='u' xmlns='v'/>",
            "<a xmlns='u'><b xmlns='' xmlns='u'/></a>",
            "<a xmlns:p='v'><b p:xmlns\n = 'u'/></a>",
            "<a>&#xD800;</a>",
            "<a>&#x110000;</a>",
            "<a>&#+65;</a>",
            "<a><b :c='1'/></a>",
            "\u{feff}<a/>",
            "<?xml version='1.0'?>\u{feff}<a/>",
        ] {
            assert!(matches!(read(bad), Err(XmlError::Malformed { .. })), "{bad}");
        }
    }

    #[test]
    fn what_is_refused_outright() {
        assert_eq!(read("<!DOCTYPE a><a/>"), Err(XmlError::Doctype));
        assert_eq!(read("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), Err(XmlError::Doctype));
        assert_eq!(read("<a><?p x?></a>"), Err(XmlError::ProcessingInstruction));
        assert_eq!(read("<?p x?><a/>"), Err(XmlError::ProcessingInstruction));
        assert_eq!(read("<a/><?p x?>"), Err(XmlError::ProcessingInstruction));
        assert_eq!(read("<?xml version='1.1'?><a/>"), Err(XmlError::Version));
        assert_eq!(
            read("<?xml version='1.0'?><?xml version='1.0'?><a/>"),
            Err(XmlError::Declaration)
        );
        assert_eq!(read("<a>\n<b>\n</a>"), Err(XmlError::Malformed { line: 3 }));
    }

    #[test]
    fn what_is_read() {
        for good in [
            "<a/>",
            "<?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><a b='&#233;&#xE9;'>é<![CDATA[<]]></a>\n",
            "<a xmlns='u' xmlns:p='v'><p:b xmlns=''/></a>",
            "<a xmlns='u'><b xmlns:p='v'><c xmlns='w'/><d xmlns='u' p:e=''/></b></a>",
            "<a>Probl&#232;me génie civil &#xE9;éé</a>",
            "<a>&#233;€€€</a>",
            "<a xmlns:p='v' p:xmlnsx='1' p:x='p:xmlns'>p:xmlns</a>",
        ] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn bounds() {
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert_eq!(read(&deep(31)), Ok(()));
        assert_eq!(read(&deep(33)), Err(XmlError::TooBig("profondeur")));
        let wide = (0..65).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat();
        assert_eq!(read(&format!("<a{wide}/>")), Err(XmlError::TooBig("attributs")));
        let declared = (0..65).map(|n| format!(" xmlns:a{n}='u'")).collect::<Vec<_>>().concat();
        assert_eq!(read(&format!("<a{declared}/>")), Err(XmlError::TooBig("espaces de noms")));
        assert_eq!(
            read(&format!("<a>{}</a>", "<b/>".repeat(1100))),
            Err(XmlError::TooBig("éléments"))
        );
        assert_eq!(read(&format!("<a{}/>", "b".repeat(300))), Err(XmlError::TooBig("noms")));
    }
}
