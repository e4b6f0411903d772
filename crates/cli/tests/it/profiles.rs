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
    let given = ["structure", MUT, "--profile", "demo", "--password-stdin"];
    assert_eq!(user.say(&given, "oc-demo\n", &[]).await.exit, 0);
    assert_eq!(user.say(&given, "wrong\n", &[]).await.exit, 4);
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
    let said = user.run(&[&put[..], &["--yes"]].concat()).await;
    assert_eq!(said.exit, 0, "{said:?}");
}
