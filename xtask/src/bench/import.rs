//! Rows a second of `ereprovd import`, beside the raw limit in the same run: the same rows, with their keys
//! already known, put into empty tables with the same indexes by the database's own tool (`sqlite3
//! .import`, `COPY`; on PostgreSQL also into tables with the same foreign keys). Processor time is
//! compared, too, since the machine may have other things to do.

use std::{
    fs::{self, File},
    io::BufReader,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{network::Network, print, process::Service, read};
use crate::say;
use anyhow::{Context, ensure};

/// The tables that a load writes.
const TABLES: [&str; 7] = ["site", "floor", "pbo", "pto", "contract", "fibre", "reprovisioning"];

/// Fibres with which it is also measured how long it takes where every row's references are checked.
const REFERRING_MAX: u64 = 2_000_000;

/// What something took.
struct Took {
    time: Duration,
    cpu: Duration,
}

/// Loads a network, then its rows raw, and prints both.
pub fn compare(
    program: &Path,
    folder: &Path,
    database: &str,
    network: Network,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(folder)?;
    let service = Service::prepare(program, folder.path(), database)?;
    service.load_operators()?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    network.write(&data)?;
    let lines = lines(&data)?;
    say(&format!("loading {lines} lines, {} of them fibres", network.fibres()));
    let (loaded, rss_kib) = watched(service.import(&data)?)?;
    let (raw, referring) = match database {
        "sqlite" => (raw_sqlite(folder.path())?, None),
        url => raw_postgres(url, folder.path(), network.fibres() <= REFERRING_MAX)?,
    };
    let all = f64::from(u32::try_from(lines)?);
    let rate = |took: &Took| all / took.time.as_secs_f64();
    let row = |name: &str, took: &Took, rss: &str| {
        print(&format!(
            "| {name} | {:.0} | {:.1} | {:.1} | {rss} |\n",
            rate(took),
            took.time.as_secs_f64(),
            took.cpu.as_secs_f64(),
        ));
    };
    print("| | lines/s | seconds | of which processor | peak RSS MiB |\n|---|--:|--:|--:|--:|\n");
    row("ereprovd import", &loaded, &(rss_kib / 1024).to_string());
    row("raw limit", &raw, "-");
    if let Some(took) = &referring {
        row("raw, with the foreign keys", took, "-");
    }
    let times = |loaded: Duration, raw: Duration| loaded.as_secs_f64() / raw.as_secs_f64();
    print(&format!("\n{:.2} times as long", times(loaded.time, raw.time)));
    // PostgreSQL's own is spent by its server.
    if database == "sqlite" {
        print(&format!(", {:.2} times the processor time", times(loaded.cpu, raw.cpu)));
    }
    print("\n");
    Ok(())
}

fn lines(data: &Path) -> anyhow::Result<u64> {
    let mut lines = 0;
    for entry in fs::read_dir(data)? {
        let file = BufReader::new(File::open(entry?.path())?);
        lines += std::io::BufRead::split(file, b'\n').count() as u64 - 1;
    }
    Ok(lines)
}

/// Waits for a process; what it took, and the most memory that it had, in KiB.
fn watched(mut child: Child) -> anyhow::Result<(Took, u64)> {
    let (begun, mut peak, mut cpu) = (Instant::now(), 0, Duration::ZERO);
    loop {
        if let Ok(status) = read(Path::new(&format!("/proc/{}/status", child.id()))) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            peak = kib.unwrap_or(0).max(peak);
        }
        cpu = super::process::cpu(child.id()).unwrap_or(cpu).max(cpu);
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "it failed: {status}");
            return Ok((Took { time: begun.elapsed(), cpu }, peak));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn sqlite(database: &Path, commands: &[String]) -> anyhow::Result<Child> {
    let mut command = Command::new("sqlite3");
    command.arg("-bail").arg(database).args(commands).stdout(Stdio::null());
    command.spawn().context("sqlite3, which is the raw limit, is to be installed")
}

fn raw_sqlite(folder: &Path) -> anyhow::Result<Took> {
    let loaded = folder.join("ereprov.db");
    let file = |table: &str| folder.join(format!("raw-{table}.csv")).display().to_string();
    let schema = folder.join("raw.sql").display().to_string();
    let mut commands =
        vec![format!(".output {schema}"), ".schema".to_owned(), ".mode csv".to_owned()];
    for table in TABLES {
        commands.extend([format!(".output {}", file(table)), format!("SELECT * FROM {table}")]);
    }
    ensure!(sqlite(&loaded, &commands)?.wait()?.success(), "the rows are not written");
    let raw = folder.join("raw.db");
    let made = ["PRAGMA journal_mode = WAL".to_owned(), format!(".read {schema}")];
    ensure!(sqlite(&raw, &made)?.wait()?.success(), "the tables are not made");
    let mut commands = vec!["PRAGMA foreign_keys = OFF".to_owned(), ".mode csv".to_owned()];
    commands.extend(TABLES.map(|table| format!(".import {} {table}", file(table))));
    Ok(watched(sqlite(&raw, &commands)?)?.0)
}

/// Into tables with the same indexes; and into those that have the same foreign keys, too.
fn raw_postgres(url: &str, folder: &Path, referring: bool) -> anyhow::Result<(Took, Option<Took>)> {
    for table in TABLES {
        psql(url, &format!("\\copy public.{table} to '{}'", copied(folder, table)))?;
    }
    // What the server would do meanwhile for the rows that were loaded.
    psql(url, "VACUUM ANALYZE")?;
    let raw = raw_copy(url, folder, "")?;
    let referring = if referring { Some(raw_copy(url, folder, REFERENCES)?) } else { None };
    Ok((raw, referring))
}

/// Gives the raw tables the foreign keys of the others.
const REFERENCES: &str = "DO $$ DECLARE texts TEXT[]; one TEXT; BEGIN
    SELECT array_agg(format('ALTER TABLE raw.%I ADD %s', t.relname, pg_get_constraintdef(c.oid)))
      INTO texts FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
      JOIN pg_class r ON r.relname = t.relname
        AND r.relnamespace = CAST('raw' AS regnamespace)
      WHERE c.contype = 'f' AND t.relnamespace = CAST('public' AS regnamespace);
    PERFORM set_config('search_path', 'raw, public', TRUE);
    FOREACH one IN ARRAY texts LOOP EXECUTE one; END LOOP;
  END $$";

fn raw_copy(url: &str, folder: &Path, more: &str) -> anyhow::Result<Took> {
    psql(url, "DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw")?;
    for table in TABLES {
        psql(url, &format!("CREATE TABLE raw.{table} (LIKE public.{table} INCLUDING ALL)"))?;
    }
    psql(url, more)?;
    psql(url, "CHECKPOINT")?;
    let begun = Instant::now();
    for table in TABLES {
        psql(url, &format!("\\copy raw.{table} from '{}'", copied(folder, table)))?;
    }
    let time = begun.elapsed();
    psql(url, "DROP SCHEMA raw CASCADE")?;
    Ok(Took { time, cpu: Duration::ZERO })
}

fn copied(folder: &Path, table: &str) -> String {
    folder.join(format!("raw-{table}.copy")).display().to_string()
}

fn psql(url: &str, command: &str) -> anyhow::Result<()> {
    let mut psql = Command::new("psql");
    psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", command]).stdout(Stdio::null());
    let done = psql.status().context("psql, which is the raw limit, is to be installed")?;
    ensure!(done.success(), "{command}: it failed");
    Ok(())
}
