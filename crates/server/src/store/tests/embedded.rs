//! What only the embedded database has: a writer that commits many at once, and a file.

use std::os::unix::fs::PermissionsExt;

use super::{
    network::{job, with_network, with_operator},
    operator,
};
use crate::store::{
    Location, Store, StoreError, operators,
    reprovisionings::{self, New},
    sites, usage,
};

/// A SQLite file in a folder that lasts as long as the test.
pub(super) async fn sqlite() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("test.db"));
    let store = Store::open(&location, 4).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_use_case_that_panics_takes_nobody_with_it() {
    let (_folder, store) = sqlite().await;
    let panicked = store.write("panic", (), |tx, ()| {
        Box::pin(async move {
            assert!(operators::insert(tx, &operator("oc")).await?);
            panic!("on purpose");
        })
    });
    let panicked: Result<(), _> = panicked.await;
    assert!(matches!(panicked, Err(StoreError::Bug(said)) if said.contains("panic panicked")));
    let reading = store.read("panic", (), |_, ()| Box::pin(async { panic!("on purpose") }));
    let reading: Result<(), _> = reading.await;
    assert!(matches!(reading, Err(StoreError::Bug(_))));
    with_operator(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_group_that_is_committed_at_once_each_gets_its_own_answer() {
    let (_folder, store) = sqlite().await;
    let id = with_operator(&store).await;
    // While the writer is busy, the others gather behind it.
    let busy = store.write("busy", (), |_, ()| {
        Box::pin(async {
            std::thread::sleep(std::time::Duration::from_millis(200));
            Ok(())
        })
    });
    let others = (0..40_i64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let counted = store.write("count", (id, n), |tx, (id, n)| {
                Box::pin(async move {
                    let used = usage::count(tx, *id, "2026-11", 1000).await?;
                    if n % 4 == 0 { Err(StoreError::Bug("on purpose".into())) } else { Ok(used) }
                })
            });
            counted.await.is_ok()
        })
    });
    let others: Vec<_> = others.collect();
    busy.await.unwrap();
    let mut committed = 0;
    for task in others {
        committed += i64::from(task.await.unwrap());
    }
    assert_eq!(committed, 30);
    let used = store.read("used", id, |tx, id| Box::pin(usage::used(tx, *id, "2026-11")));
    assert_eq!(used.await.unwrap(), 30, "what failed was undone, and nothing else");
}

#[tokio::test]
async fn a_commit_that_fails_is_told_and_leaves_nothing() {
    let (_folder, store) = sqlite().await;
    let net = with_network(&store, 1, 1).await;
    // A reference to nothing, which SQLite looks at when it commits.
    let job = New { previous_id: Some("nothing"), ..job(&net, 0, "a", 1) };
    let failed = store.write("commit", job, |tx, job| {
        Box::pin(async move {
            tx.script("PRAGMA defer_foreign_keys = ON").await?;
            reprovisionings::insert(tx, job).await
        })
    });
    assert!(matches!(failed.await, Err(StoreError::Broken(_))));
    let found = store.read("find", (), |tx, ()| Box::pin(reprovisionings::find(tx, "a")));
    assert_eq!(found.await.unwrap(), None);
    let next = store.write("next", (), |tx, ()| Box::pin(sites::floors(tx, 1)));
    assert_eq!(next.await.unwrap().len(), 1, "the writer goes on");
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let (folder, store) = sqlite().await;
    with_operator(&store).await;
    for name in ["test.db", "test.db-wal"] {
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
