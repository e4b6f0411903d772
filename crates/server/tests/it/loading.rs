//! Loading an inventory: each mistake told and nothing else lost, all at once, and again without harm.

mod changes;
mod first;
mod gracethd;
mod killed;
mod reports;
mod sources;

use std::{fs, process::Output};

use ereprov_server::{
    inventory::load::{LoadError, Options, Outcome, load, open, run as load_from},
    store::admin_acts::Act,
};
use tempfile::TempDir;

use crate::harness::{Oi, Put, Role, Setup, failed, fibre, loading, printed, run};

/// Loads a folder on its own, with a configuration of nothing.
fn import(folder: &TempDir, more: &[&str]) -> Output {
    let config = folder.path().join("oi.toml");
    fs::write(&config, "").unwrap();
    let folder = folder.path().to_str().unwrap();
    run(&[&["--config", config.to_str().unwrap(), "import", folder], more].concat())
}

/// Loads files into a service that runs.
async fn load_into(
    oi: &Oi,
    files: &[(&str, &str)],
    options: Options,
) -> Result<Outcome, LoadError> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let paths = [folder.path().to_owned()];
    let encoding = ereprov_server::inventory::load::Encoding::Auto;
    let (source, _) = open(&paths, encoding, folder.path()).unwrap();
    let acts = oi.number("SELECT COUNT(*) FROM admin_act").await;
    let act = Act { id: format!("load {acts}"), ..loading(oi.clock.now_ms()) };
    let profiles = &oi.running.service.profiles;
    load_from(oi.store(), Box::new(source), options, profiles, act, &mut ()).await
}

