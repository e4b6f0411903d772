//! kill -9 of the service between the end that is committed and its delivery.

use std::{fs, process::Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Process, Put,
    authority::authority,
    eventually, free_port, get, import_demo, printed,
    receiver::{Behaviour, Receiver, SECRET, settings},
    run_with_input,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_is_told_after_the_restart() {
    let (folder, authority) = (TempDir::new().unwrap(), authority());
    let mut receiver = Receiver::start(&authority).await;
    let (port, url) = free_port();
    let demo = include_str!("../../../demo/demo.toml");
    let text = demo
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        .replace("start_ms = 2000", "start_ms = 20")
        .replace("\nrepatch_ms = 3000", "\nrepatch_ms = 20")
        .replace("poll_ms = 250", "poll_ms = 20")
        .replace("log_level = \"warn\"", "log_level = \"info\"");
    let config = folder.path().join("ereprovd.toml");
    fs::write(&config, format!("{text}\n{}", settings(folder.path(), &authority))).unwrap();
    import_demo(&config);
    let (file, to) = (config.to_str().unwrap(), receiver.url());
    let webhook =
        ["--config", file, "operator", "notify", "webhook", "oc-demo", &to, "--secret-stdin"];
    printed(&run_with_input(&webhook, SECRET));
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let serve = || {
        let log = Stdio::from(log.try_clone().unwrap());
        Process::serve_logging(&config, url.clone(), log).0
    };
    let caller = Caller::new();
    // Killed before it could connect, and once more while the server has the request in hand.
    receiver.stop().await;
    let process = serve();
    caller.until_ready(&url).await;
    caller.ask(&url, &Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    eventually("the end", async || {
        let reply = caller.ask(&url, &get(MUT)).await;
        (reply.attributes("reprovisionning", "statut") == ["Terminé"]).then_some(())
    })
    .await;
    process.kill();
    let state = || -> String {
        let database = Connection::open(folder.path().join("ereprov.db")).unwrap();
        database.query_row("SELECT state FROM notification", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(state(), "waiting");
    receiver.next(&[Behaviour::Hangs]);
    receiver.again().await;
    let process = serve();
    eventually("a request in hand", async || (!receiver.told().is_empty()).then_some(())).await;
    process.kill();
    assert_eq!(state(), "waiting");
    let _process = serve();
    let taken = receiver.until_taken(1).await;
    assert_eq!(taken[0].json()["subject"], MUT);
    assert!(taken[0].is_signed_with(SECRET));
    assert_eq!(receiver.told()[0].header("webhook-id"), taken[0].header("webhook-id"));
    eventually("its record", async || (state() == "delivered").then_some(())).await;
    // The log tells it, without what opens or signs anything.
    let log = eventually("its line in the log", async || {
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        log.contains("notified").then_some(log)
    })
    .await;
    for secret in ["whsec", "c2VjcmV0", "in-the-url"] {
        assert!(!log.contains(secret), "{log}");
    }
}
