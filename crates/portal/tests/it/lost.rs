//! Answers that are lost, and portals that end in the middle: never a second request, and never one that is
//! forgotten.

use std::time::Duration;

use tempfile::{TempDir, tempdir};

use crate::{
    answers::{Answers, Said},
    cutting::Cutting,
    harness::{Oi, Portal, Table, administration, recap, refused, still, until, url},
    phone::{Page, Phone},
};

#[tokio::test]
async fn an_answer_that_is_lost_is_found_out_about_and_its_code_told_again() {
    let scene = Scene::at_recap("DEMO-LENT", "CTP-6000702-1").await;
    let Scene { oi, answers, folder, phone, page, .. } = &scene;
    answers.say("putReprovisionning", Some(Said::Lost));
    // What it says while it finds out.
    let asked = phone.press(page, "Demander cette fibre", &[]).await;
    while answers.calls("putReprovisionning") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    answers.say("putReprovisionning", None);
    let page = until(phone, &asked.path, "Code de décharge").await;
    let code = Table::of(oi).code("DEMO-LENT");
    let page = if page.says(&code) {
        page
    } else {
        phone.press(&page, "Redemander le code", &[]).await;
        until(phone, &asked.path, &code).await
    };
    assert!(!page.says("refusée"), "{}", page.words());
    assert_eq!(Table::of(oi).reprovisionings("DEMO-LENT"), 1);
    assert!(answers.all_calls() <= 8, "{} calls", answers.all_calls());
    // What was read to find out is in the journal with what came of it.
    let read = readings(folder.path()).await;
    assert!(read.contains(&("getReprovisionning".to_owned(), "OK".to_owned())), "{read:?}");
    assert!(read.iter().all(|(_, outcome)| outcome == "OK"), "{read:?}");
}

/// What the journal says was read, and what came of it.
async fn readings(folder: &std::path::Path) -> Vec<(String, String)> {
    let journal = administration(folder).journal(i64::MIN, i64::MAX).await.unwrap();
    let read = journal.into_iter().filter(|entry| entry.act == "lecture");
    read.map(|entry| (entry.detail, entry.outcome)).collect()
}

/// A technician before a request, or after it, and what may lose its answers.
struct Scene {
    oi: Oi,
    answers: Answers,
    folder: TempDir,
    portal: Portal,
    phone: Phone,
    /// What the technician is shown.
    page: Page,
}

impl Scene {
    /// At the recap of this fibre for this contract.
    async fn at_recap(contract: &str, fibre: &str) -> Self {
        let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
        let answers = Answers::before(oi.running.address.port()).await;
        let portal = Portal::before(&answers.url, folder.path(), still()).await;
        let phone = portal.phone().await;
        let page = recap(&phone, contract, fibre).await;
        Self { oi, answers, folder, portal, phone, page }
    }

    /// It was sent: its answer is lost, and every reading about it is.
    async fn in_the_dark() -> Self {
        let mut scene = Self::at_recap("DEMO-LENT", "CTP-6000702-1").await;
        scene.answers.say("putReprovisionning", Some(Said::Lost));
        scene.answers.say("getReprovisionning", Some(Said::Lost));
        scene.page = scene.phone.press(&scene.page, "Demander cette fibre", &[]).await;
        scene
    }

    /// The same, when the portal has given up finding out by itself: nobody knows what became of it.
    async fn in_doubt() -> Self {
        let mut scene = Self::in_the_dark().await;
        scene.page = until(&scene.phone, &scene.page.path, "Vérifier maintenant").await;
        scene
    }

    /// The service answers again, and a tap finds out: it was accepted, once.
    async fn ends(&self) {
        self.answers.say("getReprovisionning", None);
        self.answers.say("putReprovisionning", None);
        self.phone.press(&self.page, "Vérifier maintenant", &[]).await;
        let table = Table::of(&self.oi);
        until(&self.phone, &self.page.path, &table.code("DEMO-LENT")).await;
        assert_eq!(table.reprovisionings("DEMO-LENT"), 1);
    }
}

