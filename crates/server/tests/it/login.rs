//! Who is let in: with which password, from where, and what a refusal costs.

use ereprov_server::{
    admission::password,
    clock::Entropy,
    ip_list::IpList,
    store::{
        audit::Entry,
        operators::{self, Change},
    },
};

use crate::harness::{Caller, MUT, Oi, Reply, Setup, basic, envelope, structure};

const DAY_MS: i64 = 86_400_000;

/// What a refused login reads, whatever it is refused for.
pub const REFUSED: &str =
    "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI";

/// Changes the operator of the demo.
pub async fn change(oi: &Oi, change: Change) {
    let changed = oi.store().write("test.change", change, |tx, change| {
        Box::pin(operators::change(tx, "oc-demo", change, 0))
    });
    changed.await.unwrap();
}

pub fn hash(password: &str) -> String {
    password::hash(password, &Entropy::system()).unwrap()
}

/// Asks for the structure of the specification's site, from an address of this machine.
pub async fn ask(oi: &Oi, from: &Caller, login: &str, password: &str) -> Reply {
    let login = basic(login, password);
    let headers = [("authorization", login.as_str())];
    from.post(&oi.url(), &envelope(&structure(MUT)), &headers).await
}

/// How many passwords were held against a hash so far.
pub async fn hashes(oi: &Oi) -> u64 {
    oi.metric("ereprov_passwords_hashed_total").await
}

/// What the OI keeps of a request.
pub async fn audited(oi: &Oi, reply: &Reply) -> Entry {
    let id = reply.header("x-request-id").unwrap();
    let row = oi.audited().await.into_iter().find(|row| row.request_id == id);
    row.expect("every question has its row")
}

/// What the OI reads about a request.
pub async fn cause(oi: &Oi, reply: &Reply) -> String {
    audited(oi, reply).await.detail.unwrap_or_default()
}

#[tokio::test]
async fn two_passwords_are_right_until_the_old_ones_time_is_over() {
    let oi = Setup::noon().start().await;
    let here = Caller::new();
    let now_ms = oi.clock.now_ms();
    let rotated = |password, days: i64| Change::RotatedPassword {
        hash: hash(password),
        old_until_ms: now_ms + days * DAY_MS,
    };
    let come_to = async |passwords: &[(&str, &str)]| {
        for (password, outcome) in passwords {
            let reply = ask(&oi, &here, "oc-demo", password).await;
            assert_eq!(reply.outcome(), *outcome, "{password}");
        }
    };
    // One that is believed already is refused at its time all the same.
    come_to(&[("oc-demo", "OK"), ("le second", "10000")]).await;
    change(&oi, rotated("le second", 7)).await;
    come_to(&[("oc-demo", "OK"), ("le second", "OK"), ("oc-demo", "OK")]).await;
    oi.clock.advance_ms(7 * DAY_MS - 1);
    come_to(&[("oc-demo", "OK"), ("le second", "OK")]).await;
    oi.clock.advance_ms(1);
    come_to(&[("oc-demo", "10000"), ("le second", "OK")]).await;
    let over = ask(&oi, &here, "oc-demo", "oc-demo").await;
    assert_eq!(over.libelle(), REFUSED);
    assert_eq!(cause(&oi, &over).await, "wrong password: oc-demo");
    // Two, not three.
    change(&oi, rotated("le troisième", 21)).await;
    change(&oi, rotated("le quatrième", 21)).await;
    come_to(&[("le second", "10000"), ("le troisième", "OK"), ("le quatrième", "OK")]).await;
    change(&oi, Change::OldPasswordEnds).await;
    come_to(&[("le troisième", "10000"), ("le quatrième", "OK")]).await;
    change(&oi, rotated("le cinquième", 21)).await;
    change(&oi, Change::Password(hash("le sixième"))).await;
    come_to(&[("le quatrième", "10000"), ("le cinquième", "10000"), ("le sixième", "OK")]).await;
}

