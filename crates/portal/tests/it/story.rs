//! From the contract to the new fibre, as a technician does it.

use tempfile::tempdir;

use crate::harness::{MUT, Oi, Portal, Table, quick, still, until};

#[tokio::test]
async fn from_a_typed_contract_to_the_new_fibre_in_four_taps() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), quick()).await;
    let phone = portal.phone().await;
    let start = phone.open("/").await;
    assert!(start.says("Référence du contrat"), "{}", start.words());
    let typed = format!(" {MUT} ");
    let motif = phone.press(&start, "Chercher", &[("contrat", &typed)]).await;
    assert!(motif.says("Que se passe-t-il ?"), "{}", motif.words());
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    assert!(fibres.says("2 fibres possibles sur 3"), "{}", fibres.words());
    assert!(fibres.says("fibre orange, position 2 sur 6"), "{}", fibres.words());
    let recap = phone.tap(&fibres, "CTP-1240331-1").await;
    assert!(recap.says("C'est bien ça ?") && recap.says("CTP-1240331-1"), "{}", recap.words());
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    assert_eq!(phone.taps(), 4);

    let followed = until(&phone, &asked.path, "Code de décharge").await;
    let code = Table::of(&oi).code(MUT);
    assert!(followed.says(&code), "{}", followed.words());
    let route = until(&phone, &asked.path, "Branchez ici").await;
    for said in ["FI-75056-0423", "Etage 1 - 2", "BPI-723521", "tube rouge", "fibre orange", &code]
    {
        assert!(route.says(said), "{said}: {}", route.words());
    }
    let plugged = phone.press(&route, "C'est branché", &[]).await;
    assert!(plugged.says("Branché à "), "{}", plugged.words());
    let mine = phone.open("/interventions").await;
    assert!(mine.says(&format!("{MUT} Branché")), "{}", mine.words());
    let calls = Table::of(&oi).calls();
    assert!((3..=6).contains(&calls), "{calls} calls");
    assert!(mine.says(&format!("{calls} appels")), "{} {}", calls, mine.words());
}

#[tokio::test]
async fn a_deep_link_saves_a_screen_and_two_calls_are_enough() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let link = "/c/DEMO-ZMD?zone=zmd&rov=0&opac=0&prise_existante=0&fibre_actuelle=CTP-6000101-1";
    let motif = phone.open(link).await;
    let fibres = phone.press(&motif, "Absence de signal", &[]).await;
    // The present fibre, what is taken and what is reserved may not be asked for.
    assert!(fibres.says("CTP-6000102-1") && fibres.says("sur 10"), "{}", fibres.words());
    let open: Vec<_> = fibres.links().into_iter().filter(|(to, _)| to.contains("fibre=")).collect();
    assert!(open.iter().all(|(_, text)| text.contains("disponible")), "{open:#?}");
    assert!(fibres.says("C'est déjà la fibre de la commande"), "{}", fibres.words());
    assert!(fibres.text.contains("il faut rester sur le boîtier de la commande"));
    let recap = phone.tap(&fibres, "CTP-6000102-1").await;
    assert!(recap.says("Avant CTP-6000101-1"), "{}", recap.words());
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    assert_eq!(phone.taps(), 3);
    until(&phone, &asked.path, "Code de décharge").await;
    assert_eq!(Table::of(&oi).calls(), 2);
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-ZMD"), 1);
}

#[tokio::test]
async fn a_wrong_floor_leads_to_the_site_and_another_floor_costs_two_taps() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open(&format!("/c/{MUT}?zone=ztd")).await;
    let places = phone.press(&motif, "Etage erroné", &[]).await;
    assert!(places.says("Où est le boîtier ?"), "{}", places.words());
    let fibres = phone.tap(&places, "ETAGE-15").await;
    assert!(fibres.says("NON (imposé par le motif)"), "{}", fibres.words());
    // Sample 3.3.4: nine are available, two reserved, one occupied.
    assert!(fibres.says("9 fibres possibles sur 12"), "{}", fibres.words());
    let text = fibres.words();
    let (bleu, jaune) = (text.find("CTP-1240446-1").unwrap(), text.find("CTP-1240357-1").unwrap());
    assert!(bleu < jaune, "in the order of the cable: {text}");
    let recap = phone.tap(&fibres, "CTP-1240357-1").await;
    let asked = phone.press(&recap, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Code de décharge").await;
    assert_eq!(phone.taps(), 4);
    assert_eq!(Table::of(&oi).calls(), 3);
}

