//! Who guesses passwords has to wait, and makes nobody else wait.

use std::sync::Arc;

use ereprov_server::{ip_list::IpList, store::operators::Change};
use tokio::task::JoinSet;

use crate::{
    harness::{Caller, Oi, Reply, Setup, eventually},
    login::{REFUSED, ask, cause, change, hash, hashes},
};

const SLOW: &str = "[admission]\nlogin_failures_max = 3\nlogin_backoff_first_ms = 60000\n";

/// Three wrong passwords, each refused as wrong.
async fn guess(oi: &Oi, from: &Caller, login: &str) {
    for n in 0..3 {
        let reply = ask(oi, from, login, &format!("guess {n}")).await;
        assert_eq!(reply.libelle(), REFUSED);
        assert_eq!(reply.header("retry-after"), None);
    }
}

/// The answer to one more, which was not hashed, its seconds taken out; what the OI reads about it.
async fn held_back(oi: &Oi, from: &Caller, login: &str, password: &str) -> (String, String) {
    let before = hashes(oi).await;
    let reply = ask(oi, from, login, password).await;
    assert_eq!(hashes(oi).await, before, "it was hashed");
    let seconds = waits(&reply);
    (reply.body.replace(&format!("{seconds} s"), "N s"), cause(oi, &reply).await)
}

/// The seconds that an answer asks to wait for.
fn waits(reply: &Reply) -> i64 {
    reply.assert("10000");
    let seconds = reply.header("retry-after").expect("when to come back");
    let said = format!("trop d'essais refusés ; vérifiez-les, puis réessayez dans {seconds} s");
    assert_eq!(reply.libelle(), format!("Login/Password incorrect : {said}"));
    let seconds = seconds.parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    seconds
}

#[tokio::test]
async fn who_guesses_waits_and_the_operator_does_not() {
    let oi = Setup::config(SLOW).start().await;
    let (theirs, elsewhere) = (Caller::at("127.0.0.2"), Caller::at("127.0.0.3"));
    // The operator works from an address that it shares with whoever guesses.
    ask(&oi, &theirs, "oc-demo", "oc-demo").await.assert("OK");
    guess(&oi, &theirs, "oc-demo").await;
    let (known, cause) = held_back(&oi, &theirs, "oc-demo", "guess 4").await;
    assert_eq!(cause, "held back after too many wrong passwords: oc-demo");
    ask(&oi, &theirs, "oc-demo", "oc-demo").await.assert("OK");
    ask(&oi, &elsewhere, "oc-demo", "oc-demo").await.assert("OK");
    // Which does not set whoever guesses free.
    held_back(&oi, &theirs, "oc-demo", "guess 5").await;
    // Another login from there, and this one from elsewhere, are looked at.
    ask(&oi, &theirs, "oc-autre", "oc-autre").await.assert("20019");
    assert_eq!(ask(&oi, &elsewhere, "oc-demo", "wrong").await.libelle(), REFUSED);
    // Unknown and disabled logins, and those from elsewhere than their addresses, are no different.
    guess(&oi, &theirs, "nobody").await;
    let (unknown, cause) = held_back(&oi, &theirs, "nobody", "guess 4").await;
    assert_eq!(unknown, known);
    assert_eq!(cause, "held back after too many wrong passwords: unknown login");
    let here = Caller::at("127.0.0.4");
    change(&oi, Change::Addresses(Some(IpList::parse("192.0.2.1").unwrap()))).await;
    guess(&oi, &here, "oc-demo").await;
    assert_eq!(held_back(&oi, &here, "oc-demo", "oc-demo").await.0, known);
    change(&oi, Change::Addresses(None)).await;
    change(&oi, Change::Disabled(true)).await;
    assert_eq!(held_back(&oi, &here, "oc-demo", "oc-demo").await.0, known);
}

