//! From the acceptance to the end: states, routes, sockets, retries, names.

use ereprov_domain::{reprovisioning::State, route::Usage};
use ereprov_server::{
    reprovisioning::{
        admin::{self, AdminError},
        steps::{Outcome, Record, perform, record},
    },
    store::{
        admin_acts::Act,
        reprovisionings::{self, Lease},
    },
};

use crate::harness::{MUT, Oi, Put, Reply, Role, Setup, fibre, get, routes, structure};

const NOON: &str = "2026-11-23T12:00";

fn slow() -> Setup {
    Setup { config: "[networks]\nstart_ms = 2000\nrepatch_ms = 3000".into(), ..Setup::at(NOON) }
}

async fn state(oi: &Oi, contract: &str) -> String {
    oi.state_of(contract).await.expect("a re-provisioning")
}

fn act(reason: &str) -> Act {
    Act {
        id: format!("act {reason}"),
        at_ms: 0,
        actor: "test".into(),
        action: "test".into(),
        subject: String::new(),
        reason: reason.into(),
    }
}

#[tokio::test]
async fn initiated_in_progress_completed_and_the_inventory_tells_it() {
    let oi = slow().start().await;
    let accepted = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    accepted.assert("OK");
    let usage = |reply: &Reply, pto: &str| reply.of("pto", pto, "informationUtilisation").unwrap();
    // While it runs, its fibre shows as reserved (D31), the old one as it was.
    let before = oi.ask(&structure(MUT)).await;
    assert_eq!(usage(&before, "CTP-1240357-1"), "Réservé");
    assert_eq!(usage(&before, "CTP-1240332-1"), "Occupé");
    assert_eq!(state(&oi, MUT).await, "Initié");
    oi.advance(0).await;
    oi.advance(1999).await;
    assert_eq!(state(&oi, MUT).await, "Initié");
    oi.advance(21).await;
    assert_eq!(state(&oi, MUT).await, "En cours");
    assert_eq!(oi.ask(&get(MUT)).await.attributes("fibre", "reference"), ["CTP-1240357-1"]);
    oi.advance(3000).await;
    let done = oi.ask(&get(MUT)).await;
    assert_eq!(done.attributes("reprovisionning", "statut"), ["Terminé"]);
    assert_eq!(done.of("fibre", "CTP-1240357-1", "informationFibre").unwrap(), "Jaune");
    // The inventory shows the new truth, in both methods.
    let after = oi.ask(&structure(MUT)).await;
    assert_eq!(usage(&after, "CTP-1240357-1"), "Occupé");
    assert_eq!(usage(&after, "CTP-1240332-1"), "Occupé", "out of service, for a broken fibre");
    let routes = oi.ask(&routes(MUT)).await;
    assert_eq!(routes.of("fibre", "CTP-1240332-1", "informationUtilisation").unwrap(), "Occupé");
    assert!(oi.fibre("CTP-1240332-1").await.out_of_service);
    // The contract's route is the new one.
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert_ko("20015", "déjà la fibre");
    // And a next one may start.
    oi.ask(&Put::new(MUT, "CTP-1240446-1").body()).await.assert("OK");
}

#[tokio::test]
async fn the_old_route_goes_where_the_motif_sends_it() {
    // D34: motif, label of the old route afterwards, out of service.
    let fates = [
        ("Fibre cassée", "Occupé", true),
        ("Absence de signal", "Occupé", true),
        ("Fibre occupée", "Occupé", false),
        ("PTO existante", "Disponible", false),
        ("Bâtiment erroné", "Disponible", false),
        ("Escalier erroné", "Disponible", false),
        ("Adresse erronée", "Disponible", false),
        ("Etage erroné", "Disponible", false),
        ("PBO erroné", "Disponible", false),
        ("PTO inexistante", "Disponible", false),
        ("PTO erronée", "Disponible", false),
        ("PBO saturé", "Disponible", false),
        ("PBO éloigné", "Disponible", false),
        ("Problème génie civil", "Disponible", false),
        ("Route optique virtuelle", "Disponible", false),
    ];
    for (motif, label, out_of_service) in fates {
        let oi = Setup::at(NOON).start().await;
        let current = fibre("DEMO-ZMD", Role::Current);
        let put = Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).motif(motif);
        oi.ask(&put.body()).await.assert("OK");
        oi.advance(30).await;
        oi.advance(60).await;
        assert_eq!(state(&oi, "DEMO-ZMD").await, "Terminé", "{motif}");
        let shown = oi.ask(&structure("DEMO-ZMD")).await;
        let shown = shown.of("pto", &current, "informationUtilisation").unwrap();
        assert_eq!(
            (shown.as_str(), oi.fibre(&current).await.out_of_service),
            (label, out_of_service),
            "{motif}"
        );
        // What is given back may be asked for again; what is not, may not.
        let back = oi.ask(&Put::new("DEMO-ZMD", &current).body()).await;
        assert_eq!(back.outcome(), if label == "Disponible" { "OK" } else { "20015" }, "{motif}");
    }
}