#[tokio::test]
async fn an_operator_asks_from_its_addresses_and_from_nowhere_else() {
    let oi = Oi::demo().await;
    let (here, listed) = (Caller::at("127.0.0.1"), Caller::at("127.0.0.2"));
    ask(&oi, &here, "oc-demo", "oc-demo").await.assert("OK");
    let list = IpList::parse("192.0.2.0/24,127.0.0.2,2001:db8::/32").unwrap();
    change(&oi, Change::Addresses(Some(list))).await;
    let elsewhere = ask(&oi, &here, "oc-demo", "oc-demo").await;
    assert_eq!((elsewhere.status, elsewhere.libelle()), (200, REFUSED.to_owned()));
    let row = audited(&oi, &elsewhere).await;
    assert_eq!(row.detail.as_deref(), Some("not from 127.0.0.1, right password: oc-demo"));
    assert_eq!((row.address.as_str(), row.operator_id), ("127.0.0.1", None));
    let wrong = ask(&oi, &here, "oc-demo", "wrong").await;
    assert_eq!(cause(&oi, &wrong).await, "not from 127.0.0.1, wrong password: oc-demo");
    ask(&oi, &listed, "oc-demo", "oc-demo").await.assert("OK");
    let wrong = ask(&oi, &listed, "oc-demo", "wrong").await;
    assert_eq!(cause(&oi, &wrong).await, "wrong password: oc-demo");
    // Another operator's addresses are its own affair.
    ask(&oi, &here, "oc-autre", "oc-autre").await.assert("20019");
    change(&oi, Change::Addresses(None)).await;
    ask(&oi, &here, "oc-demo", "oc-demo").await.assert("OK");
    let page = oi.metrics().await;
    for line in [r#"reason="address"} 2"#, r#"reason="wrong"} 1"#] {
        assert!(page.contains(&format!("ereprov_logins_refused_total{{{line}")), "{line}\n{page}");
    }
}

#[tokio::test]
async fn a_refused_login_costs_the_same_and_says_the_same_whatever_it_is_refused_for() {
    let oi = Setup::config("[admission]\nlogin_failures_max = 1000").start().await;
    let here = Caller::new();
    let refused = async |login: &str, password: &str| {
        let before = hashes(&oi).await;
        let mut reply = ask(&oi, &here, login, password).await;
        reply.assert("10000");
        reply.headers.retain(|(name, _)| name != "x-request-id" && name != "date");
        (reply.headers, reply.body, hashes(&oi).await - before)
    };
    let unknown = refused("nobody", "wrong").await;
    assert_eq!(unknown.2, 2);
    assert_eq!(refused("oc-demo", "wrong").await, unknown);
    assert_eq!(refused("", "").await, unknown);
    // With an old password, and past its time.
    let now_ms = oi.clock.now_ms();
    let rotated = |old_until_ms| Change::RotatedPassword { hash: hash("le second"), old_until_ms };
    for old_until_ms in [now_ms + DAY_MS, now_ms] {
        change(&oi, Change::Password(hash("le premier"))).await;
        change(&oi, rotated(old_until_ms)).await;
        assert_eq!(refused("oc-demo", "wrong").await, unknown);
    }
    assert_eq!(refused("oc-demo", "le premier").await, unknown, "it was right until now");
    // Barred, with a password that is right, and believed.
    ask(&oi, &here, "oc-demo", "le second").await.assert("OK");
    change(&oi, Change::Addresses(Some(IpList::parse("192.0.2.1").unwrap()))).await;
    for password in ["le second", "wrong"] {
        assert_eq!(refused("oc-demo", password).await, unknown);
    }
    change(&oi, Change::Addresses(None)).await;
    change(&oi, Change::Disabled(true)).await;
    for password in ["le second", "wrong"] {
        assert_eq!(refused("oc-demo", password).await, unknown);
    }
    let disabled = ask(&oi, &here, "oc-demo", "wrong").await;
    assert_eq!(cause(&oi, &disabled).await, "disabled, wrong password: oc-demo");
}
