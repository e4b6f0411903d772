//! `cargo xtask bench`: requests a second and how long they take, method by method, beside a server
//! that does nothing but answer the same bytes from memory. The two are measured in turns, so that
//! what else the machine does falls on both.

mod bare;
mod disk;
mod import;
mod load;
mod network;
pub(crate) mod process;
mod question;
mod table;
mod writer;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Parser;

use self::{
    load::{Load, Measured},
    network::Network,
    process::{Bare, Service},
    question::{Method, Numbers, Question},
    table::Row,
    writer::Spent,
};
use crate::{root, say};

/// Measures the service beside a bare server.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Args {
    /// Where the service keeps its data: `sqlite`, or the URL of an empty PostgreSQL database.
    #[arg(long, default_value = "sqlite", value_name = "sqlite|postgres://URL")]
    database: String,
    /// Seconds for each server, each method and each number of connections.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many connections, one table row each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Which methods.
    #[arg(long, value_delimiter = ',', default_values_t = Method::ALL)]
    methods: Vec<Method>,
    /// Networks of this many fibres instead of the demo's, asked about all over: `10k,1M,10M`.
    #[arg(long, value_delimiter = ',', value_parser = network::size)]
    fibres: Vec<u64>,
    /// Loads networks of this many fibres, and their rows raw, instead of asking: `1M,10M`.
    #[arg(long, value_delimiter = ',', value_parser = network::size)]
    import: Vec<u64>,
    /// Where the data is made; on a real disk.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// The service, built already; without it, it is built now.
    #[arg(long, value_name = "FILE")]
    ereprovd: Option<PathBuf>,
    /// Only answers what stands in this folder; used by the benchmark itself.
    #[arg(long, hide = true)]
    bare: Option<PathBuf>,
}

/// Turns that the two servers take within one row of the table.
const TURNS: u32 = 4;
/// Puts a second that the network has contracts for.
const PUTS_A_SECOND_MAX: u64 = 8_000;

/// Runs the benchmark: this program in its debug build only builds the release and hands over to it.
pub fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let arguments: Vec<String> = arguments.collect();
    let name = std::iter::once("cargo xtask bench".to_owned());
    let args = Args::parse_from(name.chain(arguments.iter().cloned()));
    let outcome = if cfg!(debug_assertions) { hand_over(&arguments) } else { measure(&args) };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn hand_over(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(root())
        .args(["build", "--release", "--package", "ereprov-server", "--package", "xtask"])
        .status()?;
    ensure!(built.success(), "the release was not built");
    let status = Command::new(release().join("xtask")).arg("bench").args(arguments).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn release() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| root().join("target")).join("release")
}

fn measure(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &args.bare {
        bare::serve(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(args.seconds > 0 && !args.connections.is_empty(), "nothing to measure");
    std::fs::create_dir_all(&args.folder)?;
    let program = args.ereprovd.clone().unwrap_or_else(|| release().join("ereprovd"));
    ensure!(program.exists(), "{} is not built", program.display());
    for fibres in &args.import {
        import::compare(&program, &args.folder, &args.database, Network::of_fibres(*fibres))?;
    }
    if !args.import.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if args.fibres.is_empty() {
        let slices = args.connections.len() as u64 * args.seconds;
        let network = Network::of_contracts(PUTS_A_SECOND_MAX * slices);
        compare(args, &program, network, false)?;
    }
    for fibres in &args.fibres {
        compare(args, &program, Network::of_fibres(*fibres), true)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures one service with one network. `spread`: it is asked about contracts all over the
/// network; otherwise about those of the specification, and only the puts are spread.
fn compare(args: &Args, program: &Path, network: Network, spread: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(&args.folder)?;
    let commits = disk::commits_a_second(folder.path())?;
    let mut service = Service::prepare(program, folder.path(), &args.database)?;
    say(&format!("loading {} fibres", network.fibres()));
    let loaded = service.load(&network)?;
    say(&format!("loaded in {:.0} s", loaded.as_secs_f64()));
    service.start()?;
    let mut rows = Vec::new();
    let puts = network.contracts() / args.connections.len() as u64;
    for method in &args.methods {
        let question = Question::new(*method, spread);
        for (turn, connections) in args.connections.iter().enumerate() {
            let from = turn as u64 * puts;
            let numbers = match method {
                Method::PutReprovisionning => Numbers::once(&network, from, from + puts),
                _ => Numbers::again(&network, *method),
            };
            let mut row = in_turns(args, &service, &question, &numbers, *connections)?;
            if writes_a_file(args, *method) {
                // While some share a commit, the others come for the next.
                let share = (*connections as u64 / 2).max(1);
                let bytes = row.ours.bytes_an_answer();
                row.disk = Some(disk::puts_a_second(folder.path(), bytes, share)?);
            }
            say(&row.line());
            rows.push(row);
        }
    }
    print(&table::heading(network.fibres(), commits, loaded));
    print(&table::table(&rows));
    Ok(())
}

/// Whether it is the disk that may bound a row.
fn writes_a_file(args: &Args, method: Method) -> bool {
    method == Method::PutReprovisionning && args.database == "sqlite"
}

/// One row: the bare server and the service in turns, with the same question.
fn in_turns(
    args: &Args,
    service: &Service,
    question: &Question,
    numbers: &Rc<Numbers>,
    connections: usize,
) -> anyhow::Result<Row> {
    // The first answer is what the bare server answers; it costs a put one contract.
    let answer = load::ask_once(service.address(), question, numbers)?;
    let bare = Bare::start(&answer)?;
    let time = Duration::from_secs(args.seconds) / TURNS;
    let writes = writes_a_file(args, question.method());
    let mut row = Row::new(question.method(), connections);
    let any = Numbers::any();
    for turn in 0..TURNS {
        let side = |ours: bool| -> anyhow::Result<Measured> {
            let (address, pid) = if ours {
                (service.address(), service.pid()?)
            } else {
                (bare.address(), bare.pid())
            };
            let numbers = if ours { numbers } else { &any };
            numbers.open(turn + 1, TURNS);
            Load { address, question, numbers, connections, time, pid }.run()
        };
        row.bare.add(side(false)?);
        let spent = || writes.then(|| Spent::ask(service.telemetry())).transpose();
        let (before, begun) = (spent()?, Instant::now());
        row.ours.add(side(true)?);
        if let (Some(before), Some(after)) = (before, spent()?) {
            row.spent += after - before;
            row.spent_in += begun.elapsed();
        }
        // What the service does behind its answers is not the bare server's to wait for.
        service.wait_until_idle()?;
    }
    if row.ours.answers() == 0 {
        bail!("nothing was answered");
    }
    Ok(row)
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn print(text: &str) {
    println!("{text}");
}

/// A file that must be there, as text.
fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
