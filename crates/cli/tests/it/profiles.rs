//! Profiles, passwords, and who is asked before what.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::harness::{MUT, Oi, User};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_are_kept_and_their_passwords_are_nobody_s() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let config = user.home().join(".config/ereprov");
    for file in ["profiles.toml", "secrets/demo"] {
        let mode = fs::metadata(config.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let wsse = ["--security", "username-token", "--soap", "1.2"];
    assert_eq!(user.add("wsse", &oi.url(), "oc-demo", &wsse).await.exit, 0);
    let site = user.json(&["structure", MUT, "--profile", "wsse"]).await;
    assert_eq!(site["site"], "SC-423361");
    let listed = user.json(&["profile", "list"]).await;
    assert_eq!(listed[0]["name"], "demo");
    assert_eq!((&listed[0]["default"], &listed[1]["default"]), (&true.into(), &false.into()));
    assert_eq!(user.run(&["profile", "use", "wsse"]).await.exit, 0);
    assert_eq!(user.json(&["profile", "show"]).await["name"], "wsse");
    assert_eq!(user.run(&["profile", "remove", "wsse"]).await.exit, 0);
    assert!(!config.join("secrets/wsse").exists());
    let said = user.run(&["structure", MUT]).await;
    assert_eq!(said.exit, 2, "{said:?}");
    assert!(said.err.contains("no profile is chosen"), "{said:?}");
    let said = user.run(&["structure", MUT, "--profile", "nothing"]).await;
    assert_eq!(said.exit, 2, "{said:?}");

    fs::set_permissions(config.join("secrets/demo"), fs::Permissions::from_mode(0o640)).unwrap();
    let said = user.run(&["structure", MUT, "--profile", "demo"]).await;
    assert_eq!(said.exit, 2, "{said:?}");
    assert!(said.err.contains("can be read by others"), "{said:?}");
    let said = user.run(&["structure", MUT, "--profile", "demo", "--lang", "fr"]).await;
    assert!(said.err.contains("peut être lu par d'autres"), "{said:?}");
    let given = ["structure", MUT, "--profile", "demo", "--password-stdin"];
    assert_eq!(user.say(&given, "oc-demo\n", &[]).await.exit, 0);
    assert_eq!(user.say(&given, "wrong\n", &[]).await.exit, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_may_stand_in_a_file_of_the_user_s_own() {
    let oi = Oi::demo().await;
    let user = User::new();
    let file = user.home().join("password");
    fs::write(&file, "oc-demo\n").unwrap();
    let file = file.to_str().unwrap();
    let url = oi.url();
    let add =
        ["profile", "add", "own", "--url", &url, "--login", "oc-demo", "--password-file", file];
    let mode = |mode| fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let said = user.run(&add).await;
    assert!(said.exit == 2 && said.err.contains("chmod 600"), "{said:?}");
    mode(0o600);
    assert_eq!(user.run(&add).await.exit, 0);
    assert_eq!(user.run(&["structure", MUT]).await.exit, 0);
    let said = user.run(&[&add[..], &["--password-stdin"]].concat()).await;
    assert_eq!(said.exit, 2, "two passwords: {said:?}");
    let said = user.run(&[&add[..], &["--proxy", "http://u:p@127.0.0.1:1"]].concat()).await;
    assert!(said.exit == 2 && !said.err.contains("u:p"), "{said:?}");
}

#[tokio::test]
async fn a_profile_that_cannot_be_used_is_not_kept() {
    let user = User::new();
    let file = user.home().join("no.pem");
    fs::write(&file, "no certificate").unwrap();
    let file = file.to_str().unwrap();
    let url = "https://127.0.0.1:1/";
    for (url, more, cause) in [
        ("ftp://127.0.0.1/", &[][..], "the service's URL is not one of HTTP"),
        (url, &["--authority", file], "the authority cannot be used"),
        (url, &["--proxy", "://"], "the proxy cannot be used"),
    ] {
        let said = user.add("demo", url, "oc", more).await;
        assert_eq!(said.exit, 2, "{said:?}");
        assert!(said.err.contains(cause), "{cause}: {said:?}");
    }
    assert_eq!(user.json(&["profile", "list"]).await.as_array().unwrap().len(), 0);
    assert!(!user.home().join(".config/ereprov/secrets/demo").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prod_asks_before_a_put() {
    let oi = Oi::demo().await;
    let user = User::new();
    let added = user.add("prod", &oi.url(), "oc-demo", &["--platform", "prod"]).await;
    assert_eq!(added.exit, 0, "{added:?}");
    let put = ["reprovision", "DEMO-SIMPLE", "--fibre", "CTP-6002102-1", "--reason", "no-signal"];
    for more in [&[][..], &["--no-input"]] {
        let said = user.run(&[&put[..], more].concat()).await;
        assert_eq!(said.exit, 2, "{said:?}");
        assert!(said.err.contains("--yes"), "{said:?}");
    }
    assert_eq!(user.json(&["status"]).await["usage"]["used"], 0);
    for (typed, exit, told) in [
        ("no\n", 1, "nothing was sent"),
        ("\u{3}", 130, "interrupted"),
        ("yes\n", 0, "discharge code"),
    ] {
        let (status, shown) = user.at_a_terminal(&put, &[("to send it:", typed)]);
        assert_eq!(status, Some(exit), "{shown}");
        assert!(shown.contains("This is PROD") && shown.contains(told), "{shown}");
    }
    let put = ["reprovision", "DEMO-SANS-PTO", "--fibre", "CTP-6001202-1", "--reason", "no-signal"];
    let said = user.run(&[&put[..], &["--yes"]].concat()).await;
    assert_eq!(said.exit, 0, "{said:?}");
}
