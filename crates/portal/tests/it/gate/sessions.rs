//! Sessions: over in time, signed out of, and of no use to who reads the database.

use std::time::Duration;

use super::desk::{Desk, PASSWORD};

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_in_any_case() {
    let desk = Desk::open().await;
    let mut idle = desk.signed_in("jeanne").await;
    let mut busy = desk.signed_in("paul").await;
    desk.pass(Duration::from_hours(12) - Duration::from_secs(1));
    assert!(idle.is_in().await && busy.is_in().await);
    desk.pass(Duration::from_hours(12));
    assert!(!idle.is_in().await, "12 hours without use");
    let mut busy = {
        assert!(!busy.is_in().await);
        desk.signed_in("paul").await
    };
    for _ in 0..16 {
        desk.pass(Duration::from_hours(10));
        assert!(busy.is_in().await);
    }
    desk.pass(Duration::from_hours(8));
    assert!(!busy.is_in().await, "7 days, whatever happens");
}

#[tokio::test]
async fn who_signs_out_is_out() {
    let desk = Desk::open().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let mut copy = jeanne.clone();
    let token = jeanne.get("/mot-de-passe").await.token();
    assert_eq!(jeanne.post("/deconnexion", &[]).await.status, 403, "without a token");
    assert!(jeanne.is_in().await);
    let page = jeanne.post("/deconnexion", &[("jeton", &token)]).await;
    assert_eq!((page.status, &*page.location), (303, "/connexion"));
    assert!(!jeanne.cookies.contains_key("session"));
    assert!(!copy.is_in().await, "whoever has copied the cookie");
    let acts = desk.acts().await;
    assert_eq!(acts.last().unwrap(), &("jeanne".into(), "deconnexion".into(), "OK".into()));
}

#[tokio::test]
async fn a_session_is_of_nobody_s_choosing() {
    let desk = Desk::open().await;
    let mut visitor = desk.visitor();
    let chosen = "A".repeat(43);
    visitor.cookies.insert("session".into(), chosen.clone());
    visitor.cookies.insert("visiteur".into(), "<script>".into());
    let page = visitor.sign_in("jeanne", PASSWORD).await;
    assert_eq!(page.status, 303);
    assert_ne!(visitor.cookies["session"], chosen);
    let before = visitor.cookies["session"].clone();
    // Signing in again, as somebody else, leaves nothing of the first one.
    let mut first = visitor.clone();
    visitor.cookies.remove("session");
    let page = visitor.get("/connexion").await;
    visitor.cookies.insert("session".into(), before);
    let fields = [("jeton", &*page.token()), ("login", "paul"), ("mot_de_passe", PASSWORD)];
    assert_eq!(visitor.post("/connexion", &fields).await.status, 303);
    assert!(visitor.is_in().await && !first.is_in().await);
}

#[tokio::test]
async fn the_database_holds_nothing_to_sign_in_with() {
    let desk = Desk::open().await;
    let jeanne = desk.signed_in("jeanne").await;
    let mut found = Vec::new();
    let folder = desk.folder();
    for entry in std::fs::read_dir(&folder).unwrap() {
        found.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let holds = |text: &str| found.windows(text.len()).any(|some| some == text.as_bytes());
    assert!(holds("Jeanne Martin"), "the files were read");
    for cookie in jeanne.cookies.values() {
        assert!(!holds(cookie));
    }
    assert!(!holds(PASSWORD));
    desk.close().await;
}
