//! Every message of the specification, as printed and, where it is not well-formed, repaired.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

#[path = "contract/read.rs"]
mod reading;
#[path = "contract/w3c.rs"]
mod w3c;

use ereprov_wire::{
    code_erreur::CodeErreur,
    entete::Ko,
    envelope::{Answer, SoapVersion, read, write_answer},
    etat::{Etat, InformationConstruction as C, InformationUtilisation as U, Label},
    get_reprovisionning::{Route, Suivi},
    get_ro_site::{Fibre, Lieu, Pbo, RoSite},
    get_site_structure::{Batiment, Escalier, Etage, Pto, Site},
    motif::Motif,
    operation::Operation,
    put_reprovisionning::{ContratReprovisionne, FibreDemandee, Pm},
    question::Question,
    xml::{Limits, parse},
};
use roxmltree::{Document, Node};

macro_rules! message {
    ($name:literal) => {
        include_str!(concat!("contract/", $name, ".xml"))
    };
}

fn question(text: &str) -> Question {
    let message = read(text, SoapVersion::V12, &[]).expect("an envelope");
    assert_eq!(message.version, SoapVersion::V11, "every sample is SOAP 1.1");
    message.question.expect("good arguments")
}

#[test]
fn question_3_2_3() {
    let Question::GetSiteStructure(q) = question(message!("3.2.3-question")) else { panic!() };
    assert_eq!(q.reference_contrat, "MUT56816520160316162024");
}

#[test]
fn question_3_3_3_says_be_for_pbo() {
    let Question::GetRoSite(q) = question(message!("3.3.3-question")) else { panic!() };
    let lieu = Lieu {
        reference_batiment: "BATIMENT-1".into(),
        reference_escalier: "ESCALIER-44".into(),
        reference_etage: "ETAGE-15".into(),
    };
    assert_eq!(q.lieu, Some(lieu));
    assert_eq!(q.reference_pbo.as_deref(), Some("BE-06"));
}

#[test]
fn question_3_4_4() {
    let Question::PutReprovisionning(q) = question(message!("3.4.4-question")) else { panic!() };
    assert_eq!(q.reference_contrat, "MUT56816520160316162024");
    assert_eq!(q.reference_fibre, "CTP-1240357-1");
    assert_eq!(q.reference_pto.as_deref(), Some("CTP-1240329-1"));
    assert!(!q.conservation_pto);
    assert_eq!(q.motif, Motif::FibreCassee);
}

#[test]
fn question_3_5_4() {
    let Question::GetReprovisionning(q) = question(message!("3.5.4-question")) else { panic!() };
    assert_eq!(q.reference_contrat, "ARA-502701");
}

#[test]
fn what_is_not_well_formed_as_printed_is_refused_and_read_once_repaired() {
    for (printed, repaired) in [
        (message!("3.2.4-answer.verbatim"), message!("3.2.4-answer.repaired")),
        (message!("3.2.5-ko.verbatim"), message!("3.2.5-ko.repaired")),
        (message!("3.3.5-ko.verbatim"), message!("3.3.5-ko.repaired")),
        (message!("3.4.6-ko.verbatim"), message!("3.4.6-ko.repaired")),
        (message!("3.5.6-ko.verbatim"), message!("3.5.6-ko.repaired")),
    ] {
        assert!(parse(printed, &Limits::QUESTION).is_err(), "{printed}");
        assert!(parse(repaired, &Limits::QUESTION).is_ok(), "{repaired}");
    }
}

#[test]
fn answer_3_2_4() {
    let written = write(Operation::GetSiteStructure, &Answer::Site(site()));
    assert_eq!(tree(&written), tree(&accented(message!("3.2.4-answer.repaired"))));
}

