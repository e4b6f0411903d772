//! From the acceptance to the end: states, routes, sockets, retries, names.

use ereprov_domain::{reprovisioning::State, route::Usage};
use ereprov_server::{
    reprovisioning::admin::{self, AdminError},
    store::{admin_acts::Act, fibres},
};

use crate::harness::{MUT, Put, Reply, Role, Setup, fibre, get, routes, structure};

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
    let oi = Setup::slow().start().await;
    let accepted = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    accepted.assert("OK");
    let usage = |reply: &Reply, pto: &str| reply.of("pto", pto, "informationUtilisation").unwrap();
    // While it runs, its fibre shows as reserved (D31), the old one as it was.
    let before = oi.ask(&structure(MUT)).await;
    assert_eq!(usage(&before, "CTP-1240357-1"), "Réservé");
    assert_eq!(usage(&before, "CTP-1240332-1"), "Occupé");
    assert_eq!(oi.state(MUT).await, "Initié");
    oi.advance(0).await;
    oi.advance(1999).await;
    assert_eq!(oi.state(MUT).await, "Initié");
    oi.advance(21).await;
    assert_eq!(oi.state(MUT).await, "En cours");
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
        let oi = Setup::noon().start().await;
        let current = fibre("DEMO-ZMD", Role::Current);
        let put = Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).motif(motif);
        oi.ask(&put.body()).await.assert("OK");
        oi.advance(30).await;
        oi.advance(60).await;
        assert_eq!(oi.state("DEMO-ZMD").await, "Terminé", "{motif}");
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
    let oi = Setup::noon().start().await;
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
    let oi = Setup::noon().start().await;
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
    // A socket in use is somebody's, known or not; the asked fibre's own goes by the fibre's rules.
    let fresh = fibre("DEMO-SIMPLE", Role::Fresh);
    let asked = Put::new("DEMO-SIMPLE", &fresh).keep().pto(&fibre("DEMO-SIMPLE", Role::Taken));
    oi.ask(&asked.body()).await.assert_ko("20015", "dessert une autre ligne");
    let reserved = fibre("DEMO-SIMPLE", Role::Reserved);
    let asked = Put::new("DEMO-SIMPLE", &reserved).keep().pto(&reserved);
    oi.ask(&asked.body()).await.assert("OK");
    let stranger = Put::new(MUT, "CTP-1240359-1").keep().pto("CTP-1240358-1");
    oi.ask(&stranger.body()).await.assert_ko("20015", "dessert une autre ligne");
    // One that is out of service is nobody's: the broken fibre's socket still hangs on the wall.
    let broken = Put::new(MUT, "CTP-1240359-1").keep().pto("CTP-1240906-1");
    oi.ask(&broken.body()).await.assert("OK");
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
async fn a_reserved_fibre_that_is_released_is_reserved_again() {
    let oi = Setup::noon().start().await;
    let reserved = fibre("DEMO-ECHEC", Role::Reserved);
    oi.ask(&Put::new("DEMO-ECHEC", &reserved).keep().body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ECHEC").await, "En échec");
    let found = oi.fibre(&reserved).await;
    assert_eq!((found.usage, found.contract_ref), (Usage::Reserved, None));
}

#[tokio::test]
async fn a_socket_that_is_being_kept_is_promised_to_nobody_else() {
    let oi = Setup::slow().start().await;
    // MUT keeps the socket of CTP-1240357-1 and moves to a fibre that is still to build.
    let keeps = Put::new(MUT, "CTP-1240359-1").keep().pto("CTP-1240357-1");
    oi.ask(&keeps.body()).await.assert("OK");
    let open = "UPDATE contract SET order_state = 'open' WHERE ref = 'VOISIN-423361'";
    oi.beside().await.run(open).await;
    let asks = Put::new("VOISIN-423361", "CTP-1240357-1").body();
    oi.ask_as("oc-autre", &asks).await.assert_ko("20015", "une autre ligne");
    oi.advance(0).await;
    oi.advance(2_100).await;
    oi.advance(3_100).await;
    assert_eq!(oi.state(MUT).await, "Terminé");
    // The socket has gone; the fibre has the one that was planned for the other.
    oi.ask_as("oc-autre", &asks).await.assert("OK");
    let held = oi.fibre("CTP-1240357-1").await;
    assert_eq!(held.pto.unwrap().1, "CTP-1240359-1");
}

#[tokio::test]
async fn cancelled_by_the_oi_before_the_end() {
    let oi = Setup::slow().start().await;
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
        assert_eq!(oi.state(contract).await, "Annulé");
        let again = admin::cancel(&oi.running.driver, &job.id, act("again")).await;
        assert!(matches!(again, Err(AdminError::Ended(State::Cancelled))));
    }
}

