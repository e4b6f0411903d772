//! A load over what is there: what changes, what goes, and what the service is at or did stays.

use ereprov_server::inventory::load::Options;

use super::load_into;
use crate::harness::{Oi, Put, Role, Setup, fibre};

async fn started(on_postgres: bool) -> Oi {
    let setup = Setup::noon();
    let setup = if on_postgres { setup.on_postgres().await } else { setup };
    setup.start().await
}

/// The demo's file with some of its lines, each changed.
fn changed(file: &str, changes: &[(&str, &str, &str)]) -> String {
    let files = ereprov_server::demo::files();
    let text = &files[file];
    let mut lines = vec![text.lines().next().unwrap().to_owned()];
    for (begin, from, to) in changes {
        let line = text.lines().find(|line| line.starts_with(&format!("{begin};"))).unwrap();
        assert!(line.contains(from), "{line}");
        lines.push(line.replacen(from, to, 1));
    }
    lines.join("\n")
}

fn said(outcome: &ereprov_server::inventory::load::Outcome) -> Vec<(String, String)> {
    let all = outcome.differences.iter();
    all.map(|it| (it.reference.clone(), it.code.clone())).collect()
}

macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(super::started(false).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name(super::started(true).await).await;
            }
        }
    )*};
}

on_both! {
    lines_change_what_is_there the_service_wins contracts_change_routes what_is_absent_goes
    floors_and_pbos_that_are_absent_go
}

async fn lines_change_what_is_there(oi: Oi) {
    let free = fibre("DEMO-ZMD", Role::Free);
    let broken = fibre("DEMO-ZMD", Role::Broken);
    let fresh = fibre("DEMO-ZMD", Role::Fresh);
    let text = changed(
        "fibres.csv",
        &[
            (&free, "available", "occupied"),
            (&broken, ";yes;", ";no;"),
            (&fresh, ";available;no;", ";available;yes;"),
        ],
    );
    let files = [("fibres.csv", text.as_str())];
    let dry = Options { dry_run: true, ..Options::default() };
    let outcome = load_into(&oi, &files, dry).await.unwrap();
    assert!(!outcome.published);
    assert_eq!(oi.fibre(&free).await.usage.as_str(), "available", "a dry run changes nothing");
    let outcome = load_into(&oi, &files, Options::default()).await.unwrap();
    let fibres = outcome.found.kinds.iter().find(|kind| kind.kind == "fibre").unwrap();
    assert_eq!((fibres.added, fibres.changed), (0, 2), "{fibres:?}");
    assert_eq!(said(&outcome), [(broken.clone(), "out_of_service".to_owned())]);
    assert_eq!(oi.fibre(&free).await.usage.as_str(), "occupied");
    assert!(oi.fibre(&broken).await.out_of_service, "until it is said otherwise");
    assert!(oi.fibre(&fresh).await.out_of_service);

    let again = load_into(&oi, &files, Options::default()).await.unwrap();
    assert!(again.is_empty(), "{:?}", again.found);
    let restore = Options { restore: true, ..Options::default() };
    load_into(&oi, &files, restore).await.unwrap();
    assert!(!oi.fibre(&broken).await.out_of_service);
}