#[tokio::test]
async fn while_it_is_not_known_the_page_says_not_to_do_it_again() {
    let doubt = Scene::in_doubt().await;
    let Scene { answers, folder, phone, page, .. } = &doubt;
    assert!(page.says("Ne la refaites pas"), "{}", page.words());
    assert!(page.button("Demander").is_none() && page.link("Renvoyer").is_none());
    // Whoever tries all the same comes to the same page.
    let other = recap(phone, "DEMO-LENT", "CTP-6000703-1").await;
    let again = phone.press(&other, "Demander cette fibre", &[]).await;
    assert!(again.says("Une demande est déjà ouverte pour ce contrat"), "{}", again.words());
    assert_eq!(phone.tap(&again, "Voir où elle en est").await.path, page.path);
    assert_eq!(answers.calls("putReprovisionning"), 1);
    let lost = ("getReprovisionning".to_owned(), "sans-reponse".to_owned());
    assert!(readings(folder.path()).await.contains(&lost));

    doubt.ends().await;
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_never_said_not_to_have_left() {
    let doubt = Scene::in_doubt().await;
    let Scene { folder, phone, page, .. } = &doubt;
    // Another program of the company's is at the contract, and stays there.
    let held = hold_contracts(folder.path());
    assert!(!held.is_empty());
    phone.press(page, "Vérifier maintenant", &[]).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let page = until(phone, &page.path, "Vérifier maintenant").await;
    assert!(page.says("Ne la refaites pas"), "{}", page.words());
    assert!(!page.says("Rien n'est parti"), "{}", page.words());
    drop(held);
    doubt.ends().await;
}

/// Holds the client library's locks on contracts, as long as these files are open.
fn hold_contracts(folder: &std::path::Path) -> Vec<std::fs::File> {
    let mut held = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            held.extend(hold_contracts(&entry.path()));
        } else if entry.file_name().to_string_lossy().starts_with("put-") {
            let file = std::fs::File::options().write(true).open(entry.path()).unwrap();
            file.lock().unwrap();
            held.push(file);
        }
    }
    held
}

#[tokio::test]
async fn a_request_that_never_arrived_may_be_sent_again() {
    let scene = Scene::at_recap("DEMO-SIMPLE", "CTP-6002102-1").await;
    let Scene { oi, answers, phone, page, .. } = &scene;
    let body = "<html>passerelle</html>".to_owned();
    answers.say("putReprovisionning", Some(Said::This(504, body)));
    let asked = phone.press(page, "Demander cette fibre", &[]).await;
    let page = until(phone, &asked.path, "Votre demande n'était pas passée").await;
    assert_eq!(answers.calls("putReprovisionning"), 1, "it is not sent again by itself");
    answers.say("putReprovisionning", None);
    let page = phone.tap(&page, "Renvoyer").await;
    assert!(page.says("C'est bien ça ?"), "{}", page.words());
    let asked = phone.press(&page, "Demander cette fibre", &[]).await;
    until(phone, &asked.path, "Code de décharge").await;
    assert_eq!(Table::of(oi).reprovisionings("DEMO-SIMPLE"), 1);
}

#[tokio::test]
async fn a_portal_that_ends_in_the_middle_takes_up_what_it_has_sent() {
    let scene = Scene::in_the_dark().await;
    let Scene { oi, answers, folder, portal, phone, page: asked } = scene;
    until(&phone, &asked.path, "on vérifie").await;
    drop(portal);
    answers.say("putReprovisionning", None);
    answers.say("getReprovisionning", None);
    // The other one may hold the contract for a moment yet.
    let portal = Portal::before(&answers.url, folder.path(), still()).await;
    let phone = portal.phone().await;
    until(&phone, &asked.path, &Table::of(&oi).code("DEMO-LENT")).await;
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-LENT"), 1);
    portal.stop().await;

    // The code is kept, whatever becomes of the service.
    let nobody = url(1, "http");
    let portal = Portal::before(&nobody, folder.path(), still()).await;
    let page = portal.phone().await.open(&asked.path).await;
    assert!(page.says(&Table::of(&oi).code("DEMO-LENT")), "{}", page.words());
}

