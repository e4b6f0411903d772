//! The specification's own questions, sent to a server with the demo network, get the
//! specification's own answers, as contract.md decides them.

use roxmltree::Document;

use crate::harness::{Oi, Reply, basic};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../wire/tests/contract/", $name, ".xml"))
    };
}

async fn send(oi: &Oi, sample: &str) -> Reply {
    oi.post(sample, &[("authorization", &basic("oc-demo", "oc-demo"))]).await
}

/// Attributes of the elements of one name, with their parent's reference: what a person compares.
fn rows(text: &str, name: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap();
    let nodes = document.descendants().filter(|node| node.tag_name().name() == name);
    nodes
        .map(|node| {
            let parent = node.parent().and_then(|parent| parent.attribute("reference"));
            let mut row = parent.unwrap_or_default().to_owned();
            let mut attributes: Vec<_> = node.attributes().map(|a| (a.name(), a.value())).collect();
            attributes.sort_unstable();
            for (name, value) in attributes {
                row.push_str(&format!(" {name}={value:?}"));
            }
            row
        })
        .collect()
}

/// The repairs of contract.md D16 and D16a: accents as in the tables, no page breaks in values.
fn repaired(sample: &str) -> String {
    sample
        .replace("-\n", "-")
        .replace("\"Occupe\"", "\"Occupé\"")
        .replace("\"Reserve\"", "\"Réservé\"")
        .replace("\"Termine\"", "\"Terminé\"")
}

#[tokio::test]
async fn structure_3_2() {
    let oi = Oi::demo().await;
    let reply = send(&oi, sample!("3.2.3-question")).await;
    reply.assert("OK");
    let expected = repaired(sample!("3.2.4-answer.repaired"));
    assert_eq!(reply.attributes("site", "reference"), ["SC-423361"]);
    for name in ["batiment", "escalier", "etage", "pbo", "pto"] {
        let (ours, theirs) = (rows(&reply.body, name), rows(&expected, name));
        assert_eq!(ours[..theirs.len()], theirs, "{name}");
    }
    // After the sample's three floors, the floor of sample 3.3.4.
    let floors = reply.attributes("etage", "reference");
    assert_eq!(floors[..4], ["ETAGE-06", "ETAGE-13", "ETAGE-12", "ETAGE-15"]);
    let sockets = rows(&reply.body, "pto");
    let fifteenth: Vec<_> = sockets.iter().filter(|row| row.starts_with("ETAGE-15 ")).collect();
    assert_eq!(fifteenth.len(), 12);
}

#[tokio::test]
async fn routes_3_3() {
    let oi = Oi::demo().await;
    let reply = send(&oi, sample!("3.3.3-question")).await;
    reply.assert("OK");
    let expected = repaired(sample!("3.3.4-answer"));
    assert_eq!(rows(&reply.body, "pbo"), rows(&expected, "pbo"));
    assert_eq!(rows(&reply.body, "fibre"), rows(&expected, "fibre"));
    assert_eq!(rows(&reply.body, "fibre").len(), 12);
}

#[tokio::test]
async fn put_3_4_is_accepted_on_a_fresh_database() {
    let oi = Oi::demo().await;
    let reply = send(&oi, sample!("3.4.4-question")).await;
    reply.assert("OK");
    assert_eq!(reply.attributes("contrat", "reference"), ["MUT56816520160316162024"]);
    let code = reply.text("codeDecharge").unwrap();
    assert!(code.len() >= 8 && code.chars().all(|c| c.is_ascii_alphanumeric()), "{code}");
    assert_eq!(reply.attributes("fibre", "reference"), ["CTP-1240357-1"]);
    assert_eq!(reply.attributes("pm", "position"), ["Etage 2 - 6"]);
}

#[tokio::test]
async fn follow_up_3_5() {
    let oi = Oi::demo().await;
    let reply = send(&oi, sample!("3.5.4-question")).await;
    reply.assert("OK");
    assert_eq!(reply.attributes("contrat", "reference"), ["ARA-502701"]);
    assert_eq!(reply.attributes("reprovisionning", "statut"), ["Terminé"]);
    assert_eq!(reply.attributes("pm", "position"), ["Etage 2 - 2"]);
    let fibre = |name: &str| reply.of("fibre", "CTP-2392754-1", name).unwrap();
    assert_eq!(fibre("informationCable"), "BPI-2626997 / BE-15-16-17 / SC-2761605");
    assert_eq!(
        (fibre("informationTube"), fibre("informationFibre")),
        ("Blanc".into(), "Rouge".into())
    );
}
