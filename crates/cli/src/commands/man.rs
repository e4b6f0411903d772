//! `ereprov man`: the manual pages, one a command.

use std::{fs, path::PathBuf};

use clap::CommandFactory;

use crate::{cli::Cli, failure::Failure, profiles::about};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; it is made where it is not there.
    folder: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let folder = &args.folder;
    let written = fs::create_dir_all(folder).and_then(|()| {
        clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder)
    });
    written.map_err(|error| about(folder, &error))
}
