//! The rules of §1.1 and §3.4.1 from outside: each case a contract and a fibre of its own, asked
//! for over SOAP, against what the text says. (The full product of all facts is tried on the rules
//! alone, in the domain's own tests.)

use std::fmt::Write;

use crate::harness::{Oi, Put, Setup};

/// Table 3.4.1 and its fourth rule: the motifs that forbid keeping the socket.
const MOTIFS: [(&str, bool); 15] = [
    ("PTO existante", true),
    ("Bâtiment erroné", true),
    ("Escalier erroné", true),
    ("Fibre occupée", false),
    ("Fibre cassée", false),
    ("Adresse erronée", true),
    ("Etage erroné", true),
    ("PBO erroné", false),
    ("Absence de signal", false),
    ("PTO inexistante", true),
    ("PTO erronée", true),
    ("PBO saturé", false),
    ("PBO éloigné", false),
    ("Problème génie civil", false),
    ("Route optique virtuelle", true),
];

/// The nine pairs: construction, use, allowed without keeping, allowed with.
const STATES: [(&str, &str, bool, bool); 9] = [
    ("to_build", "available", true, true),
    ("to_build", "occupied", false, false),
    ("to_build", "reserved", false, false),
    ("being_built", "available", true, false),
    ("being_built", "occupied", false, false),
    ("being_built", "reserved", false, true),
    ("built", "available", true, false),
    ("built", "occupied", false, false),
    ("built", "reserved", false, false),
];

/// Zone, building, where the asked fibre is, allowed (§1.1, D30).
const PLACES: [(&str, &str, &str, bool); 12] = [
    ("ztd", "collective", "same PBO", true),
    ("ztd", "collective", "other PBO", true),
    ("ztd", "collective", "other site", false),
    ("ztd", "house", "same PBO", true),
    ("ztd", "house", "other PBO", false),
    ("ztd", "house", "other site", false),
    ("zmd", "collective", "same PBO", true),
    ("zmd", "collective", "other PBO", false),
    ("zmd", "collective", "other site", false),
    ("zmd", "house", "same PBO", true),
    ("zmd", "house", "other PBO", false),
    ("zmd", "house", "other site", false),
];

