//! Several instances on one PostgreSQL: the promises hold over all of them.

use std::{fmt::Write, sync::Arc, time::Duration};

use ereprov_server::store::service::{self, ServiceState};
use tokio::task::JoinSet;

use crate::harness::{MUT, Oi, Put, Reply, Role, Setup, count, eventually, fibre, get, structure};

/// Three instances on a fresh database.
async fn three(setup: Setup) -> Vec<Arc<Oi>> {
    let first = setup.on_postgres().await.start().await;
    let others = [first.another().await, first.another().await];
    std::iter::once(first).chain(others).map(Arc::new).collect()
}

/// Sends every question at the same time, each to another instance than the one before.
async fn at_once(instances: &[Arc<Oi>], questions: Vec<String>) -> Vec<Reply> {
    let mut all = JoinSet::new();
    for (question, oi) in questions.into_iter().zip(instances.iter().cycle()) {
        let oi = Arc::clone(oi);
        all.spawn(async move { oi.ask(&question).await });
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_48_contracts_that_ask_for_one_fibre_one_gets_it() {
    let instances = three(Setup::racing(48)).await;
    instances[0].limit("oc-demo", None, Some(64)).await;
    let puts = (0..48).map(|n| Put::new(&format!("RACE-{n}"), "CTP-1240357-1").body());
    let replies = at_once(&instances, puts.collect()).await;
    assert_eq!((count(&replies, "OK"), count(&replies, "20015")), (1, 47));
    let winner = replies.iter().find(|reply| reply.outcome() == "OK").unwrap();
    let winner = winner.attributes("contrat", "reference").remove(0);
    // Whichever instance carries it on, each shows the same.
    for oi in &instances {
        oi.until(&winner, "Terminé").await;
        assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref, Some(winner.clone()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_48_requests_of_one_contract_one_is_accepted() {
    let instances = three(Setup::config("[networks]\nstart_ms = 60000")).await;
    instances[0].limit("oc-demo", None, Some(64)).await;
    let fibres = instances[0].ask(&structure(MUT)).await.attributes("pto", "reference");
    let puts = fibres.iter().cycle().take(48).map(|fibre| Put::new(MUT, fibre).body());
    let replies = at_once(&instances, puts.collect()).await;
    assert_eq!(count(&replies, "OK"), 1);
    let others = ["20006", "20012", "20015"].map(|code| count(&replies, code));
    assert_eq!(others.iter().sum::<usize>(), 47, "{others:?}");
    let jobs = instances[1].jobs().await;
    assert_eq!(jobs.iter().filter(|job| job.contract_ref == MUT).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_contracts_that_keep_one_socket_do_not_both_get_it() {
    let mut setup = Setup::default();
    let contracts = setup.files.get_mut("contracts.csv").unwrap();
    for (n, own) in [(1, "CTP-1240446-1"), (2, "CTP-1240341-1")] {
        writeln!(
            contracts,
            "KEEP-{n};oc-demo;SC-423361;BATIMENT-1;ESCALIER-44;ETAGE-15;{own};;;\
             ztd;collective;real;no;no;open;connection"
        )
        .unwrap();
    }
    let instances = three(setup).await;
    // CTP-1240360-1's socket is nobody's, and both technicians found it.
    let put = |contract: &str, fibre: &str| {
        Put::new(contract, fibre).keep().pto("CTP-1240360-1").motif("PBO saturé").body()
    };
    let puts = vec![put("KEEP-1", "CTP-1240359-1"), put("KEEP-2", "CTP-1240902-1")];
    let replies = at_once(&instances, puts).await;
    assert_eq!((count(&replies, "OK"), count(&replies, "20015")), (1, 1), "{replies:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_120_calls_at_the_quota_minus_5_exactly_5_pass() {
    let instances = three(Setup::default()).await;
    instances[0].limit("oc-demo", Some(25), Some(200)).await;
    for oi in instances.iter().cycle().take(20) {
        oi.ask(&structure(MUT)).await.assert("OK");
    }
    let questions = (0..120).map(|n| match n % 3 {
        0 => structure(MUT),
        1 => structure("UNKNOWN"),
        _ => Put::new(MUT, "CTP-1240332-1").body(),
    });
    let replies = at_once(&instances, questions.collect()).await;
    assert_eq!(count(&replies, "20016"), 115);
    let rows = instances[2].audited().await;
    let counted = rows.iter().filter(|row| row.code != Some(20016)).count();
    assert_eq!((rows.len(), counted), (140, 25));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_third_session_is_refused_wherever_it_asks() {
    let instances = three(Setup::config("[networks]\nask_deadline_ms = 5000")).await;
    // Two that last: Networks keeps silent about both contracts.
    let slow = ["DEMO-20010", "DEMO-20007"].map(|c| Put::new(c, &fibre(c, Role::Free)).body());
    let (first_two, ()) = tokio::join!(at_once(&instances[..2], slow.to_vec()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for oi in &instances {
            oi.ask(&structure(MUT)).await.assert_ko("20007", "2 requêtes à la fois");
            oi.ask_as("oc-autre", &structure("DEMO-AUTRE-OC")).await.assert("OK");
        }
    });
    assert_eq!(count(&first_two, "20010"), 2);
    for oi in &instances {
        oi.ask(&structure(MUT)).await.assert("OK");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_20006_wherever_the_other_request_is_decided() {
    let instances = three(Setup::config("[networks]\nask_deadline_ms = 5000")).await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let (first, ()) = tokio::join!(instances[0].ask(&put), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        instances[1].ask(&put).await.assert_ko("20006", "à l'étude");
        // Reads are never refused for this.
        instances[2].ask(&get("DEMO-20010")).await.assert("20014");
    });
    first.assert("20010");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_closed_service_is_closed_on_every_instance_at_once() {
    let instances = three(Setup::default()).await;
    let set = async |closed: bool| {
        let state = ServiceState { closed, reason: "essai".into(), until_ms: None };
        let written = instances[0]
            .store()
            .write("close", state, |tx, state| Box::pin(service::write(tx, state, 0)));
        written.await.unwrap();
    };
    set(true).await;
    for oi in &instances {
        oi.ask(&structure(MUT)).await.assert("-1");
    }
    set(false).await;
    for oi in &instances {
        oi.ask(&structure(MUT)).await.assert("OK");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_gets_its_first_answer_again_on_another_instance() {
    let instances = three(Setup::default()).await;
    let put = Put::new(MUT, "CTP-1240357-1").body();
    let name = [("idempotency-key", "one")];
    let first = instances[0].ask_with("oc-demo", &put, &name).await;
    let code = first.assert("OK").text("codeDecharge").unwrap();
    let again = instances[1].ask_with("oc-demo", &put, &name).await;
    assert_eq!(again.assert("OK").text("codeDecharge"), Some(code));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_an_instance_leaves_undone_another_carries_on() {
    let mut instances = three(Setup::config("[networks]\nstart_ms = 300\nrepatch_ms = 300")).await;
    let put = Put::new(MUT, "CTP-1240357-1").body();
    instances[0].ask(&put).await.assert("OK");
    let first = Arc::into_inner(instances.remove(0)).unwrap();
    first.running.stop().await;
    instances[0].until(MUT, "Terminé").await;
    let moved = eventually("the line has moved", async || {
        instances[1].fibre("CTP-1240357-1").await.contract_ref
    });
    assert_eq!(moved.await, MUT);
}