#[tokio::test]
async fn cancelled_too_late_it_is_completed_and_the_canceller_is_told() {
    let oi = Setup::slow().start().await;
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    oi.advance(2_100).await;
    // Networks has finished; the driver has not looked yet.
    oi.clock.advance_ms(10_000);
    let job = oi.jobs().await.remove(0);
    let ended = admin::cancel(&oi.running.driver, &job.id, act("late")).await.unwrap();
    assert_eq!(ended, State::Completed);
    assert_eq!(oi.state(MUT).await, "Terminé");
    assert_eq!(oi.fibre("CTP-1240357-1").await.contract_ref.as_deref(), Some(MUT));
}

#[tokio::test]
async fn a_retry_is_a_new_attempt_linked_to_the_old_one() {
    let oi = Setup::noon().start().await;
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
    assert_eq!(oi.state("DEMO-ECHEC").await, "Initié");
    let twice = admin::retry(&oi.running.driver, &running.id, act("twice")).await;
    assert!(matches!(twice, Err(AdminError::NotTheLatest)));
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ECHEC").await, "En échec");
    // Somebody else's by now: the rules hold for the OI too.
    let old = oi.jobs().await.remove(0);
    let occupied = format!("UPDATE fibre SET usage = 'occupied' WHERE ref = '{free}'");
    oi.beside().await.run(&occupied).await;
    let refused = admin::retry(&oi.running.driver, &old.id, act("refused")).await;
    assert!(matches!(refused, Err(AdminError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_restored_fibre_is_offered_where_nobody_holds_it() {
    let oi = Setup::noon().start().await;
    let (own, broken) = (fibre("DEMO-ZMD", Role::Current), fibre("DEMO-ZMD", Role::Broken));
    let broke = format!("UPDATE fibre SET out_of_service = TRUE WHERE ref = '{own}'");
    oi.beside().await.run(&broke).await;
    for (reference, usage) in [(own, Usage::Occupied), (broken, Usage::Available)] {
        let restored = oi.store().write("restore", reference.clone(), |tx, reference| {
            Box::pin(fibres::restore(tx, reference))
        });
        assert!(restored.await.unwrap());
        assert_eq!(oi.fibre(&reference).await.usage, usage, "{reference}");
    }
}

#[tokio::test]
async fn a_virtual_route_becomes_a_real_one() {
    let oi = Setup::noon().start().await;
    let free = fibre("DEMO-ROV", Role::Free);
    let put = Put::new("DEMO-ROV", &free).motif("Route optique virtuelle");
    oi.ask(&put.clone().pto(&free).body()).await.assert_ko("20015", "referencePTO : vide");
    oi.ask(&put.body()).await.assert("OK");
    oi.advance(30).await;
    oi.advance(60).await;
    assert_eq!(oi.state("DEMO-ROV").await, "Terminé");
    // Now that it is real, its socket may be kept.
    let fresh = fibre("DEMO-ROV", Role::Fresh);
    oi.ask(&Put::new("DEMO-ROV", &fresh).keep().body()).await.assert("OK");
}
