//! The first load of a network on PostgreSQL: what is there afterwards is what any load would have left,
//! each mistake is told, and who asks meanwhile is answered.

use std::{
    fmt::Write as _,
    fs,
    sync::{
        Arc, Mutex,
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

use super::killed::{Prepared, There, everything, exported, found, prepared, schema, write};
use crate::harness::{Beside, Setup, eventually, loading, postgres, printed, run, structure};

/// Loads its files; what was said beside the numbers.
fn import(of: &Prepared) -> String {
    let (config, data) = (of.config.to_str().unwrap(), of.data.to_str().unwrap());
    let output = run(&["--config", config, "import", data]);
    printed(&output);
    String::from_utf8(output.stderr).unwrap()
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

/// A network as it may be, with names of all kinds, a past and refused lines: what is written out again is the
/// same, whichever database it was loaded into.
#[tokio::test]
async fn what_was_made_up_comes_out_as_from_sqlite() {
    let mut written = Vec::new();
    for on_postgres in [false, true] {
        let it = prepared(on_postgres, There::OperatorsOnly).await;
        let (config, made) = (it.config.to_str().unwrap(), it.folder.path().join("made"));
        let made = made.to_str().unwrap();
        let of = ["--operator", "oc-demo", "--operator", "oc-autre"];
        let generate = ["--config", config, "generate", "--lines", "5000", "--seed", "7", made];
        printed(&run(&[&generate[..], &of].concat()));
        let ptos = fs::read_to_string(format!("{made}/ptos.csv")).unwrap();
        assert!(ptos.lines().count() > 1_000, "it has sockets");
        fs::write(format!("{made}/ptos.csv"), format!("{ptos}no;line\n")).unwrap();
        let loaded = run(&["--config", config, "import", made]);
        assert_eq!(loaded.status.code(), Some(7), "{}", String::from_utf8_lossy(&loaded.stderr));
        let told = String::from_utf8(loaded.stdout).unwrap().replace(made, "");
        let rejects = fs::read_to_string(format!("{made}/rejects/ptos.csv")).unwrap();
        written.push((told, rejects, exported(&it.config, &it.folder.path().join("out"))));
    }
    assert!(written[0].2.lines().count() > 5_000);
    assert!(written[0] == written[1], "{}\n{}", written[0].0, written[1].0);
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
        let told = import(&first);
        assert!(told.contains(said), "{told}");
        assert_eq!(table(&first.database).await, before, "it went within");
        assert_eq!(schema(url), as_made);
        assert_eq!(found(&first.database).await, 8_000);
        assert_eq!(first.database.number(still).await, 0);
    }
}

/// Loads files into an empty network; what came of it, and which calls it made.
async fn load_asking(
    url: &str,
    files: &[(&str, String)],
    ask: impl Fn(&str) + Send + Sync + 'static,
) -> Outcome {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let faults = Faults::from_fn(move |call| {
        ask(call);
        None
    });
    let location = Location::Postgres(url.to_owned());
    let store = Store::open(&location, 4).await.unwrap().with_faults(faults);
    let paths = [folder.path().to_owned()];
    let (source, _) = open(&paths, Encoding::Auto, folder.path()).unwrap();
    let options = Options { served: true, ..Options::default() };
    let profiles = Setup::default().profiles();
    load_from(&store, Box::new(source), options, &profiles, loading(1), &mut ()).await.unwrap()
}

/// Ten thousand sockets, and a few lines of everything else.
fn network() -> Vec<(&'static str, String)> {
    let mut ptos = "pto;site;building;staircase;floor;construction\n".to_owned();
    for n in 0..10_000 {
        writeln!(ptos, "P{n};S;B;E;{};built", n % 2).unwrap();
    }
    let text = |lines: &[&str]| lines.join("\n") + "\n";
    vec![
        ("operators.csv", demo::files()["operators.csv"].clone()),
        ("floors.csv", text(&["site;building;staircase;floor", "S;B;E;0", "S;B;E;1"])),
        ("pbos.csv", text(&["site;building;staircase;floor;pbo", "S;B;E;0;X", "S;B;E;1;Y"])),
        ("ptos.csv", ptos),
        (
            "fibres.csv",
            text(&[
                "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;colour;usage",
                "F0;S;B;E;0;X;P0;PM;0;C;T;R;occupied",
                "F1;S;B;E;1;Y;P1;PM;1;C;T;R;occupied",
                "F2;S;B;E;1;Y;;PM;2;C;T;R;available",
            ]),
        ),
        (
            "contracts.csv",
            text(&[
                "contract;operator;site;building;staircase;floor;pbo;fibre;zone;building_kind;route;\
                 order;intervention",
                "K0;oc-demo;S;B;E;0;;F0;ztd;collective;real;open;connection",
                "K1;oc-demo;S;B;E;1;Y;F1;ztd;collective;real;open;connection",
                "K2;oc-demo;S;B;E;1;Y;;ztd;collective;virtual;open;connection",
            ]),
        ),
        (
            "reprovisionings.csv",
            text(&[
                "contract;fibre;old_fibre;reason;state;discharge_code;accepted;ended",
                "K0;F0;F2;no_signal;completed;D1;2026-01-05T10:00:00+01:00;2026-01-05T10:06:00+01:00",
                "K0;F0;;no_signal;completed;D2;2026-01-06T10:00:00+01:00;2026-01-06T10:06:00+01:00",
            ]),
        ),
    ]
}

/// Each of these lines is one too many, and the only one that is not loaded.
const WRONG: [(&str, &str, &str); 17] = [
    ("floors.csv", "S;B;E;0", "the same"),
    ("pbos.csv", "S;B;E;9;X", "no such floor"),
    ("ptos.csv", "P0;S;B;E;0;built", "the same"),
    ("ptos.csv", "Q;S;B;E;9;built", "no such floor"),
    ("fibres.csv", "F2;S;B;E;0;X;;PM;3;C;T;R;available", "the same"),
    ("fibres.csv", "G;S;B;E;0;Z;;PM;3;C;T;R;available", "no such PBO there"),
    ("fibres.csv", "G;S;B;E;0;X;Q;PM;3;C;T;R;available", "no such PTO"),
    ("fibres.csv", "G;S;B;E;0;X;P0;PM;3;C;T;R;available", "this one has F0"),
    ("contracts.csv", "K2;oc-demo;S;B;E;0;X;;ztd;collective;virtual;open;connection", "the same"),
    ("contracts.csv", "L;nobody;S;B;E;0;X;;ztd;collective;virtual;open;connection", "no operator"),
    (
        "contracts.csv",
        "L;oc-demo;S;B;E;9;;;ztd;collective;virtual;open;connection",
        "no such floor",
    ),
    (
        "contracts.csv",
        "L;oc-demo;S;B;E;0;Z;;ztd;collective;virtual;open;connection",
        "on this floor",
    ),
    ("contracts.csv", "L;oc-demo;S;B;E;0;;G;ztd;collective;real;open;connection", "no such fibre"),
    ("contracts.csv", "L;oc-demo;S;B;E;0;;F0;ztd;collective;real;open;connection", "K0 has this"),
    (
        "reprovisionings.csv",
        "L;F0;;no_signal;completed;D3;2026-01-07T10:00:00+01:00;2026-01-07T10:06:00+01:00",
        "no such contract",
    ),
    (
        "reprovisionings.csv",
        "K0;F0;G;no_signal;completed;D3;2026-01-07T10:00:00+01:00;2026-01-07T10:06:00+01:00",
        "no such fibre",
    ),
    (
        "reprovisionings.csv",
        "K0;F0;;no_signal;completed;D3;2026-01-04T10:00:00+01:00;2026-01-04T10:06:00+01:00",
        "a later one already",
    ),
];

/// What the tables have, kind by kind.
async fn counted(url: &str) -> Vec<String> {
    let database = Beside::open(std::path::Path::new(""), Some(url)).await;
    let mut rows = Vec::new();
    for table in ["floor", "pbo", "pto", "fibre", "contract", "reprovisioning"] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        rows.push(format!("{table} {}", database.number(&count).await));
    }
    rows
}

#[tokio::test]
async fn one_line_that_is_wrong_is_told_and_all_others_are_there() {
    let recording = || {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&calls);
        (calls, move |call: &str| into.lock().unwrap().push(call.to_owned()))
    };
    let url = postgres::fresh().await;
    let (calls, ask) = recording();
    let clean = load_asking(&url, &network(), ask).await;
    assert!(clean.published && clean.mistakes.is_empty(), "{:?}", clean.mistakes);
    assert!(!calls.lock().unwrap().iter().any(|call| call == "load.fibre_keys"), "in one go");
    let added: Vec<_> = clean.found.kinds.iter().map(|it| (it.lines, it.added)).collect();
    assert_eq!(added[1..], [(2, 2), (2, 2), (10_000, 10_000), (3, 3), (3, 3), (2, 2)]);
    let expected = counted(&url).await;
    for (file, line, said) in WRONG {
        let mut files = network();
        let text = files.iter_mut().find(|(name, _)| *name == file).unwrap();
        writeln!(text.1, "{line}").unwrap();
        let url = postgres::fresh().await;
        let (calls, ask) = recording();
        let outcome = load_asking(&url, &files, ask).await;
        let [mistake] = &outcome.mistakes[..] else { panic!("{line}: {:?}", outcome.mistakes) };
        assert!(mistake.to_string().contains(said), "{line}: {mistake}");
        assert_eq!((mistake.file.as_str(), outcome.refused), (file, 1));
        assert_eq!(counted(&url).await, expected, "{line}");
        assert!(calls.lock().unwrap().iter().any(|call| call == "load.fibre_keys"), "{line}");
        assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
    }
}

