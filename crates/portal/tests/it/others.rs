//! Re-provisionings of a contract that are not the one that was asked for: old ones, and somebody else's.

use std::time::Duration;

use tempfile::tempdir;

use crate::{
    answers::{Answers, Said, seen},
    harness::{Oi, Portal, recap, still, until},
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
