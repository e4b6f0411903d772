//! Every answer is held against the published schema, and against the formats of the
//! specification's tables, which the schema leaves to the text.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use roxmltree::{Document, Node};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wsdl/eReprov.xsd");

/// Validates the answer of a method. A fault, which is SOAP's, is not looked at, nor what does not
/// come from the service.
pub fn validate(status: u16, envelope: &str) {
    if envelope.contains("<S:Fault>") || !envelope.contains("<S:Envelope") {
        return;
    }
    assert!(matches!(status, 200 | 401), "an answer with status {status}: {envelope}");
    let from = envelope.find("<ns2:").expect("an answer is a method's");
    let to = envelope.find("</S:Body>").expect("a body has its end");
    let mut xmllint = Command::new("xmllint")
        .args(["--noout", "--schema", SCHEMA, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is installed (scripts/test does it)");
    let mut input = xmllint.stdin.take().unwrap();
    input.write_all(&envelope.as_bytes()[from..to]).unwrap();
    drop(input);
    let output = xmllint.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "not valid: {said}\n{envelope}");
    let document = Document::parse(envelope).expect("an XML document");
    for element in document.descendants().filter(Node::is_element) {
        let problem = problem(element).map(|said| format!("{}: {said}", element.tag_name().name()));
        assert_eq!(problem, None, "{envelope}");
    }
}

/// The formats of tables 3.2.2, 3.3.2, 3.4.2 and 3.5.2: element, attribute (none: its text),
/// characters at the most.
const LENGTHS: [(&str, &str, usize); 18] = [
    ("codeErreur", "", 30),
    ("libelleErreur", "", 255),
    ("codeDecharge", "", 30),
    ("site", "reference", 30),
    ("batiment", "reference", 30),
    ("escalier", "reference", 30),
    ("etage", "reference", 30),
    ("pbo", "reference", 30),
    ("pbo", "localisation", 255),
    ("pto", "reference", 30),
    ("contrat", "reference", 30),
    ("pm", "reference", 255),
    ("pm", "position", 255),
    ("fibre", "reference", 255),
    ("fibre", "referencePTO", 30),
    ("fibre", "informationCable", 255),
    // D16a: 50 in both answers.
    ("fibre", "informationTube", 50),
    ("fibre", "informationFibre", 50),
];

/// The labels of the same tables, with their accents (D16).
const LABELS: [(&str, &[&str]); 3] = [
    ("informationConstruction", &["A construire", "En construction", "Construite"]),
    ("informationUtilisation", &["Disponible", "Occupé", "Réservé"]),
    ("statut", &["Initié", "En cours", "Terminé", "Annulé", "En échec"]),
];

/// What an element has that the tables do not allow.
fn problem(element: Node<'_, '_>) -> Option<String> {
    let name = element.tag_name().name();
    for (_, attribute, max) in LENGTHS.iter().filter(|(known, ..)| *known == name) {
        let value =
            if attribute.is_empty() { element.text() } else { element.attribute(*attribute) };
        // Where there is nothing to tell, the attribute is left out.
        let length = value.map_or(1, |value| value.chars().count());
        if length == 0 || length > *max {
            return Some(format!("{attribute} has {length} characters, 1 to {max} are allowed"));
        }
    }
    for attribute in element.attributes() {
        let label = LABELS.iter().find(|(known, _)| *known == attribute.name());
        if label.is_some_and(|(_, labels)| !labels.contains(&attribute.value())) {
            return Some(format!("{} is {:?}", attribute.name(), attribute.value()));
        }
        let listed = LENGTHS.iter().any(|(e, a, _)| (*e, *a) == (name, attribute.name()));
        if !listed && label.is_none() {
            return Some(format!("no table has {}", attribute.name()));
        }
    }
    if name == "enteteResponse" { header_problem(element) } else { None }
}

/// §4, to the letter: a KO has a code, and a label that begins with the code's own; an OK neither.
fn header_problem(header: Node<'_, '_>) -> Option<String> {
    const CODES: &str = include_str!("../../../../wire/tests/contract/section-4.txt");
    let text = |name: &str| {
        header.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text())
    };
    match (text("statut"), text("codeErreur"), text("libelleErreur")) {
        (Some("OK"), None, None) => None,
        (Some("KO"), Some(code), Some(said)) => {
            let label = CODES.lines().filter_map(|line| line.split_once(' '));
            let label = label.into_iter().find(|(number, _)| *number == code).map(|(_, l)| l);
            let rest = label.and_then(|label| said.strip_prefix(label));
            let fine = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" : "));
            (!fine).then(|| format!("{code} says {said:?}"))
        }
        other => Some(format!("{other:?}")),
    }
}
