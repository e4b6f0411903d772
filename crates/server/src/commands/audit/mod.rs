//! `ereprovd audit`: requests that were answered, what administrators did, and whether all of it is as it
//! was written.

mod export;
mod head;
mod list;
mod verify;

use super::{
    context::Context,
    output::{Failure, time_of},
};

/// Which rows, or what to do with all of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: list::Listed,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Hold every row against the chain of seals: one that was altered, removed or inserted is named.
    ///
    /// Ends with exit code 6 where one is. Rows that are not sealed yet (those of the last second, while
    /// a service runs) are counted. Memory stays the same however many rows there are.
    Verify(verify::Args),
    /// Where the chain ends, as NUMBER:HASH: to be noted down elsewhere, and given to `verify --head`.
    Head,
    /// Write whole seals with their rows as lines of JSON, which verify without this program.
    Export(export::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if args.command.is_some() && args.list != list::Listed::default() {
        let message = "what comes before the command chooses from the list, which is not asked for";
        return Err(Failure::usage(message));
    }
    match args.command {
        None => list::run(context, args.list).await,
        Some(Command::Verify(args)) => verify::run(context, args).await,
        Some(Command::Head) => head::run(context).await,
        Some(Command::Export(args)) => export::run(context, args).await,
    }
}

/// A time that was typed, or another one.
fn time_or(text: Option<&str>, otherwise: i64) -> Result<i64, Failure> {
    text.map_or(Ok(otherwise), time_of)
}
