//! Documents that are made to cost much: depth, counts, lengths. What an honest question never
//! needs is refused while it is read; what is within the bounds is answered.

use super::{
    Attack, Expected::Ok as Answered, Fault, Http, MustUnderstand, V12, attack, in_envelope,
    in_version, structure_with,
};
use crate::harness::{MUT, envelope, structure};

/// Bytes of a question at the most.
const BODY_MAX: usize = 65_536;

/// An honest question made exactly so long, by a comment.
fn padded(length: usize) -> String {
    let honest = envelope(&structure(MUT));
    let padding = "x".repeat(length - honest.len() - "<!---->".len());
    format!("{honest}<!--{padding}-->")
}

fn header(inside: &str) -> String {
    in_envelope(inside, &structure(MUT))
}

fn attributes(count: usize) -> String {
    let all: Vec<_> = (0..count).map(|n| format!("a{n}=\"\"")).collect();
    format!("<h {}/>", all.join(" "))
}

/// Names that collide where names are hashed as Java hashes them: `Aa` and `BB` in every order.
fn colliding(count: usize) -> String {
    let name = |n: usize| -> String {
        (0..12).map(|bit| if n >> bit & 1 == 0 { "Aa" } else { "BB" }).collect()
    };
    let all: Vec<_> = (0..count).map(|n| format!("{}=\"\"", name(n))).collect();
    format!("<h {}/>", all.join(" "))
}

fn nested(levels: usize, open: &str, close: &str) -> String {
    format!("{}{}", open.repeat(levels), close.repeat(levels))
}

fn namespaces(count: usize) -> String {
    let all: Vec<_> = (0..count).map(|n| format!("xmlns:n{n}=\"urn:{n}\"")).collect();
    format!("<h {}/>", all.join(" "))
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    attack(|_| {
        let value =
            |inside: &str| envelope(&structure("")).replace("</ref", &format!("{inside}</ref"));
        let mut attacks = vec![
            Attack::new("one byte too many", padded(BODY_MAX + 1), Http(413)),
            Attack::new("some thousands too many", padded(BODY_MAX + 4_000), Http(413)),
        ];
        let faults = [
            ("deep header", header(&nested(40, "<h>", "</h>"))),
            ("very deep header", header(&nested(9_000, "<h>", "</h>"))),
            (
                "deep and never closed",
                format!("<s:Envelope xmlns:s=\"u\">{}", "<h>".repeat(20_000)),
            ),
            ("deep value", value(&nested(1_000, "<b>", "</b>"))),
            ("deep, each with a namespace", header(&nested(1_000, "<h xmlns:n='urn:n'>", "</h>"))),
            ("many elements", header(&"<h/>".repeat(10_000))),
            ("many empty texts", value(&"<!---->".repeat(2_000))),
            ("many CDATA sections", value(&"<![CDATA[]]>".repeat(2_000))),
            ("many attributes", header(&attributes(65))),
            ("very many attributes", header(&attributes(5_000))),
            ("the same attribute twice", header("<h a='' a=''/>")),
            ("colliding names", header(&colliding(2_000))),
            ("many namespaces", header(&namespaces(100))),
            ("very many namespaces", header(&namespaces(2_000))),
            ("long element", header(&format!("<{}/>", "h".repeat(257)))),
            ("very long element", header(&format!("<{}/>", "h".repeat(60_000)))),
            ("long attribute's name", header(&format!("<h {}=''/>", "a".repeat(60_000)))),
            ("33 header blocks", header(&"<h/>".repeat(33))),
            ("many parameters", in_envelope("", &structure_with("", &"<p/>".repeat(2_000)))),
            ("tags without end", "<".repeat(60_000)),
            ("references without end", value(&"&#".repeat(20_000))),
            ("a reference with many digits", value(&format!("&#x{}4d;", "0".repeat(60_000)))),
            ("quotes without end", format!("<a b=\"{}", "x".repeat(60_000))),
            ("comment without end", format!("<!--{}", "x".repeat(60_000))),
            ("CDATA without end", value(&format!("<![CDATA[{}", "]]".repeat(20_000)))),
            ("nothing but blanks", " ".repeat(60_000)),
            ("nothing", String::new()),
        ];
        attacks.extend(faults.map(|(name, text)| Attack::new(name, text, Fault)));
        attacks
    })
    .await;
}

#[tokio::test]
async fn what_is_much_but_within_the_bounds_is_answered() {
    attack(|_| {
        let split: String = MUT
            .chars()
            .flat_map(|c| ["<!-- x --><![CDATA[".into(), c.to_string(), "]]>".into()])
            .collect();
        let references: String =
            MUT.bytes().flat_map(|c| ["&#".into(), c.to_string(), ";".into()]).collect();
        let value = |inside: &str| envelope(&structure(MUT)).replace(MUT, inside);
        [
            ("exactly as long as it may be", padded(BODY_MAX)),
            ("a deep header", header(&nested(29, "<h>", "</h>"))),
            ("64 attributes", header(&attributes(64))),
            ("64 colliding names", header(&colliding(64))),
            ("60 namespaces", header(&namespaces(60))),
            ("32 header blocks", header(&"<h/>".repeat(32))),
            ("a long name", header(&format!("<{}/>", "h".repeat(256)))),
            ("a long attribute", header(&format!("<h a='{}'/>", "x".repeat(60_000)))),
            ("a long namespace", header(&format!("<h xmlns='urn:{}'/>", "x".repeat(60_000)))),
            ("a long text", header(&format!("<h>{}</h>", "x".repeat(60_000)))),
            ("a long comment", value(&format!("{MUT}<!--{}-->", "x".repeat(60_000)))),
            ("a value in single letters", value(&split)),
            ("a value of references", value(&references)),
            ("many references", value(&format!("{MUT}{}", "&#32;".repeat(10_000)))),
            ("much white space", value(&format!("{}{MUT}", "\n".repeat(60_000)))),
            (
                "blanks inside tags",
                value(MUT).replace("<s:Body>", &format!("<s:Body{}>", " ".repeat(60_000))),
            ),
        ]
        .map(|(name, text)| Attack::new(name, text, Answered))
        .into()
    })
    .await;
}

#[tokio::test]
async fn storms_of_must_understand() {
    attack(|_| {
        let block = "<x:h xmlns:x='urn:x' s:mustUnderstand='1'/>";
        let storm = |version: &str, count: usize| {
            in_version(version, &block.repeat(count), &structure(MUT))
        };
        let passed = "<x:h xmlns:x='urn:x' s:mustUnderstand='1' s:role='urn:another'/>";
        vec![
            Attack::new("32 of them", storm(super::V11, 32), MustUnderstand),
            Attack::new("32 of them in SOAP 1.2", storm(V12, 32), MustUnderstand),
            Attack::new("more than there may be", storm(V12, 33), Fault),
            Attack::new("very many", storm(V12, 1_000), Fault),
            Attack::new(
                "for somebody else",
                in_version(V12, &passed.repeat(20), &structure(MUT)),
                Answered,
            ),
            Attack::new(
                "long names",
                storm(V12, 1).replace("x:h", &format!("x:{}", "h".repeat(250))),
                MustUnderstand,
            ),
        ]
    })
    .await;
}
