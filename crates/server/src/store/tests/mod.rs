//! The store on both databases: every statement is prepared on both, and what the promises rest on
//! is tried on both. A missing PostgreSQL is a failure: `scripts/test` starts one.

/// Runs one test on both databases, each time on a fresh one.
macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let folder = tempfile::tempdir().unwrap();
                let location = super::Location::Sqlite(folder.path().join("test.db"));
                super::$name(super::Store::open(&location, 4).await.unwrap()).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name(super::postgres().await).await;
            }
        }
    )*};
}

mod chain;
mod copy;
mod embedded;
mod late;
mod network;
mod outbox;
mod shared;
mod upgrade;
mod versions;

use std::sync::atomic::{AtomicU32, Ordering};

use ereprov_domain::route::{Fate, Usage};
use network::{
    by_id, claim, finish, finish_by_lease, insert, job, operator, with_network, with_operator,
};

use outbox::the_outbox_is_in_order_and_held;
use shared::{
    nonces_are_spent_once, sessions_and_decisions_are_held,
    several_migrate_at_once_and_a_newer_schema_is_worked_on,
};

use super::{
    Location, Store, StoreError, admin_acts, audit, contracts, dialect, export, fibres,
    idempotency, inventory, load, migrations, network_orders, nonces, notifications,
    notify_targets, operators, records,
    reprovisionings::{self, Lease, New},
    seals, service, sites,
    statement::Statement,
    usage,
};

on_both! {
    every_statement_is_prepared
    several_migrate_at_once_and_a_newer_schema_is_worked_on
    sessions_and_decisions_are_held
    nonces_are_spent_once
    the_outbox_is_in_order_and_held
    what_fails_is_undone
    the_quota_stops_where_it_says
    a_fibre_has_one_holder
    one_runs_at_a_time
    a_lease_keeps_others_off
    sockets_are_exchanged
    names_are_kept_for_a_time
    rows_come_in_the_order_of_the_inventory
}

/// A fresh database on the PostgreSQL that the test script started.
async fn postgres() -> Store {
    Store::open(&Location::Postgres(postgres_url().await), 16).await.unwrap()
}

/// The same, with nothing in it.
async fn postgres_url() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names a PostgreSQL server; scripts/test starts one");
    let name = format!("store_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (client, connection) =
        tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C'"))
        .await
        .unwrap();
    let (base, _) = server.rsplit_once('/').expect("the URL ends in a database");
    format!("{base}/{name}")
}

fn statements() -> Vec<&'static Statement> {
    let mut all: Vec<&Statement> = [
        admin_acts::ALL,
        audit::ALL,
        contracts::ALL,
        export::ALL,
        fibres::ALL,
        idempotency::ALL,
        inventory::ALL,
        load::ALL,
        dialect::ALL,
        migrations::ALL,
        network_orders::ALL,
        nonces::ALL,
        notifications::ALL,
        notify_targets::ALL,
        operators::ALL,
        records::ALL,
        seals::ALL,
        service::ALL,
        sites::ALL,
        usage::ALL,
    ]
    .concat();
    all.extend(reprovisionings::ALL.concat());
    all
}

async fn every_statement_is_prepared(store: Store) {
    let mut all = statements();
    all.sort_by_key(|statement| statement.name);
    for pair in all.windows(2) {
        assert_ne!(pair[0].name, pair[1].name, "a name of its own for each statement");
    }
    assert!(all.iter().any(|known| std::ptr::eq(*known, &raw const dialect::CLAIM)));
    let prepared = store.write("prepare", all, |tx, all| {
        Box::pin(async move {
            for statement in all {
                tx.prepare(statement)
                    .await
                    .map_err(|error| StoreError::Bug(format!("{}: {error:?}", statement.name)))?;
            }
            Ok(())
        })
    });
    prepared.await.unwrap();
}