#[tokio::test]
async fn a_kept_socket_follows_the_line() {
    let oi = Setup::at(NOON).start().await;
    let (own, fresh) = (fibre("DEMO-ZMD", Role::Current), fibre("DEMO-ZMD", Role::Fresh));
    let accepted = oi.ask(&Put::new("DEMO-ZMD", &fresh).keep().body()).await;
    accepted.assert("OK");
    assert_eq!(accepted.of("fibre", &fresh, "referencePTO"), Some(own.clone()));
    let running = oi.ask(&get("DEMO-ZMD")).await;
    assert_eq!(running.of("fibre", &fresh, "referencePTO"), Some(own.clone()));
    oi.advance(30).await;
    oi.advance(60).await;
    let done = oi.ask(&get("DEMO-ZMD")).await;
    assert_eq!(done.of("fibre", &fresh, "referencePTO"), Some(own.clone()));
    let routes = oi.ask(&routes("DEMO-ZMD")).await;
    assert_eq!(routes.of("fibre", &fresh, "referencePTO"), Some(own.clone()));
    assert_eq!(routes.of("fibre", &fresh, "informationConstruction").unwrap(), "Construite");
    // The old route takes over the socket that was still to build: none is lost, none has two.
    assert_eq!(routes.of("fibre", &own, "referencePTO"), Some(fresh.clone()));
    assert_eq!(routes.of("fibre", &own, "informationConstruction").unwrap(), "A construire");
}

