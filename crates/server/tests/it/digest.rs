//! PasswordDigest for the operators that opted in: what is accepted, once, on any instance.

use std::{fs, sync::Arc};

use tokio::task::JoinSet;

use crate::harness::{
    Caller, MUT, Oi, Reply, Setup, basic, count,
    digest::{Token, keys},
    envelope, failed, printed, structure,
};

const WRONG: &str = "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI";

/// A service where `oc-demo` has opted in, and the settings that name its keys.
async fn opted_in(setup: Setup) -> (Oi, tempfile::TempDir, String) {
    let (folder, settings) = keys();
    let config = format!("{settings}{}", setup.config);
    let oi = Setup { config, ..setup }.start().await;
    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    let said = printed(&oi.administer(&settings, &on, "oc-demo\n"));
    assert!(said.contains("digest") && said.contains("on"), "{said}");
    (oi, folder, settings)
}

/// What the audit has of a request beside its code.
async fn cause(oi: &Oi, reply: &Reply) -> String {
    let id = reply.header("x-request-id").unwrap();
    let row = oi.audited().await.into_iter().find(|row| row.request_id == id);
    row.unwrap().detail.unwrap_or_default()
}

#[tokio::test]
async fn what_wss4j_writes_is_accepted_once_and_in_its_time() {
    let (oi, _keys, _) = opted_in(Setup::at("2026-11-25T07:09:00Z")).await;
    let soap_12 = [("content-type", "application/soap+xml; charset=utf-8")];
    let documents = [
        (include_str!("../wss4j/soap11.xml"), &[][..]),
        (include_str!("../wss4j/soap12.xml"), &soap_12[..]),
    ];
    for (document, headers) in documents {
        oi.post(document, headers).await.assert("OK");
        let again = oi.post(document, headers).await;
        again.assert_ko("10000", "déjà employé");
        assert_eq!(cause(&oi, &again).await, "a PasswordDigest that was accepted before: oc-demo");
    }
    // Another password, or the same digest over another creation, is a wrong one.
    let (document, _) = documents[0];
    let other = document.replace("07:08:57.210Z", "07:08:57.211Z");
    assert_eq!(oi.post(&other, &[]).await.assert("10000").libelle(), WRONG);
    oi.clock.advance_ms(300_000);
    for (document, headers) in documents {
        oi.post(document, headers).await.assert_ko("10000", "hors délai");
    }
}

#[tokio::test]
async fn whoever_has_no_right_digest_gets_the_answer_of_a_wrong_password() {
    let (oi, _keys, _) = opted_in(Setup::noon()).await;
    let question = structure(MUT);
    let now = oi.clock.now_ms();
    let mut answers = Vec::new();
    // What the caller cannot tell apart, the OI can.
    for (token, told) in [
        (Token::with("oc-demo", "wrong", now), "wrong password: oc-demo"),
        (Token::new("oc-autre", now), "PasswordDigest is off for: oc-autre"),
        (Token::new("nobody", now), "unknown login"),
        (Token::new("", now), "unknown login"),
    ] {
        let reply = oi.post(&token.envelope(&question), &[]).await;
        assert_eq!(cause(&oi, &reply).await, told);
        answers.push(reply.assert("10000").body.clone());
    }
    let wrong = basic("oc-demo", "wrong");
    let by_password = oi.post(&envelope(&question), &[("authorization", &wrong)]).await;
    answers.push(by_password.body);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(oi.number("SELECT COUNT(*) FROM login_nonce").await, 0, "a stranger fills no table");
    // Whoever opted in has not given up the other forms.
    oi.ask(&question).await.assert("OK");
    let right = Token::new("oc-demo", now);
    oi.post(&right.envelope(&question), &[]).await.assert("OK");
    // Beside a password, one could not tell whether it is the same login.
    let basic = basic("oc-demo", "oc-demo");
    let both = Token::new("oc-demo", now).envelope(&question);
    let both = oi.post(&both, &[("authorization", &basic)]).await;
    both.assert_ko("10000", "deux identifications différentes");
    let without = Token::new("oc-demo", now).envelope(&question).replace("o:Nonce", "o:Once");
    oi.post(&without, &[]).await.assert_ko("10000", "wsse:Nonce");
}

