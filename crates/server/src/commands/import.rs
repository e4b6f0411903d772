//! `ereprovd import`: loads an inventory.

mod progress;
mod summary;

use std::path::{Path, PathBuf};

use ereprov_domain::order::{BuildingKind, Zone};
use progress::Bar;

use super::{
    context::{Context, act},
    output::Failure,
};
use crate::{
    calendar,
    config::Config,
    inventory::load::{self, Encoding, Format, Opening, Options, Told},
    run::claim_file,
    store::Location,
};

/// The heading of what is for reports of orders only.
const REPORTS: &str = "Reports of orders (CR CMD)";

/// The format is described in docs/data-format.md. All that is right becomes visible at once; what is
/// wrong is told line by line. What the service did after the date of the files wins over them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder with floors.csv, pbos.csv, ptos.csv, fibres.csv, contracts.csv and the like, single
    /// files of these kinds, or - for standard input; plain, .gz or .zst. Or files of reports of orders
    /// (CR CMD). Or a folder of GraceTHD's tables, or a .gpkg file that has them.
    #[arg(required = true, value_name = "FOLDER|FILE|-")]
    paths: Vec<PathBuf>,
    /// The format of the files.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The files are all there is of their kinds: what they do not have goes, or retires where it is
    /// referred to.
    #[arg(long)]
    whole: bool,
    /// The time that the files speak of: 2026-11-23, or 2026-11-23T14:00, in Paris. Without it, the day in
    /// the names of reports, or else the last change of the oldest file; for standard input, everything
    /// that the service did wins.
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
    /// The login of the operator whose reports these are; with the code of a file's name, that of
    /// the files with this code. Without it, the code is the login.
    #[arg(long, value_name = "[CODE=]LOGIN", help_heading = REPORTS)]
    operator: Vec<String>,
    /// The zone of new contracts, `ztd` or `zmd`, which no report says.
    #[arg(long, value_parser = zone, help_heading = REPORTS)]
    zone: Option<Zone>,
    /// The kind of building of new contracts, `collective` or `house`, which no report says.
    #[arg(long, value_parser = building_kind, help_heading = REPORTS)]
    building_kind: Option<BuildingKind>,
    /// A file that says `zone`, `building_kind` and `opac` of each `site`, or each `pm`.
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    facts: Option<PathBuf>,
    /// Change as much at once of what is served as the files ask for, while the service waits.
    #[arg(long)]
    hold_service: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let config = context.load()?;
    let profiles = config.profiles()?;
    let store = context.store_or_new().await?;
    let opened = load::open_as(&args.paths, &opening(args))?;
    check(args, opened.format)?;
    let as_of_ms = match &args.as_of {
        None => opened.as_of_ms.unwrap_or_default(),
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
    let source = opened.source;
    let alone = source.loads_alone();
    let mut bar = Bar::new(source.size(), context.json);
    let named: Vec<_> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let act = act("import", &named.join(" "), "");
    let loaded = load::run(&store, source, options, &profiles, act, &mut bar).await;
    bar.finish();
    let outcome = loaded?;
    store.close().await;
    summary::print(context, &outcome, rejects.as_deref())?;
    if outcome.refused == 0 {
        Ok(())
    } else {
        Err(refused(outcome.refused, rejects.as_deref(), alone))
    }
}

/// What is said of reports, and how the files are read.
fn opening(args: &Args) -> Opening {
    let operators = args.operator.iter().map(|text| match text.split_once('=') {
        Some((code, login)) => (Some(code.trim().to_ascii_uppercase()), login.trim().to_owned()),
        None => (None, text.trim().to_owned()),
    });
    let told = Told {
        operators: operators.collect(),
        zone: args.zone,
        building_kind: args.building_kind,
        facts: args.facts.clone(),
    };
    let spool_in = std::env::temp_dir();
    Opening { format: args.format, encoding: args.encoding, spool_in, told }
}

/// A report tells of some orders, never of all; and nothing else has to be told what no report says.
fn check(args: &Args, format: Format) -> Result<(), Failure> {
    let told = !args.operator.is_empty()
        || args.zone.is_some()
        || args.building_kind.is_some()
        || args.facts.is_some();
    let wrong = match (format, args.whole, told) {
        (Format::CrCmd, true, _) => "--whole: reports are never all the contracts there are",
        (Format::CrCmd, false, _) | (_, _, false) => return Ok(()),
        (_, _, true) => "--operator, --zone, --building-kind and --facts are for reports (CR CMD)",
    };
    Err(Failure::usage(wrong))
}

fn zone(word: &str) -> Result<Zone, String> {
    Zone::parse(word).ok_or_else(|| "ztd or zmd".to_owned())
}

fn building_kind(word: &str) -> Result<BuildingKind, String> {
    BuildingKind::parse(word).ok_or_else(|| "collective or house".to_owned())
}

fn refused(lines: u64, rejects: Option<&Path>, alone: bool) -> Failure {
    let failure = Failure::in_part(format!("{lines} lines are refused; the rest is as said above"));
    match rejects {
        Some(folder) if !alone => failure.hint(format!(
            "{} has them, and why; put them right in the set, and import all of it again",
            folder.display()
        )),
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
