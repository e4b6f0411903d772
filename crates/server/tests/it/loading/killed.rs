//! kill -9 at any moment of a load, then once more: the same as one load that nobody stopped.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{Beside, import_demo, postgres, printed, program, run};

pub(super) const SITES: u32 = 400;

/// A network that takes a moment to load.
pub(super) fn write(folder: &Path) -> PathBuf {
    let mut floors = "site;building;staircase;floor\n".to_owned();
    let mut pbos = "site;building;staircase;floor;pbo\n".to_owned();
    let mut fibres =
        "fibre;site;building;staircase;floor;pbo;pm;pm_position;cable;tube;colour;usage\n"
            .to_owned();
    let mut contracts = "contract;operator;site;building;staircase;floor;fibre;zone;building_kind;\
                         route;order;intervention\n"
        .to_owned();
    for site in 0..SITES {
        writeln!(floors, "S{site};B;E;1").unwrap();
        writeln!(pbos, "S{site};B;E;1;BE").unwrap();
        for n in 0..20 {
            writeln!(fibres, "F{site}-{n};S{site};B;E;1;BE;PM;{n};C;T;C;occupied").unwrap();
            let place = format!("S{site};B;E;1;F{site}-{n}");
            let rest = "ztd;collective;real;open;connection";
            writeln!(contracts, "K{site}-{n};oc-demo;{place};{rest}").unwrap();
        }
    }
    let data = folder.join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("floors.csv"), floors).unwrap();
    fs::write(data.join("pbos.csv"), pbos).unwrap();
    fs::write(data.join("fibres.csv"), fibres).unwrap();
    fs::write(data.join("contracts.csv"), contracts).unwrap();
    data
}

/// Everything that a load writes, as text.
pub(super) async fn everything(database: &Beside) -> Vec<String> {
    let query =
        "SELECT contract.ref || ' ' || fibre.ref || ' ' || pbo.ref || ' ' || floor.floor || ' '
                   || site.ref || ' ' || operator.login
                 FROM contract JOIN fibre ON fibre.id = contract.fibre_id
                   AND fibre.contract_id = contract.id
                 JOIN pbo ON pbo.id = fibre.pbo_id JOIN floor ON floor.id = pbo.floor_id
                 JOIN site ON site.id = floor.site_id JOIN operator ON operator.id = operator_id
                 ORDER BY contract.id, fibre.id";
    let mut rows = database.lines(query).await;
    for table in ["site", "floor", "pbo", "pto", "fibre", "contract", "load_hidden"] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        rows.push(format!("{table} {}", database.number(&count).await));
    }
    if matches!(database, Beside::Sqlite(_)) {
        let broken = "SELECT COUNT(*) FROM pragma_foreign_key_check";
        assert_eq!(database.number(broken).await, 0);
    }
    rows
}

/// Contracts of the load that the service would find.
pub(super) async fn found(database: &Beside) -> i64 {
    let sql = "SELECT COUNT(*) FROM contract WHERE ref LIKE 'K%'
               AND id <= COALESCE((SELECT contract_max FROM load_hidden), id)";
    database.number(sql).await
}

pub(super) struct Prepared {
    pub(super) folder: TempDir,
    pub(super) config: PathBuf,
    pub(super) data: PathBuf,
    pub(super) database: Beside,
    pub(super) url: Option<String>,
}

/// What is there before the load.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum There {
    DemoNetwork,
    OperatorsOnly,
}

/// A database, and files to load into it.
pub(super) async fn prepared(on_postgres: bool, there: There) -> Prepared {
    let folder = TempDir::new().unwrap();
    let data = write(folder.path());
    let config = folder.path().join("ereprovd.toml");
    let url = if on_postgres { Some(postgres::fresh().await) } else { None };
    let given = url.as_deref().unwrap_or("sqlite:ereprov.db");
    let text = include_str!("../../../demo/demo.toml");
    fs::write(&config, format!("{text}\n[database]\nurl = \"{given}\"\n")).unwrap();
    match there {
        There::DemoNetwork => import_demo(&config),
        There::OperatorsOnly => {
            let operators = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/operators.csv");
            printed(&run(&["--config", config.to_str().unwrap(), "import", operators]));
        }
    }
    let database = Beside::open(&folder.path().join("ereprov.db"), url.as_deref()).await;
    Prepared { folder, config, data, database, url }
}