/// What a person reads in sample 3.2.4.
fn site() -> Site {
    let pto = |reference: &str, construction, utilisation| Pto {
        reference: reference.into(),
        construction: Label::Known(construction),
        utilisation: Label::Known(utilisation),
    };
    let etage = |reference: &str, pbos: &[&str], ptos| Etage {
        reference: reference.into(),
        pbos: pbos.iter().map(|pbo| (*pbo).into()).collect(),
        ptos,
    };
    let etages = vec![
        etage(
            "ETAGE-06",
            &["BE-03"],
            vec![
                pto("CTP-1240329-1", C::Construite, U::Disponible),
                pto("CTP-1240331-1", C::AConstruire, U::Disponible),
                pto("CTP-1240332-1", C::Construite, U::Occupe),
            ],
        ),
        etage(
            "ETAGE-13",
            &[],
            vec![
                pto("CTP-1240333-1", C::AConstruire, U::Reserve),
                pto("CTP-1240334-1", C::Construite, U::Disponible),
                pto("CTP-1240335-1", C::Construite, U::Disponible),
                pto("CTP-1240336-1", C::Construite, U::Disponible),
            ],
        ),
        etage(
            "ETAGE-12",
            &["BE-05"],
            vec![
                pto("CTP-1240391-1", C::Construite, U::Disponible),
                pto("CTP-1240392-1", C::Construite, U::Disponible),
            ],
        ),
    ];
    Site {
        reference: "SC-423361".into(),
        batiments: vec![Batiment {
            reference: "BATIMENT-1".into(),
            escaliers: vec![Escalier { reference: "ESCALIER-44".into(), etages }],
        }],
    }
}

#[test]
fn answer_3_3_4() {
    let written = write(Operation::GetRoSite, &Answer::RoSite(routes()));
    assert_eq!(tree(&written), tree(&joined(message!("3.3.4-answer"))));
}

/// What a person reads in sample 3.3.4.
fn routes() -> RoSite {
    let fibre = |number: u32, tube: &str, colour: &str, construction, utilisation| Fibre {
        reference: format!("CTP-{number}-1"),
        reference_pto: Some(format!("CTP-{number}-1")),
        cable: "BPI-723521 / BE-01-02-03-04-05-06 / ESCALIER-44 / SC-423361".into(),
        tube: tube.into(),
        fibre: colour.into(),
        construction: Label::Known(construction),
        utilisation: Label::Known(utilisation),
    };
    let fibres = vec![
        fibre(1_240_446, "Noir", "Bleu", C::Construite, U::Disponible),
        fibre(1_240_382, "Noir", "Orange", C::AConstruire, U::Reserve),
        fibre(1_240_343, "Noir", "Vert", C::Construite, U::Reserve),
        fibre(1_240_341, "Noir", "Marron", C::Construite, U::Disponible),
        fibre(1_240_358, "Noir", "Gris", C::Construite, U::Occupe),
        fibre(1_240_357, "Noir", "Jaune", C::Construite, U::Disponible),
        fibre(1_240_359, "Rose", "Bleu", C::AConstruire, U::Disponible),
        fibre(1_240_360, "Rose", "Orange", C::Construite, U::Disponible),
        fibre(1_240_369, "Rose", "Vert", C::Construite, U::Disponible),
        fibre(1_240_370, "Rose", "Marron", C::Construite, U::Disponible),
        fibre(1_240_371, "Rose", "Gris", C::Construite, U::Disponible),
        fibre(1_240_372, "Rose", "Jaune", C::Construite, U::Disponible),
    ];
    let pbo = Pbo { reference: "BE-06".into(), localisation: "ETAGE-15".into(), fibres };
    RoSite { pbos: vec![pbo] }
}

/// The sample's values, in the shape that contract.md D14 and D15 decide.
#[test]
fn answer_3_4_5() {
    let sample = message!("3.4.5-answer");
    assert!(sample.contains("urn:MutationFibre"), "the stale namespace of the sample");
    let written = write(Operation::PutReprovisionning, &Answer::Contrat(contract()));
    let ours = Document::parse(&written).unwrap();
    let theirs = Document::parse(sample).unwrap();
    assert_eq!(lines(only(&ours, "contrat")), lines(only(&theirs, "contrat")));
    let head = only(&ours, "return").first_element_child().unwrap();
    assert_eq!(lines(head), ["enteteResponse", " statut", "  \"OK\""]);
}

