//! Many at once: one fibre, one quota, two sessions.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::harness::{MUT, Oi, Put, Reply, Role, Setup, count, eventually, fibre, get, structure};

/// Sends every question at the same time, as one operator.
async fn at_once(oi: &Arc<Oi>, login: &'static str, questions: Vec<String>) -> Vec<Reply> {
    let mut all = JoinSet::new();
    for question in questions {
        let oi = Arc::clone(oi);
        all.spawn(async move { oi.ask_as(login, &question).await });
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_contracts_that_ask_for_one_fibre_one_gets_it() {
    for _ in 0..5 {
        let oi = Arc::new(Setup::racing(64).start().await);
        oi.limit("oc-demo", None, Some(64)).await;
        let puts = (0..64).map(|n| Put::new(&format!("RACE-{n}"), "CTP-1240357-1").body());
        let replies = at_once(&oi, "oc-demo", puts.collect()).await;
        assert_eq!((count(&replies, "OK"), count(&replies, "20015")), (1, 63));
        let winner = replies.iter().find(|reply| reply.outcome() == "OK").unwrap();
        let winner = winner.attributes("contrat", "reference").remove(0);
        assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref, Some(winner.clone()));
        oi.until(&winner, "Terminé").await;
        assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref, Some(winner));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_requests_of_one_contract_one_is_accepted() {
    let oi = Arc::new(Setup::config("[networks]\nstart_ms = 60000").start().await);
    oi.limit("oc-demo", None, Some(64)).await;
    let fibres = oi.ask(&structure(MUT)).await.attributes("pto", "reference");
    let puts = fibres.iter().cycle().take(64).map(|fibre| Put::new(MUT, fibre).body());
    let replies = at_once(&oi, "oc-demo", puts.collect()).await;
    assert_eq!(count(&replies, "OK"), 1);
    // The others came while it was being decided, or after it was.
    let others = ["20006", "20012", "20015"].map(|code| count(&replies, code));
    assert_eq!(others.iter().sum::<usize>(), 63, "{others:?}");
    assert_eq!(oi.jobs().await.iter().filter(|job| job.contract_ref == MUT).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_calls_at_the_quota_minus_5_exactly_5_pass() {
    for _ in 0..3 {
        let oi = Arc::new(Oi::demo().await);
        oi.limit("oc-demo", Some(25), Some(200)).await;
        for _ in 0..20 {
            oi.ask(&structure(MUT)).await.assert("OK");
        }
        let questions = (0..200).map(|n| match n % 4 {
            0 => structure(MUT),
            1 => get("ARA-502701"),
            // KO answers count too.
            2 => structure("UNKNOWN"),
            _ => Put::new(MUT, "CTP-1240332-1").body(),
        });
        let replies = at_once(&oi, "oc-demo", questions.collect()).await;
        assert_eq!(count(&replies, "20016"), 195);
        let rows = oi.audited().await;
        let counted = rows.iter().filter(|row| row.code != Some(20016)).count();
        assert_eq!((rows.len(), counted), (220, 25));
        oi.ask(&structure(MUT)).await.assert("20016");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_call_of_the_month_may_be_the_put_that_is_accepted() {
    let oi = Arc::new(Oi::demo().await);
    oi.limit("oc-demo", Some(1), Some(64)).await;
    let puts = (0..16).map(|_| Put::new(MUT, "CTP-1240357-1").body());
    let replies = at_once(&oi, "oc-demo", puts.collect()).await;
    // Whoever was counted, accepted or told 20006, was alone.
    assert_eq!(count(&replies, "20016"), 15);
    let accepted = oi.jobs().await.iter().filter(|job| job.contract_ref == MUT).count();
    assert_eq!(accepted, count(&replies, "OK"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_third_session_is_refused_and_the_first_two_end_normally() {
    let config = "[networks]\nask_deadline_ms = 1000";
    let oi = Arc::new(Setup::config(config).start().await);
    // Two that last: Networks keeps silent about both contracts.
    let slow = ["DEMO-20010", "DEMO-20007"].map(|c| Put::new(c, &fibre(c, Role::Free)).body());
    let (first_two, third) = tokio::join!(at_once(&oi, "oc-demo", slow.to_vec()), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Another operator is not concerned.
        oi.ask_as("oc-autre", &structure("DEMO-AUTRE-OC")).await.assert("OK");
        oi.ask(&structure(MUT)).await
    });
    third.assert_ko("20007", "2 requêtes à la fois");
    assert_eq!(count(&first_two, "20010"), 2);
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_goes_away_loses_no_session_and_its_call_counts() {
    let config = "[networks]\nask_deadline_ms = 500";
    let oi = Setup::config(config).start().await;
    for contract in ["DEMO-20010", "DEMO-20007"] {
        let put = Put::new(contract, &fibre(contract, Role::Free)).body();
        let asking = oi.ask(&put);
        assert!(tokio::time::timeout(Duration::from_millis(100), asking).await.is_err());
    }
    eventually("both are answered", async || (oi.audited().await.len() == 2).then_some(())).await;
    let codes: Vec<_> = oi.audited().await.iter().map(|row| row.code).collect();
    assert_eq!(codes, [Some(20010), Some(20010)], "both were answered, to nobody");
    // The row is there a moment before the session ends; what finds none free does not count.
    let left = eventually("a session is free again", async || {
        let reply = oi.ask(&structure(MUT)).await;
        (reply.outcome() == "OK").then_some(reply)
    })
    .await;
    assert!(left.header("ratelimit").unwrap().contains("r=99997;"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_keeps_its_place_when_its_caller_goes_away() {
    let config = "[networks]\nask_deadline_ms = 600\n[server]\nrequests_at_once_max = 1";
    let oi = Setup::config(config).start().await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let asking = oi.ask(&put);
    assert!(tokio::time::timeout(Duration::from_millis(100), asking).await.is_err());
    let shed = oi.ask(&structure(MUT)).await;
    assert_eq!(shed.text("codeErreur").as_deref(), Some("20004"));
    eventually("its place is free again", async || {
        let reply = oi.ask(&structure(MUT)).await;
        (reply.text("statut").as_deref() == Some("OK")).then_some(())
    })
    .await;
}
