//! `ereprov completions`: what a shell needs to complete arguments.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{cli::Cli, failure::Failure, output};

/// For which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "ereprov", &mut script);
    output::text(String::from_utf8_lossy(&script).trim_end())
}
