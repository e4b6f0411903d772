//! `ereprovd import`: loads an inventory.

mod progress;
mod summary;

use std::path::{Path, PathBuf};

use progress::Bar;

use super::{
    context::{Context, act},
    output::Failure,
};
use crate::{
    calendar,
    config::Config,
    inventory::load::{self, Encoding, Options},
    run::claim_file,
    store::Location,
};

/// The format is described in docs/data-format.md. All that is right becomes visible at once; what is
/// wrong is told line by line. What the service did after the date of the files wins over them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder with floors.csv, pbos.csv, ptos.csv, fibres.csv, contracts.csv and the like, single
    /// files of these kinds, or - for standard input; plain, .gz or .zst.
    #[arg(required = true, value_name = "FOLDER|FILE|-")]
    paths: Vec<PathBuf>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The files are all there is of their kinds: what they do not have goes, or retires where it is
    /// referred to.
    #[arg(long)]
    whole: bool,
    /// The time that the files speak of: 2026-11-23, or 2026-11-23T14:00, in Paris. Without it, the last
    /// change of the oldest file; for standard input, everything that the service did wins.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// `no` under `out_of_service` brings fibres back that are out of service, as `restored` does.
    #[arg(long)]
    restore: bool,
    /// Load nothing where one line is wrong.
    #[arg(long)]
    strict: bool,
    /// What the bytes of the files mean.
    #[arg(long, value_enum, default_value_t = Encoding::Auto)]
    encoding: Encoding,
    /// Write the refused lines here, to be loaded again once they are right, and mistakes.txt beside
    /// them. Without it: `rejects` beside the first file, but for a dry run.
    #[arg(long, value_name = "FOLDER")]
    rejects: Option<PathBuf>,
    /// Change as much at once of what is served as the files ask for, while the service waits.
    #[arg(long)]
    hold_service: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let config = context.load()?;
    let profiles = config.profiles()?;
    let store = context.store_or_new().await?;
    let (source, files_ms) = load::open(&args.paths, args.encoding, &std::env::temp_dir())?;
    let as_of_ms = match &args.as_of {
        None => files_ms.unwrap_or_default(),
        Some(text) => calendar::parse(text).ok_or_else(|| {
            Failure::usage("--as-of: a time such as 2026-11-23 or 2026-11-23T14:00 is expected")
        })?,
    };
    let rejects = args.rejects.clone().or_else(|| {
        let first = args.paths.first().filter(|path| path.as_os_str() != "-" && !args.dry_run)?;
        let folder = if first.is_dir() { first } else { first.parent()? };
        Some(folder.join("rejects"))
    });
    let options = Options {
        as_of_ms,
        whole: args.whole,
        restore: args.restore,
        strict: args.strict,
        dry_run: args.dry_run,
        served: is_served(&config)?,
        hold_service: args.hold_service,
        rejects: rejects.clone(),
    };
    let mut bar = Bar::new(load::Source::size(&source), context.json);
    let named: Vec<_> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let act = act("import", &named.join(" "), "");
    let loaded = load::run(&store, Box::new(source), options, &profiles, act, &mut bar).await;
    bar.finish();
    let outcome = loaded?;
    store.close().await;
    summary::print(context, &outcome, rejects.as_deref())?;
    if outcome.refused == 0 { Ok(()) } else { Err(refused(outcome.refused, rejects.as_deref())) }
}

fn refused(lines: u64, rejects: Option<&Path>) -> Failure {
    let failure = Failure::in_part(format!("{lines} lines are refused; the rest is as said above"));
    match rejects {
        Some(folder) => failure.hint(format!(
            "they are in {}; put them right there and import that folder",
            folder.display()
        )),
        None => failure,
    }
}

/// Whether somebody may be asking meanwhile.
fn is_served(config: &Config) -> Result<bool, Failure> {
    Ok(match config.location()? {
        Location::Sqlite(path) => claim_file(&path)?.is_none(),
        Location::Postgres(_) => true,
    })
}
