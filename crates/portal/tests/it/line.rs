//! Other programs of the operator's have both its places: whoever waits is told so, where he stands and what has
//! not left, and goes on by himself.

use std::time::Duration;

use ereprov_client::{Client, CodeErreur, Endpoint, Error};
use ereprov_portal::Pace;
use ereprov_server::demo;
use tempfile::{TempDir, tempdir};
use tokio::task::JoinHandle;

use crate::{
    answers::Answers,
    harness::{Oi, Portal, Table, basic, hire_ali, still, until},
    phone::{Page, Phone},
};

/// A demo network two of whose contracts take so long to be decided.
pub async fn slow(ms: u32) -> Oi {
    Oi::with(&format!("[networks]\nask_deadline_ms = {ms}\n"), demo::files()).await
}

/// Another program of the operator's.
pub struct Other {
    folder: TempDir,
    asking: Vec<JoinHandle<()>>,
}

impl Other {
    /// One on another machine, which takes both places; the service alone knows of it.
    pub async fn elsewhere(oi: &Oi) -> Self {
        let folder = tempdir().unwrap();
        let asking = take_both(oi, folder.path()).await;
        Self { folder, asking }
    }

    /// Waits until it has given both back.
    pub async fn done(self) {
        for one in self.asking {
            one.await.unwrap();
        }
        drop(self.folder);
    }
}

/// Asks for two fibres whose contracts take their time, and waits until both are being decided.
async fn take_both(oi: &Oi, folder: &std::path::Path) -> Vec<JoinHandle<()>> {
    let client = || {
        let endpoint = Endpoint::new(&oi.url()).login(basic("oc-demo"));
        Client::new(endpoint, folder).unwrap()
    };
    let ask = |contract: &str, fibre: &str| {
        let (client, put) = (client(), crate::harness::put(contract, fibre));
        tokio::spawn(async move {
            // Networks never says anything about these two: the place is held until it should have.
            while let Err(Error::Ko(ko)) = client.put_within(&put, 1).await
                && ko.code == CodeErreur::TropDeRequetes.into()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let asking = vec![ask("DEMO-20010", "CTP-6001002-1"), ask("DEMO-20007", "CTP-6002202-1")];
    let third = Endpoint::new(&oi.url()).login(basic("oc-demo"));
    let elsewhere = tempdir().unwrap();
    let third = Client::new(third, elsewhere.path()).unwrap();
    let contract = crate::harness::contract("DEMO-SIMPLE");
    while third.structure(&contract).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    asking
}

/// A pace at which places are tried for each so many milliseconds.
pub fn trying(ms: u64) -> Pace {
    Pace {
        places_tried: vec![Duration::from_millis(ms); 4],
        page_waits: Duration::from_millis(300),
        ..still()
    }
}

const TAKEN: &str =
    "Les deux accès de votre entreprise chez l'opérateur sont pris par un autre de ses programmes.";

#[tokio::test]
async fn a_request_waits_for_another_program_and_leaves_once_it_has_a_place() {
    let (oi, folder) = (slow(2500).await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), trying(900)).await;
    hire_ali(folder.path()).await;
    let (jeanne, ali) = (portal.phone().await, portal.phone_of("ali").await);
    let one = recap(&jeanne, "DEMO-SIMPLE", "CTP-6002102-1").await;
    let two = recap(&ali, "DEMO-ZMD", "CTP-6000102-1").await;
    let other = Other::elsewhere(&oi).await;
    let one = jeanne.press(&one, "Demander cette fibre", &[]).await;
    let page = until(&jeanne, &one.path, TAKEN).await;
    for said in ["Vous êtes 1er dans la file", "Rien n'est encore parti", "Prochain essai "] {
        assert!(page.says(said), "{said}: {}", page.words());
    }
    let two = ali.press(&two, "Demander cette fibre", &[]).await;
    let page = until(&ali, &two.path, TAKEN).await;
    assert!(page.says("Vous êtes 2e dans la file"), "{}", page.words());
    let reading = ali.open("/c/DEMO-OPAC/fibres?motif=broken_fibre").await;
    assert!(
        reading.says("Vous êtes 3e dans la file") && reading.says(TAKEN),
        "{}",
        reading.words()
    );
    // Nobody taps.
    until(&jeanne, &one.path, "Code de décharge").await;
    until(&ali, &two.path, "Code de décharge").await;
    until(&ali, "/c/DEMO-OPAC/fibres?motif=broken_fibre", "CTP-6000402-1").await;
    other.done().await;
    for contract in ["DEMO-SIMPLE", "DEMO-ZMD"] {
        assert_eq!(Table::of(&oi).reprovisionings(contract), 1);
    }
    // One tries for all who wait, and each try is counted.
    let tried = answers.calls("putReprovisionning");
    assert!((3..=6).contains(&tried), "{tried} tries");
    assert_eq!(shown(&jeanne).await + shown(&ali).await, answers.all_calls());
}

/// Calls that a technician's list tells.
async fn shown(phone: &Phone) -> u32 {
    let words = phone.open("/interventions").await.words();
    let (words, _) = words.split_once("Hotline").unwrap();
    let before = words.split(" appel").filter_map(|before| before.rsplit(' ').next());
    before.filter_map(|number| number.parse::<u32>().ok()).sum()
}

/// The recap of a fibre, whose list may take longer than a page waits here.
async fn recap(phone: &Phone, contract: &str, fibre: &str) -> Page {
    let path = format!("/c/{contract}/fibres?zone=ztd&motif=broken_fibre");
    let fibres = until(phone, &path, fibre).await;
    phone.tap(&fibres, fibre).await
}

#[tokio::test]
async fn a_program_of_the_same_machine_is_waited_for_without_a_call() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    // The same folder of what programs share, and the same address of the service.
    let portal = Portal::before(&answers.url, folder.path(), trying(900)).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-SIMPLE", "CTP-6002102-1").await;
    let seats: Vec<_> = seats(folder.path());
    for seat in &seats {
        seat.lock().unwrap();
    }
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, TAKEN).await;
    assert!(page.says("Rien n'est encore parti"), "{}", page.words());
    // Longer than it looks, twice.
    let before = answers.all_calls();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(answers.all_calls(), before, "looking for a place of this machine is no call");
    drop(seats);
    until(&phone, &asked.path, "Code de décharge").await;
    assert_eq!(answers.calls("putReprovisionning"), 1);
    let mine = phone.open("/interventions").await;
    assert!(mine.says("2 appels"), "{}", mine.words());
}

