//! Eight SOAP stacks that we did not write, each from the published WSDL alone: structure, routes, a
//! refused put, an accepted one, its end, the structure again, a wrong password, accents intact.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::harness::{MUT, Oi};

/// Runs one stack's scenario against a server of its own.
async fn scenario(stack: &'static str) {
    let tools = std::env::var_os("TEST_TOOLS")
        .map(PathBuf::from)
        .expect("TEST_TOOLS is the folder of the SOAP stacks; scripts/test installs them");
    let oi = Oi::demo().await;
    let work = TempDir::new().unwrap();
    let wsdl = format!("{}?wsdl", oi.url());
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stacks/run.sh");
    let output = tokio::task::spawn_blocking(move || {
        Command::new(run)
            .arg(stack)
            .arg(tools.join("stacks"))
            .args([wsdl.as_str(), MUT, "CTP-1240332-1", "CTP-1240446-1"])
            .arg(work.path())
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stack}: {printed}\n{said}");
    assert!(printed.lines().any(|line| line.starts_with("OK ")), "{stack}: {printed}");
    // The server saw what the client says it did.
    let codes: Vec<_> = oi.audited().await.into_iter().map(|row| row.code).collect();
    for code in [None, Some(20015), Some(10000)] {
        assert!(codes.contains(&code), "{stack}: {codes:?}");
    }
    assert_eq!(oi.fibre("CTP-1240446-1").await.contract_ref.as_deref(), Some(MUT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zeep() {
    scenario("zeep").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn php_ext_soap() {
    scenario("php").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_soap() {
    scenario("node").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jax_ws() {
    scenario("jaxws").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gsoap() {
    scenario("gsoap").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axis() {
    scenario("axis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mono() {
    scenario("mono").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soap_lite() {
    scenario("soaplite").await;
}
