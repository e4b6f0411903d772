//! The whole way in the browser: taps and calls, every screen in three themes, narrow, by keyboard, without
//! scripts. Pictures of all of it are left in `target/browser`.

use std::time::Duration;

use ereprov_portal::Pace;
use tempfile::tempdir;

use super::{Kind, Phone, button, css, field, link};
use crate::harness::{LOGIN, MUT, Oi, PASSWORD, Portal, Table, quick, still};

/// The displays that a technician chooses from.
pub const THEMES: [&str; 3] = ["auto", "soleil", "sombre"];

/// A phone whose technician is signed in, with this display.
pub fn signed_in(portal: &Portal, kind: &Kind, theme: &str) -> Phone {
    let phone = Phone::new(kind);
    phone.goto(&portal.url);
    phone.write(&field("Identifiant"), LOGIN);
    phone.write(&field("Mot de passe"), PASSWORD);
    phone.tap(&button("Se connecter"));
    phone.sees("Référence du contrat");
    for _ in 0..THEMES.iter().position(|one| *one == theme).unwrap() {
        phone.tap(&button("Thème"));
    }
    phone.sees_control(&css(&format!("html[data-theme={theme}]")));
    phone
}

fn plain() -> Kind {
    Kind { java_script: false, ..Kind::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_taps_with_and_without_scripts_in_every_theme() {
    let oi = Oi::demo().await;
    // Each has a line of its own.
    let lines = [
        (true, "auto", MUT, "CTP-1240331-1"),
        (true, "soleil", "DEMO-SIMPLE", "CTP-6002102-1"),
        (true, "sombre", "DEMO-ZMD", "CTP-6000102-1"),
        (false, "auto", "DEMO-OPAC", "CTP-6000402-1"),
    ];
    for (java_script, theme, contract, fibre) in lines {
        let folder = tempdir().unwrap();
        let portal = Portal::of(&oi, folder.path(), quick()).await;
        let kind = if java_script { Kind::default() } else { plain() };
        let phone = signed_in(&portal, &kind, theme);
        let before = (phone.taps(), Table::of(&oi).calls());
        let sound = |name: &str| {
            phone.is_sound();
            let scripts = if java_script { "" } else { "-sans-js" };
            phone.screenshot(&format!("{theme}{scripts}-{name}"));
        };
        phone.write(&field("Référence du contrat"), contract);
        sound("1-contrat");
        phone.tap(&button("Chercher"));
        phone.sees("Que se passe-t-il ?");
        sound("2-motif");
        phone.tap(&button("Fibre cassée"));
        phone.sees("Quelle fibre voulez-vous ?");
        sound("3-fibres");
        phone.tap(&link(fibre));
        phone.sees("C'est bien ça ?");
        sound("4-verifier");
        phone.tap(&button("Demander cette fibre"));
        assert_eq!(phone.taps() - before.0, 4);
        // Without scripts the page refreshes itself; nobody taps here either.
        phone.sees("Branchez ici");
        sound("6-branchez");
        let calls = Table::of(&oi).calls() - before.1;
        assert!((3..=6).contains(&calls), "{calls} calls");
        let code = Table::of(&oi).code(contract);
        phone.sees(&code);
        phone.tap(&button("C'est branché"));
        phone.sees("Branché à");
        phone.goto(&format!("{}/interventions", portal.url));
        phone.sees(contract);
        sound("7-interventions");
        phone.goto(&format!("{}/aide", portal.url));
        sound("8-aide");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_screens_in_every_theme() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    for theme in THEMES {
        let phone = signed_in(&portal, &Kind::default(), theme);
        let sound = |name: &str| {
            phone.is_sound();
            phone.screenshot(&format!("{theme}-{name}"));
        };
        phone.goto(&format!("{}/c?contrat=MUT%E2%82%AC", portal.url));
        phone.sees("Il y a un problème");
        sound("1-contrat-erreur");
        phone.goto(&format!("{}/c/{MUT}?zone=ztd", portal.url));
        phone.tap(&button("Etage erroné"));
        phone.sees("Où est le boîtier ?");
        sound("3b-lieux");
        phone.tap(&link("ETAGE-15"));
        phone.tap(&css("details.autres summary"));
        phone.sees("Cette fibre n'est pas libre.");
        sound("3-fibres-douze");
        phone.goto(&format!("{}/hors-ligne", portal.url));
        sound("9-hors-ligne");
        phone.goto(&format!("{}/d/00000000000000000000000000000000", portal.url));
        phone.sees("Rien n'est parti.");
        assert!(phone.problems(&["404"]).is_empty());
        sound("9-pas-partie");
        phone.goto(&format!("{}/c/MUT0O1I/fibres?motif=broken_fibre", portal.url));
        phone.sees("Contrat introuvable");
        sound("9-introuvable");
        phone
            .goto(&format!("{}/c/DEMO-OPAC/fibres?motif=broken_fibre&garder=1&opac=1", portal.url));
        phone.sees("Aucune fibre libre");
        sound("3-fibres-aucune");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_is_live_and_its_page_sound_in_every_theme() {
    let oi = Oi::demo().await;
    let pace = Pace { follow: [300, 60_000].map(Duration::from_millis).to_vec(), ..quick() };
    let lines = [
        ("auto", "DEMO-LENT", "CTP-6000702-1", "Préparez le boîtier"),
        ("soleil", "DEMO-ECHEC", "CTP-6000602-1", "Le changement n'a pas marché"),
        ("sombre", "DEMO-LENT", "", "Préparez le boîtier"),
    ];
    for (theme, contract, fibre, says) in lines {
        let folder = tempdir().unwrap();
        let portal = Portal::of(&oi, folder.path(), pace.clone()).await;
        let phone = signed_in(&portal, &Kind::default(), theme);
        phone.goto(&format!("{}/c/{contract}?zone=ztd", portal.url));
        if fibre.is_empty() {
            phone.tap(&button("Voir où en est ce contrat"));
        } else {
            phone.tap(&button("Fibre cassée"));
            phone.tap(&link(fibre));
            phone.tap(&button("Demander cette fibre"));
            phone.sees("Code de décharge");
        }
        phone.sees(says);
        phone.is_sound();
        phone.screenshot(&format!("{theme}-5-suivi-{contract}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn narrow_screens_and_twice_as_large_letters_lose_nothing() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    let query = "zone=ztd&bat=BATIMENT-1&esc=ESCALIER-44&etage=ETAGE-15&motif=broken_fibre";
    let paths = [
        "/".to_owned(),
        format!("/c/{MUT}?{query}"),
        format!("/c/{MUT}/fibres?{query}"),
        format!("/c/{MUT}/lieux?{query}"),
        format!("/c/{MUT}/verifier?{query}&fibre=CTP-1240357-1"),
        "/aide".to_owned(),
    ];
    // 195 pixels: a phone of 390 with everything twice as large.
    for (width, height) in [(320, 640), (195, 390), (780, 360)] {
        phone.resize(width, height);
        for path in &paths {
            phone.goto(&format!("{}{path}", portal.url));
            let wide: u32 = phone.evaluate("document.documentElement.scrollWidth");
            let over: Vec<String> = phone.evaluate(&format!(
                "[...document.querySelectorAll('body *')].filter((one) =>
                    one.getBoundingClientRect().right > {width} + 1 && !one.closest('.vh, .evite'))
                    .map((one) => one.outerHTML.slice(0, 150))",
            ));
            assert!(wide <= width, "{path} is {wide} pixels wide on {width}: {over:#?}");
            phone.screenshot(&format!(
                "etroit-{width}-{}",
                path.split('?').next().unwrap().replace('/', "_")
            ));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough_and_the_bar_hides_no_focus() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    let place = "bat=BATIMENT-1&esc=ESCALIER-44&etage=ETAGE-15";
    phone.goto(&format!("{}/c/{MUT}/fibres?zone=ztd&motif=broken_fibre&{place}", portal.url));
    let mut seen = Vec::new();
    for _ in 0..40 {
        phone.press("Tab", false);
        let (text, hidden): (String, bool) = phone.evaluate(FOCUSED);
        assert!(!hidden, "{text:?} is focused under the bar");
        seen.push(text);
    }
    let at = |text: &str| seen.iter().position(|one| one.contains(text));
    assert!(at("CTP-1240446-1") < at("CTP-1240357-1"), "{seen:#?}");
    assert!(at("CTP-1240357-1") < at("Hotline"), "{seen:#?}");
    // And by keys alone from there to the request.
    phone.goto(&format!(
        "{}/c/{MUT}/verifier?zone=ztd&motif=broken_fibre&{place}&fibre=CTP-1240357-1",
        portal.url
    ));
    for _ in 0..20 {
        let (text, _): (String, bool) = phone.evaluate(FOCUSED);
        if text.contains("Demander cette fibre") {
            phone.press("Enter", true);
            phone.sees("Code de décharge");
            return;
        }
        phone.press("Tab", false);
    }
    panic!("no key comes to the button");
}

/// What has the focus, and whether the bar at the bottom is over the middle of it.
const FOCUSED: &str = "(() => {
    const one = document.activeElement;
    const { left, top, width, height } = one.getBoundingClientRect();
    const over = document.elementFromPoint(left + width / 2, top + height / 2);
    const bar = document.querySelector('footer.bas');
    return [one === document.body ? '' : one.textContent, Boolean(over && bar.contains(over) && !bar.contains(one))];
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_view_is_light_on_the_wire() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = signed_in(&portal, &Kind::default(), "auto");
    phone.worker_is_ready();
    let requests = phone.requests();
    assert!(requests.iter().all(|seen| seen.url.starts_with(&portal.url)), "{requests:#?}");
    let bytes: usize = requests.iter().map(|seen| seen.body_bytes + seen.head_bytes).sum();
    assert!(bytes < 60_000, "{bytes} bytes: {requests:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_one_sheet_without_the_rest() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), quick()).await;
    let phone = signed_in(&portal, &Kind::default(), "sombre");
    phone.goto(&format!("{}/c/DEMO-SIMPLE/fibres?motif=broken_fibre&zone=ztd", portal.url));
    phone.tap(&link("CTP-6002102-1"));
    phone.tap(&button("Demander cette fibre"));
    phone.sees("Branchez ici");
    phone.tap(&button("Copier"));
    let copied: String = phone.evaluate("navigator.clipboard.readText()");
    for said in ["tube bleu", "fibre orange", "PM : FI-75056-1021", "Prise : CTP-6002102-1"] {
        assert!(copied.contains(said), "{said}: {copied}");
    }
    assert!(copied.contains(&Table::of(&oi).code("DEMO-SIMPLE")), "{copied}");
    phone.media(&serde_json::json!({"media": "print"}));
    phone.resize(397, 559);
    let shown = |css: &str| -> bool {
        phone.evaluate(&format!("document.querySelector('{css}').checkVisibility()"))
    };
    assert!(shown("#route") && shown(".papier"));
    assert!(!shown("header.haut") && !shown("footer.bas"));
    let (ink, paper): (String, String) = phone.evaluate(
        "[getComputedStyle(document.documentElement).color, getComputedStyle(document.querySelector('.puce')).backgroundColor]",
    );
    assert_eq!((ink.as_str(), paper.as_str()), ("rgb(0, 0, 0)", "rgb(255, 255, 255)"));
    phone.screenshot("papier");
}
