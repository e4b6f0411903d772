//! Groups of use cases through the writer, each in an order that is certain.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rusqlite::OpenFlags;

use super::*;
use crate::store::{
    Running, Tx,
    faults::Faults,
    sqlite::{Version, open_connection},
};

/// A writer, and a connection beside it that stands for another process.
struct Scene {
    writer: Writer,
    versions: Versions,
    beside: Connection,
    _folder: tempfile::TempDir,
}

/// In which of its runs a use case fails.
type Fails = fn(u32) -> bool;

/// A use case that keeps its name, unless it fails then.
struct Keep {
    name: &'static str,
    fails: Fails,
    runs: AtomicU32,
}

/// Who waits for a use case: it is told in which of its runs it went well.
type Told = oneshot::Receiver<Result<u32, StoreError>>;

fn keep<'t>(tx: &'t mut Tx<'_>, what: &'t Keep) -> Running<'t, u32> {
    Box::pin(async move {
        let run = what.runs.fetch_add(1, Ordering::SeqCst) + 1;
        if !what.name.is_empty() {
            tx.script(&format!("INSERT INTO kept VALUES ('{}')", what.name)).await?;
        }
        if (what.fails)(run) { Err(StoreError::Bug("on purpose".into())) } else { Ok(run) }
    })
}

/// More than there is room for once [`Scene::fill`] was called.
fn keep_much<'t>(tx: &'t mut Tx<'_>, (): &'t ()) -> Running<'t, u32> {
    Box::pin(async move {
        tx.script("INSERT INTO kept VALUES (zeroblob(10000000))").await?;
        Ok(1)
    })
}

