//! Bytes that are not the text they say they are, and text that looks like another one.

use super::{Attack, Expected::Ok as Answered, Fault, Ko, attack};
use crate::harness::{MUT, envelope, structure};

fn wide(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// The bytes of a text with one place, `@`, replaced.
fn with_bytes(text: &str, bytes: &[u8]) -> Vec<u8> {
    let (before, after) = text.split_once('@').unwrap();
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

/// What the Content-Type says of the encoding.
const NOTHING: &str = "text/xml";
const UTF8: &str = "text/xml; charset=utf-8";

fn declared(encoding: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", envelope(&structure(MUT)))
}

#[tokio::test]
async fn encodings_that_are_not_what_they_say() {
    attack(|_| {
        let honest = envelope(&structure(MUT));
        let accent = declared("ISO-8859-1").replace(MUT, "CONTRAT-é");
        let seven = honest.replace('<', "+ADw-").replace('>', "+AD4-");
        let little = |text: &str| wide(text, true, u16::to_le_bytes);
        let bare = |bytes| wide(&honest, false, bytes);
        let utf32: Vec<u8> =
            format!("\u{feff}{honest}").chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let odd = [little(&honest), vec![b'<']].concat();
        let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
        [
            ("UTF-7", NOTHING, seven.clone().into_bytes(), Fault),
            ("UTF-7, said", "text/xml; charset=utf-7", seven.into_bytes(), Fault),
            ("UTF-7, declared", NOTHING, declared("UTF-7").into_bytes(), Fault),
            ("EBCDIC", NOTHING, b"\x4c\x6f\xa7\x94\x93\x40".repeat(20), Fault),
            ("EBCDIC, declared", NOTHING, declared("IBM037").into_bytes(), Fault),
            ("UTF-32", NOTHING, utf32, Fault),
            ("an unknown one, declared", NOTHING, declared("x-nobody").into_bytes(), Fault),
            ("UTF-16 without a mark", NOTHING, bare(u16::to_le_bytes), Fault),
            ("the same, said", "text/xml; charset=utf-16", bare(u16::to_be_bytes), Answered),
            ("UTF-16 that says UTF-8", UTF8, little(&honest), Fault),
            ("UTF-16 cut in a character", NOTHING, little(&honest)[1..].to_vec(), Fault),
            ("UTF-16 of an odd length", NOTHING, odd, Fault),
            ("half a pair in UTF-16", NOTHING, with_lone_half(&honest), Fault),
            ("UTF-16 declared in UTF-8", NOTHING, declared("UTF-16").into_bytes(), Fault),
            ("the same with a mark", NOTHING, marked(&declared("UTF-16")), Fault),
            ("UTF-8 declared in UTF-16", NOTHING, little(&declared("UTF-8")), Fault),
            ("two marks", NOTHING, marked(&format!("\u{feff}{honest}")), Fault),
            ("one mark", NOTHING, marked(&honest), Answered),
            // The parameter wins (WS-I R1019), so that nothing is read in two ways.
            ("UTF-8 said, Latin-1 declared", UTF8, declared("ISO-8859-1").into_bytes(), Answered),
            ("the same, and sent", UTF8, latin1(&accent), Fault),
        ]
        .map(|(name, kind, body, expected)| Attack::new(name, body, expected).of_type(kind))
        .into()
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_and_versions_that_are_not_1_0() {
    attack(|_| {
        let place = envelope(&structure("A@B"));
        let bytes: [(&str, &[u8]); 6] = [
            ("an overlong <", b"\xc0\xbc"),
            ("a longer overlong <", b"\xe0\x80\xbc"),
            ("an overlong NUL", b"\xc0\x80"),
            ("half a pair", b"\xed\xa0\x80"),
            ("beyond Unicode", b"\xf4\x90\x80\x80"),
            ("a continuation alone", b"\xbf"),
        ];
        let mut attacks: Vec<_> =
            bytes.map(|(name, bytes)| Attack::new(name, with_bytes(&place, bytes), Fault)).into();
        for version in ["1.1", "2.0", "1.", ""] {
            let text = format!("<?xml version=\"{version}\"?>{}", envelope(&structure(MUT)));
            attacks.push(Attack::new(version, text, Fault));
        }
        attacks
    })
    .await;
}

fn with_lone_half(text: &str) -> Vec<u8> {
    let mut bytes = wide(text, true, u16::to_le_bytes);
    // Behind the first bracket, where any character would be part of the name.
    bytes.splice(4..4, 0xd800_u16.to_le_bytes());
    bytes
}

#[tokio::test]
async fn characters_that_xml_has_not() {
    attack(|_| {
        let place = envelope(&structure("A@B"));
        let mut attacks = Vec::new();
        let raw: [&[u8]; 7] =
            [b"\0", b"\x01", b"\x08", b"\x0b", b"\x1b[31m", b"\x1f", b"\xef\xbf\xbe"];
        for bytes in raw {
            attacks.push(Attack::new(format!("{bytes:?}"), with_bytes(&place, bytes), Fault));
        }
        for reference in ["&#0;", "&#x0;", "&#1;", "&#x1b;", "&#xFFFE;", "&#xD800;", "&#x110000;"] {
            attacks.push(Attack::new(reference, place.replace('@', reference), Fault));
        }
        attacks
    })
    .await;
}

#[tokio::test]
async fn characters_that_references_have_not() {
    attack(|_| {
        let with = |what: &str| envelope(&structure("")).replace("</ref", &format!("{what}</ref"));
        let mut attacks = Vec::new();
        for (name, value) in [
            ("a tab inside", "A\tB"),
            ("a line's end inside", "A&#13;&#10;B"),
            ("a delete", "A\u{7f}B"),
            ("a control of Latin-1", "A\u{85}B"),
            ("a blank that does not break", "A\u{a0}B"),
            ("a soft hyphen", "A\u{ad}B"),
            ("no width", "A\u{200b}B"),
            ("a joiner", "A\u{200d}B"),
            ("a mark in the middle", "A\u{feff}B"),
            ("from right to left", "A\u{202e}B"),
            ("Cyrillic letters", "МUТ56816520160316162024"),
            ("wide digits", "MUT５６８１６５２０１６０３１６１６２０２４"),
            ("a letter with a mark that no letter has", "M\u{323}\u{302}"),
            ("a face", "A😀"),
            ("a euro of windows-1252", "A€"),
            ("a line separator", "A\u{2028}B"),
        ] {
            attacks.push(Attack::new(name, with(value), Ko("20001")));
        }
        // Unicode's own form of an allowed character is that character (D8); nobody has it here.
        for value in ["CONTRAT-e\u{301}", "\u{212b}", "\u{212a}", "mut56816520160316162024", "MUT"]
        {
            attacks.push(Attack::new(value, with(value), Ko("20019")));
        }
        let around = format!("\r\n\t {MUT} \r\n");
        attacks.push(Attack::new("white space around", with(&around), Answered));
        attacks
    })
    .await;
}
