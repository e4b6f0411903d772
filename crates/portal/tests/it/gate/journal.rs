//! What the operator can read afterwards.

use std::time::Duration;

use tempfile::tempdir;

use super::desk::{Desk, NOON_MS, PASSWORD};
use crate::harness::{Oi, Portal, Table, administration, until};

#[tokio::test]
async fn every_act_is_written_down_with_its_name_and_time() {
    let desk = Desk::open().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    desk.pass(Duration::from_mins(5));
    assert_eq!(desk.visitor().sign_in("jeanne", "wrong").await.status, 422);
    let token = jeanne.get("/mot-de-passe").await.token();
    let fields = [("jeton", &*token), ("actuel", PASSWORD), ("nouveau", "un autre mot de passe")];
    assert_eq!(jeanne.post("/mot-de-passe", &fields).await.status, 303);
    let journal = desk.journal().await;
    let told: Vec<_> = journal
        .iter()
        .map(|it| {
            (it.at_ms - NOON_MS, &*it.name, &*it.act, &*it.outcome, &*it.address, &*it.detail)
        })
        .collect();
    let five = 5 * 60_000;
    assert_eq!(
        told,
        [
            (0, "administration", "compte-ajoute", "OK", "", "jeanne"),
            (0, "administration", "compte-ajoute", "OK", "", "paul"),
            (0, "Jeanne Martin", "connexion", "OK", "127.0.0.1", ""),
            (five, "Jeanne Martin", "connexion", "refusee", "127.0.0.1", ""),
            (five, "Jeanne Martin", "mot-de-passe", "OK", "", ""),
        ]
    );
    let later = desk.admin.journal(NOON_MS + 1, i64::MAX).await.unwrap();
    assert_eq!(later.len(), 2);
}

#[tokio::test]
async fn what_was_asked_of_the_service_is_written_down_and_seen_by_those_whom_it_concerns() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::apart(&oi, folder.path()).await;
    let jeanne = portal.phone().await;
    let motif = jeanne.open("/c/DEMO-ZMD?zone=zmd&fibre_actuelle=CTP-6000101-1").await;
    let fibres = jeanne.press(&motif, "Absence de signal", &[]).await;
    let recap = jeanne.tap(&fibres, "CTP-6000102-1").await;
    let asked = jeanne.press(&recap, "Demander cette fibre", &[]).await;
    until(&jeanne, &asked.path, "Code de décharge").await;
    let code = Table::of(&oi).code("DEMO-ZMD");

    let all = administration(folder.path()).journal(i64::MIN, i64::MAX).await.unwrap();
    let of_the_contract = all.iter().filter(|entry| entry.contract == "DEMO-ZMD");
    let told: Vec<_> = of_the_contract
        .inspect(|entry| assert_eq!((&*entry.login, &*entry.name), ("jeanne", "Jeanne Martin")))
        .map(|it| (&*it.act, &*it.outcome, &*it.discharge_code))
        .collect();
    assert_eq!(told, [("lecture", "OK", ""), ("demander", "", ""), ("reponse", "OK", &code)]);

    let ali = portal.phone_of("ali").await;
    let page = ali.open(&asked.path).await;
    assert!(!page.text.contains(&code) && !page.text.contains("CTP-6000102-1"), "{}", page.text);
    assert!(!ali.open("/interventions").await.says("DEMO-ZMD"));
    assert!(jeanne.open(&asked.path).await.says(&code));
}
