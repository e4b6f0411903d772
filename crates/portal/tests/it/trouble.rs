//! Each of the 26 codes, codes that no table has, and what is no answer at all, as the technician sees it.

use ereprov_client::CodeErreur;
use tempfile::tempdir;

use crate::{
    answers::{Answers, Said, fault},
    harness::{Oi, Portal, quick, still, until},
    phone::{Page, Phone},
};

const LINK: &str = "/c/DEMO-SIMPLE?zone=ztd";

struct Stage {
    _oi: Oi,
    answers: Answers,
    _portal: Portal,
    phone: Phone,
    _folder: tempfile::TempDir,
}

async fn stage(pace: ereprov_portal::Pace) -> Stage {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let answers = Answers::before(oi.running.address.port()).await;
    // These technicians are quicker than people.
    let portal = Portal::with(&answers.url, folder.path(), pace, |settings| {
        settings.sign_in.acts_at_once = 1000;
    })
    .await;
    let phone = portal.phone().await;
    Stage { _oi: oi, answers, _portal: portal, phone, _folder: folder }
}

/// What every page about a failure has.
fn is_whole(page: &Page, code: &str) {
    assert!(page.text.contains("<title>"), "{}", page.words());
    let words = page.words();
    assert!(page.text.contains("class=\"bouton premier\""), "{code} has no button: {words}");
    assert!(page.link("Hotline").is_some(), "{code} has no hotline: {words}");
    assert!(words.contains("Détails"), "{code} has no details: {words}");
    assert!(words.contains("libellé de l'OI"), "{code} hides its label: {words}");
    assert!(words.contains(&format!("Code {code}")), "{code} is not named: {words}");
    assert!(words.contains("Requête REQ-42"), "{code} has no request: {words}");
}

fn codes() -> Vec<String> {
    let known = CodeErreur::ALL.iter().map(|code| code.number().to_string());
    known.chain(["20013".to_owned(), "20017".to_owned(), "E-7".to_owned()]).collect()
}

#[tokio::test]
async fn every_code_of_a_list_of_fibres() {
    let all = stage(still()).await;
    for (number, code) in codes().iter().enumerate() {
        all.answers.ko("getRoSite", code, "libellé de l'OI");
        let motif = all.phone.open(&format!("/c/CODE-{number}?bat=B&esc=E&etage=E")).await;
        let page = all.phone.press(&motif, "Fibre cassée", &[]).await;
        is_whole(&page, code);
        assert!(!page.says("n'est parti"), "{code}: nothing was to leave: {}", page.words());
        all.phone.open(&page.path).await;
        assert_eq!(all.answers.calls("getRoSite"), u32::try_from(number).unwrap() + 1, "{code}");
    }
}

#[tokio::test]
async fn every_code_of_a_request_for_a_fibre() {
    let all = stage(still()).await;
    for code in codes() {
        all.answers.ko("putReprovisionning", &code, "libellé de l'OI");
        all.answers.ko("getReprovisionning", "20014", "Re-Provisionning introuvable");
        let motif = all.phone.open(LINK).await;
        let fibres = list(&all, &motif).await;
        let recap = all.phone.tap(&fibres, "CTP-6002102-1").await;
        let asked = all.phone.press(&recap, "Demander cette fibre", &[]).await;
        let page = settled(&all, &asked).await;
        if code == "20012" {
            assert!(page.says("Pas de demande pour ce contrat"), "{}", page.words());
            continue;
        }
        is_whole(&page, &code);
        assert!(!page.says("on vérifie"), "{code}: {}", page.words());
    }
}

#[tokio::test]
async fn a_contract_in_small_letters_that_nobody_knows_is_to_be_tried_in_capitals() {
    let all = stage(still()).await;
    let hint = "essayez en majuscules : DEMO-SIMPLE";
    for (typed, is_told) in [("demo-simple", true), ("NOBODY-S", false)] {
        let motif = all.phone.open(&format!("/c/{typed}?zone=ztd")).await;
        let page = all.phone.press(&motif, "Fibre cassée", &[]).await;
        assert!(page.says("Contrat introuvable"), "{}", page.words());
        assert_eq!(page.says(hint), is_told, "{}", page.words());
    }
}

/// The list of fibres, by a tap where the intervention has had its calls.
async fn list(all: &Stage, motif: &Page) -> Page {
    let fibres = all.phone.press(motif, "Fibre cassée", &[]).await;
    if fibres.says("Interroger encore l'opérateur ?") {
        return all.phone.press(&fibres, "Lire (1 appel)", &[]).await;
    }
    fibres
}

