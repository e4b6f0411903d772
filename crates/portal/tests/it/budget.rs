//! Calls are money: eight an intervention by themselves, and two at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ereprov_client::Clock;
use ereprov_portal::Pace;
use tempfile::tempdir;

use crate::{
    answers::Answers,
    harness::{Oi, Portal, Table, quick, still, until},
};

#[tokio::test]
async fn following_ends_with_the_eighth_call() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let pace = Pace { follow: vec![Duration::from_millis(10); 40], ..quick() };
    let portal = Portal::of(&oi, folder.path(), pace).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-LENT?zone=ztd").await;
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    let recap = phone.tap(&fibres, "CTP-6000702-1").await;
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, "Plus de vérification automatique").await;
    assert_eq!(Table::of(&oi).calls(), 8);
    phone.press(&page, "Vérifier maintenant (1 appel)", &[]).await;
    until(&phone, "/interventions", "9 appels").await;
    let page = until(&phone, &asked.path, "Plus de vérification automatique").await;
    assert!(page.says("Préparez le boîtier"), "{}", page.words());
    assert_eq!(Table::of(&oi).calls(), 9, "whoever taps gets one more, and no more follow");
}

#[tokio::test]
async fn the_usual_four_looks_and_no_fifth() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), quick()).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-LENT?zone=ztd").await;
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    let recap = phone.tap(&fibres, "CTP-6000702-1").await;
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Plus de vérification automatique").await;
    assert_eq!(Table::of(&oi).calls(), 2 + 4);
}

#[tokio::test]
async fn a_reading_that_fails_is_repeated_at_its_hours_and_then_on_a_tap_alone() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    answers.ko("getRoSite", "20007", "Maximum de requêtes simultanées atteint");
    let now = Arc::new(AtomicI64::new(1_795_000_000_000));
    let clock = Clock::Manual(Arc::clone(&now));
    let portal = Portal::at(&answers.url, folder.path(), still(), clock).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-SIMPLE?zone=ztd").await;
    let mut page = phone.press(&motif, "Fibre cassée", &[]).await;
    for (calls, wait_s) in [(1, 20), (2, 40), (3, 80)] {
        assert!(page.says(&format!("On réessaie tout seul dans {wait_s} s")), "{}", page.words());
        phone.open(&page.path).await;
        assert_eq!(answers.calls("getRoSite"), calls, "a reload is no call");
        now.fetch_add((wait_s + 1) * 1000, Ordering::SeqCst);
        page = phone.open(&page.path).await;
    }
    assert!(!page.says("On réessaie tout seul"), "{}", page.words());
    now.fetch_add(3_600_000, Ordering::SeqCst);
    phone.open(&page.path).await;
    assert_eq!(answers.calls("getRoSite"), 4);
    answers.say("getRoSite", None);
    let fibres = phone.press(&page, "Rester dans la file", &[]).await;
    assert!(fibres.says("CTP-6002102-1"), "{}", fibres.words());

    // Five calls: what is left of the eight is for the request. Another place is one more on a tap alone.
    let places = phone.tap(&fibres, "Changer d'étage").await;
    assert!(places.says("a déjà coûté 5 appels"), "{}", places.words());
    assert_eq!(answers.calls("getSiteStructure"), 0);
    let places = phone.press(&places, "Lire (1 appel)", &[]).await;
    assert!(places.says("Où est le boîtier ?"), "{}", places.words());
    assert_eq!(answers.all_calls(), 6);
}

#[tokio::test]
async fn an_old_list_is_read_again_before_its_fibre_is_asked_for() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let now = Arc::new(AtomicI64::new(1_795_000_000_000));
    let clock = Clock::Manual(Arc::clone(&now));
    let portal = Portal::at(&answers.url, folder.path(), still(), clock).await;
    let phone = portal.phone().await;
    let recap = async |wait_s: i64| {
        let motif = phone.open("/c/DEMO-SIMPLE?zone=ztd").await;
        let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
        let recap = phone.tap(&fibres, "CTP-6002102-1").await;
        now.fetch_add(wait_s * 1000, Ordering::SeqCst);
        recap
    };
    let page = recap(150).await;
    // Meanwhile a neighbour of another operator's has got it.
    let taken = rusqlite::Connection::open(oi.folder.path().join("ereprov.db")).unwrap();
    taken.execute("UPDATE fibre SET usage = 'occupied' WHERE ref = 'CTP-6002102-1'", ()).unwrap();
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, "Cette fibre vient d'être prise").await;
    assert!(page.says("Rien n'est parti."), "{}", page.words());
    assert_eq!((answers.calls("getRoSite"), answers.calls("putReprovisionning")), (2, 0));
    let fibres = phone.tap(&page, "Choisir une autre fibre").await;
    assert!(fibres.link("CTP-6002102-1").is_none(), "{}", fibres.words());

    taken.execute("UPDATE fibre SET usage = 'available' WHERE ref = 'CTP-6002102-1'", ()).unwrap();
    now.fetch_add(150_000, Ordering::SeqCst);
    let page = recap(150).await;
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Code de décharge").await;
    assert_eq!(answers.calls("putReprovisionning"), 1);
}

#[tokio::test]
async fn who_waits_for_two_others_is_told_where_he_stands() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let pace = Pace { page_waits: Duration::from_millis(50), ..still() };
    let portal = Portal::of(&oi, folder.path(), pace).await;
    let phone = portal.phone().await;
    let ask = async |contract: &str, fibre: &str| {
        let path = format!("/c/{contract}/fibres?zone=ztd&motif=broken_fibre");
        until(&phone, &path, fibre).await;
        let recap = phone.tap(&phone.open(&path).await, fibre).await;
        phone.press(&recap, "Demander cette fibre", &[]).await
    };
    // What is asked of Networks about these two has no answer for seconds.
    let one = ask("DEMO-SIMPLE", "CTP-6002102-1").await;
    until(&phone, &one.path, "Code de décharge").await;
    let path = "/c/DEMO-ZMD/fibres?zone=zmd&motif=broken_fibre";
    until(&phone, path, "CTP-6000102-1").await;
    let recap = phone.tap(&phone.open(path).await, "CTP-6000102-1").await;
    let (slow, slower) =
        tokio::join!(ask("DEMO-20010", "CTP-6001002-1"), ask("DEMO-20007", "CTP-6002202-1"),);
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    assert!(asked.says("Vous êtes 1er dans la file"), "{}", asked.words());
    assert!(asked.says("Rien n'est encore parti"), "{}", asked.words());
    let path = "/c/DEMO-OPAC/fibres?motif=broken_fibre";
    let reading = phone.open(path).await;
    assert!(reading.says("Vous êtes 2e dans la file"), "{}", reading.words());
    until(&phone, &asked.path, "Code de décharge").await;
    until(&phone, path, "CTP-6000402-1").await;
    for slow in [slow, slower] {
        until(&phone, &slow.path, "20010").await;
    }
}
