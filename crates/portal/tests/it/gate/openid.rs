//! OpenID Connect: the way in, and everything that is no way in.

use std::time::Duration;

use ereprov_client::Password;
use ereprov_portal::{OpenId, Settings};
use serde_json::{Value, json};

use super::{
    desk::{Desk, NOON_MS, Page, Visitor},
    provider::{CLIENT, Forgery, Provider, SECRET},
};

fn use_it(provider: &Provider) -> impl FnOnce(&mut Settings) {
    let mut openid = OpenId::new(&provider.issuer, CLIENT);
    openid.client_secret = Some(Password::new(SECRET.to_owned()));
    openid.allowed_groups = vec!["techniciens".to_owned()];
    openid.allowed_domains = vec!["oc.example".to_owned()];
    move |settings| settings.sign_in.openid = Some(openid)
}

/// From the sign-in page to the provider and back.
async fn walk(visitor: &mut Visitor) -> Page {
    let page = visitor.get("/connexion/entreprise?vers=%2Fc%2FMUT1").await;
    assert_eq!(page.status, 303, "{}", page.text);
    let page = visitor.get(&page.location).await;
    assert_eq!(page.status, 303, "the provider: {}", page.text);
    visitor.get(page.location.strip_prefix(&visitor.url.clone()).unwrap()).await
}

#[tokio::test]
async fn the_operator_s_people_sign_in_with_its_own_accounts() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    let mut ali = desk.visitor();
    let page = ali.get("/connexion?vers=/c/MUT1").await;
    let shown = page.text.replace("&#x2f;", "/");
    assert!(shown.contains("href=\"/connexion/entreprise?vers=%2Fc%2FMUT1\""), "{shown}");
    let page = walk(&mut ali).await;
    assert_eq!((page.status, &*page.location), (303, "/c/MUT1"), "{}", page.text);
    assert!(ali.is_in().await);
    assert!(!ali.cookies.contains_key("essai"), "what was needed to come back is gone");
    let last = desk.journal().await.pop().unwrap();
    assert_eq!(
        (&*last.login, &*last.name, &*last.outcome),
        ("openid:f81d4fae", "Ali Ben Salah", "OK")
    );
    let page = ali.get("/mot-de-passe").await;
    assert!(!page.text.contains("name=\"actuel\""), "he has no password here: {}", page.text);

    // Under another name he is the same.
    provider.inside.lock().unwrap().says.insert("name", json!("Ali B."));
    let desk_people = async || desk.admin.people().await.unwrap().len();
    assert_eq!(desk_people().await, 3);
    assert_eq!(walk(&mut desk.visitor()).await.status, 303);
    assert_eq!(desk_people().await, 3);
    assert_eq!(desk.journal().await.pop().unwrap().name, "Ali B.");

    desk.admin.set_disabled("openid:f81d4fae", true).await.unwrap();
    assert!(!ali.is_in().await);
    let page = walk(&mut desk.visitor()).await;
    assert!(page.status == 403 && page.text.contains("pas accès à ce portail"), "{}", page.text);

    // A provider that takes the secret in the form is as good.
    provider.inside.lock().unwrap().methods = json!(["client_secret_post"]);
    let other = Desk::with(use_it(&provider)).await;
    assert_eq!(walk(&mut other.visitor()).await.status, 303);
}

#[tokio::test]
async fn whoever_is_named_to_the_letter_is_meant_first() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    for subject in ["abc", "AbC"] {
        provider.inside.lock().unwrap().says.insert("sub", json!(subject));
        assert_eq!(walk(&mut desk.visitor()).await.status, 303);
    }
    desk.admin.set_disabled("openid:AbC", true).await.unwrap();
    desk.admin.set_disabled("JEANNE", true).await.unwrap();
    let people = desk.admin.people().await.unwrap();
    let barred: Vec<_> = people.iter().filter(|it| it.disabled).map(|it| &*it.login).collect();
    assert_eq!(barred, ["jeanne", "openid:AbC"]);
}

#[tokio::test]
async fn a_way_in_that_is_closed_ends_the_sessions_that_came_by_it() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    let (mut jeanne, mut ali) = (desk.signed_in("jeanne").await, desk.visitor());
    assert_eq!(walk(&mut ali).await.status, 303);
    let openid = use_it(&provider);
    let mut desk = desk
        .again(|settings| {
            openid(settings);
            settings.sign_in.accounts = false;
        })
        .await;
    desk.meet_again([&mut jeanne, &mut ali]);
    assert!(!jeanne.is_in().await && ali.is_in().await);
    // It stays ended when that way is open again.
    desk = desk.again(use_it(&provider)).await;
    desk.meet_again([&mut jeanne, &mut ali]);
    assert!(!jeanne.is_in().await && ali.is_in().await);
    desk = desk.again(|_| ()).await;
    desk.meet_again([&mut jeanne, &mut ali]);
    assert!(!ali.is_in().await, "the provider is gone");
}