async fn settled(all: &Stage, asked: &Page) -> Page {
    for _ in 0..400 {
        let page = all.phone.open(&asked.path).await;
        if !page.text.contains("data-suivre") {
            return page;
        }
        // The intervention has had its calls.
        if page.button("Vérifier maintenant").is_some() {
            all.phone.press(&page, "Vérifier maintenant", &[]).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{} does not end", asked.path)
}

#[tokio::test]
async fn every_code_of_a_follow_up_leaves_the_code_on_the_page() {
    let all = stage(still()).await;
    let motif = all.phone.open("/c/DEMO-LENT?zone=ztd").await;
    let fibres = all.phone.press(&motif, "Fibre cassée", &[]).await;
    let recap = all.phone.tap(&fibres, "CTP-6000702-1").await;
    let asked = all.phone.press(&recap, "Demander cette fibre", &[]).await;
    for code in codes() {
        all.answers.ko("getReprovisionning", &code, "libellé de l'OI");
        let page = until(&all.phone, &asked.path, "Vérifier maintenant").await;
        all.phone.press(&page, "Vérifier maintenant", &[]).await;
        let page = until(&all.phone, &asked.path, &format!("Code {code} ")).await;
        assert!(page.says("Code de décharge"), "{}", page.words());
        assert!(page.says("n'a pas abouti"), "{}", page.words());
    }
    all.answers.say("getReprovisionning", None);
    let page = until(&all.phone, &asked.path, "Vérifier maintenant").await;
    all.phone.press(&page, "Vérifier maintenant", &[]).await;
    let page = until(&all.phone, &asked.path, "Préparez le boîtier").await;
    assert!(!page.says("n'a pas abouti"), "{}", page.words());
}

#[tokio::test]
async fn a_service_that_insists_on_a_place_is_asked_with_one_from_then_on() {
    let all = stage(still()).await;
    all.answers.ko("getRoSite", "20001", "referenceEtage : obligatoire");
    let motif = all.phone.open(LINK).await;
    let places = all.phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(places.says("Où est le boîtier ?"), "{}", places.words());
    all.answers.say("getRoSite", None);
    let fibres = all.phone.tap(&places, "ETAGE-00").await;
    assert!(fibres.says("CTP-6002102-1"), "{}", fibres.words());
    let before = all.answers.calls("getRoSite");
    let motif = all.phone.open("/c/DEMO-ZMD").await;
    let places = all.phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(places.says("Où est le boîtier ?"), "{}", places.words());
    assert_eq!(all.answers.calls("getRoSite"), before, "it was not tried again");
}

#[tokio::test]
async fn what_is_no_answer_has_words_too() {
    let all = stage(quick()).await;
    for (number, (said, title)) in [
        (Said::This(500, fault()), "Service indisponible"),
        (Said::This(502, "<html>Bad Gateway</html>".to_owned()), "Service indisponible"),
        (Said::This(200, "<html>accueil</html>".to_owned()), "Réponse incompréhensible"),
        (Said::This(200, "pas du XML".to_owned()), "Réponse incompréhensible"),
        (Said::Lost, "Pas de réponse à temps"),
    ]
    .into_iter()
    .enumerate()
    {
        all.answers.say("getRoSite", Some(said));
        let link = format!("{LINK}&bat=B&esc=E&etage=E{number}");
        let motif = all.phone.open(&link).await;
        let page = all.phone.press(&motif, "Fibre cassée", &[]).await;
        assert!(page.says(title), "{title}: {}", page.words());
        assert!(page.says("Détails"), "{}", page.words());
    }
}

#[tokio::test]
async fn a_service_out_of_reach_and_one_that_is_not_believed() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let nobody = crate::harness::url(1, "http");
    let portal = Portal::before(&nobody, &folder.path().join("a"), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open(LINK).await;
    let page = phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(page.says("L'opérateur est injoignable"), "{}", page.words());
    let mine = phone.open("/interventions").await;
    assert!(mine.says("0 appel"), "what found no connection is no call: {}", mine.words());

    // It speaks no TLS there.
    let other = crate::harness::url(oi.running.address.port(), "https");
    let portal = Portal::before(&other, &folder.path().join("b"), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open(LINK).await;
    let page = phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(page.says("n'est pas sûr") || page.says("injoignable"), "{}", page.words());
}

#[tokio::test]
async fn a_reference_that_cannot_be_one_costs_nothing() {
    let all = stage(still()).await;
    let start = all.phone.open("/").await;
    let long = "X".repeat(31);
    for (typed, says) in [
        ("", "Saisissez la référence"),
        (long.as_str(), "31 caractères : 30 au plus"),
        ("MUT€", "ne peut pas contenir « € »"),
    ] {
        let page = all.phone.press(&start, "Chercher", &[("contrat", typed)]).await;
        assert!(page.says("Il y a un problème") && page.says(says), "{typed}: {}", page.words());
        assert!(page.text.contains("aria-invalid"), "{}", page.words());
        assert!(page.text.contains("<title>Erreur"), "{}", page.text);
    }
    let page = all.phone.open(&format!("/c/{long}")).await;
    assert!(page.says("Rien n'est parti."), "{}", page.words());
    assert_eq!(all.answers.all_calls(), 0);
    let hostile = all.phone.open("/c/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(!hostile.text.contains("<script>alert"), "{}", hostile.text);
}

#[tokio::test]
async fn an_unknown_contract_shows_what_may_have_been_misread() {
    let all = stage(still()).await;
    let motif = all.phone.open("/c/MUT0O1I").await;
    let page = all.phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(page.says("Contrat introuvable"), "{}", page.words());
    assert_eq!(page.text.matches("<mark>").count(), 4, "{}", page.text);
    let back = all.phone.tap(&page, "Corriger").await;
    assert!(back.text.contains("value=\"MUT0O1I\""), "{}", back.text);
}
