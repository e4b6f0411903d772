//! The first tour of docs/ereprov.md, as somebody types it who has never seen the program.

use std::{env, path::Path, process::Command};

use crate::harness::{Oi, User};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_tour_runs_as_it_is_printed() {
    let oi = Oi::demo().await;
    let user = User::new();
    let page = include_str!("../../../../docs/ereprov.md");
    let mut windows = page.split("```\n").skip(1).step_by(2);
    // The demo runs already, and nobody waits fifteen seconds for what takes five.
    assert_eq!(windows.next(), Some("ereprovd demo\n"));
    let tour = windows.next().unwrap();
    assert!(tour.contains(" --follow\n"), "{tour}");
    let tour = tour.replace(" --follow\n", " --follow --wait 1,2,3,4\n");
    let tour = tour.replace("127.0.0.1:8080", &oi.running.address.to_string());
    let program = Path::new(env!("CARGO_BIN_EXE_ereprov")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-euc", &tour]).env_clear().env("PATH", path).env("HOME", user.home());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}\n{said}");
    for told in [
        "login       ok       oc-demo",
        "site SC-423361",
        "BE-06  ETAGE-15  CTP-1240357-1  Noir  Jaune",
        "discharge code  ",
        "state     completed",
        "label       Opération non autorisée",
    ] {
        assert!(printed.contains(told), "{told}: {printed}\n{said}");
    }
}