#[tokio::test]
async fn a_right_password_passes_the_wait_where_it_was_right_before_and_nowhere_else() {
    // Nothing is believed: every right password is hashed.
    let config = format!("{SLOW}credential_cache_s = 0");
    let oi = Setup::config(&config).start().await;
    let here = Caller::new();
    ask(&oi, &here, "oc-demo", "oc-demo").await.assert("OK");
    guess(&oi, &here, "oc-demo").await;
    held_back(&oi, &here, "oc-demo", "guess 4").await;
    ask(&oi, &here, "oc-demo", "oc-demo").await.assert("OK");
    held_back(&oi, &here, "oc-demo", "guess 5").await;
    // Who has guessed it elsewhere is not told so.
    let theirs = Caller::at("127.0.0.2");
    guess(&oi, &theirs, "oc-demo").await;
    held_back(&oi, &theirs, "oc-demo", "oc-demo").await;
    ask(&oi, &here, "oc-demo", "oc-demo").await.assert("OK");
    // A new one has not been seen yet.
    change(&oi, Change::Password(hash("le second"))).await;
    held_back(&oi, &here, "oc-demo", "le second").await;
    held_back(&oi, &here, "oc-demo", "oc-demo").await;
    ask(&oi, &Caller::at("127.0.0.3"), "oc-demo", "le second").await.assert("OK");
    held_back(&oi, &here, "oc-demo", "le second").await;
}

/// Nor by what is believed without a hash.
#[tokio::test]
async fn a_password_that_is_believed_is_held_back_where_others_have_guessed() {
    let oi = Setup::config(SLOW).start().await;
    let (home, theirs) = (Caller::new(), Caller::at("127.0.0.2"));
    for _ in 0..2 {
        ask(&oi, &home, "oc-demo", "oc-demo").await.assert("OK");
    }
    guess(&oi, &theirs, "oc-demo").await;
    held_back(&oi, &theirs, "oc-demo", "oc-demo").await;
    ask(&oi, &home, "oc-demo", "oc-demo").await.assert("OK");
    let before = hashes(&oi).await;
    ask(&oi, &Caller::at("127.0.0.3"), "oc-demo", "oc-demo").await.assert("OK");
    assert_eq!(hashes(&oi).await, before, "it was verified a moment ago");
}

#[tokio::test]
async fn a_program_that_goes_on_with_an_old_password_makes_nobody_wait_but_itself() {
    let oi = Setup::config(SLOW).start().await;
    let here = Caller::new();
    change(&oi, Change::Password(hash("le second"))).await;
    for _ in 0..3 {
        assert_eq!(ask(&oi, &here, "oc-demo", "oc-demo").await.libelle(), REFUSED);
    }
    held_back(&oi, &here, "oc-demo", "oc-demo").await;
    ask(&oi, &here, "oc-demo", "le second").await.assert("OK");
    held_back(&oi, &here, "oc-demo", "oc-demo").await;
}

#[tokio::test]
async fn the_wait_ends_and_a_right_password_makes_a_new_beginning() {
    let config = "[admission]\nlogin_failures_max = 3\nlogin_backoff_first_ms = 300\n";
    let oi = Setup::config(config).start().await;
    let here = Caller::new();
    guess(&oi, &here, "oc-demo").await;
    eventually("the end of the wait", async || {
        let reply = ask(&oi, &here, "oc-demo", "oc-demo").await;
        (reply.outcome() == "OK").then_some(())
    })
    .await;
    guess(&oi, &here, "oc-demo").await;
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_in_turn() {
    let oi = Arc::new(Setup::config(SLOW).start().await);
    let mut guesses = JoinSet::new();
    for n in 0..20 {
        let oi = Arc::clone(&oi);
        guesses.spawn(async move {
            let reply = ask(&oi, &Caller::new(), "oc-demo", &format!("guess {n}")).await;
            reply.header("retry-after").is_none()
        });
    }
    let looked_at = guesses.join_all().await;
    assert_eq!(looked_at.into_iter().filter(|looked_at| *looked_at).count(), 3);
    assert_eq!(hashes(&oi).await, 6);
}