async fn the_service_wins(oi: Oi) {
    let (route, free) = (fibre("DEMO-ZMD", Role::Current), fibre("DEMO-ZMD", Role::Free));
    let exported = oi.clock.now_ms();
    oi.clock.advance_ms(60_000);
    oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
    let files = ereprov_server::demo::files();
    let text = changed("contracts.csv", &[("DEMO-ZMD", ";open;", ";cancelled;")]);
    let later = Options { as_of_ms: exported + 3_600_000, ..Options::default() };
    let all = [("fibres.csv", files["fibres.csv"].as_str()), ("contracts.csv", text.as_str())];
    // While it runs, a file of whatever date changes nothing of it.
    let outcome = load_into(&oi, &all, later.clone()).await.unwrap();
    assert!(outcome.is_empty(), "{:?}", outcome.found);
    assert!(said(&outcome).contains(&("DEMO-ZMD".into(), "busy".into())), "{outcome:?}");
    assert!(said(&outcome).contains(&(free.clone(), "busy".into())), "{outcome:?}");
    oi.advance(0).await;
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ZMD").await, "Terminé");

    // A file from before it does not know of it, but of the rest.
    let before = Options { as_of_ms: exported, ..Options::default() };
    let outcome = load_into(&oi, &all, before).await.unwrap();
    for (reference, code) in [("DEMO-ZMD", "later"), (&*free, "later"), (&*route, "later")] {
        let expected = (reference.to_owned(), code.to_owned());
        assert!(said(&outcome).contains(&expected), "{expected:?} in {:?}", said(&outcome));
    }
    assert_eq!(oi.fibre(&free).await.contract_ref.as_deref(), Some("DEMO-ZMD"));
    assert_eq!(oi.fibre(&route).await.contract_ref, None);
    let order = oi.lines("SELECT order_state FROM contract WHERE ref = 'DEMO-ZMD'").await;
    assert_eq!(order, ["cancelled"], "what the service does not decide is the file's");

    // One from after it is told the truth by somebody who knew.
    load_into(&oi, &all, later).await.unwrap();
    assert_eq!(oi.fibre(&route).await.contract_ref.as_deref(), Some("DEMO-ZMD"));
    assert_eq!(oi.fibre(&free).await.contract_ref, None);
}

async fn contracts_change_routes(oi: Oi) {
    let (a, b) = ("DEMO-ZMD", "VOISIN-600001");
    let (fibre_a, fibre_b) = (fibre(a, Role::Current), fibre(a, Role::Neighbour));
    // The two exchange their routes.
    let text = changed("contracts.csv", &[(a, &fibre_a, &fibre_b), (b, &fibre_b, &fibre_a)]);
    let files = [("contracts.csv", text.as_str())];
    let outcome = load_into(&oi, &files, Options::default()).await.unwrap();
    assert_eq!(outcome.found.routes_moved, 2, "{:?}", outcome.found);
    assert_eq!(oi.fibre(&fibre_a).await.contract_ref.as_deref(), Some(b));
    assert_eq!(oi.fibre(&fibre_b).await.contract_ref.as_deref(), Some(a));
    // One alone cannot take what the other keeps.
    let text = changed("contracts.csv", &[(a, &fibre_a, &fibre_a)]);
    let outcome = load_into(&oi, &[("contracts.csv", &text)], Options::default()).await.unwrap();
    let mistake = outcome.mistakes[0].to_string();
    assert!(mistake.contains(&format!("the contract {b} has this fibre")), "{mistake}");
    assert_eq!(oi.fibre(&fibre_b).await.contract_ref.as_deref(), Some(a));
}

async fn what_is_absent_goes(oi: Oi) {
    let files = ereprov_server::demo::files();
    let without = |file: &str, begins: &[&str]| {
        let stays = |line: &&str| !begins.iter().any(|begin| line.starts_with(begin));
        files[file].lines().filter(stays).collect::<Vec<_>>().join("\n")
    };
    let (free, held) = (fibre("DEMO-ZMD", Role::Free), fibre("DEMO-ZMD", Role::Current));
    let fibres = without("fibres.csv", &[&free, &held]);
    let ptos = without("ptos.csv", &[&free, &held]);
    let contracts = without("contracts.csv", &["ARA-502701;"]);
    let whole = Options { whole: true, ..Options::default() };
    let texts = [("fibres.csv", &*fibres), ("ptos.csv", &*ptos), ("contracts.csv", &*contracts)];
    let outcome = load_into(&oi, &texts, whole.clone()).await.unwrap();
    let count = |kind: &str| {
        let kind = outcome.found.kinds.iter().find(|it| it.kind == kind).unwrap();
        (kind.removed, kind.retired)
    };
    assert_eq!(count("fibre"), (1, 0), "{:?}", outcome.found);
    assert_eq!(count("pto"), (1, 0), "{:?}", outcome.found);
    // It has a past, which is not forgotten.
    assert_eq!(count("contract"), (0, 1), "{:?}", outcome.found);
    assert!(said(&outcome).contains(&(held.clone(), "absent".into())), "{:?}", outcome.differences);
    let there = format!("SELECT ref FROM fibre WHERE ref IN ('{free}', '{held}')");
    assert_eq!(oi.lines(&there).await, [held]);
    let again = load_into(&oi, &texts, whole).await.unwrap();
    assert!(again.is_empty(), "{:?}", again.found);
}

