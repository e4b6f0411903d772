//! Signing in, as a technician does.

use super::{Kind, Phone, button, field};
use crate::gate::desk::{Desk, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_signs_in_with_and_without_scripts() {
    let desk = Desk::open().await;
    for java_script in [true, false] {
        let phone = Phone::new(&Kind { java_script, ..Kind::default() });
        assert_eq!(phone.goto(&desk.url), 200);
        assert!(phone.url().ends_with("/connexion"), "{}", phone.url());
        phone.is_sound();
        phone.screenshot(&format!("connexion-{java_script}"));
        phone.write(&field("Identifiant"), "jeanne");
        phone.write(&field("Mot de passe"), "faux mot de passe");
        phone.tap(&button("Se connecter"));
        phone.sees("Il y a un problème");
        assert!(phone.problems(&["422"]).is_empty());
        phone.is_sound();
        phone.screenshot(&format!("connexion-erreur-{java_script}"));
        assert_eq!(phone.value(&field("Identifiant")), "jeanne", "it is not typed again");
        if java_script {
            phone.paste(&field("Mot de passe"), PASSWORD);
        } else {
            phone.write(&field("Mot de passe"), PASSWORD);
        }
        phone.tap(&button("Se connecter"));
        phone.is_at(&format!("{}/", desk.url));
        phone.is_sound();
        assert_eq!(phone.taps(), 2);
        let hosts = phone.requests().into_iter().map(|seen| seen.url);
        assert!(
            hosts.into_iter().all(|url| url.starts_with(&desk.url)),
            "no asset from another host"
        );
    }
}
