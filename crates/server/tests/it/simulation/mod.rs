//! Lists of operations by chance, done to the service and to a small model of it, which must agree
//! after each one: answers, tables, and in the end, at rest, everything that can be seen.
//!
//! `EREPROV_SIM_SEED` is the first list's seed, `EREPROV_SIM_LISTS` how many there are; each next one
//! has the next seed. What fails is printed with its seed and the shortest list that still fails.

mod chance;
mod model;
mod ops;
mod paris;
mod play;
mod rig;
mod world;

use std::{
    env,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ereprov_server::store::{Location, Store};
use tempfile::TempDir;

use self::{
    chance::Chance,
    ops::Op,
    play::{Seen, play},
    rig::Network,
};
use crate::harness::{Setup, loading, postgres};

/// What a hundred lists provoke, each many times.
const EXPECTED: [&str; 21] = [
    "accepted",
    "reprovisionning statut=Initié",
    "reprovisionning statut=En cours",
    "reprovisionning statut=Terminé",
    "reprovisionning statut=Annulé",
    "reprovisionning statut=En échec",
    "KO -1",
    "KO 10000",
    "KO 20001",
    "KO 20002",
    "KO 20005",
    "KO 20006",
    "KO 20007",
    "KO 20009",
    "KO 20012",
    "KO 20014",
    "KO 20015",
    "KO 20016",
    "KO 20018",
    "KO 20019",
    "KO 20020",
];

/// Operations of a list.
const LENGTH: usize = 60;
/// Lists, where nothing else is said: some 15 s on SQLite.
const LISTS: u64 = 200;
/// The same on PostgreSQL, which takes longer for each; what they provoke differs from run to run.
const LISTS_ON_POSTGRES: u64 = 12;

#[test]
fn the_service_does_what_the_model_does() {
    let folder = folder();
    let template = Template::Sqlite(folder.path().join("template.db"));
    play_all(&template, LISTS);
}

#[test]
fn the_service_does_the_same_on_postgres() {
    let template = Template::Postgres(in_runtime(postgres::fresh()));
    play_all(&template, LISTS_ON_POSTGRES);
}

/// A loaded database, of which each list plays on a copy.
enum Template {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Template {
    /// Loads the world.
    async fn load(&self) {
        let location = match self {
            Self::Sqlite(file) => Location::Sqlite(file.clone()),
            Self::Postgres(url) => Location::Postgres(url.clone()),
        };
        let store = Store::open(&location, 1).await.unwrap();
        let profiles = Setup::config(&world::config()).profiles();
        let files = world::files();
        ereprov_server::inventory::load::load(&store, &files, &profiles, loading(0)).await.unwrap();
        store.close().await;
    }

    async fn copy(&self) -> Network {
        let folder = folder();
        let postgres = match self {
            Self::Sqlite(file) => {
                std::fs::copy(file, folder.path().join("ereprov.db")).unwrap();
                None
            }
            Self::Postgres(url) => Some(postgres::copy(url).await),
        };
        Network { folder, postgres }
    }
}

#[expect(clippy::print_stdout, reason = "what fails is played again by its seed")]
fn play_all(template: &Template, lists: u64) {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("EREPROV_SIM_SEED").unwrap_or_else(|| {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        u64::from(now.subsec_nanos()) + now.as_secs()
    });
    let lists = number("EREPROV_SIM_LISTS").unwrap_or(lists);
    println!("EREPROV_SIM_SEED={first} EREPROV_SIM_LISTS={lists}");
    in_runtime(template.load());
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let seen = Mutex::new(Seen::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + lists {
                        return;
                    }
                    // The answers of the first list are held against the schema, too.
                    match list(template, seed, seed == first) {
                        Ok(new) => {
                            let mut seen = seen.lock().unwrap();
                            for (kind, times) in new {
                                *seen.entry(kind).or_default() += times;
                            }
                        }
                        Err(said) => {
                            stop.store(true, Ordering::SeqCst);
                            panic!("{said}");
                        }
                    }
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    println!("{seen:?}");
    // A simulation in which nothing happens agrees, too.
    if lists >= 100 {
        for kind in EXPECTED {
            assert!(seen.contains_key(kind), "{kind} never came: {seen:?}");
        }
    }
}

/// One list; what is wrong, with the shortest list that still shows it.
fn list(template: &Template, seed: u64, schema: bool) -> Result<Seen, String> {
    let mut chance = Chance::new(seed);
    let start_ms = start(&mut chance);
    let ops = ops::list(&mut chance, LENGTH);
    let play = |ops: &[Op], schema| {
        in_runtime(async { play(template.copy().await, start_ms, ops, schema).await })
    };
    let mut wrong = match play(&ops, schema) {
        Ok(seen) => return Ok(seen),
        Err(wrong) => wrong,
    };
    let mut ops = ops[..ops.len().min(wrong.at + 1)].to_vec();
    let mut without = ops.len();
    while without > 0 {
        without -= 1;
        let mut fewer = ops.clone();
        fewer.remove(without);
        if let Err(still) = play(&fewer, false) {
            fewer.truncate(still.at + 1);
            (ops, wrong) = (fewer, still);
            without = without.min(ops.len());
        }
    }
    Err(format!("EREPROV_SIM_SEED={seed} from {start_ms}: {ops:#?}\n{}", wrong.said))
}

/// A time before a month's end or a change of the clock, or any.
fn start(chance: &mut Chance) -> i64 {
    let days = [
        "2026-03-28T23:30",
        "2026-10-24T23:30",
        "2026-12-31T22:00",
        "2027-02-28T23:59",
        "2028-02-28T23:00",
        "2026-11-23T12:00",
        "2026-07-31T23:00",
    ];
    let day = chance.pick(&days);
    ereprov_server::calendar::parse(day).unwrap()
}

fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// In memory where the machine has such a place: what survives a power cut is not tried here.
fn folder() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}
