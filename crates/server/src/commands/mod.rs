//! The command line: one file a command.

mod audit;
mod backup;
mod certificate;
mod changing;
mod config;
mod context;
mod copy_store;
mod demo;
mod digest;
mod export;
mod fibre;
mod generate;
mod import;
mod login;
mod notification;
mod notify;
mod notify_test;
mod operator;
mod output;
mod password;
mod reprovisioning;
mod secret_key;
mod serve;
mod service;
mod usage;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use output::Failure;

/// The e-Reprov FTTH 2.0 service and its administration.
#[derive(Debug, Parser)]
#[command(name = "ereprovd", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Configuration file: the service's own, also to administer it; without it, the defaults and
    /// the EREPROV_* variables.
    #[arg(long, global = true, value_name = "FILE", env = "EREPROV_CONFIG", help_heading = EVERYWHERE)]
    config: Option<PathBuf>,
    /// Print JSON for programs instead of tables for people.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EVERYWHERE: &str = "Options of every command";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments or configuration
  3  nothing by that name
  4  refused: a rule or the present state forbids it
  5  the database cannot be reached
  6  the audit is not as it was sealed
  7  done in part: lines of an import were refused

`ereprovd demo` prints the --config to give, to try every command on the demo network.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Run the service on a demo network, with nothing to configure.
    Demo(demo::Args),
    /// Load sites, fibres, operators and contracts from files.
    ///
    /// All that is right becomes visible at once, or nothing does, however the command ends; lines that
    /// are wrong are told with file, line, column, value and reason, and written down to be loaded again.
    Import(import::Args),
    /// Write everything into a folder of CSV files that `import` reads, while the service runs.
    ///
    /// What the files do not carry is told: docs/data-format.md has the list.
    Export(export::Args),
    /// Make up a network, in CSV files that `import` reads, for tests and benchmarks.
    Generate(generate::Args),
    /// The commercial operators (OC) and their logins.
    #[command(subcommand)]
    Operator(operator::Command),
    /// The keys that seal the passwords kept for PasswordDigest.
    #[command(subcommand)]
    SecretKey(secret_key::Command),
    /// Open or close the service (code -1).
    #[command(subcommand)]
    Service(service::Command),
    /// Re-provisionings: list, show, cancel, retry.
    #[command(subcommand)]
    Reprovisioning(reprovisioning::Command),
    /// Notifications of operators: list, show, retry.
    #[command(subcommand)]
    Notification(notification::Command),
    /// Fibres: show one, or offer one again that is out of service.
    #[command(subcommand)]
    Fibre(fibre::Command),
    /// Calls of a month, operator by operator.
    Usage(usage::Args),
    /// Requests that were answered, newest first; the audit verified, or exported.
    Audit(audit::Args),
    /// Copy the SQLite database into a file, while the service runs.
    ///
    /// The file holds everything that was answered before the command began. To restore it, stop the
    /// service and put it in the place of the database, with no -wal or -shm of the old one beside it.
    Backup(backup::Args),
    /// Move the data from a SQLite file to PostgreSQL.
    ///
    /// The service must be stopped. All of it is copied, or nothing; the counts and SHA-256 of both
    /// sides are compared first. Repeated, it says that the data is there already.
    CopyStore(copy_store::Args),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Command),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(anyhow::Error::new(error)).report(),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { config, json, command } = cli;
    let context = context::Context { config, json };
    match command {
        Command::Serve => serve::run(&context).await,
        Command::Demo(args) => demo::run(&context, args).await,
        Command::Import(args) => import::run(&context, &args).await,
        Command::Export(args) => export::run(&context, args).await,
        Command::Generate(args) => generate::run(&context, args).await,
        Command::Operator(command) => operator::run(&context, command).await,
        Command::SecretKey(command) => secret_key::run(&context, &command).await,
        Command::Service(command) => service::run(&context, command).await,
        Command::Reprovisioning(command) => reprovisioning::run(&context, command).await,
        Command::Notification(command) => notification::run(&context, command).await,
        Command::Fibre(command) => fibre::run(&context, command).await,
        Command::Usage(args) => usage::run(&context, &args).await,
        Command::Audit(args) => audit::run(&context, args).await,
        Command::Backup(args) => backup::run(&context, args).await,
        Command::CopyStore(args) => copy_store::run(&context, &args).await,
        Command::Config(command) => config::run(&context, &command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_hold_together() {
        super::Cli::command().debug_assert();
    }
}
