//! A backup that is taken while the service runs, and what is restored from it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tempfile::TempDir;

use crate::harness::{
    Caller, Process, Put, Role, demo_config, eventually, failed, fibre, free_port, get,
    import_demo, postgres, printed, run,
};

fn backup(folder: &Path, file: &Path, more: &[&str]) -> Output {
    let config = demo_config(folder);
    let (config, file) = (config.to_str().unwrap(), file.to_str().unwrap());
    run(&[&["--config", config, "backup", file], more].concat())
}

fn number(database: &Path, sql: &str) -> i64 {
    rusqlite::Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Contracts that can be re-provisioned, each from its own site.
const CONTRACTS: [&str; 4] = ["DEMO-ZMD", "DEMO-OPAC", "DEMO-ZTD-PAVILLON", "DEMO-SIMPLE"];

/// The demo, whose re-provisionings end at once, in a folder of its own.
fn configure(folder: &Path) -> (PathBuf, String) {
    let (port, url) = free_port();
    let text = include_str!("../../demo/demo.toml")
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        .replace("start_ms = 2000", "start_ms = 0")
        .replace("\nrepatch_ms = 3000", "\nrepatch_ms = 0")
        .replace("poll_ms = 250", "poll_ms = 5");
    let config = demo_config(folder);
    fs::write(&config, text).unwrap();
    (config, url)
}

/// Discharge codes, in the order in which they were given.
type Codes = Arc<Mutex<Vec<String>>>;

/// Moves the lines of some contracts to and fro, until told to stop.
async fn keep_putting(url: String, contracts: &[&str], codes: Codes, stop: Arc<AtomicBool>) {
    let caller = Caller::new();
    let mut ways = [Role::Free, Role::Current].iter().cycle();
    while !stop.load(Ordering::SeqCst) {
        let role = *ways.next().expect("an endless way");
        for contract in contracts {
            let put = Put::new(contract, &fibre(contract, role)).motif("PBO saturé");
            let reply = caller.ask(&url, &put.body()).await;
            match reply.outcome().as_str() {
                "OK" => codes.lock().unwrap().push(reply.text("codeDecharge").unwrap()),
                // The one before has not ended, or has only just.
                "20012" | "20015" => {}
                _ => panic!("{}", reply.body),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_it_began_is_in_it() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (config, url) = configure(folder.path());
    import_demo(&config);
    // Something to copy, so that it lasts.
    rusqlite::Connection::open(folder.path().join("ereprov.db"))
        .unwrap()
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
             INSERT INTO audit (request_id, at_ms, method, duration_us, address)
             SELECT printf('%08d', i), i, 'getRoSite', 1, '127.0.0.1' FROM n",
        )
        .unwrap();
    let process = Process::serve(&config, url.clone());
    Caller::new().until_ready(&url).await;
    let (stop, codes) = (Arc::new(AtomicBool::new(false)), Codes::default());
    let mut putting = tokio::task::JoinSet::new();
    for contracts in CONTRACTS.chunks(CONTRACTS.len() / 2) {
        putting.spawn(keep_putting(url.clone(), contracts, codes.clone(), stop.clone()));
    }
    eventually("some puts", async || (codes.lock().unwrap().len() >= 20).then_some(())).await;
    let acknowledged = codes.lock().unwrap().clone();
    let restored = other.path().join("ereprov.db");
    let said = tokio::task::block_in_place(|| printed(&backup(folder.path(), &restored, &[])));
    assert!(said.contains("checked"), "{said}");
    assert!(codes.lock().unwrap().len() > acknowledged.len(), "puts went on meanwhile");
    stop.store(true, Ordering::SeqCst);
    putting.join_all().await;
    let mode = restored.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1, "nothing beside it");

    for code in &acknowledged {
        let kept = format!("SELECT COUNT(*) FROM reprovisioning WHERE discharge_code = '{code}'");
        assert_eq!(number(&restored, &kept), 1, "{code}");
    }
    // Whole: what was accepted has its row of the audit, and the other way round.
    let accepted =
        "SELECT COUNT(*) FROM audit WHERE method = 'putReprovisionning' AND code IS NULL";
    let both = "SELECT COUNT(*) FROM reprovisioning JOIN audit USING (request_id)";
    assert_eq!(number(&restored, accepted), number(&restored, both));
    // A second service, on the copy alone, carries on what had not ended.
    let (config, second) = configure(other.path());
    let again = Process::serve(&config, second.clone());
    let caller = Caller::new();
    caller.until_ready(&second).await;
    for contract in CONTRACTS {
        eventually(contract, async || {
            let reply = caller.ask(&second, &get(contract)).await;
            (reply.attributes("reprovisionning", "statut") == ["Terminé"]).then_some(())
        })
        .await;
    }
    assert_eq!(again.terminate(), Some(0));
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn it_overwrites_nothing_unasked_and_never_the_database() {
    let folder = TempDir::new().unwrap();
    let process = Process::demo(folder.path());
    let file = folder.path().join("backup.db");
    printed(&backup(folder.path(), &file, &[]));
    let first = fs::read(&file).unwrap();
    let told = failed(&backup(folder.path(), &file, &[]), 4);
    assert!(told.contains("is there already") && told.contains("--force"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), first);
    printed(&backup(folder.path(), &file, &["--force"]));
    let database = folder.path().join("ereprov.db");
    let link = folder.path().join("link.db");
    fs::hard_link(&database, &link).unwrap();
    for own in ["ereprov.db", "link.db", "ereprov.db-wal", "ereprov.lock"] {
        let told = failed(&backup(folder.path(), &folder.path().join(own), &["--force"]), 4);
        assert!(told.contains("belongs to the database itself"), "{told}");
    }
    let nowhere = folder.path().join("nowhere/backup.db");
    let told = failed(&backup(folder.path(), &nowhere, &[]), 1);
    assert!(told.contains("nowhere") && told.contains("No such file"), "{told}");
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("ereprov"))
        .collect();
    left.sort();
    assert_eq!(left, ["backup.db", "link.db"]);
    process.terminate();
    fs::remove_file(&database).unwrap();
    assert!(failed(&backup(folder.path(), &file, &["--force"]), 5).contains("no database at"));
}

#[tokio::test]
async fn on_postgresql_its_own_tools_do_it() {
    let folder = TempDir::new().unwrap();
    let url = postgres::fresh().await;
    fs::write(demo_config(folder.path()), format!("[database]\nurl = \"{url}\"\n")).unwrap();
    let told = failed(&backup(folder.path(), &folder.path().join("b.db"), &[]), 2);
    assert!(told.contains("PostgreSQL") && told.contains("pg_dump"), "{told}");
}
