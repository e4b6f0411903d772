//! From a SQLite file to PostgreSQL: the service goes on where it was, and nothing is lost by
//! whatever happens on the way.

use std::{fs, path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Process, Put, demo_config, eventually, failed, free_port, get, postgres, printed,
    program, run, structure,
};

fn copy(folder: &Path, to: &str, more: &[&str]) -> Output {
    let from = format!("sqlite:{}", folder.join("ereprov.db").display());
    run(&[&["copy-store", "--from", &from, "--to", to], more].concat())
}

async fn number(url: &str, sql: &str) -> i64 {
    postgres::connect(url).await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_service_moves_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let process = Process::demo(folder.path());
    let caller = Caller::new();
    let accepted = caller.ask(&process.url, &Put::new(MUT, "CTP-1240357-1").body()).await;
    let code = accepted.assert("OK").text("codeDecharge").unwrap();
    let to = postgres::fresh().await;
    let told = failed(&copy(folder.path(), &to, &[]), 4);
    assert!(told.contains("an ereprovd serves") && told.contains("stop it first"), "{told}");
    assert_eq!(process.terminate(), Some(0));

    let copied = printed(&copy(folder.path(), &to, &["--json"]));
    let copied: Value = serde_json::from_str(&copied).unwrap();
    assert_eq!(copied["outcome"], "copied");
    let fibres = copied["tables"].as_array().unwrap().iter().find(|t| t["table"] == "fibre");
    assert_eq!(fibres.unwrap()["rows"], 275);
    let again = printed(&copy(folder.path(), &to, &[]));
    assert!(again.contains("the same data is there already"), "{again}");

    let (port, url) = free_port();
    let text = fs::read_to_string(demo_config(folder.path())).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    config["server"]["listen"] = format!("127.0.0.1:{port}").into();
    config.insert(
        "database".into(),
        toml::Table::from_iter([("url".into(), to.clone().into())]).into(),
    );
    config
        .insert("telemetry".into(), toml::Table::from_iter([("listen".into(), "".into())]).into());
    let file = folder.path().join("moved.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let process = Process::serve(&file, url.clone());
    caller.until_ready(&url).await;
    let told = failed(&copy(folder.path(), &to, &["--replace"]), 4);
    assert!(told.contains("the target is in use"), "{told}");
    // What was accepted there is carried to its end here.
    let ended = eventually("Terminé", async || {
        let reply = caller.ask(&url, &get(MUT)).await;
        (reply.attributes("reprovisionning", "statut") == ["Terminé"]).then_some(reply)
    });
    ended.await.assert("OK");
    caller.ask(&url, &structure(MUT)).await.assert("OK");
    let kept = format!("SELECT COUNT(*) FROM reprovisioning WHERE discharge_code = '{code}'");
    assert_eq!(number(&to, &kept).await, 1);
    assert_eq!(process.terminate(), Some(0));

    let told = failed(&copy(folder.path(), &to, &[]), 4);
    assert!(told.contains("holds other data") && told.contains("audit:"), "{told}");
    printed(&copy(folder.path(), &to, &["--replace"]));
    let back = format!("{kept} AND state <> 'completed'");
    assert_eq!(number(&to, &back).await, 1, "as it was when the file's service stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_it_leaves_nothing_and_can_be_repeated() {
    let folder = TempDir::new().unwrap();
    Process::demo(folder.path()).terminate();
    let database = rusqlite::Connection::open(folder.path().join("ereprov.db")).unwrap();
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
       INSERT INTO audit (request_id, at_ms, method, duration_us, address)
       SELECT printf('%08d', i), i, 'getRoSite', 1, '127.0.0.1' FROM n";
    database.execute_batch(many).unwrap();
    drop(database);
    let to = postgres::fresh().await;
    let from = format!("sqlite:{}", folder.path().join("ereprov.db").display());
    let mut child = program(&["copy-store", "--from", &from, "--to", &to]).spawn().unwrap();
    let copying = "SELECT COUNT(*) FROM pg_stat_progress_copy
       WHERE datname = current_database() AND tuples_processed > 1000";
    eventually("the copy", async || (number(&to, copying).await > 0).then_some(())).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let gone = "SELECT COUNT(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'ereprovd'";
    eventually("its end", async || (number(&to, gone).await == 0).then_some(())).await;
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(number(&to, tables).await, 0);
    printed(&copy(folder.path(), &to, &[]));
    assert_eq!(number(&to, "SELECT COUNT(*) FROM audit").await, 200_000);
}

#[tokio::test]
async fn a_password_stays_out_of_arguments_and_of_what_is_printed() {
    let folder = TempDir::new().unwrap();
    Process::demo(folder.path()).terminate();
    let to = postgres::fresh().await;
    let secret = to.replace("postgres://postgres@", "postgres://postgres:geheim@");
    assert_ne!(to, secret);
    let told = failed(&copy(folder.path(), &secret, &[]), 2);
    assert!(told.contains("--to env:TARGET") && !told.contains("geheim"), "{told}");
    let told = failed(&copy(folder.path(), "env:NOT_SET", &[]), 2);
    assert!(told.contains("NOT_SET is not set"), "{told}");
    let from = format!("sqlite:{}", folder.path().join("ereprov.db").display());
    let with = |url: &str| {
        let mut command = program(&["copy-store", "--from", &from, "--to", "env:TARGET"]);
        command.env("TARGET", url).output().unwrap()
    };
    printed(&with(&secret));
    // Whatever goes wrong, it is not shown.
    for wrong in [secret.replace("127.0.0.1:", "127.0.0.1:1"), "mysql://a:geheim@b/c".to_owned()] {
        let output = with(&wrong);
        assert!(!output.status.success());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("geheim"), "{told}");
    }
    let wrong = run(&["copy-store", "--from", &to, "--to", &to]);
    assert!(failed(&wrong, 2).contains("--from: sqlite:PATH"));
    let missing = run(&["copy-store", "--from", "sqlite:/nowhere.db", "--to", &to]);
    assert!(failed(&missing, 5).contains("no database at /nowhere.db"));
}
