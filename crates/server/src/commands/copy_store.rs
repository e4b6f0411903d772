//! `ereprovd copy-store`: the data of a SQLite file, moved to PostgreSQL.

use std::{convert::Infallible, fmt, path::Path, str::FromStr};

use serde_json::json;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::{
    run::claim_file,
    store::{
        Location,
        copy::{self, Outcome, Sum},
        holds_password,
    },
};

/// From where to where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file that is read: sqlite:PATH.
    #[arg(long, value_name = "URL")]
    from: Address,
    /// The database that is written: `postgres://USER@HOST/DATABASE`, or, where the URL holds a
    /// password, env:VARIABLE, which has the URL.
    #[arg(long, value_name = "URL")]
    to: Address,
    /// Empty the target first, where it holds other data.
    #[arg(long)]
    replace: bool,
}

/// What somebody typed, which may hold a password against all advice.
#[derive(Clone)]
struct Address(String);

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let to = target(&args.to.0)?;
    let Ok(Location::Sqlite(from)) = Location::parse(&args.from.0) else {
        return Err(Failure::usage("--from: sqlite:PATH is expected"));
    };
    if !from.exists() {
        return Err(Failure::no_database(&from));
    }
    let Some(_claim) = claim_file(&from)? else {
        let message = format!("an ereprovd serves {}", from.display());
        return Err(Failure::refused(message)
            .hint("stop it first: what it accepted during the copy would be lost"));
    };
    let (done, sums) = match copy::copy(&from, &to, args.replace).await? {
        Outcome::Copied(sums) => ("copied", sums),
        Outcome::AlreadyThere(sums) => ("already_there", sums),
        Outcome::OtherData(here, there) => return Err(other_data(&from, &here, &there)),
        Outcome::Served(connections) => {
            let message = format!("the target is in use: {connections} connections of ereprovd");
            return Err(Failure::refused(message).hint("stop the instances that run on it first"));
        }
    };
    show(context, done, &sums)
}

/// The URL of the target; none with a password comes from the command line, which others can read.
fn target(text: &str) -> Result<String, Failure> {
    const HINT: &str = "put the URL into a variable, TARGET for one, and say --to env:TARGET";
    let variable = text.strip_prefix("env:");
    let url = match variable {
        None => text.to_owned(),
        Some(name) => std::env::var(name).map_err(|_| {
            Failure::usage(format!("--to: the variable {name} is not set")).hint(HINT)
        })?,
    };
    match Location::parse(&url) {
        Ok(Location::Postgres(url)) => {
            if holds_password(&url) && variable.is_none() {
                let message = "--to: a password on the command line can be read by everybody";
                return Err(Failure::usage(message).hint(HINT));
            }
            Ok(url)
        }
        Ok(Location::Sqlite(_)) | Err(_) => {
            let message = "--to: postgres://USER@HOST/DATABASE or env:VARIABLE is expected";
            Err(Failure::usage(message))
        }
    }
}

fn other_data(from: &Path, here: &[Sum], there: &[Sum]) -> Failure {
    let differing = here.iter().zip(there).filter(|(a, b)| a != b);
    let lines: Vec<_> = differing
        .map(|(a, b)| format!("  {}: {} rows in the file, {} there", a.table, a.rows, b.rows))
        .collect();
    let from = from.display();
    let message = format!("the target holds other data than {from}:\n{}", lines.join("\n"));
    Failure::refused(message).hint("--replace empties it first; what it holds now is lost then")
}

fn show(context: &Context, done: &str, sums: &[Sum]) -> Result<(), Failure> {
    if context.json {
        let tables = sums.iter().map(
            |sum| json!({"table": sum.table, "rows": sum.rows, "sha256": sum.sha256, "equal": true}),
        );
        let tables: Vec<_> = tables.collect();
        return output::json(&json!({"outcome": done, "tables": tables}));
    }
    let rows = sums
        .iter()
        .map(|sum| vec![sum.table.to_owned(), sum.rows.to_string(), sum.sha256.clone()])
        .collect();
    output::table(&["TABLE", "ROWS", "SHA-256 OF BOTH"], rows, "no tables")?;
    output::line(match done {
        "copied" => {
            "\ncopied, and read back the same; now set database.url, and move the file away"
        }
        _ => "\nthe same data is there already; nothing was changed",
    })
}
