//! `ereprov portal`: technicians from a contract to its new fibre, on their phones.

mod chosen;
mod file;
mod journal;
mod serve;
mod technician;
mod why;

use std::path::PathBuf;

use ereprov_client::{Clock, Entropy};
use ereprov_portal::{Administration, StoreError};

use crate::{
    context::{Context, home},
    exit,
    failure::Failure,
};
use file::File;

/// What to do about the portal.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serving,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Who may sign in with a password.
    #[command(subcommand)]
    Technician(technician::Command),
    /// Print who did what: sign-ins, requests with their discharge codes, and all else.
    ///
    /// With --output csv or json, a line for each; json has one object a line.
    Journal(journal::Args),
}

/// Where the portal's data is, for every command about it.
#[derive(Debug, Clone, clap::Args)]
struct Place {
    /// A file of settings (TOML); what is said here counts for more.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the portal's database, which is made where it is not there; without it, `portal` beside
    /// the profiles' state.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Args {
    /// Whether it runs until it is told to stop.
    pub fn serves(&self) -> bool {
        self.command.is_none()
    }

    /// Whether it prints something.
    pub fn prints(&self) -> bool {
        use technician::Command as T;
        matches!(self.command, Some(Command::Journal(_) | Command::Technician(T::List { .. })))
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    match args.command {
        None => serve::run(context, args.serve).await,
        Some(Command::Technician(command)) => technician::run(context, command).await,
        Some(Command::Journal(args)) => journal::run(context, &args).await,
    }
}

impl Place {
    /// The settings of the file, and the folder.
    fn read(&self) -> Result<(File, PathBuf), Failure> {
        let file = self.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let folder = match self.data.clone().or_else(|| file.data.clone()) {
            Some(folder) => folder,
            None => home()?.state.join("portal"),
        };
        Ok((file, folder))
    }

    fn open(&self) -> Result<Administration, Failure> {
        let (_, folder) = self.read()?;
        let opened = Administration::open(&folder, Clock::System, Entropy::system());
        opened.map_err(|error| of_store(&error))
    }
}

fn of_store(error: &StoreError) -> Failure {
    Failure::new(exit::FAILED, why::no_database()).cause(error)
}
