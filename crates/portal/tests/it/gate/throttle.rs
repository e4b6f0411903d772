//! Who guesses waits; who does not, does not.

use std::time::Duration;

use ereprov_door::{
    forwarded::{Header, Proxies},
    ip_list::IpList,
};

use super::desk::{Desk, PASSWORD, Visitor};

fn from(visitor: &Visitor, address: &str) -> Visitor {
    let mut other = visitor.clone();
    other.headers = vec![("x-forwarded-for", address.to_owned())];
    other
}

/// A portal behind a proxy on this machine, which says where visitors are.
async fn behind_a_proxy() -> Desk {
    Desk::with(|settings| {
        let trusted = IpList::parse("127.0.0.1").unwrap();
        settings.door.proxies = Proxies { trusted, header: Header::XForwardedFor };
    })
    .await
}

#[tokio::test]
async fn who_guesses_waits_and_the_technician_on_his_own_phone_does_not() {
    let desk = behind_a_proxy().await;
    let phone = from(&desk.visitor(), "198.51.100.7");
    let mut known = phone.clone();
    assert_eq!(known.sign_in("jeanne", PASSWORD).await.status, 303);
    known.cookies.remove("session");

    let mut guesser = from(&desk.visitor(), "198.51.100.7");
    for _ in 0..5 {
        assert_eq!(guesser.sign_in("jeanne", "wrong").await.status, 422);
    }
    for password in ["wrong", PASSWORD] {
        let page = guesser.sign_in("jeanne", password).await;
        assert_eq!(page.status, 429, "{}", page.text);
        assert!(page.text.contains("Trop d&#x27;essais"), "{}", page.text);
        assert_eq!(page.header("retry-after"), "61");
    }
    // The same address, a phone that she has signed in on.
    assert_eq!(known.sign_in("jeanne", PASSWORD).await.status, 303);
    // Another login, another address: nobody waits for somebody else's guesses.
    assert_eq!(guesser.sign_in("paul", PASSWORD).await.status, 303);
    let mut elsewhere = from(&desk.visitor(), "203.0.113.9");
    assert_eq!(elsewhere.sign_in("jeanne", PASSWORD).await.status, 303);

    let mut guesser = from(&desk.visitor(), "198.51.100.7");
    desk.pass(Duration::from_secs(61));
    assert_eq!(guesser.sign_in("jeanne", PASSWORD).await.status, 303, "nobody is locked out");
}

#[tokio::test]
async fn an_unknown_login_waits_like_a_known_one() {
    let desk = Desk::open().await;
    for login in ["jeanne", "nobody"] {
        let mut guesser = desk.visitor();
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push(guesser.sign_in(login, "wrong").await.status);
        }
        assert_eq!(seen, [422, 422, 422, 422, 422, 429, 429], "{login}");
    }
}

#[tokio::test]
async fn nobody_says_himself_where_he_is() {
    let desk = Desk::open().await;
    let mut guesser = desk.visitor();
    let mut seen = Vec::new();
    for n in 0..7 {
        guesser.headers = vec![("x-forwarded-for", format!("198.51.100.{n}"))];
        seen.push(guesser.sign_in("jeanne", "wrong").await.status);
    }
    assert_eq!(seen[5..], [429, 429]);
    let addresses = desk.journal().await.into_iter().filter(|entry| entry.act == "connexion");
    assert!(addresses.map(|entry| entry.address).all(|address| address == "127.0.0.1"));

    let desk = behind_a_proxy().await;
    let mut visitor = from(&desk.visitor(), "203.0.113.9");
    assert_eq!(visitor.sign_in("jeanne", PASSWORD).await.status, 303);
    assert_eq!(desk.journal().await.last().unwrap().address, "203.0.113.9");
    let mut unclear = from(&desk.visitor(), "nonsense");
    assert_eq!(unclear.get("/connexion").await.status, 400);
}

#[tokio::test]
async fn a_technician_does_so_much_at_once() {
    let desk = Desk::with(|settings| {
        settings.sign_in.acts_at_once = 3;
        settings.sign_in.act_every = Duration::from_secs(10);
    })
    .await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let mut paul = desk.signed_in("paul").await;
    let token = jeanne.get("/mot-de-passe").await.token();
    let mut post = async || {
        let fields = [("jeton", &*token), ("actuel", PASSWORD), ("nouveau", "court")];
        jeanne.post("/mot-de-passe", &fields).await
    };
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(post().await.status);
    }
    assert_eq!(seen, [422, 422, 422, 429]);
    let page = post().await;
    assert_eq!(page.header("retry-after"), "11");
    assert!(page.text.contains("Rien n'est parti"), "{}", page.text);
    let pauls = paul.get("/mot-de-passe").await.token();
    let fields = [("jeton", &*pauls), ("actuel", PASSWORD), ("nouveau", "court")];
    assert_eq!(paul.post("/mot-de-passe", &fields).await.status, 422, "he has his own");
    desk.pass(Duration::from_secs(10));
    assert_eq!(post().await.status, 422);
}
