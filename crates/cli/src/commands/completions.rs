//! `ereprov completions`: what a shell needs to complete arguments.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{cli::Cli, context::Context, failure::Failure, french, output};

/// For which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = french::speak(context.lang, Cli::command());
    generate(args.shell, &mut command, "ereprov", &mut script);
    output::text(String::from_utf8_lossy(&script).trim_end())
}
