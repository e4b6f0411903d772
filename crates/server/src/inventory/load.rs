//! Loads an inventory: all that is right in its files becomes visible at once, or nothing does.
//!
//! The format is documented in docs/data-format.md. A [`Source`] yields rows of that format, whatever it
//! reads; they are staged beside the database, held against what is there, and then published
//! (`store/load`). What the service is at, or did after the time that the files speak of, wins over them.

mod columns;
mod cr_cmd;
mod csv;
mod folder;
mod formats;
mod gracethd;
mod header;
mod input;
mod lines;
mod record;
mod rejects;
mod rows;
mod said;
mod shapes;
mod sink;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::mpsc;

pub use cr_cmd::Told;
pub use csv::CsvSource;
pub use folder::open;
pub use formats::{Format, Opened, Opening, open_as};
pub use lines::Encoding;
pub use record::{Mistake, in_english};
pub use rows::{
    ContractRow, FactRow, FibreRow, FloorRow, OperatorRow, PboRow, PtoRow, ReportRow,
    ReprovisioningRow, Service,
};
pub use said::{difference as said_difference, named, why};
pub use source::{Origin, Progress, Row, Source, Taker};

use crate::{
    admission::profile::Profiles,
    store::{
        Store, StoreError,
        admin_acts::Act,
        load::{Batch, Difference, Found, Loader, Terms, Whole},
    },
};

/// The text of each file that is there, by name.
pub type Files = BTreeMap<&'static str, String>;

/// Batches that wait for the database at the most.
const BATCHES_MAX: usize = 4;
/// Problems that are fetched at a time.
const PROBLEMS_PAGE: i64 = 10_000;
/// Between two looks at how much has been read.
const LOOK: Duration = Duration::from_millis(100);

/// How a load is to be done.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The time that the files speak of, in ms since 1970: what the service did later wins over them.
    pub as_of_ms: i64,
    /// What is absent from the files of a kind goes.
    pub whole: bool,
    /// `no` in `out_of_service` means `restored`.
    pub restore: bool,
    /// One mistake, and nothing is loaded.
    pub strict: bool,
    /// Nothing is loaded: it is only said what would be.
    pub dry_run: bool,
    /// Whether a service may be at work on the database.
    pub served: bool,
    /// Let a service wait for as many changes as there are.
    pub hold_service: bool,
    /// Where refused lines are written.
    pub rejects: Option<PathBuf>,
}

/// What a load came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In numbers.
    pub found: Found,
    /// The files, as messages name them.
    pub files: Vec<String>,
    /// What is wrong with lines, in their order; the first ones, where there are very many.
    pub mistakes: Vec<Mistake>,
    /// Lines that were refused.
    pub refused: u64,
    /// Refused lines that were written down, to be loaded again.
    pub written: u64,
    /// What differs and is left as it is; the first ones.
    pub differences: Vec<Difference>,
    /// Worth knowing.
    pub notes: Vec<String>,
    /// Whether it is there now.
    pub published: bool,
}

