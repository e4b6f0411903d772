//! The driver's steps, and what the OI does by hand.

use ereprov_domain::reprovisioning::State;
use ereprov_server::{
    inventory::load::load,
    reprovisioning::admin::{self, AdminError},
    store::{
        Location, Store, admin_acts, fibres,
        operators::{self, Change},
        service::{self, ServiceState},
    },
};

use super::{
    Database, Kind, Nth,
    checks::{nothing_is_half_done, state},
    each_call, on_both, start,
};
use crate::harness::{Oi, Put, Role, Setup, fibre, get, loading, postgres};

on_both!(
    handing_over waiting beginning ending refused given_up cancelling trying_again
    changing_an_operator closing_the_service loading_a_network
);

/// More than a lease of the demo.
const LEASE_MS: i64 = 60_000;

/// What a step is taken of: a contract that may keep its socket, or one that is refused.
struct Stage {
    contract: &'static str,
    keep: bool,
    /// Moves of the clock after the acceptance, each with its steps; then the last one, without.
    moves: &'static [i64],
    ends: &'static str,
}

async fn handing_over(database: Database) {
    let contract = "DEMO-ZMD";
    step(database, Stage { contract, keep: true, moves: &[0], ends: "Terminé" }).await;
}

async fn waiting(database: Database) {
    let contract = "DEMO-ZMD";
    step(database, Stage { contract, keep: true, moves: &[0, 20], ends: "Terminé" }).await;
}

async fn beginning(database: Database) {
    let contract = "DEMO-ZMD";
    step(database, Stage { contract, keep: false, moves: &[0, 2_000], ends: "Terminé" }).await;
}

async fn ending(database: Database) {
    for keep in [true, false] {
        let contract = "DEMO-ZMD";
        let moves = &[0, 2_000, 3_000];
        step(database, Stage { contract, keep, moves, ends: "Terminé" }).await;
    }
}

async fn refused(database: Database) {
    let contract = "DEMO-ECHEC";
    let moves = &[0, 2_000, 3_000];
    step(database, Stage { contract, keep: false, moves, ends: "En échec" }).await;
}

async fn given_up(database: Database) {
    let contract = "DEMO-OPAC";
    step(database, Stage { contract, keep: false, moves: &[0, 1_000], ends: "En échec" }).await;
}

async fn step(database: Database, stage: Stage) {
    let setup = Setup::slow();
    let config = format!(
        "{}\n[workflow]\nfailures_max = 1\n[[networks.behaviour]]\ncontract = \"DEMO-OPAC\"\n\
         errors = 1000000\n",
        setup.config
    );
    // One failure of Networks too many ends it, where the database's failures are Networks' too.
    let config = match stage.contract {
        "DEMO-OPAC" => config,
        _ => setup.config.clone(),
    };
    let (oi, nth) = start(database, Setup { config, ..setup }).await;
    let contract = stage.contract;
    // The line goes to and fro.
    let mut from = fibre(contract, Role::Current);
    let mut to = fibre(contract, if stage.keep { Role::Fresh } else { Role::Free });
    each_call(database, contract, async |n, kind| {
        let put = Put { keep: stage.keep, ..Put::new(contract, &to).motif("PBO saturé") };
        oi.ask(&put.body()).await.assert("OK");
        let (last, before) = stage.moves.split_last().unwrap();
        for ms in before {
            oi.advance(*ms).await;
        }
        oi.clock.advance_ms(*last);
        nth.arm(n, kind);
        let stepped = oi.running.driver.run_due().await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        assert!(stepped.is_ok() || fired.is_some(), "{after}: {stepped:?}");
        nothing_is_half_done(&oi, &after).await;
        carry_on(&oi, contract).await;
        assert_eq!(oi.state(contract).await, stage.ends, "{after}");
        nothing_is_half_done(&oi, &after).await;
        let orders = "SELECT COUNT(*) FROM network_order WHERE NOT cancelled";
        let ended = "SELECT COUNT(*) FROM reprovisioning WHERE request_id <> ''";
        assert!(oi.number(orders).await <= oi.number(ended).await, "{after}: re-patched twice");
        if stage.ends == "Terminé" {
            assert_eq!(oi.fibre(&to).await.contract_ref.as_deref(), Some(contract), "{after}");
            assert_eq!(oi.fibre(&from).await.contract_ref, None, "{after}");
            std::mem::swap(&mut from, &mut to);
        } else {
            let restored = oi
                .store()
                .write("restore", to.clone(), |tx, fibre| Box::pin(fibres::restore(tx, fibre)));
            restored.await.unwrap();
        }
        fired
    })
    .await;
}

