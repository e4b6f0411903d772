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
use tokio::task::JoinSet;

use crate::{
    answers::{Answers, Said},
    harness::{Oi, Portal, Table, quick, recap, still, until},
    phone::{Page, Phone},
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
    answers.ko("getRoSite", "20004", "Dépassement des ressources systèmes");
    let now = Arc::new(AtomicI64::new(1_795_000_000_000));
    let clock = Clock::Manual(Arc::clone(&now));
    let portal = Portal::at(&answers.url, folder.path(), still(), clock).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-SIMPLE?zone=ztd").await;
    let mut page = phone.press(&motif, "Fibre cassée", &[]).await;
    for (calls, wait_s, said) in [(1, 60, "60 s"), (2, 180, "3 min")] {
        assert!(page.says(&format!("On réessaie tout seul dans {said}")), "{}", page.words());
        phone.open(&page.path).await;
        assert_eq!(answers.calls("getRoSite"), calls, "a reload is no call");
        now.fetch_add((wait_s + 1) * 1000, Ordering::SeqCst);
        page = phone.open(&page.path).await;
    }
    assert!(!page.says("On réessaie tout seul"), "{}", page.words());
    now.fetch_add(3_600_000, Ordering::SeqCst);
    phone.open(&page.path).await;
    assert_eq!(answers.calls("getRoSite"), 3);
    answers.say("getRoSite", None);
    let fibres = phone.press(&page, "Réessayer", &[]).await;
    assert!(fibres.says("CTP-6002102-1"), "{}", fibres.words());
    assert_eq!(answers.all_calls(), 4);
}

/// Opens so many lists of a contract's fibres, each of another floor, at once.
async fn floors(phone: &Arc<Phone>, contract: &str, count: usize) -> Vec<Page> {
    let way = format!("/c/{contract}/fibres?zone=ztd&motif=broken_fibre&bat=B&esc=E");
    let mut opened = JoinSet::new();
    for floor in 0..count {
        let (phone, path) = (Arc::clone(phone), format!("{way}&etage=E{floor}"));
        opened.spawn(async move { phone.open(&path).await });
    }
    opened.join_all().await
}

#[tokio::test]
async fn pages_at_once_do_not_lead_past_what_is_kept_for_the_request() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = Arc::new(portal.phone().await);
    answers.say("getRoSite", Some(Said::Late(Duration::from_millis(100))));
    let pages = floors(&phone, "DEMO-SIMPLE", 12).await;
    let asked: Vec<_> = pages.iter().filter(|page| page.says("a déjà coûté 5 appels")).collect();
    assert_eq!((answers.all_calls(), asked.len()), (5, 7));
    // Five calls: what is left of the eight is for the request. Another place is one more on a tap alone.
    answers.say("getRoSite", None);
    let places = phone.open("/c/DEMO-SIMPLE/lieux?motif=broken_fibre").await;
    assert!(places.says("a déjà coûté 5 appels"), "{}", places.words());
    assert_eq!(answers.calls("getSiteStructure"), 0);
    let places = phone.press(&places, "Lire (1 appel)", &[]).await;
    assert!(places.says("Où est le boîtier ?"), "{}", places.words());
    assert_eq!(answers.all_calls(), 6);
    let fibres = phone.press(asked[0], "Lire (1 appel)", &[]).await;
    assert_eq!(answers.all_calls(), 7, "{}", fibres.words());
    // Whoever has tapped has not used up what is kept: a lost answer is still looked into.
    let fibres = phone.open("/c/DEMO-SIMPLE/fibres?motif=broken_fibre&zone=ztd").await;
    let fibres = phone.press(&fibres, "Lire (1 appel)", &[]).await;
    let recap = phone.tap(&fibres, "CTP-6002102-1").await;
    answers.say("putReprovisionning", Some(Said::Lost));
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, "Redemander le code (2 appels)").await;
    // It is known to be accepted, and may be under way by now.
    assert!(page.says("Fibre demandée"), "{}", page.words());
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-SIMPLE"), 1);
    let tapped = 3;
    assert!(answers.all_calls() <= 8 + tapped, "{} calls", answers.all_calls());
}

/// Every method whose answers may be lost, and what may be left of it then.
#[tokio::test]
async fn answers_that_are_lost_again_and_again_never_cost_more_than_eight_calls() {
    let oi = Oi::demo().await;
    let looks = Pace { follow: vec![Duration::from_millis(20); 40], ..quick() };
    let lost = [
        ("DEMO-SIMPLE", "CTP-6002102-1", &["putReprovisionning"][..]),
        ("DEMO-ZMD", "CTP-6000102-1", &["getReprovisionning"]),
        ("DEMO-LENT", "CTP-6000702-1", &["putReprovisionning", "getReprovisionning"]),
    ];
    for (contract, fibre, methods) in lost {
        let folder = tempdir().unwrap();
        let answers = Answers::before(oi.running.address.port()).await;
        let portal = Portal::before(&answers.url, folder.path(), looks.clone()).await;
        let phone = Arc::new(portal.phone().await);
        let page = recap(&phone, contract, fibre).await;
        for method in methods {
            answers.say(method, Some(Said::Lost));
        }
        let asked = phone.press(&page, "Demander cette fibre", &[]).await;
        let end = "Plus de vérification automatique";
        let page = match methods {
            // What became of it is found out; only its code is not.
            ["putReprovisionning"] => until(&phone, &asked.path, "Branchez ici").await,
            _ => until(&phone, &asked.path, end).await,
        };
        // Whatever it was about to do, it has done.
        portal.stop().await;
        let calls = answers.all_calls();
        assert!(calls <= 8, "{methods:?}: {calls} calls, {}", page.words());
        assert_eq!(Table::of(&oi).reprovisionings(contract), 1);

        // Another portal begins where this one has ended, however often.
        for _ in 0..2 {
            let portal = Portal::before(&answers.url, folder.path(), looks.clone()).await;
            let phone = Arc::new(portal.phone().await);
            phone.open(&asked.path).await;
            floors(&phone, contract, 3).await;
            portal.stop().await;
        }
        assert!(answers.all_calls() <= 8, "{methods:?}: {} calls", answers.all_calls());

        // A button costs what it says, and is counted apart.
        let portal = Portal::before(&answers.url, folder.path(), looks.clone()).await;
        let phone = Arc::new(portal.phone().await);
        let page = phone.open(&asked.path).await;
        let before = answers.all_calls();
        let buttons =
            [("Redemander le code (2 appels)", 2), ("(2 appels au plus)", 2), ("(1 appel)", 1)];
        let button = buttons.into_iter().find(|(name, _)| page.button(name).is_some());
        let (button, costs) = button.unwrap_or_else(|| panic!("{}", page.words()));
        phone.press(&page, button, &[]).await;
        while answers.all_calls() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        portal.stop().await;
        let cost = answers.all_calls() - before;
        assert!(cost <= costs, "{button} has cost {cost}");
    }
}

#[tokio::test]
async fn lists_and_plans_that_are_lost_leave_what_the_request_needs() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = Arc::new(portal.phone().await);
    for method in ["getRoSite", "getSiteStructure"] {
        answers.say(method, Some(Said::Lost));
    }
    for _ in 0..3 {
        let pages = floors(&phone, "DEMO-SIMPLE", 6).await;
        assert!(pages.iter().all(|page| page.status == 200));
        phone.open("/c/DEMO-SIMPLE/lieux?motif=wrong_floor").await;
    }
    assert_eq!(answers.all_calls(), 5);
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
