//! What a person would forget, and what takes a machine to see.

mod bench;
mod chance;
mod failover;
mod floods;
mod tidy;
mod torture;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("bench") => bench::run(arguments),
        Some("failover") => failover::run(),
        Some("floods") => floods::run(arguments),
        Some("tidy") => tidy::run(),
        Some("torture") => torture::run(arguments),
        _ => {
            say("usage: cargo xtask tidy | bench | torture | failover | floods");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
