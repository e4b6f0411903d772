//! `cargo xtask torture`: many clients, few fibres, and everything around the service killed, cut
//! and restarted; then a checker that shares no code with it.

mod check;
mod client;
mod facts;
mod faults;
mod history;
pub(crate) mod http;
mod instance;
mod network;
mod postgres;
mod proxy;
pub(crate) mod question;
mod summary;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

use crate::chance::Chance;
use client::Client;
use facts::Database;
use faults::{Done, Faults, Victims};
use history::Clock;
use instance::Instance;
use network::Network;
use postgres::Postgres;
use proxy::Proxy;

/// For what was accepted to end, once nothing is hurt any more.
const REST: Duration = Duration::from_mins(1);
/// Over the run itself and the rest, for starting and stopping.
const MARGIN: Duration = Duration::from_secs(90);
/// Calls a month and sessions of an operator without its own: the default profile's.
const PROFILE: (i64, i64) = (2000, 2);

/// Hurts the service for a while, and checks that its promises were kept.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask torture")]
struct Arguments {
    /// Which database.
    #[arg(long, value_enum)]
    database: Kind,
    /// Instances of the service [default: 1 with sqlite, which serves one; 3 with postgres].
    #[arg(long)]
    instances: Option<usize>,
    /// Clients that ask at the same time.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Fibres that are free at first.
    #[arg(long, default_value_t = 100)]
    fibres: usize,
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Between two kills, in seconds.
    #[arg(long, default_value_t = 4)]
    kills_every: u64,
    /// What chance begins with [default: another one each time].
    #[arg(long)]
    seed: Option<u64>,
    /// Which build of ereprovd is made and run.
    #[arg(long, value_enum, default_value_t = Profile::Debug)]
    profile: Profile,
    /// An ereprovd that is built already.
    #[arg(long)]
    ereprovd: Option<PathBuf>,
    /// Where everything is kept [default: a temporary folder, kept where a promise was broken].
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

/// A build of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Runs the command; fails where a promise was broken.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let program = "cargo xtask torture".to_owned();
    let arguments = Arguments::parse_from(std::iter::once(program).chain(arguments));
    match torture(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            crate::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn torture(arguments: &Arguments) -> anyhow::Result<usize> {
    let limit = Duration::from_secs(arguments.seconds) + REST + MARGIN;
    in_time(limit, all(arguments)).await
}

/// Runs it to its end, unless that takes too long or the process is told to stop.
pub(crate) async fn in_time<T>(
    limit: Duration,
    running: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::time::timeout(limit, running) => {
            done.context("it did not come to its end in time")?
        }
        // Whatever was started is dropped, and ends with it.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    }
}

async fn all(arguments: &Arguments) -> anyhow::Result<usize> {
    let seed = arguments.seed.unwrap_or_else(|| Clock::start().now().1.unsigned_abs());
    let program = program(arguments.ereprovd.as_deref(), arguments.profile)?;
    let temporary = tempfile::Builder::new().prefix("torture-").tempdir()?;
    let folder = arguments.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&folder)?;
    if fs::read_dir(&folder)?.next().is_some() {
        bail!("{} is not empty", folder.display());
    }
    summary::print(&format!("seed {seed}, {}, {}", program.display(), folder.display()));
    // So that it ends in the middle of the run: one database is the faster one.
    let calls_a_second = match arguments.database {
        Kind::Sqlite => 20,
        Kind::Postgres => 3,
    };
    let network = Arc::new(Network::new(arguments.fibres, calls_a_second * arguments.seconds));
    let (victims, database) = prepare(arguments, &program, &folder, &network).await?;
    let (mut victims, done) = hurt(arguments, &folder, seed, &network, victims).await?;
    let rested = rest(&database).await?;
    for instance in &mut victims.instances {
        instance.stop().await?;
    }
    let facts = database.facts(PROFILE.0, PROFILE.1).await?;
    let seen = history::read(&folder)?;
    let report = check::check(&facts, &seen);
    summary::tell(&facts, &seen, &done, rested, &report);
    if report.count() > 0 && arguments.folder.is_none() {
        summary::print(&format!("kept in {}", temporary.keep().display()));
    }
    Ok(report.count())
}

/// The program, built if it has to be.
pub(crate) fn program(built: Option<&Path>, profile: Profile) -> anyhow::Result<PathBuf> {
    if let Some(program) = built {
        return fs::canonicalize(program).with_context(|| program.display().to_string());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(crate::root()).args(["build", "--quiet", "--bin", "ereprovd"]);
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => {
            build.arg("--release");
            "release"
        }
    };
    if !build.status()?.success() {
        bail!("ereprovd does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| crate::root().join("target"));
    Ok(fs::canonicalize(target.join(folder).join("ereprovd"))?)
}

/// The database with the network in it, the instances, and the proxies between.
async fn prepare(
    arguments: &Arguments,
    program: &Path,
    folder: &Path,
    network: &Network,
) -> anyhow::Result<(Victims, Database)> {
    let count = arguments.instances.unwrap_or(match arguments.database {
        Kind::Sqlite => 1,
        Kind::Postgres => 3,
    });
    if count == 0 || (arguments.database == Kind::Sqlite && count > 1) {
        bail!("--instances: one with sqlite, at least one with postgres");
    }
    let postgres = match arguments.database {
        Kind::Sqlite => None,
        Kind::Postgres => Some(tokio::task::block_in_place(Postgres::start_new)?),
    };
    let database = match &postgres {
        None => Database::Sqlite(folder.join("ereprov.db")),
        Some(postgres) => Database::Postgres(Postgres::url(postgres.port())),
    };
    let (mut instances, mut in_front, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..count {
        let url = match &postgres {
            None => "sqlite:ereprov.db".to_owned(),
            Some(postgres) => {
                let proxy = Proxy::start(postgres.port()).await?;
                let url = Postgres::url(proxy.port());
                behind.push(proxy);
                url
            }
        };
        let instance = Instance::new(program, folder, number, network, &url)?;
        in_front.push(Proxy::start(instance.port()).await?);
        instances.push(instance);
    }
    let files = folder.join("network");
    network.write(&files, arguments.fibres)?;
    // The proxies live on this runtime, and the import goes through one.
    tokio::task::block_in_place(|| instances[0].import(&files))?;
    for instance in &mut instances {
        instance.start()?;
        instance.until_ready().await?;
    }
    Ok((Victims { instances, in_front, behind, postgres }, database))
}

/// Clients and faults, together.
async fn hurt(
    arguments: &Arguments,
    folder: &Path,
    seed: u64,
    network: &Arc<Network>,
    victims: Victims,
) -> anyhow::Result<(Victims, Done)> {
    let clock = Clock::start();
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let ports: Arc<Vec<_>> = Arc::new(victims.in_front.iter().map(Proxy::port).collect());
    let mut clients = JoinSet::new();
    for number in 0..arguments.clients {
        let client = Client {
            number,
            network: Arc::clone(network),
            ports: Arc::clone(&ports),
            chance: Chance::new(seed, number as u64 + 1),
            clock,
            file: File::create(folder.join(format!("client-{number:03}.jsonl")))?,
            connections: ports.iter().map(|_| None).collect(),
        };
        clients.spawn(client.run(end));
    }
    let kills_every = Duration::from_secs(arguments.kills_every);
    let faults = Faults::new(victims, Chance::new(seed, 0), kills_every);
    let (victims, done) = faults.run(end).await?;
    while let Some(ended) = clients.join_next().await {
        ended.context("a client")?.context("a client's file")?;
    }
    Ok((victims, done))
}

/// Waits until everything that was accepted has ended; how long that took, or `None`: too long.
async fn rest(database: &Database) -> anyhow::Result<Option<Duration>> {
    let began = Instant::now();
    while began.elapsed() < REST {
        if database.running().await? == 0 {
            return Ok(Some(began.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(None)
}
