//! The program: arguments in, exit code out.

use std::process::ExitCode;

/// Answers are made of many small pieces, and often given back by another thread than took them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ereprov_server::commands::main()
}