/// The files whose locks are the operator's places on this machine.
fn seats(folder: &std::path::Path) -> Vec<std::fs::File> {
    let services = std::fs::read_dir(folder.join("client")).unwrap();
    let service = services.map(|one| one.unwrap().path()).next().unwrap();
    let open = |number| std::fs::File::open(service.join(format!("seat-{number}"))).unwrap();
    // The second one is made by whoever needs it.
    std::fs::OpenOptions::new().create(true).append(true).open(service.join("seat-2")).unwrap();
    [1, 2].map(open).into()
}

#[tokio::test]
async fn who_finds_no_place_for_too_long_is_told_so_and_nothing_has_left() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let pace = Pace { places_tried: vec![Duration::from_millis(20); 40], ..still() };
    let portal = Portal::before(&answers.url, folder.path(), pace).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-SIMPLE", "CTP-6002102-1").await;
    for method in ["putReprovisionning", "getRoSite"] {
        answers.ko(method, "20007", "Maximum de requêtes simultanées atteint");
    }
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    let page = until(&phone, &asked.path, "Tous les accès de votre entreprise sont pris").await;
    assert!(page.says("Rien n'est parti."), "{}", page.words());
    // Each try could have been the one whose answer is lost: two readings are kept for it.
    assert_eq!((answers.all_calls(), answers.calls("putReprovisionning")), (6, 5));
    assert!(phone.open("/interventions").await.says("Pas envoyée"));
    // A page that waits for a list stops in time for a request, too.
    let page = until(&phone, "/c/DEMO-ZMD/fibres?motif=broken_fibre", "Rester dans la file").await;
    assert!(page.says("Détails"), "{}", page.words());
    assert_eq!(answers.all_calls(), 6 + 5);
    answers.say("putReprovisionning", None);
    answers.say("getRoSite", None);
    let page = phone.tap(&phone.open(&asked.path).await, "Rester dans la file").await;
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Code de décharge").await;
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-SIMPLE"), 1);
}

#[tokio::test]
async fn a_portal_that_is_stopped_sends_nothing_of_what_waits() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let portal = Portal::before(&answers.url, folder.path(), trying(60_000)).await;
    let phone = portal.phone().await;
    let page = recap(&phone, "DEMO-SIMPLE", "CTP-6002102-1").await;
    answers.ko("putReprovisionning", "20007", "Maximum de requêtes simultanées atteint");
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, TAKEN).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), portal.stop()).await;
    assert!(stopped.is_ok(), "it does not wait for a place");
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let page = portal.phone().await.open(&asked.path).await;
    assert!(
        page.says("Rien n'est parti.") && page.says("Le portail a redémarré"),
        "{}",
        page.words()
    );
    assert_eq!(answers.calls("putReprovisionning"), 1);
}
