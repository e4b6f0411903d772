//! Secrets that stand elsewhere than in a file of the profile's own.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    digests,
    harness::{MUT, Oi, Said, User},
};

/// A program of somebody's own, as a keyring's is.
fn script(user: &User, name: &str, text: &str) -> String {
    let file = user.home().join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file.display().to_string()
}

async fn add(user: &User, oi: &Oi, name: &str, command: &str) -> Said {
    let url = oi.url();
    let add = ["profile", "add", name, "--url", &url, "--login", "oc-demo"];
    user.run(&[&add[..], &["--password-command", command]].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_is_asked_each_time() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let kept = user.home().join(".config/ereprov/secrets/demo");
    assert!(kept.exists());
    // What it is asked for is told apart as a shell would: two words, one with a blank.
    let keyring = script(
        &user,
        "keyring",
        "[ \"$1 $#\" = 'my lines 2' ] && printf '%s\\nnot this\\n' \"$2\"",
    );
    let command = format!("{keyring} 'my lines' oc-demo");
    assert_eq!(add(&user, &oi, "demo", &command).await.exit, 0);
    assert!(!kept.exists(), "a password that is not used is not kept");
    assert_eq!(user.json(&["structure", MUT]).await["site"], "SC-423361");
    let shown = user.json(&["profile", "show"]).await;
    assert_eq!(shown["profile"]["password_command"], *command);
    let shown = user.run(&["profile", "show"]).await.out;
    let password = shown.lines().find(|line| line.starts_with("password ")).unwrap();
    assert!(password.ends_with(&format!(" $ {command}")), "{shown}");

    // Another one on standard input comes first.
    let given = ["structure", MUT, "--password-stdin"];
    assert_eq!(user.say(&given, "wrong\n", &[]).await.exit, 4);
    script(&user, "keyring", "echo locked >&2; exit 3");
    let said = user.run(&["structure", MUT]).await;
    assert_eq!((said.exit, &*said.out), (2, ""), "{said:?}");
    assert!(said.err.contains("locked") && said.err.contains("exit status: 3"), "{said:?}");

    // What sends no login asks for none.
    let put = ["reprovision", MUT, "--fibre", "CTP-1240357-1", "--reason", "no-signal"];
    for without in [&["status"][..], &["doctor", "--no-call"], &[&put[..], &["--dry-run"]].concat()]
    {
        let said = user.run(without).await;
        assert!(said.exit == 0 && !said.err.contains("locked"), "{without:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_brings_no_password_is_told() {
    let oi = Oi::demo().await;
    let user = User::new();
    let silent = script(&user, "silent", "true");
    let endless = script(&user, "endless", "yes | tr -d '\\n'");
    for (command, cause) in [
        (&*silent, "it printed nothing"),
        ("'half", "words"),
        ("", "words"),
        ("/nowhere/keyring", "/nowhere/keyring: No such file"),
        (&*endless, "> 65536 B"),
    ] {
        let said = add(&user, &oi, "demo", command).await;
        assert_eq!(said.exit, 2, "{command}: {said:?}");
        assert!(said.err.contains("brings no password"), "{said:?}");
        assert!(said.err.contains(cause), "{cause}: {said:?}");
    }
    assert_eq!(user.json(&["profile", "list"]).await.as_array().unwrap().len(), 0);
    let url = oi.url();
    let twice = ["--password-command", &silent, "--password-stdin"];
    let add = ["profile", "add", "demo", "--url", &url, "--login", "oc-demo"];
    assert_eq!(user.run(&[&add[..], &twice].concat()).await.exit, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_of_the_password() {
    let keys = tempdir().unwrap();
    let oi = Oi::with(&digests::keys(keys.path())).await;
    digests::open(&oi.running.service.store, keys.path(), "oc-demo").await;
    let user = User::new();
    for (login, exit) in [("oc-demo", 0), ("oc-autre", 4)] {
        let added = user.add(login, &oi.url(), login, &["--security", "password-digest"]).await;
        assert_eq!(added.exit, 0, "{added:?}");
        let said = user.run(&["structure", MUT, "--profile", login, "--trace"]).await;
        assert_eq!(said.exit, exit, "{said:?}");
        assert!(said.err.contains("#PasswordDigest\">***<"), "{said:?}");
    }
}

/// Takes one request, keeps its head, and answers as a gateway would.
async fn gateway() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/eReprov", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut head, mut some) = (String::new(), [0; 16 * 1024]);
        while !head.contains("Envelope>") {
            let count = stream.read(&mut some).await.unwrap();
            head.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        head
    });
    (url, asked)
}

/// A file of somebody's own.
fn private(user: &User, text: &str) -> PathBuf {
    let file = user.home().join("headers");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_one_s_own_are_sent_and_never_shown() {
    let (url, asked) = gateway().await;
    let user = User::new();
    let file = private(&user, "# of the gateway\n\nX-Api-Key:  s3cret:1 \nX-Consumer: OC-1\n");
    let file = file.to_str().unwrap();
    let added = user.add("gateway", &url, "oc", &["--headers", file]).await;
    assert_eq!(added.exit, 0, "{added:?}");
    let said = user.run(&["status", "C", "--trace"]).await;
    assert_eq!(said.exit, 4, "{said:?}");
    assert!(said.err.contains("x-api-key: ***") && !said.err.contains("s3cret"), "{said:?}");
    let head = asked.await.unwrap();
    assert!(head.contains("x-api-key: s3cret:1\r\nx-consumer: OC-1\r\n"), "{head}");

    private(&user, "X-Api-Key s3cret\n");
    let said = user.run(&["status", "C"]).await;
    assert!(said.exit == 2 && said.err.contains("line 1 is no header"), "{said:?}");
    private(&user, "Idempotency-Key: always-the-same\n");
    let said = user.run(&["status", "C"]).await;
    assert!(said.exit == 2 && said.err.contains("the header Idempotency-Key"), "{said:?}");
    private(&user, "X-Api-Key: s3cret\n");
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = user.run(&["status", "C"]).await;
    assert!(said.exit == 2 && said.err.contains("can be read by others"), "{said:?}");
}