#[tokio::test]
async fn a_kept_socket_leaves_only_the_fibres_that_are_legal_with_it() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let place = "bat=BATIMENT-1&esc=ESCALIER-44&etage=ETAGE-15";
    let motif = phone.open(&format!("/c/{MUT}?zone=ztd&{place}")).await;
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    let kept = phone.tap(&fibres, "Changer : garder la prise posée").await;
    assert!(kept.says("Prise posée gardée : OUI"), "{}", kept.words());
    assert!(kept.link("CTP-1240359-1").is_some(), "{}", kept.words());
    assert!(kept.link("CTP-1240357-1").is_none(), "{}", kept.words());
    assert!(kept.says("il faut une fibre « A construire » libre"), "{}", kept.words());
    assert_eq!(Table::of(&oi).calls(), 1, "the list is not read again for that");
    let recap = phone.tap(&kept, "CTP-1240359-1").await;
    assert!(recap.says("Référence de la prise posée"), "{}", recap.words());
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_request() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-SIMPLE?zone=ztd").await;
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    let recap = phone.tap(&fibres, "CTP-6002102-1").await;
    let form = recap.button("Demander cette fibre").unwrap();
    // Two taps, and a reload of what they show.
    let (one, two) = tokio::join!(phone.send(&form), phone.send(&form));
    assert_eq!(one.path, two.path);
    let again = phone.send(&form).await;
    assert_eq!(again.path, one.path);
    // Another phone with the same contract comes to the same request.
    let other = portal.phone().await;
    let other_recap = other.open(&recap.path).await;
    let found = if other_recap.says("C'est bien ça ?") {
        other.press(&other_recap, "Demander cette fibre", &[]).await
    } else {
        other.open("/c/DEMO-SIMPLE").await
    };
    until(&phone, &one.path, "Code de décharge").await;
    let motif = phone.open("/c/DEMO-SIMPLE").await;
    assert!(found.path == one.path || motif.link("Voir le suivi") == Some(one.path.clone()));
    assert_eq!(Table::of(&oi).reprovisionings("DEMO-SIMPLE"), 1);
}

#[tokio::test]
async fn a_reload_and_the_list_of_interventions_keep_the_draft() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let motif = phone.open("/c/DEMO-SIMPLE?zone=ztd").await;
    let fibres = phone.press(&motif, "PTO erronée", &[]).await;
    let recap = phone.tap(&fibres, "CTP-6002102-1").await;
    let start = phone.open("/").await;
    assert!(start.says("DEMO-SIMPLE En préparation"), "{}", start.words());
    let back = phone.tap(&start, "DEMO-SIMPLE").await;
    assert_eq!(back.path, recap.path);
    assert!(back.says("PTO erronée") && back.says("CTP-6002102-1"), "{}", back.words());
    assert_eq!(Table::of(&oi).calls(), 1);
}

#[tokio::test]
async fn somebody_elses_request_is_followed() {
    let (oi, folders) = (Oi::demo().await, [tempdir().unwrap(), tempdir().unwrap()]);
    let ours = Portal::of(&oi, folders[0].path(), still()).await;
    let theirs = Portal::of(&oi, folders[1].path(), still()).await;
    let (phone, other) = (ours.phone().await, theirs.phone().await);
    let ask = async |phone: &crate::phone::Phone| {
        let motif = phone.open("/c/DEMO-LENT?zone=ztd").await;
        let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
        phone.tap(&fibres, "CTP-6000702-1").await
    };
    let (one, two) = (ask(&phone).await, ask(&other).await);
    let asked = phone.press(&one, "Demander cette fibre", &[]).await;
    until(&phone, &asked.path, "Code de décharge").await;
    let asked = other.press(&two, "Demander cette fibre", &[]).await;
    let page = until(&other, &asked.path, "voici où il en est").await;
    assert!(!page.says("Code de décharge"), "it is not ours: {}", page.words());
    until(&other, &asked.path, "Préparez le boîtier").await;
}

#[tokio::test]
async fn the_first_view_is_light() {
    let (oi, folder) = (Oi::demo().await, tempdir().unwrap());
    let portal = Portal::of(&oi, folder.path(), still()).await;
    let phone = portal.phone().await;
    let start = phone.open("/").await;
    let mut bytes = start.text.len();
    assert_eq!(start.text.matches("\"/actifs/").count(), 4, "{}", start.text);
    for piece in start.text.split("\"/actifs/").skip(1) {
        let name = piece.split('"').next().unwrap();
        let asset = phone.open(&format!("/actifs/{name}")).await;
        assert_eq!(asset.status, 200, "{name}");
        bytes += asset.text.len();
    }
    let worker = phone.open("/sw.js").await;
    let offline = phone.open("/hors-ligne").await;
    assert!(offline.says("Rien n'est parti."), "{}", offline.words());
    bytes += worker.text.len() + offline.text.len();
    assert!(bytes < 60_000, "{bytes} bytes, nothing compressed");
    for page in [&start, &offline] {
        for mark in ["http://", "https://", "<style", " style=", " onclick=", "<script>"] {
            assert!(!page.text.contains(mark), "{mark} on {}", page.path);
        }
    }
}