#[tokio::test]
async fn wrong_digests_are_held_back_like_wrong_passwords() {
    let config = "[admission]\nlogin_failures_max = 3\nlogin_backoff_first_ms = 60000\n".into();
    let (oi, _keys, settings) = opted_in(Setup { config, ..Setup::noon() }).await;
    let ask = async |from: &Caller, password: &str| {
        let token = Token::with("oc-demo", password, oi.clock.now_ms());
        from.post(&oi.url(), &token.envelope(&structure(MUT)), &[]).await
    };
    let (theirs, elsewhere) = (Caller::at("127.0.0.2"), Caller::at("127.0.0.3"));
    for _ in 0..2 {
        assert_eq!(ask(&theirs, "wrong").await.libelle(), WRONG);
    }
    ask(&theirs, "oc-demo").await.assert("OK");
    for _ in 0..3 {
        assert_eq!(ask(&theirs, "wrong").await.libelle(), WRONG);
    }
    ask(&theirs, "oc-demo").await.assert_ko("10000", "trop d'essais refusés");
    ask(&elsewhere, "oc-demo").await.assert("OK");
    // Where it may ask from holds for digests, too.
    let set = ["operator", "set", "oc-demo", "--addresses", "192.0.2.1"];
    printed(&oi.administer(&settings, &set, ""));
    let reply = ask(&elsewhere, "oc-demo").await;
    assert_eq!(reply.libelle(), WRONG);
    assert_eq!(cause(&oi, &reply).await, "not from 127.0.0.3, right password: oc-demo");
}

#[tokio::test]
async fn a_name_does_not_make_a_digest_good_twice() {
    let (oi, _keys, _) = opted_in(Setup::slow()).await;
    let put = crate::harness::Put::new(MUT, "CTP-1240357-1").body();
    let name = [("idempotency-key", "one")];
    let token = || Token::new("oc-demo", oi.clock.now_ms()).envelope(&put);
    let first = token();
    let code = oi.post(&first, &name).await.assert("OK").text("codeDecharge");
    oi.post(&first, &name).await.assert("10000");
    let again = oi.post(&token(), &name).await;
    assert_eq!(again.assert("OK").text("codeDecharge"), code);
}

#[tokio::test]
async fn the_digest_follows_the_password_until_it_is_switched_off() {
    let (oi, _keys, settings) = opted_in(Setup::noon()).await;
    let ask = async |password: &str| {
        let token = Token::with("oc-demo", password, oi.clock.now_ms());
        oi.post(&token.envelope(&structure(MUT)), &[]).await
    };
    let admin = |arguments: &[&str], input: &str| oi.administer(&settings, arguments, input);
    ask("oc-demo").await.assert("OK");
    let kept = oi.lines("SELECT digest_secret FROM operator WHERE login = 'oc-demo'").await;
    assert!(!kept[0].contains("oc-demo"), "{kept:?}");

    // Without the key, no new password is set that would leave the old one in force.
    let passwd = ["operator", "passwd", "oc-demo", "--password-stdin"];
    let said = failed(&oi.administer("", &passwd, "nouveau-mdp\n"), 4);
    assert!(said.contains("no key to seal it"), "{said}");
    ask("oc-demo").await.assert("OK");
    // An old password that is kept is good in clear only.
    let keeping = [&passwd[..], &["--keep-old-for", "1d"]].concat();
    printed(&admin(&keeping, "nouveau-mdp\n"));
    oi.ask(&structure(MUT)).await.assert("OK");
    ask("oc-demo").await.assert("10000");
    ask("nouveau-mdp").await.assert("OK");

    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    let said = failed(&admin(&on, "oc-demo\n"), 4);
    assert!(said.contains("not the password of oc-demo"), "{said}");
    printed(&admin(&["operator", "digest", "oc-demo", "off"], ""));
    assert_eq!(ask("nouveau-mdp").await.assert("10000").libelle(), WRONG);
    let basic = basic("oc-demo", "nouveau-mdp");
    oi.post(&envelope(&structure(MUT)), &[("authorization", &basic)]).await.assert("OK");

    let made = printed(&admin(&["--json", "operator", "digest", "oc-demo", "on"], ""));
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let made = made["password"].as_str().unwrap();
    ask(made).await.assert("OK");
    ask("nouveau-mdp").await.assert("10000");
    let acts = oi.lines("SELECT reason FROM admin_act WHERE action = 'operator digest'").await;
    assert_eq!(acts, ["on", "off", "on, with a new password"]);
}

