//! kill -9 in the middle of a workflow, at every step: after the restart it ends once, correctly.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{Caller, MUT, Process, Put, free_port, get};

/// A service that takes 300 ms to `En cours` and 300 ms more to `Terminé`.
fn configure(folder: &Path) -> (std::path::PathBuf, String) {
    let (port, url) = free_port();
    let demo = include_str!("../../demo/demo.toml");
    let text = demo
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        .replace("start_ms = 2000", "start_ms = 300")
        .replace("\nrepatch_ms = 3000", "\nrepatch_ms = 300")
        .replace("poll_ms = 250", "poll_ms = 50\nlease_ms = 400")
        .replace("[networks]", "[networks]\ncall_deadline_ms = 150");
    let file = folder.join("ereprovd.toml");
    fs::write(&file, text).unwrap();
    (file, url)
}

async fn start(config: &Path, url: &str, caller: &Caller) -> Process {
    let process = Process::serve(config, url.to_owned());
    caller.until_ready(url).await;
    process
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_ends_once() {
    // Every 60 ms from just after the acceptance to after the end, and each time twice.
    let mut killed_in = BTreeSet::new();
    for round in 0..14_u64 {
        let folder = TempDir::new().unwrap();
        let (config, url) = configure(folder.path());
        crate::harness::import_demo(&config);
        let caller = Caller::new();
        let process = start(&config, &url, &caller).await;
        let accepted = caller.ask(&url, &Put::new(MUT, "CTP-1240357-1").body()).await;
        accepted.assert("OK");
        let code = accepted.text("codeDecharge").unwrap();
        tokio::time::sleep(Duration::from_millis(round * 60)).await;
        process.kill();
        killed_in.insert(state_on_disk(folder.path()));
        // Once more, in the middle of taking up what was left.
        let process = start(&config, &url, &caller).await;
        tokio::time::sleep(Duration::from_millis(round * 20)).await;
        process.kill();
        let restarted = Instant::now();
        let process = start(&config, &url, &caller).await;
        assert!(restarted.elapsed() < Duration::from_secs(2), "{:?}", restarted.elapsed());
        let mut state = String::new();
        while state != "Terminé" {
            assert!(restarted.elapsed() < Duration::from_secs(20), "round {round}: {state}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            let reply = caller.ask(&url, &get(MUT)).await;
            state = reply.attributes("reprovisionning", "statut").pop().unwrap();
        }
        assert_eq!(process.terminate(), Some(0));
        ended_once(folder.path(), &code);
    }
    assert_eq!(killed_in.len(), 3, "before, in the middle and after: {killed_in:?}");
}

/// Where the re-provisioning stood when the process was killed.
fn state_on_disk(folder: &Path) -> String {
    let database = Connection::open(folder.join("ereprov.db")).unwrap();
    let sql = "SELECT state FROM reprovisioning ORDER BY accepted_ms DESC LIMIT 1";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// One re-provisioning, one order in Networks, one line on one fibre, the code that was given.
fn ended_once(folder: &Path, discharge_code: &str) {
    let database = Connection::open(folder.join("ereprov.db")).unwrap();
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(
        text(
            "SELECT group_concat(discharge_code || ' ' || state) FROM reprovisioning
             JOIN contract ON contract.id = contract_id WHERE contract.ref LIKE 'MUT%'"
        ),
        format!("{discharge_code} completed")
    );
    assert_eq!(text("SELECT CAST(COUNT(*) AS TEXT) FROM network_order"), "1");
    assert_eq!(
        text(
            "SELECT group_concat(fibre.ref) FROM fibre
             JOIN contract ON contract.id = fibre.contract_id WHERE contract.ref LIKE 'MUT%'"
        ),
        "CTP-1240357-1"
    );
    assert_eq!(
        text("SELECT usage || out_of_service FROM fibre WHERE ref = 'CTP-1240332-1'"),
        "occupied1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_is_asked_for_lets_what_has_begun_end() {
    let folder = TempDir::new().unwrap();
    let process = Process::demo(folder.path());
    let (caller, url) = (Caller::new(), process.url.clone());
    // Networks keeps silent for five seconds: the request is in progress when the stop comes.
    let put = Put::new("DEMO-20010", "CTP-6001002-1").body();
    let (reply, code) = tokio::join!(caller.ask(&url, &put), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        tokio::task::spawn_blocking(move || process.terminate()).await.unwrap()
    });
    reply.assert("20010");
    assert_eq!(code, Some(0));
}
