//! `cargo xtask floods`: slow and greedy callers in their thousands, and honest ones beside them, who
//! must not notice.

mod honest;
mod server;
mod slow;
mod storm;
mod verdict;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;

use self::{
    honest::{Honest, Said},
    server::{Server, Sizes},
    slow::{Mode, Slow},
    storm::Storm,
    verdict::{Row, print},
};
use crate::torture::{self, Profile};

/// Over all of what is measured, for starting, waiting and stopping.
const MARGIN: Duration = Duration::from_mins(1);
/// In which everything must be as before, once a flood is over.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

/// Floods the service, and measures what its honest callers notice.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask floods")]
struct Arguments {
    /// How long each flood lasts, in seconds.
    #[arg(long, default_value_t = 12)]
    seconds: u64,
    /// How long the honest callers are measured alone before, in seconds.
    #[arg(long, default_value_t = 5)]
    quiet: u64,
    /// Sockets of each flood.
    #[arg(long, default_value_t = 2000)]
    sockets: u32,
    /// New connections a second beside those: opened, asked once, closed.
    #[arg(long, default_value_t = 200)]
    connections: u32,
    /// Which floods.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Mode::ALL)]
    modes: Vec<Mode>,
    /// Which build of ereprovd is made and run.
    #[arg(long, value_enum, default_value_t = Profile::Debug)]
    profile: Profile,
    /// An ereprovd that is built already.
    #[arg(long)]
    ereprovd: Option<PathBuf>,
}

/// Runs the command; fails where an honest caller noticed, or a bound was passed.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let program = "cargo xtask floods".to_owned();
    let arguments = Arguments::parse_from(std::iter::once(program).chain(arguments));
    match floods(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            crate::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn floods(arguments: &Arguments) -> anyhow::Result<bool> {
    let each = Duration::from_secs(arguments.seconds) + RECOVERY_MAX;
    let quiet = Duration::from_secs(arguments.quiet);
    // Each may be measured twice.
    let limit = (quiet + each) * 2 * u32::try_from(arguments.modes.len())? + MARGIN;
    torture::in_time(limit, all(arguments)).await
}

async fn all(arguments: &Arguments) -> anyhow::Result<bool> {
    let program = torture::program(arguments.ereprovd.as_deref(), arguments.profile)?;
    let folder = tempfile::Builder::new().prefix("floods-").tempdir()?;
    let server = tokio::task::block_in_place(|| Server::start(&program, folder.path()))?;
    // Connections are kept and made by all of them once, before anything is measured.
    Honest::ask(server.address()).for_a_while(Duration::from_secs(1)).await?;
    let mut quiet = Quiet::measure(arguments, &server).await?;
    print(&Row::heading(arguments.sockets, arguments.connections));
    print(&quiet.row().line());
    let mut good = true;
    for mode in &arguments.modes {
        let mut broken = one(arguments, &server, *mode, folder.path(), &quiet).await?;
        if !broken.is_empty() {
            // What else the machine does may have come in between, since the quiet was measured: both
            // are measured once more.
            told(*mode, &broken);
            quiet = Quiet::measure(arguments, &server).await?;
            print(&quiet.row().line());
            broken = one(arguments, &server, *mode, folder.path(), &quiet).await?;
            told(*mode, &broken);
        }
        good &= broken.is_empty();
    }
    if !good {
        crate::say(&format!("BROKEN; kept in {}", folder.keep().display()));
    }
    Ok(good)
}

/// What the honest callers notice, and how large the service is, without a flood.
struct Quiet {
    said: Said,
    at_rest: Sizes,
}

impl Quiet {
    async fn measure(arguments: &Arguments, server: &Server) -> anyhow::Result<Self> {
        let honest = Honest::ask(server.address());
        let said = honest.for_a_while(Duration::from_secs(arguments.quiet)).await?;
        Ok(Self { said, at_rest: server.sizes()? })
    }

    fn row(&self) -> Row {
        Row::quiet(&self.said, self.at_rest)
    }
}

/// One flood, shown; what of it is too much.
async fn one(
    arguments: &Arguments,
    server: &Server,
    mode: Mode,
    folder: &Path,
    quiet: &Quiet,
) -> anyhow::Result<Vec<String>> {
    let log = folder.join(format!("{}.log", mode.name()));
    let row = flood(arguments, server, mode, log, quiet.at_rest).await?;
    print(&row.line());
    Ok(row.broken(&quiet.said, quiet.at_rest, server::CONNECTIONS_MAX))
}

fn told(mode: Mode, broken: &[String]) {
    for broken in broken {
        crate::say(&format!("{}: {broken}", mode.name()));
    }
}

/// One flood from its first socket to the end of it, with honest callers beside it and after it.
async fn flood(
    arguments: &Arguments,
    server: &Server,
    mode: Mode,
    log: PathBuf,
    at_rest: Sizes,
) -> anyhow::Result<Row> {
    let time = Duration::from_secs(arguments.seconds);
    let slow = Slow::start(mode, server.address(), arguments.sockets, time, log)?;
    let storm = Storm::start(server.address(), arguments.connections);
    let watched = server.watch();
    let honest = Honest::ask(server.address());
    let said = honest.for_a_while(time).await?;
    let (highest, storm) = (watched.stop().await?, storm.stop().await);
    let told = slow.stop().await?;
    let over = Instant::now();
    let recovered = loop {
        let sizes = server.sizes()?;
        if sizes.files <= at_rest.files + server::FILES_KEPT {
            break Some(over.elapsed());
        }
        if over.elapsed() > RECOVERY_MAX {
            break None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let after = honest.for_a_while(Duration::from_millis(500)).await?;
    Ok(Row { name: mode.name(), said, highest, told, storm, recovered, after: Some(after) })
}