#[tokio::test]
async fn a_named_socket_is_kept_instead_of_the_contracts_own() {
    let oi = Setup::at(NOON).start().await;
    let (fresh, free) = (fibre("DEMO-ZMD", Role::Fresh), fibre("DEMO-ZMD", Role::Free));
    let put = Put::new("DEMO-ZMD", &fresh).keep().pto(&free);
    oi.ask(&put.body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    let routes = oi.ask(&routes("DEMO-ZMD")).await;
    assert_eq!(routes.of("fibre", &fresh, "referencePTO"), Some(free.clone()));
    assert_eq!(routes.of("fibre", &free, "referencePTO"), Some(fresh));
    let own = fibre("DEMO-ZMD", Role::Current);
    assert_eq!(routes.of("fibre", &own, "referencePTO"), Some(own.clone()));
    // The neighbour's socket is the neighbour's.
    let neighbour = fibre("DEMO-OPAC", Role::Neighbour);
    let stolen = Put::new("DEMO-ZTD-PAVILLON", &fibre("DEMO-ZTD-PAVILLON", Role::Fresh)).keep();
    let neighbours = fibre("DEMO-ZTD-PAVILLON", Role::Neighbour);
    oi.ask(&stolen.clone().pto(&neighbours).body())
        .await
        .assert_ko("20015", "dessert une autre ligne");
    oi.ask(&stolen.pto(&neighbour).body()).await.assert_ko("20005", "prise inconnue sur le site");
}

#[tokio::test]
async fn a_refusal_of_networks_ends_as_failed_and_frees_the_fibre() {
    let oi = Setup::at(NOON).start().await;
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
async fn a_reserved_fibre_that_is_released_is_reserved_again() {
    let oi = Setup::at(NOON).start().await;
    let reserved = fibre("DEMO-ECHEC", Role::Reserved);
    oi.ask(&Put::new("DEMO-ECHEC", &reserved).keep().body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(state(&oi, "DEMO-ECHEC").await, "En échec");
    let found = oi.fibre(&reserved).await;
    assert_eq!((found.usage, found.contract_ref), (Usage::Reserved, None));
}

#[tokio::test]
async fn failures_are_repeated_later_and_later_and_given_up_visibly() {
    let config = "[workflow]\nfailures_max = 4\nbackoff_first_ms = 1000\nbackoff_max_ms = 2500\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nerrors = 3\n
        [[networks.behaviour]]\ncontract = \"DEMO-OPAC\"\nerrors = 1000\n";
    let oi = Setup { config: config.into(), ..Setup::at(NOON) }.start().await;
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
    assert_eq!(state(&oi, "DEMO-OPAC").await, "Initié");
    for _ in 0..4 {
        oi.advance(2500).await;
    }
    assert_eq!(state(&oi, "DEMO-OPAC").await, "En échec");
    let failed = oi.jobs().await.into_iter().find(|job| job.contract_ref == "DEMO-OPAC").unwrap();
    let because = failed.ended_because.unwrap();
    assert!(because.starts_with("given up after 8 failures"), "{because}");
    // Nobody knows what Networks did: the fibre is nobody's, and offered to nobody.
    let unsure = oi.fibre(&failed.fibre_ref).await;
    assert_eq!((unsure.contract_ref, unsure.out_of_service), (None, true));
    oi.advance(20).await;
    oi.advance(60).await;
    assert_eq!(state(&oi, "DEMO-ZMD").await, "Terminé");
}

#[tokio::test]
async fn what_is_called_off_after_too_many_failures_frees_its_fibre() {
    let config = "[workflow]\nfailures_max = 2\n
        [[networks.behaviour]]\ncontract = \"DEMO-ZMD\"\nerrors = 2\n";
    let oi = Setup { config: config.into(), ..Setup::at(NOON) }.start().await;
    let free = fibre("DEMO-ZMD", Role::Free);
    oi.ask(&Put::new("DEMO-ZMD", &free).body()).await.assert("OK");
    oi.advance(0).await;
    oi.advance(10).await;
    // The third call, which calls it off, works.
    assert_eq!(state(&oi, "DEMO-ZMD").await, "En échec");
    let freed = oi.fibre(&free).await;
    assert_eq!((freed.contract_ref, freed.usage), (None, Usage::Available));
    let cancelled = oi.sqlite().query_row("SELECT cancelled FROM network_order", [], |r| r.get(0));
    assert_eq!(cancelled, Ok(true), "Networks will not do it later");
}

#[tokio::test]
async fn a_socket_that_is_being_kept_is_promised_to_nobody_else() {
    let oi = slow().start().await;
    // MUT keeps the socket of CTP-1240357-1 and moves to a fibre that is still to build.
    let keeps = Put::new(MUT, "CTP-1240359-1").keep().pto("CTP-1240357-1");
    oi.ask(&keeps.body()).await.assert("OK");
    oi.sqlite()
        .execute("UPDATE contract SET order_state = 'open' WHERE ref = 'VOISIN-423361'", [])
        .unwrap();
    let asks = Put::new("VOISIN-423361", "CTP-1240357-1").body();
    oi.ask_as("oc-autre", &asks).await.assert_ko("20015", "une autre ligne");
    oi.advance(0).await;
    oi.advance(2_100).await;
    oi.advance(3_100).await;
    assert_eq!(state(&oi, MUT).await, "Terminé");
    // The socket has gone; the fibre has the one that was planned for the other.
    oi.ask_as("oc-autre", &asks).await.assert("OK");
    let held = oi.fibre("CTP-1240357-1").await;
    assert_eq!(held.pto.unwrap().1, "CTP-1240359-1");
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
    let oi = slow().start().await;
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
    let taken = oi.sqlite().query_row("SELECT COUNT(*) FROM network_order", [], |row| row.get(0));
    assert_eq!(taken, Ok(1), "Networks was given one order");
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
    let oi = slow().start().await;
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    // A driver that died with its lease.
    let now_ms = oi.clock.now_ms();
    let lease = Lease { token: "dead".into(), until_ms: now_ms + 30_000 };
    let claimed = oi.store().write("claim", (lease, now_ms), |tx, (lease, now)| {
        Box::pin(reprovisionings::claim(tx, lease, *now, 10))
    });
    assert_eq!(claimed.await.unwrap().len(), 1);
    oi.advance(29_999).await;
    assert_eq!(state(&oi, MUT).await, "Initié");
    oi.advance(1).await;
    oi.advance(2_100).await;
    assert_eq!(state(&oi, MUT).await, "En cours");
}

#[tokio::test]
async fn cancelled_by_the_oi_before_the_end() {
    let oi = slow().start().await;
    for (contract, ms) in [("DEMO-ZMD", 0), ("DEMO-OPAC", 2_100)] {
        let free = fibre(contract, Role::Free);
        oi.ask(&Put::new(contract, &free).body()).await.assert("OK");
        oi.advance(ms).await;
        let job = oi.jobs().await.remove(0);
        let ended = admin::cancel(&oi.running.driver, &job.id, act(contract)).await.unwrap();
        assert_eq!(ended, State::Cancelled);
        let reply = oi.ask(&get(contract)).await;
        assert_eq!(reply.attributes("reprovisionning", "statut"), ["Annulé"]);
        assert!(reply.attributes("fibre", "reference").is_empty());
        assert_eq!(oi.fibre(&free).await.contract_ref, None);
        assert_eq!(oi.jobs().await[0].ended_because.as_deref(), Some(contract));
        // It stays cancelled, whatever time does.
        oi.advance(60_000).await;
        assert_eq!(state(&oi, contract).await, "Annulé");
        let again = admin::cancel(&oi.running.driver, &job.id, act("again")).await;
        assert!(matches!(again, Err(AdminError::Ended(State::Cancelled))));
    }
}

#[tokio::test]
async fn cancelled_too_late_it_is_completed_and_the_canceller_is_told() {
    let oi = slow().start().await;
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    oi.advance(2_100).await;
    // Networks has finished; the driver has not looked yet.
    oi.clock.advance_ms(10_000);
    let job = oi.jobs().await.remove(0);
    let ended = admin::cancel(&oi.running.driver, &job.id, act("late")).await.unwrap();
    assert_eq!(ended, State::Completed);
    assert_eq!(state(&oi, MUT).await, "Terminé");
    assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref.as_deref(), Some(MUT));
}

#[tokio::test]
async fn a_retry_is_a_new_attempt_linked_to_the_old_one() {
    let oi = Setup::at(NOON).start().await;
    let free = fibre("DEMO-ECHEC", Role::Free);
    let accepted = oi.ask(&Put::new("DEMO-ECHEC", &free).body()).await;
    let running = oi.jobs().await.remove(0);
    let early = admin::retry(&oi.running.driver, &running.id, act("early")).await;
    assert!(matches!(early, Err(AdminError::Running(State::Initiated))));
    oi.advance(30).await;
    oi.advance(60).await;
    let retried = admin::retry(&oi.running.driver, &running.id, act("retry")).await.unwrap();
    assert_eq!((retried.attempt, retried.previous_id.as_ref()), (2, Some(&running.id)));
    // The operator has one code, and reports that one.
    assert_eq!(Some(retried.discharge_code), accepted.text("codeDecharge"));
    assert_eq!(state(&oi, "DEMO-ECHEC").await, "Initié");
    let twice = admin::retry(&oi.running.driver, &running.id, act("twice")).await;
    assert!(matches!(twice, Err(AdminError::NotTheLatest)));
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(state(&oi, "DEMO-ECHEC").await, "En échec");
    // Somebody else's by now: the rules hold for the OI too.
    let old = oi.jobs().await.remove(0);
    oi.sqlite().execute("UPDATE fibre SET usage = 'occupied' WHERE ref = ?1", [&free]).unwrap();
    let refused = admin::retry(&oi.running.driver, &old.id, act("refused")).await;
    assert!(matches!(refused, Err(AdminError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_virtual_route_becomes_a_real_one() {
    let oi = Setup::at(NOON).start().await;
    let free = fibre("DEMO-ROV", Role::Free);
    let put = Put::new("DEMO-ROV", &free).motif("Route optique virtuelle");
    oi.ask(&put.clone().pto(&free).body()).await.assert_ko("20015", "referencePTO : vide");
    oi.ask(&put.body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(state(&oi, "DEMO-ROV").await, "Terminé");
    // Now that it is real, its socket may be kept.
    let fresh = fibre("DEMO-ROV", Role::Fresh);
    oi.ask(&Put::new("DEMO-ROV", &fresh).keep().body()).await.assert("OK");
}
