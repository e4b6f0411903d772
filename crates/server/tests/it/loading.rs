//! Loading an inventory: all of it or nothing, each mistake told, and again without harm.

use std::fs;

use ereprov_server::inventory::load::{LoadError, load};
use tempfile::TempDir;

use crate::harness::{Put, Role, Setup, failed, fibre, loading, run};

fn import(folder: &TempDir) -> std::process::Output {
    let config = folder.path().join("oi.toml");
    fs::write(&config, "").unwrap();
    let folder = folder.path().to_str().unwrap();
    run(&["--config", config.to_str().unwrap(), "import", folder])
}

#[test]
fn a_file_with_mistakes_loads_nothing_and_names_each_one() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("operators.csv", "login;name;password_hash;sessions\na:b;A;x;1\na;A;secret;1\n");
    write("floors.csv", "site;building;staircase;floor\nS;B;E;1\nS;B;;2\nS;B;E;1;x\nS;B;E;1\n");
    write("ptos.csv", "pto;site;building;staircase;floor;construction\nP;S;B;E;1;finished\n");
    write("pbos.csv", "site;building;staircase;flor;pbo;location\n");
    write("contracts.csv", "contract;contract\n");
    write("fibres.csv", "fibre,site,building\n");
    let past = "\n\nK;F;full_pbo;completed;CODE;2026-03-02T00:00:00Z;2026-03-01T00:00:00Z\n";
    let header = "contract;fibre;reason;state;discharge_code;accepted;ended";
    write("reprovisionings.csv", &format!("{header}{past}"));
    let told = failed(&import(&folder), 1);
    for said in [
        "operators.csv:2 column login value \"a:b\": a login is 1 to 60 letters",
        "operators.csv:3 column password_hash: argon2 in PHC form is expected",
        "floors.csv:3 column staircase: missing",
        "floors.csv:4: 5 values, 4 columns",
        "floors.csv:5 value \"S B E 1\": the same site building staircase floor as line 2",
        "pbos.csv:1 column flor: unknown column; did you mean floor?",
        "ptos.csv:2 column construction value \"finished\": one of to_build, being_built, built",
        "contracts.csv:1 column contract: this column stands twice",
        "fibres.csv:1: the values are separated by commas; use ;",
        "reprovisionings.csv:3 column ended: before it was accepted",
    ] {
        assert!(told.contains(said), "{said} is not in {told}");
    }
    assert!(!told.contains("secret"), "{told}");
    write("fibre.csv", "");
    assert!(
        failed(&import(&folder), 1)
            .contains("fibre.csv is not a file of an inventory; did you mean fibres.csv?")
    );
    fs::remove_file(folder.path().join("fibre.csv")).unwrap();
    fs::write(folder.path().join("floors.csv"), b"site\n\xe9\n").unwrap();
    assert!(failed(&import(&folder), 1).contains("floors.csv: line 2 is not UTF-8"));
    let database = folder.path().join("ereprov.db");
    assert!(!database.exists() || count(&folder, "floor") == 0, "all of it, or nothing");
}

fn count(folder: &TempDir, table: &str) -> i64 {
    let database = rusqlite::Connection::open(folder.path().join("ereprov.db")).unwrap();
    let sql = format!("SELECT COUNT(*) FROM {table}");
    database.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_only_wrong_together_is_told_by_line_too() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("floors.csv", "site;building;staircase;floor\nS;B;E;1\n");
    write("pbos.csv", "site;building;staircase;floor;pbo\nS;B;E;1;BE\n");
    write(
        "ptos.csv",
        "pto;site;building;staircase;floor;construction\nP;S;B;E;1;built\nQ;S;B;E;2;built\n",
    );
    write(
        "fibres.csv",
        "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;colour;usage\n\
         F1;S;B;E;1;BE;P;PM;1;C;T;C;occupied\n\
         F2;S;B;E;1;BE;P;PM;2;C;T;C;available\n\
         F3;S;B;E;1;BE-9;;PM;2;C;T;C;available\n",
    );
    write(
        "operators.csv",
        "login;name;password_hash\noc;OC;$argon2id$v=19$m=19456,t=2,p=1$dp/x+RGLwO4PIhXZLPrtFg$uafagbUhlxQ0swbO92P1sbPpSPuD1UCroFDU4MQLFAY\n",
    );
    let contract = ";S;B;E;1;F1;ztd;collective;real;open;connection\n";
    write(
        "contracts.csv",
        &format!(
            "contract;operator;site;building;staircase;floor;fibre;zone;building_kind;route;order;\
             intervention\nK1;oc{contract}K2;oc{contract}K3;nobody{contract}"
        ),
    );
    let told = failed(&import(&folder), 1);
    for said in [
        "ptos.csv:3 column floor value \"S B E 2\": no such floor; add it to floors.csv",
        "fibres.csv:3 column pto value \"P\": a PTO has one fibre, and this one has F1",
        "fibres.csv:4 column pbo value \"BE-9\": no such PBO there; add it to pbos.csv",
        "contracts.csv:3 column fibre value \"F1\": the contract K1 has this fibre",
        "contracts.csv:4 column operator value \"nobody\": no operator has this login",
    ] {
        assert!(told.contains(said), "{said} is not in {told}");
    }
    assert_eq!(count(&folder, "floor"), 0, "all of it, or nothing");
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
    let summary = load(oi.store(), &files, &oi.running.service.profiles, loading(1)).await.unwrap();
    assert!(summary.files.iter().all(|(_, added, _)| *added == 0), "{summary:?}");
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