/// A load that stops where its rows are written, until it is told to go on.
struct Stopped {
    /// Hears that it has stopped.
    reached: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
    load: std::thread::JoinHandle<Outcome>,
}

fn begin(url: String) -> Stopped {
    let (reaches, reached) = mpsc::channel();
    let (go_on, goes) = mpsc::channel();
    let (goes, once) = (Mutex::new(goes), AtomicBool::new(false));
    let ask = move |call: &str| {
        if call == "load.first_fibres" && !once.swap(true, Ordering::SeqCst) {
            reaches.send(()).unwrap();
            goes.lock().unwrap().recv_timeout(Duration::from_mins(1)).unwrap();
        }
    };
    let load = std::thread::spawn(move || {
        let folder = TempDir::new().unwrap();
        let data = write(folder.path());
        let names = ["floors.csv", "pbos.csv", "fibres.csv", "contracts.csv"];
        let files = names.map(|name| (name, fs::read_to_string(data.join(name)).unwrap()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(load_asking(&url, &files, ask))
    });
    Stopped { reached, go_on, load }
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
    ask("20019").await;
    let Stopped { reached, go_on, load } = begin(url.clone());
    let waits = tokio::task::spawn_blocking(move || reached.recv_timeout(Duration::from_mins(1)));
    waits.await.unwrap().unwrap();
    for _ in 0..10 {
        ask("20019").await;
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
        ask("20019").await;
    }
    assert!(!load.is_finished());
    reader.batch_execute("COMMIT").await.unwrap();
    let ends = tokio::task::spawn_blocking(move || load.join());
    let outcome = ends.await.unwrap().unwrap();
    assert!(outcome.published && outcome.notes.is_empty(), "{:?}", outcome.notes);
    ask("OK").await;
    let codes = oi.audited().await.iter().map(|entry| entry.code).collect::<Vec<_>>();
    assert_eq!(codes.len(), 14, "each question has its row: {codes:?}");
    let folder = oi.stop().await;
    fs::remove_dir_all(folder.path()).unwrap();
}
