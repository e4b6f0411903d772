//! `ereprov`: the commercial operator's command line, for any e-Reprov FTTH 2.0 service.

mod cli;
mod colour;
mod commands;
mod context;
mod exit;
mod failure;
mod french;
mod lang;
mod output;
mod profiles;
mod secrets;
mod timeouts;
mod why;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