fn lines(folder: &TempDir, query: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(folder.path().join("ereprov.db")).unwrap();
    let mut statement = database.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

const PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$dp/x+RGLwO4PIhXZLPrtFg$uafagbUhlxQ0swbO92P1sbPpSPuD1UCroFDU4MQLFAY";

const FILES: [(&str, &str); 7] = [
    (
        "operators.csv",
        "login;name;password_hash;sessions;colour\n\
         oc;OC;PASSWORD;1;\na:b;A;PASSWORD;1;\na;A;secret;1;\nb;B;PASSWORD;0;\nc;OC;PASSWORD;;\n\
         oc;OD;PASSWORD;;\n",
    ),
    (
        "floors.csv",
        "site;building;staircase;floor\nS;B;E;1\nS;B;;2\nS;B;E;1;x\nS;B;E;1\nS;B;E;2\n\
         S\u{2011}1;B;E;1\n\"S;B;E;3\nS;B;E;4\n",
    ),
    (
        "pbos.csv",
        "site;building;staircase;floor;pbo\nS;B;E;1;BE\nS;B;E;9;BE\nS;B;E;1;BE\n\
         S;B;E;1;A-VERY-LONG-NAME-OF-MORE-THAN-30\n",
    ),
    (
        "ptos.csv",
        "pto;site;building;staircase;floor;construction\nP;S;B;E;1;built\nQ;S;B;E;9;built\n\
         R;S;B;E;1;finished\nP;S;B;E;2;built\n",
    ),
    (
        "fibres.csv",
        "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;colour;usage;\
         out_of_service;holder\n\
         F1;S;B;E;1;BE;P;PM;1;C;T;C;occupied;;\nF2;S;B;E;1;BE;P;PM;2;C;T;C;available;;\n\
         F3;S;B;E;1;BE-9;;PM;3;C;T;C;available;;\nF4;S;B;E;1;BE;Q;PM;4;C;T;C;available;;\n\
         F5;S;B;E;9;BE;;PM;5;C;T;C;available;;\nF6;S;B;E;1;BE;;PM;6;C;T;C;available;maybe;\n\
         F7;S;B;E;1;BE;;PM;7;C;T;C;reserved;;NOBODY\nF8;S;B;E;1;BE;;PM;8;C;T;C;reserved;;K1\n\
         F1;S;B;E;1;BE;;PM;1;C;T;C;occupied;;\n",
    ),
    (
        "contracts.csv",
        "contract;operator;site;building;staircase;floor;fibre;pbo;zone;building_kind;route;order;\
         intervention\n\
         K1;oc;S;B;E;1;F1;;ztd;collective;real;open;connection\n\
         K2;oc;S;B;E;1;F1;;ztd;collective;real;open;connection\n\
         K3;nobody;S;B;E;1;;;ztd;collective;real;none;connection\n\
         K4;oc;S;B;E;1;F99;;ztd;collective;real;open;connection\n\
         K5;oc;S;B;E;2;;BE;ztd;collective;virtual;open;connection\n\
         K6;oc;S;B;E;1;;;ztd;collective;real;open;connection\n\
         K7;oc;S;B;E;1;;;paris;collective;virtual;open;connection\n\
         K8;oc;S;B;E;9;;;ztd;collective;virtual;open;connection\n\
         K1;oc;S;B;E;1;;;ztd;collective;virtual;open;connection\n",
    ),
    (
        "reprovisionings.csv",
        "contract;fibre;old_fibre;reason;state;discharge_code;accepted;ended\n\n\
         K1;F1;;full_pbo;completed;CODE1;2026-03-02T00:00:00Z;2026-03-01T00:00:00Z\n\
         K1;F1;;full_pbo;initiated;CODE2;2026-03-02T00:00:00Z;\n\
         K9;F1;;full_pbo;completed;CODE3;2026-03-02T00:00:00Z;\n\
         K1;F9;;full_pbo;completed;CODE4;2026-03-02T00:00:00Z;\n\
         K1;F1;F9;full_pbo;completed;CODE5;2026-03-02T00:00:00Z;\n\
         K1;F1;F8;full_pbo;completed;CODE6;2026-03-02T00:00:00Z;\n\
         K1;F1;F8;full_pbo;completed;CODE7;2026-03-01T00:00:00Z;\n\
         K1;F1;F8;full_pbo;completed;CODE6;2026-03-03T00:00:00Z;\n\
         K1;F1;F8;full_pbo;completed;CODE8;yesterday;\n",
    ),
];

const MISTAKES: &str = "\
operators.csv:3 column login value \"a:b\": a login is 1 to 60 letters
operators.csv:4 column password_hash: argon2 in PHC form is expected
operators.csv:5 column sessions value \"0\": at least 1
operators.csv:6 column name value \"OC\": another operator has this name
operators.csv:7 value \"oc\": the same login as line 2
floors.csv:3 column staircase: missing
floors.csv:4: 5 values, 4 columns
floors.csv:5 value \"S B E 1\": the same site building staircase floor as line 2
floors.csv:7 column site value \"S\u{2011}1\": character U+2011 at 2
floors.csv:8: a value begins with \" and does not end
pbos.csv:3 column floor value \"S B E 9\": no such floor; add it to floors.csv
pbos.csv:4 value \"S B E 1 BE\": the same site building staircase floor pbo as line 2
pbos.csv:5 column pbo value \"A-VERY-LONG-NAME-OF-MORE-THAN-30\": 32 characters, 30 at the most
ptos.csv:3 column floor value \"S B E 9\": no such floor; add it to floors.csv
ptos.csv:4 column construction value \"finished\": one of to_build, being_built, built
ptos.csv:5 value \"P\": the same pto as line 2
fibres.csv:3 column pto value \"P\": a PTO has one fibre, and this one has F1
fibres.csv:4 column pbo value \"BE-9\": no such PBO there; add it to pbos.csv
fibres.csv:5 column pto value \"Q\": no such PTO; add it to ptos.csv
fibres.csv:6 column floor value \"S B E 9\": no such floor; add it to floors.csv
fibres.csv:7 column out_of_service value \"maybe\": yes, no or restored
fibres.csv:8 column holder value \"NOBODY\": no such contract
fibres.csv:10 value \"F1\": the same fibre as line 2
contracts.csv:3 column fibre value \"F1\": the contract K1 has this fibre
contracts.csv:4 column operator value \"nobody\": no operator has this login
contracts.csv:5 column fibre value \"F99\": no such fibre
contracts.csv:6 column pbo value \"BE\": no such PBO on this floor
contracts.csv:7 column fibre: missing: an open order on a real route has one
contracts.csv:8 column zone value \"paris\": one of ztd, zmd
contracts.csv:9 column floor value \"S B E 9\": no such floor; add it to floors.csv
contracts.csv:10 value \"K1\": the same contract as line 2
reprovisionings.csv:3 column ended: before it was accepted
reprovisionings.csv:4 column state value \"initiated\": a past re-provisioning has ended
reprovisionings.csv:5 column contract value \"K9\": no such contract
reprovisionings.csv:6 column fibre value \"F9\": no such fibre
reprovisionings.csv:7 column old_fibre value \"F9\": no such fibre
reprovisionings.csv:9 column accepted value \"K1\": the contract has a later one already
reprovisionings.csv:10 value \"CODE6\": the same discharge_code as line 8
reprovisionings.csv:11 column accepted value \"yesterday\": a time such as";

#[test]
fn each_mistake_is_told_exactly_and_nothing_else_is_lost() {
    let folder = TempDir::new().unwrap();
    for (name, text) in FILES {
        fs::write(folder.path().join(name), text.replace("PASSWORD", PASSWORD)).unwrap();
    }
    let strict = failed(&import(&folder, &["--strict"]), 1);
    assert!(strict.contains("nothing was loaded:\n  operators.csv:3"), "{strict}");
    let kept = |query: &str| lines(&folder, query).join(" ");
    assert_eq!(kept("SELECT ref FROM site"), "", "all of it, or nothing");

    let output = import(&folder, &[]);
    let (said, told) = (String::from_utf8(output.stdout.clone()).unwrap(), failed(&output, 7));
    let expected = MISTAKES.lines().count();
    assert!(told.contains(&format!("{expected} lines are refused")), "{told}");
    assert!(!said.contains("secret"), "{said}");
    let file = fs::read_to_string(folder.path().join("rejects/mistakes.txt")).unwrap();
    for (mistake, told) in MISTAKES.lines().zip(file.lines()) {
        assert!(told.starts_with(mistake), "{told}\nbut expected\n{mistake}");
        assert!(said.contains(mistake), "{mistake} is not in {said}");
    }
    assert_eq!(file.lines().count(), expected, "{file}");
    assert!(told.contains("operators.csv:1 column colour: not known, and not read"), "{told}");

    assert_eq!(kept("SELECT login FROM operator"), "oc");
    assert_eq!(kept("SELECT floor FROM floor ORDER BY id"), "1 2 4");
    assert_eq!(kept("SELECT ref FROM pbo"), "BE");
    assert_eq!(kept("SELECT ref FROM pto"), "P");
    assert_eq!(kept("SELECT ref FROM fibre ORDER BY id"), "F1 F8");
    assert_eq!(kept("SELECT ref FROM contract"), "K1");
    assert_eq!(kept("SELECT id FROM reprovisioning"), "loaded-CODE6");

    // What was refused is all there, as it was, and is loaded once it is right.
    let rejects = folder.path().join("rejects");
    let ptos = fs::read_to_string(rejects.join("ptos.csv")).unwrap();
    let head = "pto;site;building;staircase;floor;construction\n";
    let refused = "Q;S;B;E;9;built\nR;S;B;E;1;finished\nP;S;B;E;2;built\n";
    assert_eq!(ptos, format!("{head}{refused}"));
    let right = ptos.replace("S;B;E;9", "S;B;E;2").replace("finished", "built");
    fs::write(rejects.join("ptos.csv"), right.replace("P;S;B;E;2;built\n", "")).unwrap();
    let config = folder.path().join("oi.toml");
    let ptos = rejects.join("ptos.csv");
    let again = ["--config", config.to_str().unwrap(), "import", ptos.to_str().unwrap()];
    let said = printed(&run(&again));
    assert!(said.contains("loaded: 2 PTOs added"), "{said}");
}

#[test]
fn a_file_that_is_another_one_is_told_once() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write("pbos.csv", b"site;building;staircase;flor;pbo;location\nS;B;E;1;BE;\n");
    write("contracts.csv", b"contract;contract\n");
    write("fibres.csv", b"fibre,site,building\n");
    write("floors.csv", b"\xff\xfes\0i\0t\0e\0");
    write("ptos.csv", b"");
    let output = import(&folder, &["--dry-run"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    failed(&output, 7);
    for mistake in [
        "pbos.csv:1 column floor: this column is missing; is it flor?",
        "contracts.csv:1 column contract: this column stands twice",
        "fibres.csv:1: the values are separated by commas; use ;",
        "floors.csv:1: the file is UTF-16",
        "ptos.csv:1: the file is empty",
    ] {
        assert!(said.contains(mistake), "{mistake} is not in {said}");
    }
    write("fibre.csv", b"");
    let told = failed(&import(&folder, &[]), 1);
    let expected = "fibre.csv is not a file of an inventory; did you mean fibres.csv?";
    assert!(told.contains(expected), "{told}");
}

#[tokio::test]
async fn loading_again_does_not_undo_what_the_service_did() {
    let oi = Setup::at("2026-11-23T12:00").start().await;
    // Loaded as the neighbour's; by now nobody's.
    let given_back = fibre("DEMO-ZMD", Role::Mislabelled);
    let given = format!("UPDATE fibre SET contract_id = NULL WHERE ref = '{given_back}'");
    oi.beside().await.run(&given).await;
    oi.ask(&Put::new("DEMO-ZMD", &given_back).body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    let files = ereprov_server::demo::files();
    let outcome = load(oi.store(), &files, &oi.running.service.profiles, loading(1)).await.unwrap();
    assert!(outcome.is_empty(), "{:?}", outcome.found);
    let held = oi.fibre(&given_back).await;
    assert_eq!(held.contract_ref.as_deref(), Some("DEMO-ZMD"));
    assert!(oi.fibre(&fibre("DEMO-ZMD", Role::Current)).await.out_of_service);
}

#[tokio::test]
async fn a_past_that_is_older_than_what_is_there_is_refused() {
    let oi = Setup::default().start().await;
    let mut files = ereprov_server::demo::files();
    files.get_mut("reprovisionings.csv").unwrap().push_str(
        "ARA-502701;CTP-2392755-1;;full_pbo;no;;cancelled;OLDER2345;2020-01-01T00:00:00Z;\n",
    );
    match load(oi.store(), &files, &oi.running.service.profiles, loading(1)).await {
        Err(LoadError::Mistakes(mistakes)) => {
            let said = mistakes[0].to_string();
            assert!(said.contains("reprovisionings.csv:3 column accepted"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}