async fn what_fails_is_undone(store: Store) {
    let failed = store.write("fail", (), |tx, ()| {
        Box::pin(async move {
            assert!(operators::insert(tx, &operator("oc")).await?);
            Err::<(), _>(StoreError::Bug("on purpose".into()))
        })
    });
    assert!(matches!(failed.await, Err(StoreError::Bug(_))));
    let marked = store.write("mark", (), |tx, ()| {
        Box::pin(async move {
            assert!(operators::insert(tx, &operator("oc")).await?);
            tx.mark().await?;
            assert!(operators::insert(tx, &operator("other")).await?);
            tx.undo_to_mark().await
        })
    });
    marked.await.unwrap();
    let all = store.read("list", (), |tx, ()| Box::pin(operators::list(tx))).await.unwrap();
    assert!(all.iter().map(|operator| operator.login.as_str()).eq(["oc"]));
}

async fn the_quota_stops_where_it_says(store: Store) {
    let id = with_operator(&store).await;
    let counting = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let count =
                store.write("count", id, |tx, id| Box::pin(usage::count(tx, *id, "2026-11", 20)));
            count.await.unwrap()
        })
    });
    let mut passed = Vec::new();
    for task in counting.collect::<Vec<_>>() {
        passed.extend(task.await.unwrap());
    }
    passed.sort_unstable();
    assert_eq!(passed, (1..=20).collect::<Vec<_>>());
    let none = store.write("count", id, |tx, id| Box::pin(usage::count(tx, *id, "2026-12", 0)));
    assert_eq!(none.await.unwrap(), None, "a quota of nothing lets nothing pass");
    let most = store
        .write("count", id, |tx, id| Box::pin(usage::count(tx, *id, "2026-12", u32::MAX.into())));
    assert_eq!(most.await.unwrap(), Some(1), "as many as `ereprovd operator set --quota` takes");
    let used = store.read("used", id, |tx, id| Box::pin(usage::used(tx, *id, "2026-11")));
    assert_eq!(used.await.unwrap(), 20);
}

async fn a_fibre_has_one_holder(store: Store) {
    let net = with_network(&store, 2, 8).await;
    let fibre = net.fibres[0];
    let holding = net.contracts.clone().into_iter().map(|contract| {
        let store = store.clone();
        tokio::spawn(async move {
            let held = store.write("hold", (fibre, contract), |tx, (fibre, contract)| {
                Box::pin(fibres::hold(tx, *fibre, *contract, Usage::Available))
            });
            held.await.unwrap()
        })
    });
    let mut winners = 0;
    for task in holding.collect::<Vec<_>>() {
        winners += i32::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
    let found = by_id(&store, fibre).await;
    assert_eq!(found.usage, Usage::Reserved);
    let holder = found.contract_id.unwrap();
    let released = store.write("release", (fibre, holder), |tx, (fibre, holder)| {
        Box::pin(fibres::release(tx, *fibre, *holder, Usage::Available, false))
    });
    released.await.unwrap();
    let found = by_id(&store, fibre).await;
    assert_eq!((found.usage, found.contract_id), (Usage::Available, None));
}

async fn one_runs_at_a_time(store: Store) {
    let net = with_network(&store, 2, 1).await;
    assert!(insert(&store, job(&net, 0, "a", 1)).await.unwrap());
    assert!(!insert(&store, job(&net, 1, "b", 2)).await.unwrap(), "one runs for the contract");
    let lease = Lease { token: "t".into(), until_ms: 100 };
    assert_eq!(claim(&store, lease, 0).await, ["a"]);
    assert!(finish(&store, "a", "t").await);
    assert!(!finish(&store, "a", "t").await, "an end is an end");
    assert!(insert(&store, job(&net, 1, "b", 2)).await.unwrap());
    let code_twice = New { discharge_code: "a", ..job(&net, 1, "c", 3) };
    assert!(finish_by_lease(&store, "b").await);
    assert!(insert(&store, code_twice).await.is_err(), "a discharge code is one request's");
}

async fn a_lease_keeps_others_off(store: Store) {
    let net = with_network(&store, 3, 3).await;
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        let job = New {
            contract_id: net.contracts[index],
            accepted_ms: i64::try_from(index).unwrap() * 10,
            ..job(&net, index, name, 1)
        };
        assert!(insert(&store, job).await.unwrap());
    }
    let lease = |token: &str, until_ms| Lease { token: token.into(), until_ms };
    assert_eq!(claim(&store, lease("one", 50), 10).await, ["a", "b"]);
    assert_eq!(claim(&store, lease("two", 60), 20).await, ["c"], "the others are held");
    assert!(claim(&store, lease("three", 99), 49).await.is_empty());
    assert_eq!(claim(&store, lease("three", 99), 50).await, ["a", "b"], "a lease ends by itself");
    assert!(!finish(&store, "a", "one").await, "who lost the lease writes nothing");
    assert!(finish(&store, "a", "three").await);
}