/// Until it has ended, lease after lease.
async fn carry_on(oi: &Oi, contract: &str) {
    for _ in 0..20 {
        oi.advance(LEASE_MS).await;
        if !matches!(oi.state(contract).await.as_str(), "Initié" | "En cours") {
            return;
        }
    }
    panic!("{contract} never ends: {}", oi.ask(&get(contract)).await.body);
}

async fn cancelling(database: Database) {
    // Networks takes longer than a canceller's lease, or it would be too late.
    let setup = Setup { config: "[networks]\nstart_ms = 3600000".into(), ..Setup::noon() };
    let (oi, nth) = start(database, setup).await;
    let question = Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body();
    each_call(database, "a cancel", async |n, kind| {
        oi.ask(&question).await.assert("OK");
        let id = oi.running_job().await;
        let driver = &oi.running.driver;
        oi.advance(1).await;
        let now = oi.clock.now_ms();
        nth.arm(n, kind);
        let cancelled = admin::cancel(driver, &id, loading(now)).await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        nothing_is_half_done(&oi, &after).await;
        let is_cancelled = oi.state("DEMO-ZMD").await == "Annulé";
        match cancelled {
            Ok(State::Cancelled) => assert!(is_cancelled, "{after}"),
            Err(AdminError::Store(_) | AdminError::Network(_)) => assert!(fired.is_some()),
            other => panic!("{after}: {other:?}"),
        }
        assert_eq!(acts(&oi, now).await, i64::from(is_cancelled), "{after}");
        // What the canceller that failed held ends by itself.
        oi.clock.advance_ms(LEASE_MS);
        match admin::cancel(driver, &id, loading(now + 1)).await {
            Ok(State::Cancelled) => assert!(!is_cancelled, "{after}"),
            Err(AdminError::Ended(State::Cancelled)) => {}
            // Networks was told, and a driver found that out.
            other => panic!("{after}: {other:?}"),
        }
        nothing_is_half_done(&oi, &after).await;
        assert_eq!(oi.state("DEMO-ZMD").await, "Annulé", "{after}");
        fired
    })
    .await;
}

async fn trying_again(database: Database) {
    let (oi, nth) = start(database, Setup::slow()).await;
    oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await.assert("OK");
    let mut id = oi.running_job().await;
    let driver = &oi.running.driver;
    each_call(database, "a retry", async |n, kind| {
        oi.clock.advance_ms(1);
        let now = oi.clock.now_ms();
        admin::cancel(driver, &id, loading(now)).await.unwrap();
        let before = state(&oi).await;
        nth.arm(n, kind);
        let retried = admin::retry(driver, &id, loading(-now)).await;
        let fired = nth.disarm();
        let after = format!("{fired:?} {kind:?}");
        nothing_is_half_done(&oi, &after).await;
        let runs = oi.state("DEMO-ZMD").await == "Initié";
        assert_eq!(acts(&oi, -now).await, i64::from(runs), "{after}");
        match retried {
            Ok(_) => assert!(runs, "{after}"),
            Err(AdminError::Store(_)) if runs => assert!(fired.is_some()),
            Err(AdminError::Store(_)) => assert_eq!(state(&oi).await, before, "{after}"),
            other => panic!("{after}: {other:?}"),
        }
        if !runs {
            admin::retry(driver, &id, loading(-now)).await.unwrap();
        }
        id = oi.running_job().await;
        fired
    })
    .await;
}

