//! Calls that a group counts: written once, never one over the limit, whatever fails beside them.

use super::*;
use crate::store::usage;

const MONTH: &str = "2026-11";

/// The limit of a call that undoes the whole transaction where it is run again, as SQLite does by itself
/// where the disk is full.
const UNDOES: i64 = 1234;

/// The limit of a call that ends its savepoint, if it is in one.
const RELEASES: i64 = 4321;

/// A call to be counted.
struct Call {
    operator_id: i64,
    limit: i64,
    fails: Fails,
    runs: AtomicU32,
}

/// Who waits for a call: what is used then.
type Counted = oneshot::Receiver<Result<Option<i64>, StoreError>>;

/// Counts a call, and keeps that it did, as the end of a request does.
fn count<'t>(tx: &'t mut Tx<'_>, call: &'t Call) -> Running<'t, Option<i64>> {
    Box::pin(async move {
        let run = call.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let used = usage::count(tx, call.operator_id, MONTH, call.limit).await?;
        tx.script("INSERT INTO kept VALUES ('call')").await?;
        if call.limit == UNDOES && run == 2 {
            tx.script("ROLLBACK").await?;
        }
        if call.limit == RELEASES {
            tx.script("RELEASE apart").await?;
        }
        if (call.fails)(run) { Err(StoreError::Bug("on purpose".into())) } else { Ok(used) }
    })
}

fn call(effect: Effect, operator_id: i64, limit: i64, fails: Fails) -> (Box<dyn Job>, Counted) {
    let (tell, told) = oneshot::channel();
    let arguments = Arc::new(Call { operator_id, limit, fails, runs: AtomicU32::new(0) });
    let (hook, outcome) = (FaultHook::default(), None);
    let name = "count";
    (Box::new(Asked { name, arguments, use_case: count, effect, hook, outcome, tell }), told)
}

impl Scene {
    /// A scene with months in which something was used.
    fn counting(used: &[(i64, i64)]) -> Self {
        let scene = Self::new();
        let table = "CREATE TABLE monthly_usage (operator_id INTEGER, month TEXT, used BIGINT,
                       PRIMARY KEY (operator_id, month))";
        scene.beside.execute_batch(table).unwrap();
        for (operator_id, used) in used {
            let insert = "INSERT INTO monthly_usage VALUES (?1, ?2, ?3)";
            scene.beside.execute(insert, (operator_id, MONTH, used)).unwrap();
        }
        scene
    }

    /// Counts calls as one group; what each was told, by number: 0, one too many; -1, failed.
    fn count(&mut self, calls: &[(Effect, i64, i64, Fails)]) -> Vec<i64> {
        self.writer.begin().unwrap();
        let told: Vec<_> = calls
            .iter()
            .map(|(effect, operator_id, limit, fails)| {
                let (job, told) = call(*effect, *operator_id, *limit, *fails);
                self.writer.take(job);
                told
            })
            .collect();
        self.writer.commit(Instant::now());
        let outcome = |mut told: Counted| match told.try_recv().unwrap() {
            Ok(used) => Option::unwrap_or_default(used),
            Err(StoreError::Bug(_) | StoreError::Broken(_)) => -1,
            Err(other) => panic!("{other:?}"),
        };
        told.into_iter().map(outcome).collect()
    }

    /// Begins a group whose first call goes well, or not.
    fn begun_with(&mut self, fails: Fails) -> Counted {
        self.writer.begin().unwrap();
        self.take(10, fails)
    }

    /// Counts one more call of the first operator in the group.
    fn take(&mut self, limit: i64, fails: Fails) -> Counted {
        let (job, told) = call(READ, 1, limit, fails);
        self.writer.take(job);
        told
    }

    /// Of a group nothing was kept, and the next one begins anew.
    fn assert_nothing_kept(&mut self, used: i64) {
        assert_eq!((self.used(1), self.kept()), (used, String::new()));
        assert_eq!(self.count(&[(READ, 1, 10, well)]), [used + 1], "the next group begins anew");
    }

    /// What an operator has used, as others see it.
    fn used(&self, operator_id: i64) -> i64 {
        let used = "SELECT COALESCE(SUM(used), 0) FROM monthly_usage WHERE operator_id = ?1";
        self.beside.query_row(used, [operator_id], |row| row.get(0)).unwrap()
    }

    /// How many times a statement is run from now on, and fails in those of its runs.
    fn watch(&self, statement: &'static str, fails: Fails) -> Arc<AtomicU32> {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        self.writer.hook.set(Faults::from_fn(move |asked| {
            let run =
                if asked == statement { counted.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
            (run > 0 && fails(run)).then(|| StoreError::Broken("on purpose".into()))
        }));
        runs
    }
}

#[test]
fn a_group_writes_what_it_counts_once_for_each_operator() {
    let mut scene = Scene::counting(&[(1, 40)]);
    let writings = scene.watch("monthly_usage.set", well);
    let told = scene.count(&[
        (READ, 1, 100, well),
        (READ, 2, 100, well),
        (READ, 1, 100, well),
        (READ, 2, 100, well),
        (READ, 1, 100, well),
    ]);
    assert_eq!(told, [41, 1, 42, 2, 43]);
    assert_eq!((scene.used(1), scene.used(2)), (43, 2));
    assert_eq!(writings.load(Ordering::SeqCst), 2);
}

