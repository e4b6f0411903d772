//! The audit's chain from outside: a real server seals it, the program verifies and exports it, and what
//! somebody does to the database by SQL is found.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Oi, Process, Put, Setup, demo_config, eventually, failed, free_port, get,
    import_demo, postgres, printed, run, structure,
};

/// Runs the same on both databases.
macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(super::Setup::default()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(super::Setup::default().on_postgres().await).await;
            }
        }
    )*};
}

on_both! {
    what_is_answered_is_sealed_and_what_is_done_to_it_is_found
    an_export_is_verified_by_others
}

const QUICK: &str = "[audit]\nseal_every_ms = 20\n";

fn audit(oi: &Oi, arguments: &[&str]) -> Output {
    oi.administer("", &[&["audit"], arguments].concat(), "")
}

fn verified(oi: &Oi) -> Value {
    serde_json::from_str(&printed(&audit(oi, &["verify", "--json"]))).unwrap()
}

/// Waits until every row is sealed.
async fn sealed(oi: &Oi) -> Value {
    eventually("the seal", async || {
        let report = verified(oi);
        let left = [&report["requests_not_sealed"], &report["acts_not_sealed"]];
        (left == [0, 0] && report["seals"] != 0).then_some(report)
    })
    .await
}

async fn ask_around(oi: &Oi) {
    for contract in [MUT, "DEMO-ZMD", "UNKNOWN é"] {
        oi.ask(&structure(contract)).await;
        oi.ask(&get(contract)).await;
    }
    oi.ask_as("nobody", &get(MUT)).await.assert("10000");
}

async fn what_is_answered_is_sealed_and_what_is_done_to_it_is_found(setup: Setup) {
    let oi = Setup { config: QUICK.into(), ..setup }.start().await;
    ask_around(&oi).await;
    printed(&oi.administer("", &["service", "close", "--reason", "travaux"], ""));
    let report = sealed(&oi).await;
    // The load, the closing, and seven questions.
    assert_eq!((&report["rows"], &report["findings"]), (&9.into(), &Value::Array(vec![])));
    let said = printed(&audit(&oi, &["verify"]));
    assert!(said.contains("as it was sealed") && !said.contains("NOT"), "{said}");
    let head = printed(&audit(&oi, &["head"])).trim().to_owned();
    assert_eq!(report["head"], head);
    printed(&audit(&oi, &["verify", "--head", &head]));
    let page = oi.metrics().await;
    let (number, hash) = head.split_once(':').unwrap();
    let check = i64::from_str_radix(&hash[..12], 16).unwrap();
    for line in
        [format!("ereprov_audit_head {number}\n"), format!("ereprov_audit_head_check {check}\n")]
    {
        assert!(page.contains(&line), "{line} is not in\n{page}");
    }

    let beside = oi.beside().await;
    beside.run("UPDATE audit SET code = NULL, detail = NULL WHERE code = 10000").await;
    let output = audit(&oi, &["verify"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(failed(&output, 6).contains("not as it was sealed"));
    assert!(
        said.contains("altered: request 7 (") && said.contains("NOT as it was sealed"),
        "{said}"
    );
    beside.run("DELETE FROM audit WHERE seq = 7").await;
    let output = audit(&oi, &["verify", "--json"]);
    failed(&output, 6);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["finding"], &finding["table"]),
        (&"rows_removed".into(), &"request".into())
    );
    assert_eq!((&finding["from"], &finding["to"]), (&7.into(), &7.into()));
    // The service has never noticed.
    printed(&oi.administer("", &["service", "open"], ""));
    oi.ask(&structure(MUT)).await.assert("OK");
    // Cut off at the end, the chain still holds by itself; the head that was noted down is missing.
    beside.run("DELETE FROM audit_seal; DELETE FROM audit; DELETE FROM admin_act").await;
    let told = audit(&oi, &["verify", "--head", &format!("900:{hash}")]);
    failed(&told, 6);
    assert!(
        String::from_utf8(told.stdout).unwrap().contains("cut off: the chain ends before seal 900")
    );
    let wrong = audit(&oi, &["verify", "--head", "12"]);
    assert!(failed(&wrong, 2).contains("NUMBER:HASH is expected"));
}

