//! Several instances on one PostgreSQL tell each contract in order.

use std::{collections::HashMap, time::Duration};

use crate::{
    harness::{Put, Setup, receiver::Behaviour},
    notify::rig::Rig,
};

/// Free fibres of the specification's site.
const FIBRES: [&str; 6] = [
    "CTP-1240357-1",
    "CTP-1240446-1",
    "CTP-1240341-1",
    "CTP-1240360-1",
    "CTP-1240369-1",
    "CTP-1240370-1",
];

async fn to_and_fro(rig: &Rig, line: usize) {
    let contract = format!("RACE-{line}");
    for round in 0..4 {
        let fibre = FIBRES[line * 2 + round % 2];
        let put = Put::new(&contract, fibre).motif("PBO saturé").body();
        rig.oi.ask(&put).await.assert("OK");
        rig.oi.until(&contract, "Terminé").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_tell_each_contract_in_order_and_nothing_is_lost() {
    let mut setup = Setup::racing(3).on_postgres().await;
    setup.config = "[profiles.OC]\nsessions = 50\n[workflow]\nlease_ms = 400".into();
    let rig = Rig::start(setup).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    let second = rig.oi.another().await;
    // Every third request fails, in another way each time.
    let fails = [Behaviour::Answers(500), Behaviour::Answers(204), Behaviour::Answers(204)];
    let dies = [Behaviour::Dies, Behaviour::Answers(204), Behaviour::Answers(400)];
    receiver.next(&[fails, dies, fails, dies].concat());
    // Three lines, each to one fibre and back, four times.
    tokio::join!(to_and_fro(&rig, 0), to_and_fro(&rig, 1), to_and_fro(&rig, 2));
    // One of the two goes away in the middle of it all.
    second.stop().await;
    let waiting = "SELECT COUNT(*) FROM notification WHERE state <> 'delivered'";
    crate::harness::eventually("everything delivered", async || {
        (rig.oi.number(waiting).await == 0).then_some(())
    })
    .await;
    assert_eq!(receiver.at_once(), 1, "one at a time delivers to an address");
    let mut heard = HashMap::<String, Vec<String>>::new();
    for told in receiver.taken() {
        let event = told.json();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let contract = heard.entry(text("subject")).or_default();
        // Told twice is allowed, as long as it is the same.
        if contract.last() != Some(&text("sequence")) {
            contract.push(text("sequence"));
        }
    }
    for (contract, sequence) in &heard {
        let expected: Vec<_> = (1..=4).map(|n| format!("{n:010}")).collect();
        assert_eq!(sequence, &expected, "{contract}");
    }
    assert_eq!(heard.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_dead_instance_had_in_hand_another_takes_over() {
    let mut setup = Setup::default().on_postgres().await;
    setup.config = String::new();
    let rig = Rig::start(setup).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    rig.moves("DEMO-SIMPLE", "CTP-6002102-1").await;
    receiver.until_taken(1).await;
    // An address that some instance holds, which will never let go of it.
    let held = "UPDATE notify_target SET lease_token = 'dead', lease_until_ms = \
                CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + 2000";
    rig.oi.beside().await.run(held).await;
    let begun = std::time::Instant::now();
    rig.moves("DEMO-ZMD", "CTP-6000102-1").await;
    receiver.until_taken(2).await;
    assert!(begun.elapsed() > Duration::from_millis(1500), "it was held: {:?}", begun.elapsed());
}