#[tokio::test]
async fn a_service_without_keys_answers_as_ever_and_lets_nobody_in() {
    let oi = Setup::noon().start().await;
    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    let said = failed(&oi.administer("", &on, "oc-demo\n"), 4);
    assert!(said.contains("login.secret_key_file"), "{said}");
    let token = Token::new("oc-demo", oi.clock.now_ms());
    oi.post(&token.envelope(&structure(MUT)), &[]).await.assert_ko("10000", "PasswordText");
    // A file that cannot be used is told before the service starts.
    let (folder, settings) = keys();
    let check = |settings: &str| oi.administer(settings, &["config", "check"], "");
    assert!(printed(&check(&settings)).contains("secret keys"));
    fs::write(folder.path().join("keys"), "half of a k").unwrap();
    let said = failed(&check(&settings), 2);
    assert!(said.contains("no key of 32 bytes") && !said.contains("half"), "{said}");
}

#[tokio::test]
async fn keys_are_changed_while_the_service_runs() {
    let (oi, folder, settings) = opted_in(Setup::noon()).await;
    let admin = |arguments: &[&str]| printed(&oi.administer(&settings, arguments, ""));
    let ask = async || {
        let token = Token::new("oc-demo", oi.clock.now_ms());
        oi.post(&token.envelope(&structure(MUT)), &[]).await
    };
    admin(&["secret-key", "add"]);
    ask().await.assert("OK");
    let resealed = admin(&["--json", "secret-key", "reseal"]);
    assert!(resealed.contains("\"resealed\": 1"), "{resealed}");
    ask().await.assert("OK");
    let again = admin(&["--json", "secret-key", "reseal"]);
    assert!(again.contains("\"unchanged\": 1"), "{again}");
    // The old key goes.
    let file = folder.path().join("keys");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.lines().next().unwrap()).unwrap();
    ask().await.assert("OK");
    // With no key that opens it, the digest is a wrong one, and the administration says why.
    fs::remove_file(&file).unwrap();
    admin(&["secret-key", "add"]);
    let lost = failed(&oi.administer(&settings, &["secret-key", "reseal"], ""), 4);
    assert!(lost.contains("oc-demo"), "{lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_digest_sent_to_two_instances_at_once_one_is_accepted() {
    let (folder, settings) = keys();
    let first = Setup::config(&settings).on_postgres().await.start().await;
    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    printed(&first.administer(&settings, &on, "oc-demo\n"));
    first.limit("oc-demo", None, Some(64)).await;
    let instances = [Arc::new(first.another().await), Arc::new(first)];
    for _ in 0..5 {
        let now = ereprov_server::clock::Clock::System.now_ms();
        let question = Token::new("oc-demo", now).envelope(&structure(MUT));
        let mut all = JoinSet::new();
        for oi in instances.iter().cycle().take(8) {
            let (oi, question) = (Arc::clone(oi), question.clone());
            all.spawn(async move { oi.post(&question, &[]).await });
        }
        let replies = all.join_all().await;
        assert_eq!((count(&replies, "OK"), count(&replies, "10000")), (1, 7), "{replies:?}");
    }
    drop(folder);
}