/// Everything in a PostgreSQL database but its rows.
pub(super) fn schema(url: &str) -> String {
    let dump = std::process::Command::new("pg_dump").args(["--schema-only", "-d", url]).output();
    // Each dump is guarded by a word of its own.
    let lines = printed(&dump.unwrap());
    lines.lines().filter(|line| !line.contains("restrict")).collect::<Vec<_>>().join("\n")
}

/// Every file of an export, one after the other.
pub(super) fn exported(config: &Path, folder: &Path) -> String {
    let folder = folder.to_str().unwrap();
    printed(&run(&["--config", config.to_str().unwrap(), "export", folder]));
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

async fn killed_at_any_moment_and_loaded_again(on_postgres: bool, there: There) {
    let clean = prepared(on_postgres, there).await;
    let import = |of: &Prepared| {
        let (config, data) = (of.config.to_str().unwrap(), of.data.to_str().unwrap());
        ["--config", config, "import", data].map(str::to_owned)
    };
    let begun = Instant::now();
    printed(&run(&import(&clean).each_ref().map(String::as_str)));
    let whole = begun.elapsed();
    let expected = everything(&clean.database).await;
    let all = i64::from(SITES) * 20;
    assert_eq!(found(&clean.database).await, all);

    let killed = prepared(on_postgres, there).await;
    let schema = killed.url.as_deref().map(schema);
    let arguments = import(&killed);
    let arguments = arguments.each_ref().map(String::as_str);
    for round in 0..8_u32 {
        let mut loading = program(&arguments).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * round / 10);
        loading.kill().unwrap();
        loading.wait().unwrap();
        let there = found(&killed.database).await;
        assert!(there == 0 || there == all, "round {round}: {there} of {all} can be seen");
        assert_eq!(killed.url.as_deref().map(self::schema), schema, "round {round}");
    }
    printed(&run(&arguments));
    assert_eq!(everything(&killed.database).await, expected);
    assert_eq!(killed.url.as_deref().map(self::schema), schema);
}

mod killed_at_any_moment_and_loaded_again_it_is_one_clean_load {
    use super::{There, killed_at_any_moment_and_loaded_again};

    #[tokio::test]
    async fn sqlite() {
        killed_at_any_moment_and_loaded_again(false, There::DemoNetwork).await;
    }

    #[tokio::test]
    async fn postgres() {
        killed_at_any_moment_and_loaded_again(true, There::DemoNetwork).await;
    }

    #[tokio::test]
    async fn the_first_on_postgres() {
        killed_at_any_moment_and_loaded_again(true, There::OperatorsOnly).await;
    }
}

#[tokio::test]
async fn what_a_killed_load_had_hidden_is_taken_away() {
    let Prepared { folder, config, data, database: seen, .. } =
        prepared(false, There::DemoNetwork).await;
    let export = |name: &str| exported(&config, &folder.path().join(name));
    let written = export("before");
    // As beside a service: it writes in small pieces.
    let lock = fs::File::create(folder.path().join("ereprov.lock")).unwrap();
    lock.lock().unwrap();
    let arguments = ["--config", config.to_str().unwrap(), "import", data.to_str().unwrap()];
    let mut loading = program(&arguments).stdout(Stdio::null()).spawn().unwrap();
    let database = Connection::open(folder.path().join("ereprov.db")).unwrap();
    let rows = |table: &str| {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let (before, begun) = (rows("fibre"), Instant::now());
    while rows("load_hidden") == 0 || rows("fibre") == before {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing is ever hidden");
        assert!(loading.try_wait().unwrap().is_none(), "it was over before it was seen");
    }
    loading.kill().unwrap();
    loading.wait().unwrap();
    assert!(rows("fibre") > before && rows("load_hidden") == 1);
    assert_eq!(found(&seen).await, 0, "what is hidden is not found");
    assert_eq!(export("meanwhile"), written, "what is hidden is not written out");
    // A load of nothing new takes away what lies there.
    fs::write(data.join("fibres.csv"), "").unwrap();
    fs::write(data.join("contracts.csv"), "").unwrap();
    let floors = data.join("floors.csv");
    printed(&run(&["--config", arguments[1], "import", floors.to_str().unwrap()]));
    assert_eq!((rows("fibre"), rows("load_hidden")), (before, 0));
}
