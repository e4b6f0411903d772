//! Re-provisionings of a contract that are not the one that was asked for: old ones, and somebody else's.

use std::time::Duration;

use tempfile::tempdir;

use crate::{
    answers::{Answers, Said, seen},
    harness::{Oi, Portal, Table, recap, still, until},
};

#[tokio::test]
async fn an_old_change_is_not_taken_for_the_one_that_is_on_its_way() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-SIMPLE", "CTP-6002102-1").await;
    answers.say("getReprovisionning", Some(seen("Termine", "ANCIENNE")));
    answers.say("putReprovisionning", Some(Said::Late(Duration::from_millis(1500))));
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    phone.post(&page, "/c/DEMO-SIMPLE/suivre", &[]).await;
    phone.post(&page, &format!("{}/verifier", asked.path), &[]).await;
    let page = until(&phone, &asked.path, "Code de décharge").await;
    assert!(page.says("Demande envoyée"), "{}", page.words());
    assert!(!page.says("Branchez ici") && !page.says("ANCIENNE"), "{}", page.words());
    assert_eq!(answers.calls("getReprovisionning"), 0, "there was nothing to look at");
}

#[tokio::test]
async fn the_route_of_another_fibre_has_nothing_of_the_one_that_was_chosen() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-SIMPLE", "CTP-6002102-1").await;
    answers.ko("putReprovisionning", "20012", "Un re-provisionning est déjà en cours");
    answers.say("getReprovisionning", Some(seen("Termine", "AUTRE-FIBRE")));
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, "Branchez ici").await;
    assert!(page.says("PM-AUTRE · Etage 9") && page.says("Fibre AUTRE-FIBRE"), "{}", page.words());
    for other in ["PBO", "Câble", "Prise", "tube", "CTP-6002102-1"] {
        assert!(!page.says(other), "{other}: {}", page.words());
    }
}

#[tokio::test]
async fn a_change_that_runs_is_never_said_to_have_come_to_nothing() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-LENT", "CTP-6000702-1").await;
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Code de décharge").await;
    portal.stop().await;
    // As if the portal had ended before it could write down what was answered.
    let file = folder.path().join("portal/portal.sqlite");
    let db = rusqlite::Connection::open(file).unwrap();
    let lost =
        "UPDATE request SET stage = 'sent', discharge_code = NULL, seen = NULL, seen_ms = NULL";
    assert_eq!(db.execute(lost, ()).unwrap(), 1);

    answers.say("getReprovisionning", Some(seen("En cours", "")));
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    let looks =
        || db.query_row("SELECT looks FROM request", (), |row| row.get::<_, u32>(0)).unwrap();
    let is_looked_at = async {
        while looks() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_looked_at).await.unwrap();
    let page = until(&phone, &asked.path, "Vérifier maintenant").await;
    assert!(page.says("Ne la refaites pas"), "{}", page.words());

    answers.say("getReprovisionning", Some(seen("En cours", "AUTRE-FIBRE")));
    phone.press(&page, "Vérifier maintenant", &[]).await;
    let page = until(&phone, &asked.path, "Inutile de le refaire").await;
    assert!(page.says("Changement en cours"), "{}", page.words());
}

#[tokio::test]
async fn who_may_not_see_a_request_costs_it_no_call() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::apart(&oi, folder.path()).await;
    let (jeanne, ali) = (portal.phone().await, portal.phone_of("ali").await);
    let page = recap(&jeanne, "DEMO-LENT", "CTP-6000702-1").await;
    let asked = jeanne.press(&page, "Demander cette fibre", &[]).await;
    until(&jeanne, &asked.path, "Code de décharge").await;
    let before = Table::of(&oi).calls();
    let start = ali.open("/").await;
    let page = ali.post(&start, "/c/DEMO-LENT/suivre", &[]).await;
    assert!(page.says("Un collègue s'en occupe"), "{}", page.words());
    portal.stop().await;
    assert_eq!(Table::of(&oi).calls(), before);
}
