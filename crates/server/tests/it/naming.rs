//! Requests that name themselves (contract.md, D22a).

use crate::harness::{MUT, Oi, Put, Role, Setup, basic, envelope, fibre};

#[tokio::test]
async fn a_request_that_is_named_gets_its_first_answer_again() {
    let oi = Setup::at("2026-11-23T12:00").start().await;
    let put = Put::new(MUT, "CTP-1240357-1").body();
    let named = |name: &'static str, question: String| {
        let oi = &oi;
        async move { oi.ask_with("oc-demo", &question, &[("idempotency-key", name)]).await }
    };
    // Only accepted puts are remembered.
    named("a", Put::new(MUT, "CTP-1240332-1").body()).await.assert("20015");
    let first = named("a", put.clone()).await;
    first.assert("OK");
    let again = named("a", put.clone()).await;
    assert_eq!(again.body, first.body, "discharge code included");
    oi.ask(&put).await.assert("20012");
    named("b", put.clone()).await.assert("20012");
    let other = Put::new(MUT, "CTP-1240446-1").body();
    named("a", other).await.assert_ko("20001", "Idempotency-Key");
    let keys = [("idempotency-key", "a"), ("idempotency-key", "b")];
    oi.ask_with("oc-demo", &put, &keys).await.assert_ko("20001", "deux fois");
    // Another operator's names are its own.
    let foreign = Put::new("DEMO-AUTRE-OC", &fibre("DEMO-AUTRE-OC", Role::Free)).body();
    let headers = [("idempotency-key", "a")];
    oi.ask_with("oc-autre", &foreign, &headers).await.assert("OK");
    // It stays so after the end, for 24 hours.
    oi.advance(30).await;
    oi.advance(60).await;
    oi.clock.advance_ms(24 * 3_600_000 - 190);
    assert_eq!(named("a", put.clone()).await.body, first.body);
    oi.clock.advance_ms(200);
    named("a", put).await.assert_ko("20015", "déjà la fibre");
    let started = oi.jobs().await.iter().filter(|job| job.contract_ref == MUT).count();
    assert_eq!(started, 1);
}

#[tokio::test]
async fn a_message_id_names_a_request_too() {
    let oi = Oi::demo().await;
    let wsa = "http://www.w3.org/2005/08/addressing";
    let question = envelope(&Put::new(MUT, "CTP-1240357-1").body()).replace(
        "<s:Body>",
        &format!(
            "<s:Header><a:MessageID xmlns:a=\"{wsa}\">urn:uuid:7</a:MessageID></s:Header><s:Body>"
        ),
    );
    let login = basic("oc-demo", "oc-demo");
    let headers = [("authorization", login.as_str())];
    let first = oi.post(&question, &headers).await;
    first.assert("OK");
    assert_eq!(oi.post(&question, &headers).await.body, first.body);
}

#[tokio::test]
async fn a_replay_counts_once() {
    let oi = Oi::demo().await;
    let put = Put::new("DEMO-QUOTA", &fibre("DEMO-QUOTA", Role::Free)).body();
    let headers = [("idempotency-key", "k")];
    for left in [4, 3] {
        let reply = oi.ask_with("oc-quota", &put, &headers).await;
        reply.assert("OK");
        assert!(reply.header("ratelimit").unwrap().contains(&format!("r={left};")));
    }
}