#[derive(Debug, Clone, Copy)]
struct Case {
    motif: (&'static str, bool),
    keep: bool,
    state: (&'static str, &'static str, bool, bool),
    place: (&'static str, &'static str, &'static str, bool),
    other_pm: bool,
    /// "", "ROV", "OPAC" or "prise existante".
    order: &'static str,
}

impl Case {
    /// OK, or a word of the label that names the first broken rule.
    fn expected(&self) -> &'static str {
        if self.other_pm {
            return "PM de la commande";
        }
        if !self.place.3 {
            return "PBO";
        }
        if !self.keep {
            return if self.state.2 { "OK" } else { "choisissez-en une « Disponible »" };
        }
        match self.order {
            "prise existante" if self.motif.0 != "Fibre cassée" => return "prise existante",
            "OPAC" => return "parc OPAC",
            _ => {}
        }
        if self.motif.1 {
            return "avec ce motif";
        }
        if self.order == "ROV" {
            return "route optique virtuelle";
        }
        if self.state.3 { "OK" } else { "« A construire » et « Disponible »" }
    }
}

fn cases() -> Vec<Case> {
    let plain = Case {
        motif: MOTIFS[4],
        keep: false,
        state: STATES[0],
        place: PLACES[0],
        other_pm: false,
        order: "",
    };
    let mut cases = Vec::new();
    for keep in [false, true] {
        for motif in MOTIFS {
            cases.extend(STATES.map(|state| Case { motif, keep, state, ..plain }));
            cases.extend(["ROV", "OPAC", "prise existante"].map(|order| Case {
                motif,
                keep,
                order,
                ..plain
            }));
        }
        for place in PLACES {
            cases.extend([false, true].map(|other_pm| Case { keep, place, other_pm, ..plain }));
        }
    }
    cases
}

/// A site for each case: the contract's current fibre C, and the fibre T that is asked for.
fn setup(cases: &[Case]) -> Setup {
    let mut setup = Setup::default();
    setup.files.remove("reprovisionings.csv");
    let mut add = |file: &str, text: String| {
        let (_, known) = setup.files.iter_mut().find(|(name, _)| **name == file).unwrap();
        known.push_str(&text);
    };
    for (n, case) in cases.iter().enumerate() {
        let pm = if case.other_pm { "PM-B" } else { "PM-A" };
        let (site, pbo) = match case.place.2 {
            "same PBO" => (format!("S{n}"), "BE-01"),
            "other PBO" => (format!("S{n}"), "BE-02"),
            _ => (format!("S{n}-X"), "BE-01"),
        };
        let flag = |wanted: &str| if case.order == wanted { "yes" } else { "no" };
        let route = if case.order == "ROV" { "virtual" } else { "real" };
        let (zone, kind) = (case.place.0, case.place.1);
        let (construction, usage) = (case.state.0, case.state.1);
        let mut floors = String::new();
        let mut pbos = String::new();
        for site in [format!("S{n}"), format!("S{n}-X")] {
            writeln!(floors, "{site};B;E;F").unwrap();
            writeln!(pbos, "{site};B;E;F;BE-01;\n{site};B;E;F;BE-02;").unwrap();
        }
        add("floors.csv", floors);
        add("pbos.csv", pbos);
        add("ptos.csv", format!("C{n};S{n};B;E;F;built\nT{n};{site};B;E;F;{construction}\n"));
        add(
            "fibres.csv",
            format!(
                "C{n};S{n};B;E;F;BE-01;C{n};PM-A;1;cable;Bleu;Bleu;occupied;no;\n\
                 T{n};{site};B;E;F;{pbo};T{n};{pm};2;cable;Bleu;Orange;{usage};no;\n"
            ),
        );
        add(
            "contracts.csv",
            format!(
                "K{n};oc-demo;S{n};B;E;F;C{n};;;{zone};{kind};{route};{};{};open;connection\n",
                flag("prise existante"),
                flag("OPAC")
            ),
        );
    }
    setup
}

#[tokio::test]
async fn the_matrix_from_outside() {
    let cases = cases();
    assert_eq!(cases.len(), 2 * (15 * (9 + 3) + 12 * 2));
    let oi = setup(&cases).start().await;
    let mut accepted = 0;
    for (n, case) in cases.iter().enumerate() {
        let mut put = Put::new(&format!("K{n}"), &format!("T{n}")).motif(case.motif.0);
        put.keep = case.keep;
        check(&oi, case, &put).await;
        accepted += u32::from(case.expected() == "OK");
    }
    // 15 motifs x 3 states, x 3 orders and 5 places without keeping; 7 motifs x 2 states, broken
    // fibre on an existing socket and 5 places with.
    assert_eq!(accepted, 15 * 3 + 15 * 3 + 5 + 7 * 2 + 1 + 5);
}

async fn check(oi: &Oi, case: &Case, put: &Put) {
    let reply = oi.ask(&put.body()).await;
    match case.expected() {
        "OK" => assert_eq!(reply.outcome(), "OK", "{case:?}: {}", reply.libelle()),
        said => {
            assert_eq!(reply.outcome(), "20015", "{case:?}");
            let libelle = reply.libelle();
            assert!(libelle.starts_with("Opération non autorisée : "), "{libelle}");
            assert!(libelle.contains(said), "{case:?}: {said:?} is not in {libelle:?}");
        }
    }
}

#[tokio::test]
async fn every_fibre_of_the_demo_plays_its_part() {
    use crate::harness::{Role, fibre};
    // docs/demo-network.md: contract, role, keeping, what comes of it.
    for contract in [
        "DEMO-ZMD",
        "DEMO-ZTD-PAVILLON",
        "DEMO-ROV",
        "DEMO-OPAC",
        "DEMO-PRISE-EXISTANTE",
        "DEMO-LENT",
        "DEMO-SIMPLE",
    ] {
        let oi = Oi::demo().await;
        let ask = async |role: Role, keep: bool| {
            let mut put = Put::new(contract, &fibre(contract, role)).motif("Fibre occupée");
            put.keep = keep;
            oi.ask(&put.body()).await
        };
        ask(Role::Current, false).await.assert_ko("20015", "déjà la fibre");
        ask(Role::Neighbour, false).await.assert_ko("20015", "la fibre est à l'état « Occupé »");
        ask(Role::Taken, false).await.assert_ko("20015", "la fibre est à l'état « Réservé »");
        ask(Role::Reserved, false).await.assert_ko("20015", "la fibre est à l'état « Réservé »");
        ask(Role::Broken, false).await.assert_ko("20015", "la fibre est à l'état « Occupé »");
        ask(Role::Mislabelled, false).await.assert_ko("20015", "une autre ligne");
        ask(Role::OtherPm, false).await.assert_ko("20015", "PM de la commande");
        let keeping = match contract {
            "DEMO-ROV" => "virtuelle",
            "DEMO-OPAC" => "OPAC",
            "DEMO-PRISE-EXISTANTE" => "prise existante",
            _ => "« A construire » et « Disponible »",
        };
        ask(Role::Free, true).await.assert_ko("20015", keeping);
        if keeping.starts_with("« A construire") {
            ask(Role::NeighbourNext, true).await.assert_ko("20015", "une autre ligne");
        }
        if contract == "DEMO-ZMD" || contract == "DEMO-ZTD-PAVILLON" {
            ask(Role::OtherPbo, false).await.assert_ko("20015", "PBO");
        }
        ask(Role::Free, false).await.assert("OK");
    }
}

#[tokio::test]
async fn the_specifications_contract_can_be_refused_in_every_way_too() {
    let oi = Oi::demo().await;
    let put = |fibre: &str| Put::new(crate::harness::MUT, fibre);
    for (put, said) in [
        (put("CTP-1240332-1"), "déjà la fibre"),
        (put("CTP-1240358-1"), "la fibre est à l'état « Occupé »"),
        (put("CTP-1240343-1"), "la fibre est à l'état « Réservé »"),
        (put("CTP-1240905-1"), "une autre ligne"),
        (put("CTP-1240904-1").keep(), "une autre ligne"),
        (put("CTP-1240906-1"), "la fibre est à l'état « Occupé »"),
        (put("CTP-1240908-1"), "PM de la commande"),
        (put("CTP-1240951-1"), "pas sur le site"),
        (put("CTP-1240446-1").keep(), "« A construire » et « Disponible »"),
        (put("CTP-1240359-1").keep().motif("PTO erronée"), "avec ce motif"),
    ] {
        oi.ask(&put.body()).await.assert_ko("20015", said);
    }
    let sans = Put::new(
        "DEMO-SANS-PTO",
        &crate::harness::fibre("DEMO-SANS-PTO", crate::harness::Role::Fresh),
    );
    oi.ask(&sans.keep().body()).await.assert_ko("20015", "pas de prise connue");
    // Another building of the site will do.
    oi.ask(&put("CTP-1240901-1").motif("Bâtiment erroné").body()).await.assert("OK");
}
