//! The first load of a network on PostgreSQL: what is there afterwards is what any load would have left,
//! and who asks meanwhile is answered.

use std::{
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use ereprov_server::{
    demo,
    inventory::load::{Encoding, Options, Outcome, open, run as load_from},
    store::{Faults, Location, Store},
};
use tempfile::TempDir;

use super::killed::{Prepared, There, everything, found, prepared, schema, write};
use crate::harness::{Beside, Setup, eventually, loading, postgres, printed, run, structure};

fn import(of: &Prepared) -> String {
    let (config, data) = (of.config.to_str().unwrap(), of.data.to_str().unwrap());
    printed(&run(&["--config", config, "import", data]))
}

/// Which table the name leads to: another one where it was exchanged.
async fn table(database: &Beside) -> i64 {
    database.number("SELECT CAST(CAST('fibre' AS regclass) AS BIGINT)").await
}

#[tokio::test]
async fn it_leaves_the_same_rows_and_the_same_schema() {
    let sqlite = prepared(false, There::OperatorsOnly).await;
    import(&sqlite);
    let first = prepared(true, There::OperatorsOnly).await;
    let (url, before) = (first.url.as_deref().unwrap(), table(&first.database).await);
    let as_made = schema(url);
    import(&first);
    assert_ne!(table(&first.database).await, before, "it went beside");
    assert_eq!(schema(url), as_made);
    let rows = everything(&first.database).await;
    assert!(rows.len() > 8_000, "{}", rows.len());
    assert_eq!(rows, everything(&sqlite.database).await);
    // The second goes into the tables that are there.
    let there = table(&first.database).await;
    import(&first);
    assert_eq!(table(&first.database).await, there);
    assert_eq!(everything(&first.database).await, rows);
}

#[tokio::test]
async fn what_somebody_has_added_to_the_tables_stays_and_is_said() {
    for (added, said, still) in [
        (
            "CREATE VIEW broken AS SELECT ref FROM fibre WHERE out_of_service",
            "view broken depends on table fibre",
            "SELECT COUNT(*) FROM broken",
        ),
        (
            "GRANT SELECT ON contract TO PUBLIC",
            "this would not be as it was: (table,contract,",
            "SELECT COUNT(*) FROM contract WHERE NOT has_table_privilege('contract', 'SELECT')",
        ),
    ] {
        let first = prepared(true, There::OperatorsOnly).await;
        first.database.run(added).await;
        let (url, before) = (first.url.as_deref().unwrap(), table(&first.database).await);
        let as_made = schema(url);
        let printed = import(&first);
        assert!(printed.contains(said), "{printed}");
        assert_eq!(table(&first.database).await, before, "it went within");
        assert_eq!(schema(url), as_made);
        assert_eq!(found(&first.database).await, 8_000);
        assert_eq!(first.database.number(still).await, 0);
    }
}

/// A load that stops where its rows are written, until it is told to go on.
struct Stopped {
    /// Hears that it has stopped.
    stopped: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
    load: tokio::task::JoinHandle<Outcome>,
}

fn begin(url: String) -> Stopped {
    let (stops, stopped) = mpsc::channel();
    let (go_on, goes) = mpsc::channel();
    let (goes, once) = (Mutex::new(goes), AtomicBool::new(false));
    let faults = Faults::from_fn(move |call| {
        if call == "load.add_fibres" && !once.swap(true, Ordering::SeqCst) {
            stops.send(()).unwrap();
            goes.lock().unwrap().recv_timeout(Duration::from_mins(1)).unwrap();
        }
        None
    });
    let load = tokio::spawn(async move {
        let folder = TempDir::new().unwrap();
        let data = write(folder.path());
        let store = Store::open(&Location::Postgres(url), 4).await.unwrap().with_faults(faults);
        let (source, _) = open(&[data], Encoding::Auto, folder.path()).unwrap();
        let options = Options { served: true, ..Options::default() };
        let profiles = Setup::default().profiles();
        load_from(&store, Box::new(source), options, &profiles, loading(1), &mut ()).await.unwrap()
    });
    Stopped { stopped, go_on, load }
}

/// A service keeps answering: what is not there yet is unknown, and nobody is kept waiting while the load
/// waits for somebody who reads the empty tables.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_asks_meanwhile_is_answered() {
    let mut files = demo::files();
    files.retain(|name, _| *name == "operators.csv");
    let url = postgres::fresh().await;
    let setup = Setup { files, postgres: Some(url.clone()), ..Setup::default() };
    let oi = setup.start().await;
    let ask = async |code: &str| {
        let began = Instant::now();
        oi.ask(&structure("K0-0")).await.assert(code);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    };
    ask("20005").await;
    let Stopped { stopped, go_on, load } = begin(url.clone());
    let waits = tokio::task::spawn_blocking(move || stopped.recv_timeout(Duration::from_mins(1)));
    waits.await.unwrap().unwrap();
    for _ in 0..10 {
        ask("20005").await;
    }
    let reader = postgres::connect(&url).await;
    reader.batch_execute("BEGIN; SELECT COUNT(*) FROM contract").await.unwrap();
    go_on.send(()).unwrap();
    let watcher = postgres::connect(&url).await;
    let waiting = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted";
    for _ in 0..2 {
        eventually("a load that waits", async || {
            watcher.query_opt(waiting, &[]).await.unwrap().map(drop)
        })
        .await;
        ask("20005").await;
    }
    assert!(!load.is_finished());
    reader.batch_execute("COMMIT").await.unwrap();
    let outcome = load.await.unwrap();
    assert!(outcome.published && outcome.notes.is_empty(), "{:?}", outcome.notes);
    ask("OK").await;
    let codes = oi.audited().await.iter().map(|entry| entry.code).collect::<Vec<_>>();
    assert_eq!(codes.len(), 14, "each question has its row: {codes:?}");
    let folder = oi.stop().await;
    fs::remove_dir_all(folder.path()).unwrap();
}
