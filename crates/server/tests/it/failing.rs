//! What becomes of a re-provisioning when Networks or a driver fails.

use ereprov_domain::{reprovisioning::State, route::Usage};
use ereprov_server::{
    reprovisioning::steps::{Outcome, Record, perform, record},
    store::reprovisionings::{self, Lease, Now},
};

use crate::harness::{MUT, Put, Role, Setup, fibre, get};

#[tokio::test]
async fn a_refusal_of_networks_ends_as_failed_and_frees_the_fibre() {
    let oi = Setup::noon().start().await;
    let free = fibre("DEMO-ECHEC", Role::Free);
    oi.ask(&Put::new("DEMO-ECHEC", &free).body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    let reply = oi.ask(&get("DEMO-ECHEC")).await;
    assert_eq!(reply.attributes("reprovisionning", "statut"), ["En échec"]);
    assert!(reply.attributes("fibre", "reference").is_empty(), "{}", reply.body);
    assert!(reply.attributes("pm", "reference").is_empty());
    let freed = oi.fibre(&free).await;
    assert_eq!((freed.usage, freed.contract_ref), (Usage::Available, None));
    let current = oi.fibre(&fibre("DEMO-ECHEC", Role::Current)).await;
    assert_eq!(current.contract_ref.as_deref(), Some("DEMO-ECHEC"), "the line stays where it was");
    oi.ask(&Put::new("DEMO-ECHEC", &free).body()).await.assert("OK");
}

#[tokio::test]
async fn failures_are_repeated_later_and_later_and_given_up_visibly() {
    let config = "[workflow]\nfailures_max = 4\nbackoff_first_ms = 1000\nbackoff_max_ms = 2500\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nerrors = 3\n
        [[networks.behaviour]]\ncontract = \"DEMO-OPAC\"\nerrors = 1000\n";
    let oi = Setup { config: config.into(), ..Setup::noon() }.start().await;
    for contract in ["DEMO-ZMD", "DEMO-OPAC"] {
        oi.ask(&Put::new(contract, &fibre(contract, Role::Free)).body()).await.assert("OK");
    }
    let failures = async || {
        let mut jobs = oi.jobs().await;
        jobs.sort_by(|a, b| a.contract_ref.cmp(&b.contract_ref));
        [jobs[1].failures, jobs[2].failures]
    };
    // ARA-502701's, loaded with the demo, comes first; then OPAC's and ZMD's.
    oi.advance(0).await;
    assert_eq!(failures().await, [1, 1]);
    oi.advance(999).await;
    assert_eq!(failures().await, [1, 1], "not before a second has passed");
    oi.advance(1).await;
    assert_eq!(failures().await, [2, 2]);
    oi.advance(2000).await;
    assert_eq!(failures().await, [3, 3], "twice as long");
    oi.advance(2500).await;
    // The fourth failure: it is called off, of which Networks says nothing either; the other one
    // works by now.
    assert_eq!(oi.state("DEMO-OPAC").await, "Initié");
    for _ in 0..4 {
        oi.advance(2500).await;
    }
    assert_eq!(oi.state("DEMO-OPAC").await, "En échec");
    let failed = oi.jobs().await.into_iter().find(|job| job.contract_ref == "DEMO-OPAC").unwrap();
    let because = failed.ended_because.unwrap();
    assert!(because.starts_with("given up after 8 failures"), "{because}");
    // Nobody knows what Networks did: the fibre is nobody's, and offered to nobody.
    let unsure = oi.fibre(&failed.fibre_ref).await;
    assert_eq!((unsure.contract_ref, unsure.out_of_service), (None, true));
    oi.advance(20).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ZMD").await, "Terminé");
}

#[tokio::test]
async fn what_is_called_off_after_too_many_failures_frees_its_fibre() {
    let config = "[workflow]\nfailures_max = 2\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nerrors = 2\n";
    let oi = Setup { config: config.into(), ..Setup::noon() }.start().await;
    let free = fibre("DEMO-ZMD", Role::Free);
    oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
    oi.advance(0).await;
    oi.advance(10).await;
    // The third call, which calls it off, works.
    assert_eq!(oi.state("DEMO-ZMD").await, "En échec");
    let freed = oi.fibre(&free).await;
    assert_eq!((freed.contract_ref, freed.usage), (None, Usage::Available));
    let cancelled = "SELECT COUNT(*) FROM network_order WHERE cancelled";
    assert_eq!(oi.beside().await.number(cancelled).await, 1, "Networks will not do it later");
}

#[tokio::test]
async fn a_giving_up_that_is_cut_in_the_middle_is_a_failure_all_the_same() {
    let config = "[workflow]\nfailures_max = 2\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nerrors = 2\n";
    let oi = Setup { config: config.into(), ..Setup::noon() }.start().await;
    let free = fibre("DEMO-ZMD", Role::Free);
    oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
    oi.advance(0).await;
    let job = oi.jobs().await.into_iter().find(|job| job.contract_ref == "DEMO-ZMD").unwrap();
    assert_eq!(job.failures, 1);
    // The second failure: called off in Networks, and killed before that is recorded.
    let driver = &oi.running.driver;
    let lost = perform(&driver.networks, &driver.patience, &job, oi.clock.now_ms()).await;
    assert!(matches!(lost, Outcome::End(State::Failed, _)), "{lost}");
    for _ in 0..3 {
        oi.advance(2500).await;
    }
    assert_eq!(oi.state("DEMO-ZMD").await, "En échec", "nobody cancelled it");
    let freed = oi.fibre(&free).await;
    assert_eq!((freed.contract_ref, freed.usage), (None, Usage::Available));
}

#[tokio::test]
async fn a_networks_that_hangs_is_a_networks_that_fails() {
    let config =
        "[workflow]\nfailures_max = 2\nlease_ms = 1000\n[networks]\ncall_deadline_ms = 50\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nhangs = true\n";
    let oi = Setup { config: config.into(), ..Setup::default() }.start().await;
    oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await.assert("OK");
    oi.until("DEMO-ZMD", "En échec").await;
}

#[tokio::test]
async fn every_step_done_twice_or_cut_in_the_middle_ends_once() {
    let oi = Setup::slow().start().await;
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    let driver = &oi.running.driver;
    let mut states = Vec::new();
    for _ in 0..50 {
        let job = oi.jobs().await.remove(0);
        states.push(job.state);
        if job.state.is_final() {
            break;
        }
        // Cut: the effect in Networks, and nothing recorded, twice.
        for _ in 0..2 {
            perform(&driver.networks, &driver.patience, &job, oi.clock.now_ms()).await;
        }
        // Then a worker that lost its lease comes late.
        let now_ms = oi.clock.now_ms();
        let late = Record {
            job: job.clone(),
            token: "lost".into(),
            outcome: Outcome::End(State::Failed, None),
            now_ms,
        };
        let written = oi.store().write("late", late, |tx, late| Box::pin(record(tx, late)));
        assert!(!written.await.unwrap(), "without the lease nothing is written");
        driver.run_due().await.unwrap();
        oi.clock.advance_ms(200);
    }
    states.dedup();
    assert_eq!(states, [State::Initiated, State::InProgress, State::Completed]);
    let taken = oi.beside().await.number("SELECT COUNT(*) FROM network_order").await;
    assert_eq!(taken, 1, "Networks was given one order");
    // An end recorded twice is one end.
    let job = oi.jobs().await.remove(0);
    let again = Record {
        job,
        token: "again".into(),
        outcome: Outcome::End(State::Completed, None),
        now_ms: oi.clock.now_ms(),
    };
    let written = oi.store().write("again", again, |tx, again| Box::pin(record(tx, again)));
    assert!(written.await.is_err(), "completed does not become completed");
    assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref.as_deref(), Some(MUT));
}

#[tokio::test]
async fn another_driver_takes_over_when_a_lease_ends() {
    let oi = Setup::slow().start().await;
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    // A driver that died with its lease.
    let now_ms = oi.clock.now_ms();
    let lease = Lease { token: "dead".into(), until_ms: now_ms + 5_000 };
    let claimed = oi.store().write("claim", (lease, now_ms), |tx, (lease, ms)| {
        Box::pin(reprovisionings::claim(
            tx,
            lease,
            Now { ms: *ms, wait_max_ms: 60_000, lease_max_ms: 60_000 },
            10,
        ))
    });
    assert_eq!(claimed.await.unwrap().len(), 1);
    oi.advance(4_999).await;
    assert_eq!(oi.state(MUT).await, "Initié");
    oi.advance(1).await;
    oi.advance(2_100).await;
    assert_eq!(oi.state(MUT).await, "En cours");
}