const READ: Effect = Effect::Keeps(None);

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            open_connection(&folder.path().join("test.db"), flags).unwrap()
        };
        let (connection, beside) = (open(), open());
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE kept (name)").unwrap();
        let versions = Versions::default();
        let writer =
            Writer::new(connection, FaultHook::default(), versions.clone(), Account::default());
        let mut scene = Self { writer, versions, beside, _folder: folder };
        // The first transaction takes whatever it finds for news.
        scene.group(&[]);
        scene
    }

    /// Runs use cases as one group.
    fn group(&mut self, asked: &[(Effect, &'static str, Fails)]) -> Vec<String> {
        self.writer.begin().unwrap();
        let begun = Instant::now();
        let told: Vec<_> = asked
            .iter()
            .map(|(effect, name, fails)| {
                let (job, told) = job(*effect, name, *fails);
                self.writer.take(job);
                told
            })
            .collect();
        self.writer.commit(begun);
        told.into_iter().map(outcome).collect()
    }

    /// What is committed, in its order, as others see it.
    fn kept(&self) -> String {
        let kept = "SELECT group_concat(name, ' ') FROM (SELECT name FROM kept ORDER BY rowid)";
        let kept = self.beside.query_row(kept, [], |row| row.get::<_, Option<String>>(0)).unwrap();
        kept.unwrap_or_default()
    }

    fn version(&self) -> Version {
        self.versions.now().expect("no change is on its way between two groups")
    }

    /// From now on there is no room for more.
    fn fill(&self) {
        let most = "PRAGMA max_page_count = 10";
        self.writer.connection.query_row(most, [], |_| Ok(())).unwrap();
    }
}

fn job(effect: Effect, name: &'static str, fails: Fails) -> (Box<dyn Job>, Told) {
    let (tell, told) = oneshot::channel();
    let arguments = Arc::new(Keep { name, fails, runs: AtomicU32::new(0) });
    let hook = FaultHook::default();
    let name = "keep";
    let outcome = None;
    (Box::new(Asked { name, arguments, use_case: keep, effect, hook, outcome, tell }), told)
}

/// What a caller was told, in a word.
fn outcome(mut told: Told) -> String {
    match told.try_recv().expect("everybody is told") {
        Ok(run) => format!("run {run}"),
        Err(StoreError::Bug(_)) => "failed".into(),
        Err(StoreError::Changed) => "changed".into(),
        Err(StoreError::Broken(_)) => "broken".into(),
        Err(other) => panic!("{other:?}"),
    }
}

fn well(_: u32) -> bool {
    false
}

fn badly(_: u32) -> bool {
    true
}

const SLOW: Duration = Duration::from_millis(5);

fn slowly(_: u32) -> bool {
    std::thread::sleep(SLOW);
    false
}

#[test]
fn of_a_group_only_what_failed_is_undone() {
    let mut scene = Scene::new();
    let told = scene.group(&[
        (READ, "a", well),
        (Effect::Changes, "b", well),
        (READ, "c", badly),
        (READ, "d", well),
        (Effect::Changes, "e", badly),
        (READ, "f", badly),
        (Effect::Changes, "g", well),
    ]);
    // What went well before the first failure was undone with it, and run again.
    let expected = ["run 2", "run 2", "failed", "run 1", "failed", "failed", "run 1"];
    assert_eq!(told, expected);
    assert_eq!(scene.kept(), "a b d g");
    let next = scene.group(&[(READ, "h", slowly), (READ, "i", badly)]);
    assert_eq!(next, ["run 2", "failed"], "the next group is run together again");
    assert_eq!(scene.kept(), "a b d g h");
    let spent = scene.writer.account.spent();
    // With the one that the scene begins with.
    assert_eq!((spent.commits, spent.use_cases), (3, 9));
    // It has run twice.
    assert!(spent.running >= 2 * SLOW && spent.committing > Duration::ZERO);
}

#[test]
fn what_fails_when_it_is_run_again_has_failed() {
    let mut scene = Scene::new();
    let told = scene.group(&[
        (READ, "a", well),
        (READ, "b", |run| run == 2),
        (Effect::Changes, "c", |run| run == 2),
        (READ, "d", badly),
        (READ, "e", well),
    ]);
    assert_eq!(told, ["run 2", "failed", "failed", "failed", "run 1"]);
    assert_eq!(scene.kept(), "a e");
}

#[test]
fn what_was_read_before_is_looked_at_again_where_a_group_begins_again() {
    let mut scene = Scene::new();
    let under = Effect::Keeps(Some(scene.version()));
    let told = scene.group(&[(under, "a", well), (READ, "b", badly), (under, "c", well)]);
    assert_eq!(told, ["run 2", "failed", "run 1"], "nothing has changed");
    let told = scene.group(&[
        (under, "d", well),
        (Effect::Changes, "e", well),
        (under, "f", well),
        (READ, "g", badly),
        (under, "h", well),
    ]);
    // The change was on its way and undone: whoever asks for the version finds another one.
    assert_eq!(told, ["changed", "run 2", "changed", "failed", "changed"]);
    assert_eq!(scene.kept(), "a c e");
    assert_ne!(Effect::Keeps(Some(scene.version())), under);
}

#[test]
fn what_somebody_else_commits_before_a_group_begins_again_is_found() {
    let mut scene = Scene::new();
    let under = Effect::Keeps(Some(scene.version()));
    scene.writer.begin().unwrap();
    let (first, told) = job(under, "a", well);
    scene.writer.take(first);
    // As if it had come between the undoing and the new begin, where no test can be.
    scene.writer.seen = 0;
    let (failing, told_failing) = job(READ, "b", badly);
    scene.writer.take(failing);
    scene.writer.commit(Instant::now());
    assert_eq!([told, told_failing].map(outcome), ["changed", "failed"]);
    assert_eq!(scene.kept(), "");
}

#[test]
fn what_was_read_before_a_change_is_not_what_is_there_and_nothing_of_it_is_kept() {
    let mut scene = Scene::new();
    let read = scene.version();
    let under = Effect::Keeps(Some(read));
    let nothing_changed =
        scene.group(&[(under, "a", well), (Effect::Changes, "", well), (under, "b", well)]);
    assert_eq!(nothing_changed, ["run 1"; 3], "a use case that touches no row changes nothing");
    assert_eq!(scene.version(), read);
    let told = scene.group(&[
        (under, "c", well),
        (Effect::Changes, "d", well),
        (under, "e", well),
        (READ, "f", well),
    ]);
    assert_eq!(told, ["run 1", "run 1", "changed", "run 1"]);
    assert_ne!(scene.version(), read);
    assert_eq!(scene.group(&[(under, "g", well)]), ["changed"]);
    let under = Effect::Keeps(Some(scene.version()));
    assert_eq!(scene.group(&[(under, "h", well)]), ["run 1"]);
    assert_eq!(scene.kept(), "a b c d f h");
}

#[test]
fn a_change_of_somebody_else_is_found_before_anything_is_settled() {
    let mut scene = Scene::new();
    let read = scene.version();
    scene.beside.execute_batch("INSERT INTO kept VALUES ('theirs')").unwrap();
    let told = scene.group(&[(Effect::Keeps(Some(read)), "a", well), (READ, "b", well)]);
    assert_eq!(told, ["changed", "run 1"]);
    // What this connection commits itself is no news.
    let read = scene.version();
    for name in ["c", "d"] {
        assert_eq!(scene.group(&[(Effect::Keeps(Some(read)), name, well)]), ["run 1"]);
    }
    assert_eq!(scene.kept(), "theirs b c d");
}

#[test]
fn a_commit_that_fails_is_told_to_all_of_its_group_and_the_next_one_goes_on() {
    let mut scene = Scene::new();
    let failing = AtomicU32::new(1);
    scene.writer.hook.set(Faults::from_fn(move |call| {
        let fails = call == "COMMIT" && failing.swap(0, Ordering::SeqCst) == 1;
        fails.then(|| StoreError::Broken("on purpose".into()))
    }));
    let read = Effect::Keeps(Some(scene.version()));
    let told = scene.group(&[(read, "a", well), (READ, "b", badly), (Effect::Changes, "c", well)]);
    assert_eq!(told, ["broken", "failed", "broken"]);
    assert_eq!(scene.kept(), "");
    assert_eq!(scene.group(&[(READ, "d", well)]), ["run 1"]);
    assert_eq!(scene.kept(), "d");
}

#[test]
fn what_sqlite_has_undone_by_itself_is_told_and_those_behind_it_begin_anew() {
    let scene = Scene::new();
    scene.fill();
    let (sender, jobs) = mpsc::channel(8);
    let (before, told_before) = job(READ, "a", well);
    let (tell, told_much) = oneshot::channel();
    let much = Asked {
        name: "keep_much",
        arguments: Arc::new(()),
        use_case: keep_much,
        effect: READ,
        hook: FaultHook::default(),
        outcome: None,
        tell,
    };
    let (behind, told_behind) = job(READ, "b", well);
    for job in [before, Box::new(much), behind] {
        sender.try_send(job).expect("there is room for three");
    }
    drop(sender);
    let Scene { writer, beside, _folder: _kept, .. } = scene;
    writer.run(jobs);
    let told = [told_before, told_much, told_behind].map(|mut told| told.try_recv().unwrap());
    assert!(matches!(told, [Err(StoreError::Broken(_)), Err(_), Ok(1)]), "{told:?}");
    let kept: Vec<String> = beside
        .prepare("SELECT name FROM kept")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(kept, ["b"]);
}

mod counting;