#[test]
fn not_one_call_over_the_limit_is_counted_whatever_else_the_calls_do() {
    let mut scene = Scene::counting(&[(1, 7)]);
    let told = scene.count(&[
        (READ, 1, 10, well),
        (READ, 1, 10, well),
        (Effect::Changes, 1, 10, well),
        (READ, 1, 10, well),
        (Effect::Changes, 1, 10, well),
        (READ, 1, 0, well),
        (READ, 2, 0, well),
    ]);
    assert_eq!(told, [8, 9, 10, 0, 0, 0, 0]);
    assert_eq!((scene.used(1), scene.used(2)), (10, 0));
}

#[test]
fn what_a_failed_call_counted_is_not_used() {
    let mut scene = Scene::counting(&[]);
    let told = scene.count(&[
        (READ, 1, 3, well),
        (READ, 1, 3, badly),
        (READ, 1, 3, well),
        (READ, 1, 3, well),
        (READ, 1, 3, well),
    ]);
    assert_eq!(told, [1, -1, 2, 3, 0]);
    assert_eq!(scene.used(1), 3);
    assert_eq!(scene.kept(), "call call call call");
}

#[test]
fn where_the_group_cannot_write_its_count_each_call_counts_apart() {
    let mut scene = Scene::counting(&[(1, 8)]);
    let writings = scene.watch("monthly_usage.set", badly);
    let told = scene.count(&[(READ, 1, 10, well), (READ, 1, 10, well), (READ, 1, 10, well)]);
    assert_eq!(writings.load(Ordering::SeqCst), 1);
    assert_eq!(told, [9, 10, 0]);
    assert_eq!(scene.used(1), 10);
    assert_eq!(scene.kept(), "call call call", "what was undone is there once");
}

#[test]
fn a_count_that_is_not_what_the_group_began_with_is_never_overwritten() {
    let mut scene = Scene::counting(&[(1, 5)]);
    let mut told = scene.begun_with(|run| run == 2);
    // Nobody else can write meanwhile: only by the writer's own hand can this be tried.
    scene.writer.connection.execute("UPDATE monthly_usage SET used = 9", ()).unwrap();
    scene.writer.commit(Instant::now());
    // That was within the transaction, and is undone with it; the call is counted once more.
    assert!(matches!(told.try_recv(), Ok(Err(StoreError::Bug(_)))), "it has run twice");
    assert_eq!((scene.used(1), scene.kept()), (5, String::new()));
}

#[test]
fn nothing_is_counted_outside_of_a_transaction_that_sqlite_has_undone() {
    let mut scene = Scene::counting(&[(1, 5)]);
    let mut told = scene.begun_with(well);
    scene.writer.connection.execute_batch("ROLLBACK").unwrap();
    scene.writer.commit(Instant::now());
    assert!(matches!(told.try_recv(), Ok(Err(StoreError::Broken(_)))));
    scene.assert_nothing_kept(5);
}

#[test]
fn nothing_is_kept_of_a_group_that_is_undone_while_it_is_run_again() {
    for last in [(READ, 1, 10, badly as Fails), (Effect::Changes, 1, 10, well)] {
        let mut scene = Scene::counting(&[(1, 5)]);
        if last.0 == Effect::Changes {
            scene.watch("monthly_usage.set", badly);
        }
        let told = scene.count(&[(READ, 1, UNDOES, well), (READ, 1, 10, well), last]);
        assert_eq!(told, [-1, -1, -1]);
        scene.assert_nothing_kept(5);
    }
}

#[test]
fn nothing_is_kept_of_a_group_whose_savepoint_is_lost() {
    let mut scene = Scene::counting(&[(1, 5)]);
    let mut told = scene.begun_with(well);
    let mut told_failing = scene.take(RELEASES, badly);
    let mut told_releasing = scene.take(RELEASES, badly);
    scene.writer.commit(Instant::now());
    for told in [&mut told, &mut told_failing, &mut told_releasing] {
        assert!(matches!(told.try_recv(), Ok(Err(StoreError::Bug(_) | StoreError::Broken(_)))));
    }
    scene.assert_nothing_kept(5);
}

#[test]
fn nothing_is_kept_of_a_group_that_cannot_begin_again_and_all_are_told_why() {
    let mut scene = Scene::counting(&[(1, 5)]);
    let mut told = scene.begun_with(well);
    // The new transaction is open, and fails all the same: it must not be committed.
    scene.writer.hook.set(Faults::from_fn(|asked| {
        (asked == "BEGIN").then(|| StoreError::Unavailable("on purpose".into()))
    }));
    let mut told_failing = scene.take(10, badly);
    assert!(scene.writer.is_lost(), "nobody else is let in");
    scene.writer.hook.set(Faults::from_fn(|_| None));
    scene.writer.commit(Instant::now());
    assert!(matches!(told.try_recv(), Ok(Err(StoreError::Unavailable(_)))));
    assert!(matches!(told_failing.try_recv(), Ok(Err(StoreError::Bug(_)))));
    scene.assert_nothing_kept(5);
}
