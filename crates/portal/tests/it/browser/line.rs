//! The line before the operator's places, and who is told to wait, as a technician sees them.

use std::time::Duration;

use ereprov_portal::Pace;
use tempfile::tempdir;

use super::{
    Kind, Phone, button,
    flow::{THEMES, signed_in},
    link,
};
use crate::{
    answers::Answers,
    harness::{Oi, Portal, Table, still},
    line::{Other, slow, trying},
};

fn plain() -> Kind {
    Kind { java_script: false, ..Kind::default() }
}

fn recap(phone: &Phone, portal: &Portal, contract: &str, fibre: &str) {
    phone.goto(&format!("{}/c/{contract}/fibres?zone=ztd&motif=broken_fibre", portal.url));
    phone.tap(&link(fibre));
    phone.sees("C'est bien ça ?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_has_the_places_one_waits_and_then_goes_on_without_a_tap() {
    // Long enough for two browsers beside others, and shorter than four tries.
    let (oi, folder) = (slow(7000).await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), trying(2000)).await;
    let (live, plain) =
        (signed_in(&portal, &Kind::default(), "auto"), signed_in(&portal, &plain(), "auto"));
    recap(&live, &portal, "DEMO-SIMPLE", "CTP-6002102-1");
    recap(&plain, &portal, "DEMO-ZMD", "CTP-6000102-1");
    let other = Other::elsewhere(&oi).await;
    live.tap(&button("Demander cette fibre"));
    live.sees("par un autre de ses programmes");
    plain.tap(&button("Demander cette fibre"));
    plain.sees("par un autre de ses programmes");
    plain.sees("Vous êtes 2e dans la file");
    plain.screenshot("auto-sans-js-5-file-prise");
    for phone in [&live, &plain] {
        phone.sees("Code de décharge");
        phone.is_sound();
    }
    other.done().await;
    for contract in ["DEMO-SIMPLE", "DEMO-ZMD"] {
        assert_eq!(Table::of(&oi).reprovisionings(contract), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_and_who_comes_second_are_told_so_in_every_theme() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    let pace = Pace {
        places_tried: vec![Duration::from_mins(1); 4],
        page_waits: Duration::from_millis(300),
        ..still()
    };
    let portal = Portal::before(&answers.url, folder.path(), pace).await;
    let phones = THEMES.map(|theme| (theme, signed_in(&portal, &Kind::default(), theme)));
    for (_, phone) in &phones {
        recap(phone, &portal, "DEMO-SIMPLE", "CTP-6002102-1");
    }
    answers.ko("putReprovisionning", "20007", "Maximum de requêtes simultanées atteint");
    for (number, (theme, phone)) in phones.iter().enumerate() {
        let sound = |name: &str| {
            phone.is_sound();
            phone.screenshot(&format!("{theme}-{name}"));
        };
        phone.tap(&button("Demander cette fibre"));
        if number > 0 {
            phone.sees("Une demande est déjà ouverte pour ce contrat");
            phone.sees("Demandée par vous");
            sound("5-deja-ouverte");
            phone.tap(&link("Voir où elle en est"));
        }
        phone.sees("Vous êtes 1er dans la file");
        phone.sees("par un autre de ses programmes");
        // The seconds are counted down in place.
        let left = "Number(document.querySelector('[data-dans]').dataset.dans)";
        let before: u32 = phone.evaluate(left);
        while phone.evaluate::<u32>(left) >= before {
            std::thread::sleep(Duration::from_millis(50));
        }
        sound("5-file-prise");
        phone.goto(&format!("{}/c/DEMO-OPAC/fibres?motif=broken_fibre", portal.url));
        phone.sees("Vous êtes 2e dans la file");
        sound("3-file-prise");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_too_much_waits_and_the_page_comes_by_itself() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::with(&oi.url(), folder.path(), still(), |settings| {
        settings.sign_in.acts_at_once = 1;
        settings.sign_in.act_every = Duration::from_secs(5);
    })
    .await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    let list = |contract: &str| format!("{}/c/{contract}/fibres?motif=broken_fibre", portal.url);
    // The first one is let through; on a slow machine, the next one too.
    let mut contracts = ["DEMO-SIMPLE", "DEMO-ZMD", "DEMO-OPAC", "DEMO-ROV", "DEMO-LENT"].iter();
    assert!(contracts.any(|contract| phone.goto(&list(contract)) == 429));
    phone.sees("Votre choix est gardé.");
    assert!(phone.problems(&["429"]).is_empty());
    phone.is_sound();
    phone.screenshot("auto-3-trop-souvent");
    phone.sees("Quelle fibre voulez-vous ?");
}