async fn acts(oi: &Oi, number: i64) -> i64 {
    let id = loading(number).id;
    oi.number(&format!("SELECT COUNT(*) FROM admin_act WHERE id = '{id}'")).await
}

async fn changing_an_operator(database: Database) {
    let (oi, nth) = start(database, Setup::noon()).await;
    each_call(database, "a change", async |n, kind| {
        let number = i64::try_from(n).unwrap() + 1_000 * kind as i64;
        nth.arm(n, kind);
        let changed = oi.store().write("change", number, |tx, number| {
            Box::pin(async move {
                operators::change(tx, "oc-demo", &Change::Quota(Some(*number)), 0).await?;
                admin_acts::record(tx, &loading(*number)).await
            })
        });
        let changed = changed.await;
        let fired = nth.disarm();
        let quota = oi.number("SELECT quota FROM operator WHERE login = 'oc-demo'").await;
        let act = acts(&oi, number).await;
        assert_eq!(quota == number, act == 1, "{fired:?} {kind:?}");
        assert!(changed.is_err() || act == 1, "{fired:?} {kind:?}");
        fired
    })
    .await;
}

async fn closing_the_service(database: Database) {
    let (oi, nth) = start(database, Setup::noon()).await;
    each_call(database, "a close", async |n, kind| {
        oi.clock.advance_ms(1);
        let now = oi.clock.now_ms();
        nth.arm(n, kind);
        let closed = oi.store().write("close", now, |tx, now| {
            Box::pin(async move {
                let state = ServiceState { closed: true, reason: "test".into(), until_ms: None };
                service::write(tx, &state, *now).await?;
                admin_acts::record(tx, &loading(*now)).await
            })
        });
        let closed = closed.await;
        let fired = nth.disarm();
        let is_closed = oi.ask(&get("ARA-502701")).await.outcome() == "-1";
        assert_eq!(is_closed, acts(&oi, now).await == 1, "{fired:?} {kind:?}");
        assert!(closed.is_err() || is_closed, "{fired:?} {kind:?}");
        let opened = oi.store().write("open", now, |tx, now| {
            Box::pin(async move {
                let state = ServiceState { closed: false, reason: String::new(), until_ms: None };
                service::write(tx, &state, *now).await
            })
        });
        opened.await.unwrap();
        fired
    })
    .await;
}

/// Its first calls, then every 11th: a load makes some hundred.
async fn loading_a_network(database: Database) {
    let folder = tempfile::TempDir::new().unwrap();
    let location = match database {
        Database::Sqlite => Location::Sqlite(folder.path().join("load.db")),
        Database::Postgres => Location::Postgres(postgres::fresh().await),
    };
    let nth = Nth::default();
    let store = Store::open(&location, 2).await.unwrap().with_faults(nth.faults());
    let setup = Setup::default();
    let profiles = setup.profiles();
    let (mut n, mut failed) = (1, 0);
    loop {
        nth.arm(n, if n % 2 == 0 { Kind::Broken } else { Kind::Unavailable });
        let loaded = load(&store, &setup.files, &profiles, loading(0)).await;
        let Some(call) = nth.disarm() else {
            loaded.unwrap();
            break;
        };
        if call == "COMMITTED" {
            break;
        }
        assert!(loaded.is_err(), "{call}: it failed, and was loaded");
        let there = store.read("there", (), |tx, ()| Box::pin(operators::list(tx)));
        assert!(there.await.unwrap().is_empty(), "{call}: half of it is there");
        failed += 1;
        n += if n < 8 { 1 } else { 11 };
    }
    assert!(failed > 10, "{failed} calls failed");
}