async fn sockets_are_exchanged(store: Store) {
    let net = with_network(&store, 2, 1).await;
    let before = (by_id(&store, net.fibres[0]).await, by_id(&store, net.fibres[1]).await);
    let kept = before.0.pto.clone().unwrap();
    let exchange = (before.1.clone(), kept.0);
    for _ in 0..2 {
        let exchanged = store.write("exchange", exchange.clone(), |tx, (fibre, kept)| {
            Box::pin(async move {
                // As the step does: the fibre as it is now.
                let fibre = fibres::by_id(tx, fibre.id).await?.unwrap();
                fibres::exchange_sockets(tx, &fibre, *kept).await
            })
        });
        exchanged.await.unwrap();
        assert_eq!(by_id(&store, net.fibres[1]).await.pto, Some(kept.clone()));
        assert_eq!(by_id(&store, net.fibres[0]).await.pto, before.1.pto, "twice is once");
    }
    let fated = (net.fibres[0], net.contracts[0]);
    let left = store.write("leave", fated, |tx, (fibre, contract)| {
        Box::pin(async move {
            assert!(fibres::hold(tx, *fibre, *contract, Usage::Available).await?);
            fibres::leave(tx, *fibre, *contract, Fate::OutOfService).await
        })
    });
    left.await.unwrap();
    let found = by_id(&store, net.fibres[0]).await;
    assert!(found.out_of_service);
    assert_eq!((found.shown_usage(), found.contract_id), (Usage::Occupied, None));
}

async fn names_are_kept_for_a_time(store: Store) {
    let net = with_network(&store, 1, 1).await;
    assert!(insert(&store, job(&net, 0, "a", 1)).await.unwrap());
    let answer = idempotency::Remembered {
        digest: "d".into(),
        reprovisioning_id: "a".into(),
        discharge_code: "a".into(),
        pm_ref: "PM".into(),
        pm_position: "1".into(),
        fibre_ref: "F0".into(),
        pto_ref: None,
    };
    let kept = (net.operator, answer.clone());
    let remembered = store.write("remember", kept, |tx, (operator, answer)| {
        Box::pin(idempotency::remember(tx, *operator, "n", answer, 1000))
    });
    remembered.await.unwrap();
    let find = |since: i64| {
        let store = store.clone();
        let asked = (net.operator, since);
        async move {
            let found = store.read("find", asked, |tx, (operator, since)| {
                Box::pin(idempotency::find(tx, *operator, "n", *since))
            });
            found.await.unwrap()
        }
    };
    assert_eq!(find(999).await, Some(answer));
    assert_eq!(find(1000).await, None);
    let forgotten = store.write("forget", (), |tx, ()| Box::pin(idempotency::forget(tx, 1000)));
    assert_eq!(forgotten.await.unwrap(), 1);
}

async fn rows_come_in_the_order_of_the_inventory(store: Store) {
    let read = store.write("order", (), |tx, ()| {
        Box::pin(async move {
            let site = inventory::add_site(tx, "S").await?.unwrap();
            for floor in ["06", "13", "12", "é", "Z", "a"] {
                inventory::add_floor(tx, site, ["B", "E", floor]).await?.unwrap();
            }
            assert_eq!(inventory::add_floor(tx, site, ["B", "E", "13"]).await?, None);
            sites::floors(tx, site).await
        })
    });
    let floors: Vec<_> = read.await.unwrap().into_iter().map(|floor| floor.floor).collect();
    assert_eq!(floors, ["06", "13", "12", "é", "Z", "a"]);
}
