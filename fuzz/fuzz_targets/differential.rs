//! What is read as a document is one for Expat, too, and holds the same.

#![no_main]

use ereprov_fuzz::{expat, tree};
use ereprov_wire::{
    charset::decode,
    xml::{Limits, parse},
};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = decode(bytes, None) else { return Corpus::Reject };
    let Ok(document) = parse(&text, &Limits::QUESTION) else { return Corpus::Keep };
    let ours = tree::of(&document);
    let names = |element: &tree::Element| {
        let attributes = element.attributes.keys().map(|name| &name.1);
        attributes.chain([&element.name.1]).all(|name| expat::knows(name))
    };
    if !ours.all().into_iter().all(names) || !prefixes_are_known(&document) {
        return Corpus::Keep;
    }
    match expat::read(as_it_came(bytes, &text)) {
        Ok(theirs) => assert_eq!(ours, theirs),
        Err(wrong) => panic!("Expat refuses it: {wrong}"),
    }
    Corpus::Keep
});

/// The document as it came, where Expat can be given that: with its own ends of lines.
fn as_it_came<'t>(bytes: &'t [u8], text: &'t str) -> &'t str {
    let came = std::str::from_utf8(bytes).unwrap_or(text).trim_start_matches('\u{feff}');
    let same = came.replace("\r\n", "\n").replace('\r', "\n") == text;
    if same { came } else { text }
}

fn prefixes_are_known(document: &roxmltree::Document<'_>) -> bool {
    let declared = document.descendants().flat_map(|node| node.namespaces());
    declared.filter_map(roxmltree::Namespace::name).all(expat::knows)
}