async fn floors_and_pbos_that_are_absent_go(oi: Oi) {
    let files = ereprov_server::demo::files();
    let (gone, moved) =
        ("SC-600001;BATIMENT-1;ESCALIER-1;ETAGE-01", "SC-600005;BATIMENT-1;ESCALIER-1");
    let without = |file: &str, parts: &[&str]| {
        let stays = |line: &&str| !parts.iter().any(|part| line.contains(part));
        files[file].lines().filter(stays).collect::<Vec<_>>().join("\n")
    };
    let (from, to) = (format!("{moved};ETAGE-01"), format!("{moved};ETAGE-02"));
    // One floor goes with all that is on it. A PBO leaves the other one, where a socket stays.
    let floors = format!("{}\n{to}\n", without("floors.csv", &[gone, &from]));
    let pbos = without("pbos.csv", &[gone]).replace(&from, &to);
    let ptos = without("ptos.csv", &[gone]);
    let fibres = without("fibres.csv", &[gone]).replace(&from, &to);
    let texts = [
        ("floors.csv", &*floors),
        ("pbos.csv", &*pbos),
        ("ptos.csv", &*ptos),
        ("fibres.csv", &*fibres),
    ];
    let boxes = "SELECT site.ref || ' ' || floor.floor || ' ' || pbo.ref || ' '
                   || (SELECT COUNT(*) FROM fibre WHERE pbo_id = pbo.id)
                 FROM pbo JOIN floor ON floor.id = floor_id JOIN site ON site.id = site_id
                 WHERE site.ref IN ('SC-600001', 'SC-600005') ORDER BY site.ref, floor.floor";
    let whole = Options { whole: true, ..Options::default() };
    let outcome = load_into(&oi, &texts, whole.clone()).await.unwrap();
    assert_eq!(outcome.mistakes, []);
    let count = |kind: &str| {
        let kind = outcome.found.kinds.iter().find(|it| it.kind == kind).unwrap();
        (kind.added, kind.removed)
    };
    let counted = ["floor", "pbo", "pto", "fibre"].map(count);
    assert_eq!(counted, [(1, 1), (0, 1), (0, 1), (0, 1)], "{:?}", outcome.found);
    assert_eq!(outcome.found.pbos_moved, 1);
    assert_eq!(
        oi.lines(boxes).await,
        [
            "SC-600001 ETAGE-00 BE-01 10",
            "SC-600005 ETAGE-00 BE-01 10",
            "SC-600005 ETAGE-02 BE-02 1"
        ]
    );
    let floors = "SELECT site.ref || ' ' || floor FROM floor JOIN site ON site.id = site_id
                  WHERE site.ref IN ('SC-600001', 'SC-600005') ORDER BY site.ref, floor";
    let stay =
        ["SC-600001 ETAGE-00", "SC-600005 ETAGE-00", "SC-600005 ETAGE-01", "SC-600005 ETAGE-02"];
    assert_eq!(oi.lines(floors).await, stay);
    let again = load_into(&oi, &texts, whole).await.unwrap();
    assert!(again.is_empty(), "{:?}", again.found);
}
