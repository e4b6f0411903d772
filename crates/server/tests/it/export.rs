//! Everything out again: what was loaded comes out the same, and out of that the same again.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use tempfile::TempDir;

use crate::harness::{MUT, Put, Role, Setup, failed, fibre, postgres, printed, run};

/// Runs a command on a database.
fn on(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    let config = folder.join("oi.toml");
    let profile = "[profiles.LECTURE]\nmethods = []\nquota_per_month = 1\nsessions = 1\n";
    fs::write(&config, format!("[database]\nurl = \"{url}\"\n{profile}")).unwrap();
    run(&[&["--config", config.to_str().unwrap()], arguments].concat())
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = folder.read_dir().unwrap().map(Result::unwrap);
    let text = |path| fs::read_to_string(path).unwrap();
    entries.map(|e| (e.file_name().into_string().unwrap(), text(e.path()))).collect()
}

/// Loads a folder into an empty database and writes it out again.
fn in_and_out(folder: &Path, url: &str) -> BTreeMap<String, String> {
    let other = TempDir::new().unwrap();
    printed(&on(other.path(), url, &["import", folder.to_str().unwrap()]));
    let again = other.path().join("again");
    printed(&on(other.path(), url, &["export", again.to_str().unwrap()]));
    texts(&again)
}

/// Byte by byte; the first line that differs is told.
fn same(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, text) in one {
        let pairs = text.lines().zip(other[name].lines());
        for (line, (one, other)) in pairs.enumerate() {
            assert_eq!(one, other, "{name}:{}", line + 1);
        }
        assert_eq!(text.len(), other[name].len(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_has_done_comes_out_and_in_and_out_the_same() {
    for on_postgres in [false, true] {
        let setup = Setup::slow();
        let setup = if on_postgres { setup.on_postgres().await } else { setup };
        let oi = setup.start().await;
        // One that has moved to another floor's PBO, one that failed and was tried again, one that
        // runs.
        oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
        oi.ask(&Put::new("DEMO-ECHEC", &fibre("DEMO-ECHEC", Role::Free)).body()).await.assert("OK");
        oi.advance(2500).await;
        oi.advance(5500).await;
        let retried =
            oi.administer("", &["reprovisioning", "retry", "DEMO-ECHEC", "--reason", "x"], "");
        printed(&retried);
        oi.advance(2500).await;
        oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await.assert("OK");
        let out = oi.folder.path().join("out");
        let told = oi.administer("", &["export", out.to_str().unwrap()], "");
        printed(&told);
        let said = String::from_utf8(told.stderr).unwrap();
        assert!(said.contains("re-provisionings that run are not in the files"), "{said}");
        let files = texts(&out);
        assert!(
            files["reprovisionings.csv"].contains(&format!("{MUT};CTP-1240357-1;CTP-1240332-1;"))
        );
        assert!(files["fibres.csv"].contains(";reserved;no;DEMO-ZMD\n"), "its fibre, as reserved");
        assert_eq!(files["fibres.csv"].lines().count(), 276);
        // Into the other database as well.
        same(&files, &in_and_out(&out, "sqlite:other.db"));
        same(&files, &in_and_out(&out, &postgres::fresh().await));
        let there = oi.administer("", &["export", out.to_str().unwrap()], "");
        assert!(failed(&there, 4).contains("not empty"));
    }
}

#[test]
fn a_network_that_was_made_up_can_be_loaded_and_comes_out_as_it_went_in() {
    let folder = TempDir::new().unwrap();
    let made = folder.path().join("made");
    let generate =
        |to: &Path| run(&["generate", to.to_str().unwrap(), "--lines", "3000", "--seed", "3"]);
    printed(&generate(&made));
    let sorted = |mut files: BTreeMap<String, String>| {
        // Those come out in the order of their times.
        let past = files.get_mut("reprovisionings.csv").unwrap();
        let mut lines: Vec<_> = past.lines().collect();
        lines.sort_unstable();
        *past = lines.join("\n");
        files
    };
    same(&sorted(texts(&made)), &sorted(in_and_out(&made, "sqlite:oi.db")));
    assert!(failed(&generate(&made), 1).contains("operators.csv"), "nothing is overwritten");
    let other = folder.path().join("other");
    printed(&generate(&other));
    assert!(texts(&made) == texts(&other), "the same seed makes the same files");
}