/// The sample's values, with `contrat` where the sample has an outer `fibre` (D15).
#[test]
fn answer_3_5_5() {
    let sample = accented(&joined(message!("3.5.5-answer")));
    let written = write(Operation::GetReprovisionning, &Answer::Suivi(follow_up()));
    assert_eq!(tree(&written.replace("contrat", "fibre")), tree(&sample));
    assert!(written.contains("<contrat reference="));
}

#[test]
fn ko_answers() {
    for (operation, sample) in [
        (Operation::GetSiteStructure, message!("3.2.5-ko.repaired")),
        (Operation::GetRoSite, message!("3.3.5-ko.repaired")),
        (Operation::PutReprovisionning, message!("3.4.6-ko.repaired")),
        (Operation::GetReprovisionning, message!("3.5.6-ko.repaired")),
    ] {
        let ko = Ko::new(CodeErreur::PasDeValeur, "");
        let written = write_answer(SoapVersion::V11, operation, None, Err(&ko));
        assert_eq!(tree(&written), tree(sample));
    }
}

/// What a person reads in sample 3.4.5.
fn contract() -> ContratReprovisionne {
    let fibre = FibreDemandee {
        reference: "xxxxxxxxxxxxx".into(),
        reference_pto: Some("xxxxxxxxxxxxx".into()),
    };
    ContratReprovisionne {
        reference: "ARA-XXXXXX".into(),
        code_decharge: Some("ABCDEF".into()),
        pm: Some(masked_pm()),
        fibre: Some(fibre),
    }
}

/// What a person reads in sample 3.5.5.
fn follow_up() -> Suivi {
    let route = Route {
        pm: Some(masked_pm()),
        reference: "xxxxxxxxxxxxx".into(),
        reference_pto: Some("xxxxxxxxxxxxx".into()),
        cable: "BPI-2626997 / BE-15-16-17 / SC-2761605".into(),
        tube: "Blanc".into(),
        fibre: "Rouge".into(),
    };
    Suivi { reference: "CTP-2392754-1".into(), statut: Etat::Termine.into(), route: Some(route) }
}

fn masked_pm() -> Pm {
    Pm { reference: "xxxxxxxxxxxxx".into(), position: "Etage 2 - 2".into() }
}

fn write(operation: Operation, answer: &Answer) -> String {
    write_answer(SoapVersion::V11, operation, None, Ok(&answer.write()))
}

/// A line break inside a value is the page's, not the value's (D16a).
fn joined(sample: &str) -> String {
    sample.replace("-\n", "-")
}

/// Labels carry their accents as in the tables (D16).
fn accented(sample: &str) -> String {
    sample
        .replace("\"Occupe\"", "\"Occupé\"")
        .replace("\"Reserve\"", "\"Réservé\"")
        .replace("\"Termine\"", "\"Terminé\"")
}

/// A document as lines: names with their namespaces, attributes in order of name, text trimmed.
fn tree(text: &str) -> Vec<String> {
    lines(Document::parse(text).unwrap().root_element())
}

fn only<'a>(document: &'a Document<'_>, name: &str) -> Node<'a, 'a> {
    document.descendants().find(|node| node.tag_name().name() == name).unwrap()
}

fn lines(node: Node<'_, '_>) -> Vec<String> {
    let mut out = Vec::new();
    push_lines(node, 0, &mut out);
    out
}

fn push_lines(node: Node<'_, '_>, depth: usize, out: &mut Vec<String>) {
    let indent = " ".repeat(depth);
    if node.is_text() {
        let text = node.text().unwrap_or_default().trim();
        if !text.is_empty() {
            out.push(format!("{indent}{text:?}"));
        }
        return;
    }
    let namespace = node.tag_name().namespace().map_or(String::new(), |n| format!("{{{n}}}"));
    let mut line = format!("{indent}{namespace}{}", node.tag_name().name());
    let mut attributes: Vec<_> = node.attributes().map(|a| (a.name(), a.value())).collect();
    attributes.sort_unstable();
    for (name, value) in attributes {
        line.push_str(&format!(" {name}={value:?}"));
    }
    out.push(line);
    for child in node.children() {
        push_lines(child, depth + 1, out);
    }
}
