//! Re-provisionings of a contract that are not the one that was asked for: old ones, and somebody else's.

use std::time::Duration;

use ereprov_client::{Client, Endpoint, Error};
use tempfile::tempdir;

use crate::{
    answers::{Answers, Said, seen},
    harness::{Oi, Portal, Table, basic, hire_ali, put, recap, still, until},
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
async fn what_another_program_has_left_in_doubt_is_found_out_by_the_one_call_that_its_button_says()
{
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let endpoint = Endpoint::new(&answers.url).login(basic("oc-demo"));
    let other = Client::new(endpoint, &folder.path().join("client")).unwrap();
    answers.say("putReprovisionning", Some(Said::Lost));
    let lost = other.put_within(&put("DEMO-LENT", "CTP-6000702-1"), 1).await;
    assert!(matches!(lost, Err(Error::OutcomeUnknown(_))), "{lost:?}");
    answers.say("putReprovisionning", None);
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-LENT").await;
    let page = phone.press(&motif, "Voir où en est ce contrat (1 appel)", &[]).await;
    until(&phone, &page.path, "Préparez le boîtier").await;
    portal.stop().await;
    assert_eq!(answers.calls("getReprovisionning"), 1);
}

#[tokio::test]
async fn whoever_asks_a_second_time_is_told_who_has_asked_before_him() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    hire_ali(folder.path()).await;
    let (jeanne, ali) = (portal.phone().await, portal.phone_of("ali").await);
    // Both stand before the same line.
    let second = recap(&ali, "DEMO-LENT", "CTP-6000703-1").await;
    let first = recap(&jeanne, "DEMO-LENT", "CTP-6000702-1").await;
    let asked = jeanne.press(&first, "Demander cette fibre", &[]).await;
    until(&jeanne, &asked.path, "Code de décharge").await;
    let page = ali.press(&second, "Demander cette fibre", &[]).await;
    for said in [
        "Une demande est déjà ouverte pour ce contrat",
        "Votre nouvelle demande n'est pas partie.",
        "Demandée par Jeanne Martin à ",
        "(à l'instant), pour la fibre CTP-6000702-1",
    ] {
        assert!(page.says(said), "{said}: {}", page.words());
    }
    let there = ali.tap(&page, "Voir où elle en est").await;
    assert_eq!(there.path, asked.path);
    assert!(there.says("Code de décharge"), "{}", there.words());
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-LENT"), 1);
    // Her own second one, in another tab.
    let page = recap(&jeanne, "DEMO-LENT", "CTP-6000703-1").await;
    let page = jeanne.press(&page, "Demander cette fibre", &[]).await;
    assert!(page.says("Demandée par vous à "), "{}", page.words());
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
