//! Ctrl-C while a request is on its way: nothing is forgotten, and nothing is sent twice.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use crate::harness::{Oi, User};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_interrupted_is_found_out_about() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let put = ["reprovision", "DEMO-20010", "--fibre", "CTP-6001002-1", "--reason", "no-signal"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_ereprov"))
        .args(put)
        .env("HOME", user.home())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Networks keeps silent about this contract for 5 s.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let known = user.json(&["status"]).await;
    assert_eq!(known["unsettled"][0]["contract"], "DEMO-20010");
    let mut other = put;
    other[3] = "CTP-6001003-1";
    let said = user.run(&other).await;
    assert_eq!(said.exit, 8, "{said:?}");
    assert!(said.err.contains("ereprov status DEMO-20010 --settle"), "{said:?}");

    let said = user.run(&["status", "DEMO-20010", "--settle"]).await;
    assert_eq!(said.exit, 1, "{said:?}");
    assert!(said.err.contains("the put was not accepted; nothing was done"), "{said:?}");
    assert_eq!(user.json(&["status"]).await["unsettled"].as_array().unwrap().len(), 0);
}
