//! What is said where something fails, in French to those who speak French; and how long that takes.

use std::{fs, net::TcpListener, time::Instant};

use crate::harness::{MUT, Oi, User};

/// Somebody whose default profile leads to an address.
async fn user_at(url: &str) -> User {
    let user = User::new();
    let added = user.add("demo", url, "oc-demo", &[]).await;
    assert_eq!(added.exit, 0, "{added:?}");
    user
}

/// A text without a word that only English has.
fn is_french(text: &str) {
    let english = ["the ", "error", "cannot", " is ", " not ", "invalid", "refused", "usage:"];
    let lower = text.to_lowercase();
    let found: Vec<_> = english.iter().filter(|word| lower.contains(**word)).collect();
    assert!(found.is_empty(), "{found:?} in {text}");
}

#[tokio::test]
async fn without_a_connection_the_reason_is_french() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, told) in [
        (format!("http://{closed}/"), "personne n'écoute à cette adresse"),
        ("http://nobody.invalid/".to_owned(), "le nom de l'hôte est introuvable"),
    ] {
        let user = user_at(&url).await;
        let said = user.run(&["structure", MUT, "--lang", "fr"]).await;
        assert!(said.exit == 1 && said.err.contains(told), "{said:?}");
        is_french(&said.err);
        let doctor = user.run(&["doctor", "--lang", "fr"]).await;
        assert!(doctor.out.contains(told), "{doctor:?}");
        is_french(&doctor.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_what_was_said_is_french() {
    let oi = Oi::demo().await;
    let user = user_at(&oi.url()).await;
    let missing = user.home().join("nothing.pem");
    let missing = missing.to_str().unwrap();
    let long = "M".repeat(31);
    let url = oi.url();
    let add = ["profile", "add", "x", "--url", &url, "--login", "x", "--password-file"];
    for (arguments, told) in [
        (&["structure", &long][..], "referenceContrat a 31 caractères, 30 au plus"),
        (&["structure", "MUT€"], "referenceContrat a un caractère interdit U+20AC"),
        (&[&add[..], &[missing]].concat(), "il n'existe pas"),
        (&["routes", MUT, "--opac", "perhaps"], "oui ou non"),
        (&["routes", MUT, "--zone", "paris"], "ztd ou zmd"),
        (&["structure", MUT, "--timeout", "601"], "601 n'est pas entre 1 et 600"),
        (&["structure", MUT, "--timeout", "soon"], "ce n'est pas un nombre entier"),
        (&["structure", MUT, "--lang", "fr"], "--lang <LANGUE> est donné deux fois"),
        (&["profile", "add", "a b"], "de 1 à 64 parmi"),
        (&["portal", "journal", "--from", "hier"], "un jour, comme 2026-11-01"),
        (&["portal", "--listen", "8090"], "une adresse et un port"),
    ] {
        let said = user.run(&[arguments, &["--lang", "fr"]].concat()).await;
        assert!(said.exit != 0 && said.err.contains(told), "{arguments:?}: {said:?}");
        is_french(&said.err.replace(missing, ""));
    }
}

#[tokio::test]
async fn what_keeps_the_portal_from_running_is_french_and_names_the_folder_once() {
    let user = user_at("http://127.0.0.1:1/").await;
    let file = user.home().join("a file");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let portal = ["portal", "--listen", "127.0.0.1:0", "--data", file];
    let list = ["portal", "technician", "list", "--data", file];
    for command in [&portal[..], &list] {
        let said = user.run(command).await;
        assert_eq!(said.exit, 1, "{said:?}");
        assert_eq!(said.err.matches(file).count(), 1, "{said:?}");
        assert_eq!(said.err.matches("os error").count(), 1, "{said:?}");
        let said = user.run(&[command, &["--lang", "fr"]].concat()).await;
        assert!(said.err.contains(&format!("le dossier de données {file}")), "{said:?}");
        is_french(&said.err.replace(file, ""));
    }
    let settings = user.home().join("portal.toml");
    for (text, told) in [
        ("accounts = false", "ne laissent entrer personne"),
        ("session_max_days = 0", "session_max_days ne peut pas être utilisé"),
        ("public_url = 'https://oc.example/a'", "pas de chemin"),
    ] {
        fs::write(&settings, text).unwrap();
        let config = ["portal", "--listen", "127.0.0.1:0", "--config", settings.to_str().unwrap()];
        let said = user.run(&[&config[..], &["--lang", "fr"]].concat()).await;
        assert!(said.exit == 2 && said.err.contains(told), "{text}: {said:?}");
        is_french(&said.err);
    }
    let add = ["portal", "technician", "add", "ali", "--name", "Ali", "--password-stdin"];
    let said = user.say(&[&add[..], &["--lang", "fr"]].concat(), "court\n", &[]).await;
    assert!(said.exit == 2 && said.err.contains("12 caractères au moins"), "{said:?}");
    is_french(&said.err);
}

#[tokio::test]
async fn nobody_waits_longer_than_he_has_said() {
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let user = user_at(&url).await;
    let begun = Instant::now();
    let said = user.run(&["structure", MUT, "--timeout", "1"]).await;
    assert!(said.exit == 1 && said.err.contains("no answer in time"), "{said:?}");
    let said = user.run(&["structure", MUT, "--timeout", "1", "--lang", "fr"]).await;
    assert!(said.exit == 1 && said.err.contains("pas de réponse à temps"), "{said:?}");

    // What is said when a profile is added is kept with it.
    let kept = user.add("kept", &url, "oc", &["--timeout", "1"]).await;
    assert_eq!(kept.exit, 0, "{kept:?}");
    let shown = user.json(&["profile", "show", "kept"]).await;
    assert_eq!(shown["profile"]["timeout_s"], 1, "{shown}");
    let said = user.run(&["structure", MUT, "--profile", "kept"]).await;
    assert!(said.exit == 1 && said.err.contains("no answer in time"), "{said:?}");
    assert!(begun.elapsed().as_secs() < 30, "the usual 60 s were waited for");

    let both = ["structure", MUT, "--timeout", "5", "--connect-timeout", "5"];
    let said = user.run(&both).await;
    assert!(said.exit == 2 && said.err.contains("shorter than --timeout"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_in_small_letters_that_nobody_knows_is_to_be_tried_in_capitals() {
    let oi = Oi::demo().await;
    let user = user_at(&oi.url()).await;
    let said = user.run(&["structure", &MUT.to_lowercase(), "--lang", "fr"]).await;
    assert_eq!(said.exit, 5, "{said:?}");
    assert!(said.err.contains(&format!("essayez en majuscules : {MUT}")), "{said:?}");
    let said = user.run(&["structure", "NOBODY-S"]).await;
    assert!(said.exit == 5 && !said.err.contains("in capitals"), "{said:?}");
}
