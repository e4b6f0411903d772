//! The network that goes, at each step: what has left and what has not is said, and nothing is sent twice.

use tempfile::tempdir;

use super::{Kind, Phone, button, flow::signed_in, link};
use crate::harness::{Oi, Portal, Table, quick, still};

/// What a browser says of a request that was cut.
const CUT: &[&str] = &["Failed to load resource", "net::ERR_"];

fn recap(phone: &Phone, portal: &Portal, contract: &str, fibre: &str) {
    phone.goto(&format!("{}/c/{contract}?zone=ztd", portal.url));
    phone.worker_is_ready();
    phone.tap(&button("Fibre cassée"));
    phone.tap(&link(fibre));
    phone.sees("C'est bien ça ?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_it_is_sent_nothing_has_left_and_the_choice_is_kept() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), quick()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    recap(&phone, &portal, "DEMO-SIMPLE", "CTP-6002102-1");
    phone.offline(true);
    phone.tap(&button("Demander cette fibre"));
    phone.sees("Rien n'est parti. Votre choix est gardé sur ce téléphone.");
    phone.screenshot("auto-reseau-avant-envoi");
    // The phone is restarted in the cellar.
    phone.tries(&portal.url);
    phone.sees("Pas de réseau");
    phone.sees("Rien n'est parti.");
    phone.screenshot("auto-reseau-accueil");
    phone.sees("Reprendre DEMO-SIMPLE");
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-SIMPLE"), 0);
    phone.offline(false);
    phone.waits("!document.querySelector('[data-recharge]')");
    phone.tap(&link("Reprendre DEMO-SIMPLE"));
    phone.sees("C'est bien ça ?");
    phone.tap(&button("Demander cette fibre"));
    phone.sees("Branchez ici");
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-SIMPLE"), 1);
    let problems = phone.problems(CUT);
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_while_it_is_sent_it_is_found_out_about_and_never_doubled() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), quick()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    for (contract, fibre, arrives) in
        [("DEMO-SIMPLE", "CTP-6002102-1", false), ("DEMO-ROV", "CTP-6000302-1", true)]
    {
        recap(&phone, &portal, contract, fibre);
        if arrives {
            phone.cut_after("/demande$");
        } else {
            phone.cut_before("/demande$");
        }
        phone.tap(&button("Demander cette fibre"));
        phone.sees("On ne sait pas encore si la demande est passée");
        phone.sees("Ne la refaites pas");
        phone.screenshot(&format!("auto-reseau-pendant-{arrives}"));
        phone.mend();
        phone.tap(&link("Vérifier"));
        if arrives {
            phone.sees("Branchez ici");
        } else {
            phone.sees("Elle n'était pas partie");
            phone.tap(&link("Reprendre"));
            phone.tap(&button("Demander cette fibre"));
            phone.sees("Branchez ici");
        }
        assert_eq!(Table::of(&oi).reprovisionings(contract), 1, "{contract}");
        phone.problems(&[]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_without_room_shows_what_it_cannot_keep() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    recap(&phone, &portal, "DEMO-LENT", "CTP-6000702-1");
    phone.room(1);
    phone.tap(&button("Demander cette fibre"));
    phone.sees("Code de décharge");
    let code = Table::of(&oi).code("DEMO-LENT");
    phone.sees(&code);
    phone.reload();
    phone.sees(&code);
    let kept = "caches.open('suivis').then(cache => cache.keys()).then(all => all.length)";
    assert_eq!(phone.evaluate::<u32>(kept), 0, "there was no room");
    phone.room(10_000_000);
    phone.reload();
    phone.waits(&format!("{kept}.then(count => count === 1)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_without_network_says_so_and_goes_on_with_it() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    phone.worker_is_ready();
    phone.goto(&format!("{}/c/DEMO-LENT?zone=ztd", portal.url));
    // A step is a page: out of reach, then back.
    let lost = |what: &super::What, then: &str| {
        phone.cut_before(".*");
        phone.tap(what);
        phone.sees("Rien n'est parti.");
        phone.mend();
        phone.tap(&link("Réessayer"));
        phone.sees(then);
    };
    lost(&button("Fibre cassée"), "Quelle fibre voulez-vous ?");
    lost(&link("CTP-6000702-1"), "C'est bien ça ?");
    phone.tap(&button("Demander cette fibre"));
    phone.sees("Code de décharge");
    let code = Table::of(&oi).code("DEMO-LENT");
    // What was seen last is shown, with its hour.
    phone.offline(true);
    phone.sees("Pas de réseau. Dernier état connu");
    phone.reload();
    phone.sees(&code);
    phone.screenshot("auto-reseau-suivi");
    phone.offline(false);
    phone.tap(&button("Vérifier maintenant"));
    phone.sees("Préparez le boîtier");
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-LENT"), 1);
}
