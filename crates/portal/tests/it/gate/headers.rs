//! What surrounds every page.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::desk::{Desk, PASSWORD};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

#[tokio::test]
async fn every_answer_tells_browsers_what_they_may_do() {
    let desk = Desk::with_tls().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let mut nobody = desk.visitor();
    for page in [
        jeanne.get("/").await,
        jeanne.get("/mot-de-passe").await,
        nobody.get("/").await,
        nobody.get("/connexion").await,
        nobody.get("/nothing/of/that/name").await,
        nobody.post("/connexion", &[]).await,
    ] {
        assert_eq!(page.header("content-security-policy"), POLICY);
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
        assert!(page.header("permissions-policy").contains("geolocation=()"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("server"), "");
        assert!(!page.text.contains("style=") && !page.text.contains("<style"), "{}", page.text);
        assert!(
            !page.text.contains("<script>") && !page.text.contains(" onclick"),
            "{}",
            page.text
        );
    }
}

#[tokio::test]
async fn a_link_on_another_site_leads_to_the_first_screen_and_costs_no_call() {
    let desk = Desk::open().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    for step in ["fibres", "lieux", "verifier"] {
        let page = jeanne.come_from_elsewhere(&format!("/c/K1/{step}?zone=ztd")).await;
        assert_eq!((page.status, &*page.location), (303, "/c/K1?zone=ztd"), "{step}");
    }
    let page = jeanne.come_from_elsewhere("/c/K1?zone=ztd").await;
    assert_eq!(page.status, 200, "the work order's link");
}

#[tokio::test]
async fn cookies_over_tls_are_for_this_host_alone() {
    let desk = Desk::with_tls().await;
    let mut jeanne = desk.visitor();
    let shown = jeanne.get("/connexion").await;
    let fields = [("jeton", &*shown.token()), ("login", "jeanne"), ("mot_de_passe", PASSWORD)];
    let page = jeanne.post("/connexion", &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let set = |headers: &reqwest::header::HeaderMap| {
        let lines = headers.get_all("set-cookie").iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = [set(&shown.headers), set(&page.headers)].concat();
    let names: Vec<_> = all.iter().map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, ["__Host-visiteur", "__Host-session", "__Host-appareil", "__Host-visiteur"]);
    for line in &all {
        assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{line}");
        assert!(line.contains("; Path=/; ") && !line.contains("Domain"), "{line}");
    }
    assert!(all[1].contains("Max-Age=604800"), "{}", all[1]);
    assert!(jeanne.is_in().await);
    // One of the other name is nobody's.
    let session = jeanne.cookies.remove("__Host-session").unwrap();
    jeanne.cookies.insert("session".into(), session);
    assert!(!jeanne.is_in().await);
}

#[tokio::test]
async fn a_name_that_points_here_is_not_the_portal() {
    let desk = Desk::open().await;
    let mut visitor = desk.visitor();
    visitor.headers = vec![("host", "evil.example".to_owned())];
    assert_eq!(visitor.get("/connexion").await.status, 421);
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_what_is_slow_is_cut_off() {
    let desk = Desk::open().await;
    let mut visitor = desk.visitor();
    let token = visitor.get("/connexion").await.token();
    let long = "x".repeat(70 * 1024);
    let fields = [("jeton", &*token), ("login", "jeanne"), ("mot_de_passe", &long)];
    assert_eq!(visitor.post("/connexion", &fields).await.status, 413);

    let mut raw = TcpStream::connect(desk.address).await.unwrap();
    raw.write_all(format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(70 * 1024)).as_bytes())
        .await
        .unwrap();
    let mut said = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), raw.read_to_string(&mut said)).await;
    read.expect("it is closed").unwrap();
    assert!(said.starts_with("HTTP/1.1 431"), "{said}");
}