impl Outcome {
    /// Whether nothing new came of it.
    pub fn is_empty(&self) -> bool {
        let kinds = &self.found.kinds;
        kinds.iter().all(|kind| kind.added + kind.changed + kind.removed + kind.retired == 0)
    }
}

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files contain mistakes, and one is enough.
    #[error("nothing was loaded: {} mistakes", .0.len())]
    Mistakes(Vec<Mistake>),
    /// The file is another one than it is taken for, or is read by other rules.
    #[error("nothing was loaded: over a million lines are refused")]
    TooMany(Vec<Mistake>),
    /// The service would have to wait for too many changes to what it serves.
    #[error("nothing was loaded: the service would wait while {0} rows are changed")]
    Waits(u64),
    /// A file cannot be read, or a refused line cannot be written.
    #[error("nothing was loaded: {0:#}")]
    File(anyhow::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What hears how far a load is.
pub trait Watcher {
    /// Files are read: so many bytes, so many rows.
    fn reads(&mut self, bytes: u64, rows: u64);
    /// What was read is held against what is there.
    fn checks(&mut self, what: &str);
    /// So many rows more are written.
    fn writes(&mut self, what: &str, rows: u64);
}

/// Watches nothing.
impl Watcher for () {
    fn reads(&mut self, _: u64, _: u64) {}
    fn checks(&mut self, _: &str) {}
    fn writes(&mut self, _: &str, _: u64) {}
}

/// Loads files that are in memory, all of them or, with one mistake, none. Whatever the service did
/// wins over them.
///
/// # Errors
/// See [`LoadError`]; nothing was loaded then.
pub async fn load(
    store: &Store,
    files: &Files,
    profiles: &Profiles,
    act: Act,
) -> Result<Outcome, LoadError> {
    let source = CsvSource::of(files);
    let options = Options { strict: true, served: true, ..Options::default() };
    run(store, Box::new(source), options, profiles, act, &mut ()).await
}

/// Loads what a source yields.
///
/// # Errors
/// See [`LoadError`]; nothing was loaded then.
pub async fn run(
    store: &Store,
    source: Box<dyn Source>,
    options: Options,
    profiles: &Profiles,
    act: Act,
    watcher: &mut dyn Watcher,
) -> Result<Outcome, LoadError> {
    let mut loader = store.loader(options.served).await?;
    loader.prepare().await?;
    let profiles = profiles.keys().cloned().collect();
    let (mut source, read) = stage(&mut loader, source, profiles, options.restore, watcher).await?;
    if read.refused.len() >= sink::REFUSED_MAX {
        return Err(LoadError::TooMany(read.mistakes));
    }
    if !options.dry_run && (!options.strict || read.refused.is_empty()) {
        let first = in_one_go(&mut loader, source.as_mut(), &read, &options, &act, watcher);
        if let Some(outcome) = first.await? {
            return Ok(outcome);
        }
    }
    let whole = if options.whole { whole(source.as_ref(), &read) } else { Whole::default() };
    let terms = Terms { as_of_ms: options.as_of_ms, whole };
    loader.resolve(terms, &mut |what| watcher.checks(what)).await?;

    let mut outcome = Outcome {
        found: loader.found().await?,
        files: source.files(),
        mistakes: read.mistakes,
        differences: loader.differences().await?,
        notes: read.notes,
        ..Outcome::default()
    };
    let refused = contradictions(&mut loader, source.as_ref(), &mut outcome, read.refused).await?;
    outcome.refused = refused.len() as u64;
    let files = &outcome.files;
    outcome.mistakes.sort_by_key(|mistake| in_order(mistake, files));
    if options.strict && !refused.is_empty() {
        return Err(LoadError::Mistakes(outcome.mistakes));
    }
    if let Some(folder) = options.rejects.as_ref().filter(|_| !refused.is_empty()) {
        let written = rejects::write(folder, source.as_mut(), &refused, &outcome.mistakes);
        outcome.written = written.map_err(LoadError::File)?;
    }
    if options.dry_run {
        return Ok(outcome);
    }
    if options.served && !options.hold_service && loader.waits(outcome.found.waiting) {
        return Err(LoadError::Waits(outcome.found.waiting));
    }
    outcome.differences =
        loader.publish(&act, &mut |what, rows| watcher.writes(what, rows)).await?;
    outcome.published = true;
    if let Some(why) = loader.not_beside() {
        outcome
            .notes
            .push(format!("this first load was written row by row, which takes longer: {why}"));
    }
    Ok(outcome)
}

/// The first load of a network that contradicts itself nowhere; none: it is to be looked at line by line.
async fn in_one_go(
    loader: &mut Loader,
    source: &mut dyn Source,
    read: &sink::Read,
    options: &Options,
    act: &Act,
    watcher: &mut dyn Watcher,
) -> Result<Option<Outcome>, LoadError> {
    let mut outcome = Outcome {
        files: source.files(),
        mistakes: read.mistakes.clone(),
        notes: read.notes.clone(),
        refused: read.refused.len() as u64,
        published: true,
        ..Outcome::default()
    };
    let files = &outcome.files;
    outcome.mistakes.sort_by_key(|mistake| in_order(mistake, files));
    if let Some(folder) = options.rejects.as_ref().filter(|_| !read.refused.is_empty()) {
        let written = rejects::write(folder, source, &read.refused, &outcome.mistakes);
        outcome.written = written.map_err(LoadError::File)?;
    }
    let mut told = |what: &str, rows| watcher.writes(what, rows);
    let Some(found) = loader.publish_first(act, &mut told).await? else { return Ok(None) };
    outcome.found = found;
    Ok(Some(outcome))
}

/// Reads all of a source on a thread of its own, and stages it here.
async fn stage(
    loader: &mut Loader,
    mut source: Box<dyn Source>,
    profiles: Vec<String>,
    restore: bool,
    watcher: &mut dyn Watcher,
) -> Result<(Box<dyn Source>, sink::Read), LoadError> {
    let (to, mut batches) = mpsc::channel::<Batch>(BATCHES_MAX);
    let progress = Arc::new(Progress::default());
    let counted = Arc::clone(&progress);
    let mut sink = sink::Sink::new(to, profiles, source.files(), restore);
    let reading = tokio::task::spawn_blocking(move || {
        let read = source.read(&counted, &mut sink);
        (source, sink.finish(), read)
    });
    let mut looked = std::time::Instant::now();
    let mut took = || {
        if looked.elapsed() >= LOOK {
            looked = std::time::Instant::now();
            watcher.reads(
                progress.bytes.load(Ordering::Relaxed),
                progress.rows.load(Ordering::Relaxed),
            );
        }
    };
    loader.fill(&mut batches, &mut took).await?;
    let bug = |error: tokio::task::JoinError| StoreError::Bug(error.to_string());
    let (source, staged, read) = reading.await.map_err(bug)?;
    read.map_err(LoadError::File)?;
    watcher.reads(progress.bytes.load(Ordering::Relaxed), progress.rows.load(Ordering::Relaxed));
    Ok((source, staged))
}

/// Of which kinds the files are the whole: not of those where a line could not be read.
fn whole(source: &dyn Source, read: &sink::Read) -> Whole {
    if !read.refused.is_empty() {
        return Whole::default();
    }
    let kinds = source.kinds();
    let has = |kind: &str| kinds.contains(&kind);
    Whole {
        floors: has("floors"),
        pbos: has("pbos"),
        ptos: has("ptos"),
        fibres: has("fibres"),
        contracts: has("contracts"),
    }
}

/// Adds what contradicts something to the mistakes; all lines that are refused.
async fn contradictions(
    loader: &mut Loader,
    source: &dyn Source,
    outcome: &mut Outcome,
    mut refused: BTreeSet<Origin>,
) -> Result<BTreeSet<Origin>, LoadError> {
    let mut after = (-1, -1);
    loop {
        let page = loader.problems(after, PROBLEMS_PAGE).await?;
        let Some(last) = page.last() else { return Ok(refused) };
        after = (last.file, last.line);
        for problem in &page {
            let file = u32::try_from(problem.file).unwrap_or_default();
            refused.insert(Origin { file, line: u32::try_from(problem.line).unwrap_or_default() });
            if outcome.mistakes.len() < sink::MISTAKES_KEPT {
                outcome.mistakes.push(said::mistake(problem, &outcome.files, source));
            }
        }
        if refused.len() >= sink::REFUSED_MAX {
            return Err(LoadError::TooMany(std::mem::take(&mut outcome.mistakes)));
        }
    }
}

fn in_order(mistake: &Mistake, files: &[String]) -> (usize, u32) {
    (files.iter().position(|file| *file == mistake.file).unwrap_or_default(), mistake.line)
}
