//! What several instances share: the schema, and what their requests hold.

use std::time::Duration;

use tokio::{net::TcpListener, time::timeout};

use super::with_operator;
use crate::store::{
    Location, Store, StoreError, migrations,
    nonces::{self, Nonce, Spent},
    statement::{Statement, statement},
};

pub(super) async fn several_migrate_at_once_and_a_newer_schema_is_worked_on(store: Store) {
    let newer = |needs: i64| {
        let store = store.clone();
        async move {
            let text = format!(
                "DELETE FROM schema_step WHERE number = 99;
                 INSERT INTO schema_step (number, name, needs) VALUES (99, 'later', {needs})"
            );
            let written = store.write("newer", text, |tx, text| Box::pin(tx.script(text)));
            written.await.unwrap();
            let current = store.read("current", (), |tx, ()| Box::pin(migrations::is_current(tx)));
            let run = store.write("migrate", (), |tx, ()| Box::pin(migrations::run(tx)));
            (current.await.unwrap(), run.await)
        }
    };
    let (current, run) = newer(1).await;
    assert!(current && run.is_ok(), "a step that only adds lets this program go on: {run:?}");
    let (current, run) = newer(99).await;
    assert!(!current);
    assert!(matches!(run, Err(StoreError::Broken(why)) if why.to_string().contains("step 99")));
}

pub(super) async fn sessions_and_decisions_are_held(store: Store) {
    let mut first = store.seat().await.unwrap();
    let mut second = store.seat().await.unwrap();
    let mut third = store.seat().await.unwrap();
    assert!(first.open_session(1, 2).await.unwrap());
    assert!(second.open_session(1, 2).await.unwrap());
    assert!(!third.open_session(1, 2).await.unwrap(), "the third of two");
    assert_eq!(store.sessions(1), 2);
    assert!(third.open_session(2, 2).await.unwrap(), "another operator");
    assert!(first.begin_decision(1, "A").await.unwrap());
    assert!(!second.begin_decision(1, "A").await.unwrap());
    assert!(second.begin_decision(1, "B").await.unwrap(), "another contract");
    assert!(third.begin_decision(2, "A").await.unwrap(), "another operator's");
    first.leave().await;
    assert!(third.begin_decision(1, "A").await.unwrap());
    let mut fourth = store.seat().await.unwrap();
    assert!(fourth.open_session(1, 2).await.unwrap(), "one is free again");
    // Dropped in the middle, as a bug does.
    drop(second);
    let mut fifth = store.seat().await.unwrap();
    let give_up = std::time::Instant::now() + Duration::from_secs(5);
    while !fifth.open_session(1, 2).await.unwrap() {
        assert!(std::time::Instant::now() < give_up, "what was dropped is never free");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(store.sessions(1), 2);
}

#[tokio::test]
async fn a_host_that_says_nothing_does_not_keep_us_from_the_next() {
    let url = super::postgres_url().await;
    // Its machine takes connections, and nobody answers on them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let first = format!("@{},", silent.local_addr().unwrap());
    let location = Location::Postgres(url.replacen('@', &first, 1));
    let opened = timeout(Duration::from_secs(10), Store::open(&location, 4)).await;
    let store = opened.expect("the second host is reached").unwrap();
    assert!(store.within(Duration::from_secs(3)).seat().await.is_ok());
}

/// Whether a connection is encrypted, as the server sees it.
static ENCRYPTED: Statement = statement!(
    "test.encrypted",
    "SELECT CASE WHEN ssl THEN 1 ELSE 0 END AS encrypted
     FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
);

async fn encrypted(url: &str) -> Result<bool, StoreError> {
    let store = Store::open(&Location::Postgres(url.to_owned()), 2).await?;
    let encrypted = store.read("encrypted", (), |tx, ()| {
        Box::pin(async move { tx.first(&ENCRYPTED, &[], |row| row.int("encrypted")).await })
    });
    Ok(encrypted.await? == Some(1))
}

#[tokio::test]
async fn postgres_is_encrypted_and_verified_where_its_authority_is_named() {
    let url = super::postgres_url().await;
    let authority = std::env::var("TEST_POSTGRES_CA").expect("scripts/postgres sets it");
    assert!(!encrypted(&url).await.unwrap());
    assert!(encrypted(&format!("{url}?sslrootcert={authority}")).await.unwrap());
    // A server that another authority vouches for, if any does, is not ours.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let stranger = rcgen::CertificateParams::new([]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&other, stranger.pem()).unwrap();
    let refused = encrypted(&format!("{url}?sslrootcert={}", other.display())).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let missing = encrypted(&format!("{url}?sslrootcert=/nowhere/ca.pem")).await;
    assert!(missing.is_err_and(|error| error.chain().contains("/nowhere/ca.pem")));
}

pub(super) async fn nonces_are_spent_once(store: Store) {
    let operator_id = with_operator(&store).await;
    let spend = |nonce: &str, now_ms: i64| {
        let nonce = Nonce { operator_id, nonce: nonce.to_owned(), expires_ms: now_ms + 100 };
        let store = store.clone();
        async move {
            let spent = store.write("spend", (nonce, now_ms), |tx, (nonce, now_ms)| {
                Box::pin(nonces::spend(tx, nonce, *now_ms, 2))
            });
            spent.await.unwrap()
        }
    };
    assert_eq!(spend("a", 0).await, Spent::Now);
    let mut many = tokio::task::JoinSet::new();
    (0..8).for_each(|_| _ = many.spawn(spend("b", 50)));
    let many = many.join_all().await;
    assert_eq!(many.iter().filter(|spent| **spent == Spent::Now).count(), 1, "{many:?}");
    assert_eq!(many.iter().filter(|spent| **spent == Spent::Before).count(), 7, "{many:?}");
    // Two at a time: one more has to wait until the first has had its time, forgotten or not.
    assert_eq!(spend("c", 99).await, Spent::TooMany);
    assert_eq!(spend("a", 99).await, Spent::Before);
    assert_eq!(spend("c", 100).await, Spent::Now);
    let forget = store.write("forget", (), |tx, ()| Box::pin(nonces::forget(tx, 100)));
    assert_eq!(forget.await.unwrap(), 1);
    assert_eq!(spend("b", 100).await, Spent::Before);
}
