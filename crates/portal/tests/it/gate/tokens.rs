//! Forms that no page of the portal's has sent change nothing.

use super::desk::{Desk, PASSWORD};

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let desk = Desk::open().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let mut paul = desk.signed_in("paul").await;
    let token = jeanne.get("/mot-de-passe").await.token();
    let pauls = paul.get("/mot-de-passe").await.token();
    assert_ne!(token, pauls);
    let url = desk.url.clone();
    let other_port = "http://127.0.0.1:1".to_owned();
    for (token, headers, status) in [
        ("", vec![], 403),
        (&*pauls, vec![], 403),
        (&token[1..], vec![], 403),
        (&*token, vec![("origin", "https://evil.example".to_owned())], 403),
        (&*token, vec![("origin", "null".to_owned())], 403),
        (&*token, vec![("origin", other_port)], 403),
        (&*token, vec![("sec-fetch-site", "cross-site".to_owned())], 403),
        (&*token, vec![("sec-fetch-site", "same-site".to_owned())], 403),
        (&*token, vec![("origin", url.clone()), ("sec-fetch-site", "same-origin".to_owned())], 422),
        (&*token, vec![], 422),
    ] {
        jeanne.headers = headers;
        let fields = [("jeton", token), ("actuel", "wrong"), ("nouveau", "un autre mot de passe")];
        let page = jeanne.post("/mot-de-passe", &fields).await;
        assert_eq!(page.status, status, "{token} {:?}: {}", jeanne.headers, page.text);
    }
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_site() {
    let desk = Desk::open().await;
    let mut attacker = desk.visitor();
    let theirs = attacker.get("/connexion").await.token();
    let mut victim = desk.visitor();
    let ours = victim.get("/connexion").await.token();
    for (token, status) in [("", 403), (&*theirs, 403), (&*ours, 303)] {
        let fields = [("jeton", token), ("login", "paul"), ("mot_de_passe", PASSWORD)];
        let page = victim.post("/connexion", &fields).await;
        assert_eq!(page.status, status, "{}", page.text);
        if status == 403 {
            assert!(page.text.contains("plus valable"), "{}", page.text);
        }
    }
}

#[tokio::test]
async fn who_is_not_signed_in_changes_nothing() {
    let desk = Desk::open().await;
    let mut visitor = desk.visitor();
    let page = visitor.post("/mot-de-passe", &[("actuel", "a"), ("nouveau", "b")]).await;
    assert_eq!((page.status, &*page.location), (303, "/connexion"));
    // A script gets a status that it understands, not a page.
    visitor.headers = vec![("sec-fetch-dest", "empty".to_owned())];
    let page = visitor.get("/").await;
    assert_eq!((page.status, &*page.location), (401, ""));
}
