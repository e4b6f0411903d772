//! Whether what was read is still what is there: never said of what has changed, whoever changed it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use super::{embedded::sqlite, with_operator};
use crate::store::{
    Location, Store, StoreError, Tx, Version, Written,
    service::{self, ServiceState},
    usage,
};

/// Changes what is there: a number that everybody reads.
async fn change(store: &Store) {
    async fn one_more(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let until_ms = Some(there(tx).await? + 1);
        let state = ServiceState { until_ms, ..service::read(tx).await? };
        service::write(tx, &state, 0).await
    }
    store.write("change", (), |tx, ()| Box::pin(one_more(tx))).await.unwrap();
}

async fn there(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(service::read(tx).await?.until_ms.unwrap_or_default())
}

async fn read(store: &Store) -> i64 {
    store.read("there", (), |tx, ()| Box::pin(there(tx))).await.unwrap()
}

/// Settles something that was read under a version; answers what is there by then.
async fn settle(store: &Store, operator: i64, read: Option<Version>) -> Result<i64, StoreError> {
    async fn mark(tx: &mut Tx<'_>, operator: i64) -> Result<i64, StoreError> {
        usage::count(tx, operator, "2026-12", i64::MAX).await?;
        there(tx).await
    }
    let settled =
        store.append("settle", operator, |tx, operator| Box::pin(mark(tx, *operator)), read);
    match settled.await? {
        Written::Committed(there) => Ok(there),
        Written::Unknown(_, error) => Err(error),
    }
}

#[tokio::test]
async fn what_is_settled_under_an_old_version_is_refused_and_leaves_nothing() {
    let (_folder, store) = sqlite().await;
    let operator = with_operator(&store).await;
    let old = store.version();
    assert!(old.is_some());
    assert_eq!(settle(&store, operator, old).await.unwrap(), 0);
    change(&store).await;
    assert!(matches!(settle(&store, operator, old).await, Err(StoreError::Changed)));
    let new = store.version();
    assert_eq!(settle(&store, operator, new).await.unwrap(), 1);
    let marks = store
        .read("marks", operator, |tx, operator| Box::pin(usage::used(tx, *operator, "2026-12")));
    assert_eq!(marks.await.unwrap(), 2, "what was refused left nothing");
}

#[tokio::test]
async fn on_postgres_where_others_write_there_is_no_version() {
    let store = super::postgres().await;
    let operator = with_operator(&store).await;
    assert_eq!(store.version(), None);
    assert_eq!(settle(&store, operator, None).await.unwrap(), 0);
}

/// Readers settle what they read while two others change it, one of them past the writer: whatever
/// is settled is what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_settled_is_what_is_there() {
    let (folder, store) = sqlite().await;
    let operator = with_operator(&store).await;
    let elsewhere = Location::Sqlite(folder.path().join("test.db"));
    let elsewhere = Store::open(&elsewhere, 1).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let writers = [store.clone(), elsewhere].map(|store| {
        let ended = Arc::clone(&ended);
        tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                change(&store).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    });
    let settled = Arc::new(AtomicU32::new(0));
    let changed = Arc::new(AtomicU32::new(0));
    let readers = (0..6).map(|_| {
        let (store, ended) = (store.clone(), Arc::clone(&ended));
        let (settled, changed) = (Arc::clone(&settled), Arc::clone(&changed));
        tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
                let Some(version) = store.version() else { continue };
                let read = read(&store).await;
                tokio::task::yield_now().await;
                match settle(&store, operator, Some(version)).await {
                    Ok(there) => {
                        assert_eq!(there, read, "it was another one when it was settled");
                        settled.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(StoreError::Changed) => _ = changed.fetch_add(1, Ordering::SeqCst),
                    Err(other) => panic!("{other:?}"),
                }
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    let give_up = Instant::now() + Duration::from_secs(20);
    let enough = || settled.load(Ordering::SeqCst) > 300 && changed.load(Ordering::SeqCst) > 100;
    while !enough() && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ended.store(true, Ordering::SeqCst);
    for task in writers.into_iter().chain(readers) {
        task.await.unwrap();
    }
    assert!(enough(), "both were tried: {settled:?} settled, {changed:?} changed");
}