#[tokio::test]
async fn two_portals_do_not_run_on_one_folder() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let error = refused(&oi, folder.path()).await;
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(said, "another portal runs on this data folder");
    assert!(portal.phone().await.open("/").await.says("Référence du contrat"));
    portal.stop().await;
    Portal::of(&oi, folder.path(), still()).await;
}

#[tokio::test]
async fn a_database_that_fails_while_a_request_is_accepted_loses_no_code() {
    let scene = Scene::at_recap("DEMO-SIMPLE", "CTP-6002102-1").await;
    let Scene { oi, answers, folder, phone, page, .. } = &scene;
    // Before the answer is there, and for longer than the portal waits at once, nobody can write.
    answers.say("putReprovisionning", Some(Said::Late(Duration::from_millis(500))));
    let file = folder.path().join("portal/portal.sqlite");
    let asked = phone.press(page, "Demander cette fibre", &[]);
    let lock = async {
        while answers.calls("putReprovisionning") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let other = rusqlite::Connection::open(&file).unwrap();
        other.busy_timeout(Duration::from_secs(10)).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        tokio::time::sleep(Duration::from_secs(8)).await;
        drop(other);
    };
    let (asked, ()) = tokio::join!(asked, lock);
    let code = Table::of(oi).code("DEMO-SIMPLE");
    until(phone, &asked.path, &code).await;
}

#[tokio::test]
async fn connections_cut_at_random_bytes_never_make_two_requests() {
    let oi = Oi::demo().await;
    let contracts = [
        ("DEMO-SIMPLE", "CTP-60021"),
        ("DEMO-ZMD", "CTP-60001"),
        ("DEMO-ROV", "CTP-60003"),
        ("DEMO-OPAC", "CTP-60004"),
        ("DEMO-LENT", "CTP-60007"),
        ("DEMO-SANS-PTO", "CTP-60012"),
    ];
    for (number, (contract, fibres)) in contracts.into_iter().enumerate() {
        let folder = tempdir().unwrap();
        let seed = 0x51ed_u64 + 7919 * number as u64;
        let cutting =
            Cutting::start(oi.running.address.port(), seed, number.is_multiple_of(2)).await;
        let portal = Portal::before(&url(cutting.port, "http"), folder.path(), still()).await;
        let phone = portal.phone().await;
        let fibre = format!("{fibres}02-1");
        let path = format!("/c/{contract}/fibres?motif=broken_fibre");
        let page = read(&phone, &path, &fibre).await;
        let page = phone.tap(&page, &fibre).await;
        let asked = phone.press(&page, "Demander cette fibre", &[]).await;
        let page = outcome(&phone, &asked.path).await;
        let table = Table::of(&oi);
        let count = table.reprovisionings(contract);
        let is_accepted = page.says("Code de décharge") || page.says("Branchez ici");
        assert_eq!(count, u32::from(is_accepted), "{contract}: {}", page.words());
        if page.says("À reporter dans votre compte rendu") {
            assert!(page.says(&table.code(contract)), "{}", page.words());
        }
    }
}

/// A list of fibres, asked for as often as the connection is cut.
async fn read(phone: &Phone, path: &str, fibre: &str) -> Page {
    for _ in 0..50 {
        let page = phone.open(path).await;
        if page.link(fibre).is_some() {
            return page;
        }
        let button = ["Réessayer", "Lire (1 appel)"].into_iter().find(|b| page.button(b).is_some());
        if let Some(button) = button {
            let page = phone.press(&page, button, &[]).await;
            if page.link(fibre).is_some() {
                return page;
            }
        }
    }
    panic!("{path} cannot be read")
}

/// What becomes of a request, whoever has to tap for it.
async fn outcome(phone: &Phone, path: &str) -> Page {
    for _ in 0..600 {
        let page = phone.open(path).await;
        let ends = ["Code de décharge", "Branchez ici", "Détails"];
        let is_known = ends.iter().any(|end| page.says(end));
        if page.button("Vérifier maintenant").is_some() && !page.says("Code de décharge") {
            phone.press(&page, "Vérifier maintenant", &[]).await;
        } else if is_known {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} does not end: {}", phone.open(path).await.words())
}
