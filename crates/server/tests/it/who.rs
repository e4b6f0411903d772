//! Who may ask what, how much, how often: closed, logins, profiles, sessions, quota, other operators.

use std::time::Duration;

use ereprov_server::{
    clock::Entropy,
    store::{
        operators::{self, Change},
        service::{self, ServiceState},
    },
};

use crate::harness::{MUT, Oi, Put, Role, Setup, basic, envelope, fibre, get, routes, structure};

#[tokio::test]
async fn code_minus_1_closed_at_once_and_open_again() {
    let oi = Setup::at("2026-11-23T12:00").start().await;
    let close = |closed: bool, until_ms: Option<i64>| {
        let state = ServiceState { closed, reason: "Maintenance du SI".into(), until_ms };
        oi.store().write("close", state, |tx, state| Box::pin(service::write(tx, state, 0)))
    };
    let until = ereprov_server::calendar::parse("2026-11-23T14:00");
    close(true, until).await.unwrap();
    for question in [structure(MUT), routes(MUT), get(MUT), Put::new(MUT, "CTP-1240357-1").body()] {
        let reply = oi.ask(&question).await;
        reply.assert_ko(
            "-1",
            "WS fermé : réouverture prévue le 23/11/2026 à 14:00 ; Maintenance du SI",
        );
        assert_eq!(reply.header("retry-after"), Some("7200"));
        assert!(reply.header("ratelimit").is_none(), "it does not count");
    }
    let stranger = oi.ask_as("nobody", &structure(MUT)).await;
    stranger.assert("-1");
    close(true, None).await.unwrap();
    assert_eq!(oi.ask(&get(MUT)).await.header("retry-after"), Some("300"));
    close(false, None).await.unwrap();
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn code_10000_reads_alike_for_an_unknown_login_and_a_wrong_password() {
    let oi = Oi::demo().await;
    let question = envelope(&structure(MUT));
    let mut answers = Vec::new();
    for (login, password) in [("oc-demo", "wrong"), ("nobody", "wrong"), ("", ""), ("oc-demo", "")]
    {
        let reply = oi.post(&question, &[("authorization", &basic(login, password))]).await;
        assert_eq!(reply.status, 200);
        reply.assert("10000");
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn code_20007_for_the_third_and_the_first_two_end_normally() {
    let oi = Setup::config("[networks]\nask_deadline_ms = 800").start().await;
    // Two slow ones of the same operator: Networks is silent about the first contract, and the
    // second request is about the same one.
    let slow = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    oi.limit("oc-demo", None, Some(1)).await;
    let (first, second) = tokio::join!(oi.ask(&slow), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        oi.ask(&structure(MUT)).await
    });
    first.assert("20010");
    second.assert_ko("20007", "1 requête à la fois");
    assert_eq!(second.header("retry-after"), Some("1"));
    assert!(second.header("ratelimit").is_none(), "it does not count");
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn code_20016_for_the_sixth_of_five_and_all_after_it_until_the_month_turns() {
    let oi = Setup::at("2026-11-30T23:59:00").start().await;
    for _ in 0..5 {
        // KO answers count like any other.
        oi.ask_as("oc-quota", &structure("UNKNOWN")).await.assert("20019");
    }
    for _ in 0..3 {
        oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await.assert("20016");
    }
    let put = Put::new("DEMO-QUOTA", &fibre("DEMO-QUOTA", Role::Free)).body();
    oi.ask_as("oc-quota", &put).await.assert("20016");
    oi.clock.advance_ms(60_000);
    oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await.assert("OK");
}

#[tokio::test]
async fn code_20019_says_the_same_of_another_operators_contract() {
    let oi = Oi::demo().await;
    let question = |contract: &str| {
        let free = fibre("DEMO-AUTRE-OC", Role::Free);
        [structure(contract), routes(contract), get(contract), Put::new(contract, &free).body()]
    };
    for (foreign, unknown) in question("DEMO-AUTRE-OC").into_iter().zip(question("DEMO-XXXXX-XX")) {
        let (foreign, unknown) = (oi.ask(&foreign).await, oi.ask(&unknown).await);
        foreign.assert_ko("20019", "referenceContrat");
        assert_eq!(foreign.body, unknown.body);
        assert_eq!(foreign.headers.len(), unknown.headers.len());
    }
    oi.ask_as("oc-autre", &structure("DEMO-AUTRE-OC")).await.assert("OK");
}

#[tokio::test]
async fn codes_20020_and_20021_come_before_anything_is_counted() {
    let oi = Oi::demo().await;
    oi.ask_as("oc-sans-profil", &structure(MUT)).await.assert_ko("20020", "profil");
    let put = Put::new("DEMO-LECTURE", &fibre("DEMO-LECTURE", Role::Free)).body();
    let reply = oi.ask_as("oc-lecture", &put).await;
    reply.assert_ko("20021", "méthode");
    assert!(reply.header("ratelimit").is_none());
    oi.ask_as("oc-lecture", &structure("DEMO-LECTURE")).await.assert("OK");
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let oi = Oi::demo().await;
    // Login before profile, profile before arguments, arguments before the contract.
    let nonsense = structure("").replace("referenceContrat", "nonsense");
    oi.ask_as("nobody", &nonsense).await.assert("10000");
    oi.ask_as("oc-sans-profil", &nonsense).await.assert("20020");
    oi.ask(&nonsense).await.assert("20001");
    // The order before a running one, and both before the fibre.
    let unknown_fibre = Put::new("DEMO-SANS-COMMANDE", "CTP-0-0").body();
    oi.ask(&unknown_fibre).await.assert("20018");
    oi.ask(&Put::new("DEMO-LENT", &fibre("DEMO-LENT", Role::Free)).body()).await.assert("OK");
    oi.ask(&Put::new("DEMO-LENT", "CTP-0-0").body()).await.assert("20012");
    // An unknown fibre before the rules, the rules before Networks.
    oi.ask(&Put::new("DEMO-20008", "CTP-0-0").body()).await.assert("20005");
    let current = fibre("DEMO-20008", Role::Current);
    oi.ask(&Put::new("DEMO-20008", &current).body()).await.assert("20015");
    // The method before the quota, the quota before the arguments, those before the contract.
    let named_nonsense = Put::new("UNKNOWN", &"F".repeat(256)).body();
    oi.ask(&named_nonsense).await.assert("20001");
    for login in ["oc-lecture", "oc-quota"] {
        oi.limit(login, Some(0), None).await;
    }
    oi.ask_as("oc-lecture", &named_nonsense).await.assert("20021");
    oi.ask_as("oc-quota", &nonsense).await.assert("20016");
}

#[tokio::test]
async fn sessions_come_before_the_quota_and_a_replay_before_the_order() {
    let oi = Setup::config("[networks]\nask_deadline_ms = 800").start().await;
    oi.limit("oc-demo", None, Some(1)).await;
    let slow = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let (_, second) = tokio::join!(oi.ask(&slow), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        oi.limit("oc-demo", Some(0), Some(1)).await;
        oi.ask(&structure(MUT)).await
    });
    second.assert("20007");
    oi.ask(&structure(MUT)).await.assert("20016");
    oi.limit("oc-demo", Some(100), None).await;
    let put = Put::new(MUT, "CTP-1240357-1").body();
    let named = async |put: &str| oi.ask_with("oc-demo", put, &[("idempotency-key", "k")]).await;
    let first = named(&put).await;
    first.assert("OK");
    let done = format!("UPDATE contract SET order_state = 'done' WHERE ref = '{MUT}'");
    oi.beside().await.run(&done).await;
    assert_eq!(named(&put).await.body, first.body);
    oi.ask(&put).await.assert("20018");
}

#[tokio::test]
async fn a_disabled_operator_is_nobody_and_a_new_password_counts_at_once() {
    let oi = Oi::demo().await;
    oi.ask(&structure(MUT)).await.assert("OK");
    let change = |disabled: bool, password: &'static str| {
        let hash = ereprov_server::admission::password::hash(password, &Entropy::system()).unwrap();
        let changes = [Change::Disabled(disabled), Change::Password(hash)];
        oi.store().write("change", changes, |tx, changes| {
            Box::pin(async move {
                for change in changes {
                    operators::change(tx, "oc-demo", change, 0).await?;
                }
                Ok(())
            })
        })
    };
    change(false, "nouveau-mdp").await.unwrap();
    oi.ask(&structure(MUT)).await.assert("10000");
    let login = basic("oc-demo", "nouveau-mdp");
    oi.post(&envelope(&structure(MUT)), &[("authorization", &login)]).await.assert("OK");
    change(true, "nouveau-mdp").await.unwrap();
    let reply = oi.post(&envelope(&structure(MUT)), &[("authorization", &login)]).await;
    assert_eq!(
        reply.libelle(),
        "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"
    );
}
