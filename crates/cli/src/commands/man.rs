//! `ereprov man`: the manual pages, one a command.

use std::{fs, path::PathBuf};

use clap::CommandFactory;

use crate::{cli::Cli, context::Context, failure::Failure, french, profiles::about};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; it is made where it is not there.
    folder: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let folder = &args.folder;
    let command = french::speak(context.lang, Cli::command().disable_help_subcommand(true));
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| about(folder, &error))
}
