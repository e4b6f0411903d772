//! `ereprov doctor` on a sound way, and on ways that are not.

use std::net::TcpListener;

use crate::harness::{Oi, User};

fn outcome<'j>(steps: &'j serde_json::Value, name: &str) -> &'j str {
    let steps = steps.as_array().unwrap();
    steps.iter().find(|step| step["check"] == name).unwrap()["result"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_way_costs_one_call() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let steps = user.json(&["doctor", "--no-call"]).await;
    assert_eq!(outcome(&steps, "login"), "skipped");
    assert_eq!(user.json(&["status"]).await["usage"]["used"], 0);

    let steps = user.json(&["doctor"]).await;
    for sound in ["dns", "clock", "wsdl", "login", "quota"] {
        assert_eq!(outcome(&steps, sound), "ok", "{sound}: {steps}");
    }
    assert_eq!(outcome(&steps, "connection"), "warning", "the demo has none");
    assert_eq!(user.json(&["status"]).await["usage"]["used"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-inconnu").await;
    let said = user.run(&["doctor"]).await;
    assert_eq!(said.exit, 4, "{said:?}");
    let line = said.out.lines().find(|line| line.starts_with("login")).unwrap();
    assert!(line.contains("error") && line.contains("10000"), "{line}");

    let elsewhere = format!("http://{}/nothing", oi.running.address);
    user.add("elsewhere", &elsewhere, "oc-demo", &[]).await;
    let said = user.run(&["doctor", "--profile", "elsewhere", "--no-call"]).await;
    let line = said.out.lines().find(|line| line.starts_with("wsdl")).unwrap();
    assert!(line.contains("warning") && line.contains("HTTP 404"), "{line}");

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    user.add("nobody", &format!("https://{nobody}/"), "oc-demo", &[]).await;
    let said = user.run(&["doctor", "--profile", "nobody"]).await;
    assert_eq!(said.exit, 1, "{said:?}");
    let line = |name: &str| said.out.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("connection").contains("error"), "{said:?}");
    assert!(line("login").contains("skipped"), "{said:?}");
}