#[tokio::test]
async fn tokens_that_prove_nothing_let_nobody_in() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    let now = NOON_MS / 1000;
    let lies: [(&'static str, Value, u16); 14] = [
        ("nonce", json!("another"), 502),
        ("nonce", Value::Null, 502),
        ("aud", json!("another"), 502),
        ("aud", json!(["portail", "another"]), 502),
        ("azp", json!("another"), 502),
        ("iss", json!("https://idp.example"), 502),
        ("exp", json!(now - 61), 502),
        ("exp", Value::Null, 502),
        ("iat", json!(now + 120), 502),
        ("nbf", json!(now + 120), 502),
        ("sub", json!(""), 502),
        ("sub", json!("a\nb"), 502),
        ("groups", json!(["comptables"]), 403),
        ("email_verified", json!(false), 403),
    ];
    for (claim, value, status) in lies {
        provider.inside.lock().unwrap().says = [(claim, value.clone())].into();
        let mut visitor = desk.visitor();
        let page = walk(&mut visitor).await;
        assert_eq!(page.status, status, "{claim}: {value}: {}", page.text);
        assert!(!visitor.is_in().await, "{claim}: {value}");
    }
    provider.inside.lock().unwrap().says.clear();
    for forgery in [Forgery::Unsigned, Forgery::PublicSecret, Forgery::AnotherKey, Forgery::Changed]
    {
        provider.inside.lock().unwrap().forgery = forgery;
        let mut visitor = desk.visitor();
        assert_eq!(walk(&mut visitor).await.status, 502, "{forgery:?}");
        assert!(!visitor.is_in().await, "{forgery:?}");
    }
    provider.inside.lock().unwrap().forgery = Forgery::Honest;
    assert_eq!(desk.admin.people().await.unwrap().len(), 2, "nobody was added");
    assert_eq!(walk(&mut desk.visitor()).await.status, 303, "and the truth lets in");
    let acts = desk.acts().await;
    assert_eq!(acts.iter().filter(|(_, _, outcome)| outcome == "fournisseur").count(), 16);
    assert_eq!(acts.iter().filter(|(_, _, outcome)| outcome == "sans-acces").count(), 2);
}

#[tokio::test]
async fn who_did_not_begin_a_sign_in_does_not_end_it() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    let begin = async |visitor: &mut Visitor| {
        let page = visitor.get("/connexion/entreprise").await;
        let page = visitor.get(&page.location).await;
        page.location.strip_prefix(&desk.url).unwrap().to_owned()
    };
    // Another browser: a link that an attacker has begun signs nobody in as the attacker.
    let mut attacker = desk.visitor();
    let back = begin(&mut attacker).await;
    let mut victim = desk.visitor();
    assert_eq!(victim.get(&back).await.status, 403);
    // Nor one that has begun something itself.
    let mut busy = desk.visitor();
    begin(&mut busy).await;
    assert_eq!(busy.get(&back).await.status, 403);
    // A cookie of one's own making.
    let mut forger = desk.visitor();
    let mine = begin(&mut forger).await;
    let cookie = forger.cookies["essai"].clone();
    let (text, seal) = cookie.split_once('.').unwrap();
    for forged in [format!("{text}."), format!("{text}A.{seal}"), text.to_owned(), String::new()] {
        forger.cookies.insert("essai".into(), forged);
        assert_eq!(forger.get(&mine).await.status, 403);
    }
    // Too late; and a code twice.
    let mut slow = desk.visitor();
    let back = begin(&mut slow).await;
    desk.pass(Duration::from_mins(10));
    assert_eq!(slow.get(&back).await.status, 403);
    let mut ali = desk.visitor();
    let back = begin(&mut ali).await;
    let again = ali.cookies["essai"].clone();
    // The provider's clock has not moved: its tokens last five minutes.
    provider.inside.lock().unwrap().says = [("exp", json!(NOON_MS / 1000 + 3600))].into();
    assert_eq!(ali.get(&back).await.status, 303);
    let mut twice = desk.visitor();
    twice.cookies.insert("essai".into(), again);
    assert_eq!(twice.get(&back).await.status, 502);
    // Mixed up with another provider's answer, or told no.
    let mut mixed = desk.visitor();
    let back = begin(&mut mixed).await;
    let issuer = back.find("&iss=").unwrap();
    let other = format!("{}&iss=https%3A%2F%2Fevil.example", &back[..issuer]);
    assert_eq!(mixed.get(&other).await.status, 502);
    let mut denied = desk.visitor();
    let back = begin(&mut denied).await;
    let state = back.split(['?', '&']).find(|pair| pair.starts_with("state=")).unwrap();
    let no = format!("/connexion/retour?{state}&error=access_denied");
    assert_eq!(denied.get(&no).await.status, 403);
    assert!(!denied.is_in().await);
}

#[tokio::test]
async fn a_new_key_is_looked_for_and_a_provider_that_is_away_is_said_to_be() {
    let provider = Provider::open(NOON_MS).await;
    let desk = Desk::with(use_it(&provider)).await;
    assert_eq!(walk(&mut desk.visitor()).await.status, 303);
    assert_eq!(walk(&mut desk.visitor()).await.status, 303);
    assert_eq!(provider.inside.lock().unwrap().looks, 1, "what it said is believed for a while");

    let mut settings = OpenId::new("http://127.0.0.1:1", CLIENT);
    settings.client_secret = None;
    let desk = Desk::with(|all| {
        all.sign_in.openid = Some(settings);
        all.sign_in.accounts = false;
    })
    .await;
    let page = desk.visitor().get("/connexion/entreprise").await;
    assert!(page.status == 502 && page.text.contains("pas abouti"), "{}", page.text);
    let page = desk.visitor().get("/connexion").await;
    assert!(!page.text.contains("name=\"mot_de_passe\""), "no accounts: {}", page.text);
    let mut visitor = desk.visitor();
    visitor.get("/connexion").await;
    let fields = [("login", "jeanne"), ("mot_de_passe", super::desk::PASSWORD)];
    assert_eq!(visitor.post("/connexion", &fields).await.status, 403);
}
