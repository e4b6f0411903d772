//! A backup that is taken while the service runs, and what is restored from it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tempfile::TempDir;

use crate::harness::{
    Caller, Process, Put, Role, demo_config, failed, fibre, get, postgres, printed, run, structure,
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
const CONTRACTS: [&str; 8] = [
    "DEMO-ZMD",
    "DEMO-ZTD-PAVILLON",
    "DEMO-ROV",
    "DEMO-OPAC",
    "DEMO-PRISE-EXISTANTE",
    "DEMO-LENT",
    "DEMO-SAV",
    "DEMO-SIMPLE",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_it_began_is_in_it() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let process = Process::demo(folder.path());
    let url = process.url.clone();
    let restored = other.path().join("ereprov.db");
    // Writers that never rest, and puts that come one after the other, before, during and after.
    let stop = Arc::new(AtomicBool::new(false));
    let codes = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    {
        let (stop, url) = (Arc::clone(&stop), url.clone());
        tasks.spawn(async move {
            let caller = Caller::new();
            while !stop.load(Ordering::SeqCst) {
                caller.ask(&url, &structure("DEMO-ZMD")).await.assert("OK");
            }
        });
    }
    {
        let (codes, url) = (Arc::clone(&codes), url.clone());
        tasks.spawn(async move {
            let caller = Caller::new();
            for contract in CONTRACTS {
                let put = Put::new(contract, &fibre(contract, Role::Free)).motif("PBO saturé");
                let reply = caller.ask(&url, &put.body()).await;
                if reply.outcome() == "OK" {
                    let code = reply.text("codeDecharge").unwrap();
                    codes.lock().unwrap().push((contract, code));
                }
            }
        });
    }
    let acknowledged = loop {
        let acknowledged = codes.lock().unwrap().clone();
        if acknowledged.len() >= 3 {
            break acknowledged;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    };
    let said = printed(&backup(folder.path(), &restored, &[]));
    assert!(said.contains("checked"), "{said}");
    stop.store(true, Ordering::SeqCst);
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let mode = restored.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left = fs::read_dir(other.path()).unwrap().count();
    assert_eq!(left, 1, "nothing beside it");

    // A second service, on the copy alone.
    let text = fs::read_to_string(demo_config(folder.path())).unwrap();
    fs::write(demo_config(other.path()), text).unwrap();
    let second = Process::demo(other.path());
    let caller = Caller::new();
    for (contract, code) in &acknowledged {
        let kept = format!("SELECT COUNT(*) FROM reprovisioning WHERE discharge_code = '{code}'");
        assert_eq!(number(&restored, &kept), 1, "{contract}");
        let reply = caller.ask(&second.url, &get(contract)).await;
        assert_eq!(reply.assert("OK").attributes("reprovisionning", "statut").len(), 1);
    }
    // Whole: what was accepted has its row of the audit, and the other way round.
    let accepted =
        "SELECT COUNT(*) FROM audit WHERE method = 'putReprovisionning' AND code IS NULL";
    let both = "SELECT COUNT(*) FROM reprovisioning JOIN audit USING (request_id)";
    assert_eq!(number(&restored, accepted), number(&restored, both));
    assert_eq!(second.terminate(), Some(0));
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