/// The script of the documentation on some exports: whether it is content, and what it says.
fn script(files: &[&Path], more: &[&str]) -> (bool, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify_audit.py");
    let output = Command::new("python3").arg(script).args(more).args(files).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

async fn an_export_is_verified_by_others(setup: Setup) {
    let oi = Setup { config: QUICK.into(), ..setup }.start().await;
    ask_around(&oi).await;
    sealed(&oi).await;
    let file = |name: &str| oi.folder.path().join(name);
    let export = |name: &str, more: &[&str]| {
        let file = file(name);
        let output = ["export", "--output", file.to_str().unwrap()];
        printed(&audit(&oi, &[&output[..], more].concat()));
        file
    };
    let whole = export("whole.jsonl", &[]);
    assert_eq!(whole.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = audit(&oi, &["export", "--output", whole.to_str().unwrap()]);
    assert!(failed(&again, 4).contains("is there already"));
    let head = printed(&audit(&oi, &["head"]));
    let (fine, said) = script(&[&whole], &["--head", head.trim()]);
    assert!(fine && said.starts_with("8 rows in "), "{said}");
    let text = fs::read_to_string(&whole).unwrap();
    assert_eq!(printed(&audit(&oi, &["export"])), text, "standard output has the same");
    let unknown = text.lines().find(|line| line.contains("UNKNOWN é")).unwrap();
    let unknown: Value = serde_json::from_str(unknown).unwrap();
    assert_eq!((&unknown["operator"], &unknown["code"]), (&"oc-demo".into(), &20019.into()));

    // Whatever is done to a line is found.
    let lines: Vec<_> = text.lines().collect();
    let doctored = |name: &str, lines: &[String]| {
        let file = file(name);
        fs::write(&file, lines.join("\n")).unwrap();
        script(&[&file], &[])
    };
    let all: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    for (index, line) in lines.iter().enumerate() {
        let mut without = all.clone();
        without.remove(index);
        assert!(!doctored("d", &without).0, "without {line}");
        let kept = ["at", "operator", "kind", "seals", "rows", "head"];
        let value: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
        for column in value.keys().filter(|column| !kept.contains(&column.as_str())) {
            let mut changed = value.clone();
            let other = match &value[column] {
                Value::String(text) => format!("{text}1").into(),
                Value::Null => "".into(),
                number => (number.as_i64().unwrap() + 1).into(),
            };
            changed.insert(column.clone(), other);
            let mut with = all.clone();
            with[index] = serde_json::to_string(&changed).unwrap();
            // What is no list of numbers any more stops the script, which is no verdict.
            if matches!(column.as_str(), "requests" | "acts") {
                continue;
            }
            assert!(!doctored("d", &with).0, "{column} of {line}");
        }
    }

    // Exports one after the other are one chain, each row in one of them.
    let noon = printed(&audit(&oi, &["head", "--json"]));
    let noon: Value = serde_json::from_str(&noon).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    ask_around(&oi).await;
    sealed(&oi).await;
    let at = next_second(noon["sealed_at"].as_str().unwrap());
    let first = export("first.jsonl", &["--until", &at]);
    let second = export("second.jsonl", &["--since", &at]);
    let (fine, said) = script(&[&first, &second], &[]);
    assert!(fine && said.starts_with("15 rows in "), "{said}");
    let (fine, said) = script(&[&second], &[]);
    assert!(fine && said.starts_with("7 rows in "), "{said}");
    assert!(!script(&[&second, &first], &[]).0, "in their order only");
}

/// A second after a time such as `2026-11-23T14:05:09+01:00`.
fn next_second(at: &str) -> String {
    let at = ereprov_server::calendar::parse(at).unwrap() + 1000;
    ereprov_server::calendar::iso(at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_seals_it_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = configure(folder.path(), port);
    import_demo(&config);
    let caller = Caller::new();
    for round in 0..4 {
        let process = Process::serve(&config, url.clone());
        caller.until_ready(&url).await;
        for _ in 0..60 {
            caller.ask(&url, &structure(MUT)).await.assert("OK");
        }
        if round == 0 {
            caller.ask(&url, &Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
        }
        process.kill();
    }
    let process = Process::serve(&config, url.clone());
    caller.until_ready(&url).await;
    // Told to stop, it leaves nothing that is not sealed.
    assert_eq!(process.terminate(), Some(0));
    let at = config.to_str().unwrap();
    let report = printed(&run(&["--config", at, "audit", "verify", "--json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["rows"], &report["requests_not_sealed"]), (&242.into(), &0.into()));
    assert!(report["seals"].as_i64().unwrap() > 4, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_and_a_copy_have_the_chain_and_go_on_from_there() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = configure(folder.path(), port);
    import_demo(&config);
    let head = goes_on(&config, &url, None, 2).await;

    let restored = TempDir::new().unwrap();
    let copy = restored.path().join("ereprov.db");
    printed(&run(&["--config", config.to_str().unwrap(), "backup", copy.to_str().unwrap()]));
    goes_on(&configure(restored.path(), port), &url, Some(&head), 3).await;

    let to = postgres::fresh().await;
    let from = format!("sqlite:{}", folder.path().join("ereprov.db").display());
    printed(&run(&["copy-store", "--from", &from, "--to", &to]));
    let moved = TempDir::new().unwrap();
    let config = configure(moved.path(), port);
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[database]\nurl = \"{to}\"\n")).unwrap();
    goes_on(&config, &url, Some(&head), 3).await;
}

/// Serves one question; then so many rows are sealed, after a head that there was. Answers the new one.
async fn goes_on(config: &Path, url: &str, head: Option<&str>, rows: i64) -> String {
    let caller = Caller::new();
    let process = Process::serve(config, url.to_owned());
    caller.until_ready(url).await;
    caller.ask(url, &structure(MUT)).await.assert("OK");
    assert_eq!(process.terminate(), Some(0));
    let noted: Vec<_> = head.map(|head| ["--head", head]).into_iter().flatten().collect();
    let verify = ["--config", config.to_str().unwrap(), "audit", "verify", "--json"];
    let report = printed(&run(&[&verify[..], &noted].concat()));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["rows"], &report["requests_not_sealed"]), (&rows.into(), &0.into()));
    report["head"].as_str().unwrap().to_owned()
}

/// The demo's configuration, which seals often.
fn configure(folder: &Path, port: u16) -> PathBuf {
    let text = include_str!("../../demo/demo.toml")
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    let config = demo_config(folder);
    fs::write(&config, format!("{text}\n[audit]\nseal_every_ms = 2\n")).unwrap();
    config
}

#[test]
fn a_code_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let process = Process::demo(folder.path());
    let config = demo_config(folder.path());
    let at = config.to_str().unwrap();
    for wrong in ["99", "1", "20013", "2147483648", "-2", "ko"] {
        let told = failed(&run(&["--config", at, "audit", "--code", wrong]), 2);
        assert!(told.contains(&format!("{wrong} is not a code such as 20015, or OK")), "{told}");
    }
    for code in ["-1", "0", "20015", "OK"] {
        printed(&run(&["--config", at, "audit", "--code", code]));
    }
    // What chooses from the list has no say in the rest.
    let told = failed(&run(&["--config", at, "audit", "--limit", "3", "verify"]), 2);
    assert!(told.contains("chooses from the list"), "{told}");
    printed(&run(&["audit", "--config", at, "--json", "verify"]));
    process.terminate();
}
