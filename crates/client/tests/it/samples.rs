//! The samples of `docs/samples`, each run by the commands that its README gives for it: on a sound way, and
//! where the answer to the put is lost, with a service that remembers names and with one that does not.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::{
    harness::{MUT, Oi, url},
    losing::Losing,
};

/// What a sample has printed.
struct Said {
    exit: Option<i32>,
    out: Vec<String>,
    err: String,
}

/// A contract, a floor of its site, and the first free fibre there, as `crates/server/demo` has them.
struct Case {
    contract: &'static str,
    floor: &'static str,
    shown: [&'static str; 2],
    fibre: &'static str,
}

/// The one of the README.
const PRINTED: Case = Case {
    contract: MUT,
    floor: "ETAGE-15",
    shown: ["site SC-423361", "fibre CTP-1240446-1: tube Noir, fibre Bleu"],
    fibre: "CTP-1240446-1",
};

const SIMPLE: Case = Case {
    contract: "DEMO-SIMPLE",
    floor: "ETAGE-00",
    shown: ["site SC-600021", "fibre CTP-6002102-1: tube Bleu, fibre Orange"],
    fibre: "CTP-6002102-1",
};

const OTHER: Case = Case {
    contract: "DEMO-SANS-PTO",
    floor: "ETAGE-00",
    shown: ["site SC-600012", "fibre CTP-6001202-1: tube Bleu, fibre Orange"],
    fibre: "CTP-6001202-1",
};

/// A copy of the samples, somebody's credentials, and a service.
struct Stage {
    oi: Oi,
    folder: TempDir,
    commands: String,
}

impl Stage {
    /// The sample under a heading of the README.
    async fn of(heading: &str) -> Self {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/samples");
        let folder = TempDir::new().unwrap();
        for entry in fs::read_dir(&samples).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        fs::write(folder.path().join("credentials"), "oc-demo\noc-demo\n").unwrap();
        let readme = fs::read_to_string(samples.join("README.md")).unwrap();
        let (_, part) = readme.split_once(&format!("\n### {heading}\n")).unwrap();
        let (_, block) = part.split_once("```sh\n").unwrap();
        let (commands, _) = block.split_once("```").unwrap();
        Self { oi: Oi::demo().await, folder, commands: commands.to_owned() }
    }

    /// Runs commands of the README about a contract, against a service at a port.
    async fn run(&self, commands: &str, case: &Case, port: u16) -> Said {
        let commands =
            commands.replace(PRINTED.contract, case.contract).replace(PRINTED.floor, case.floor);
        let tools = tools();
        let path = format!("{}:{}", tools.join("venv/bin").display(), env::var("PATH").unwrap());
        let mut command = Command::new("timeout");
        command.args(["120", "sh", "-euc", &commands]).current_dir(self.folder.path());
        command.env("EREPROV_URL", url(port, "http"));
        command.env("EREPROV_CREDENTIALS", self.folder.path().join("credentials"));
        command.env("EREPROV_SCHEDULE", "0.2 0.3 1 5").env("EREPROV_DOUBT", "0.3");
        command.env("EREPROV_STATE", self.folder.path().join("state"));
        command.env("NODE_PATH", tools.join("node/node_modules")).env("PATH", path);
        command.env("HOME", self.folder.path()).env("LC_ALL", "C.UTF-8");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        Said {
            exit: output.status.code(),
            out: out.lines().map(str::to_owned).collect(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What the service has of a contract: the discharge code and fibre of each re-provisioning, and how many
    /// puts were answered.
    fn kept(&self, contract: &str) -> (Vec<(String, String)>, i64) {
        const KEPT: &str = "SELECT r.discharge_code, f.ref FROM reprovisioning r \
            JOIN contract c ON c.id = r.contract_id JOIN fibre f ON f.id = r.fibre_id \
            WHERE c.ref = ?";
        const PUTS: &str =
            "SELECT COUNT(*) FROM audit WHERE contract_ref = ? AND method = 'putReprovisionning'";
        let file = self.oi.folder.path().join("ereprov.db");
        let table = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement = table.prepare(KEPT).unwrap();
        let rows = statement.query_map([contract], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows = rows.map(Result::unwrap).collect();
        (rows, table.query_row(PUTS, [contract], |row| row.get(0)).unwrap())
    }

    /// What a sample has said, held against what the service has: one re-provisioning after so many puts.
    #[track_caller]
    fn assert(&self, said: &Said, case: &Case, puts: i64, code_is_lost: bool) {
        let told = format!("{}\n{}", said.out.join("\n"), said.err);
        assert_eq!(said.exit, Some(0), "{told}");
        let (kept, answered) = self.kept(case.contract);
        let [(code, fibre)] = &kept[..] else { panic!("{kept:?}: {told}") };
        assert_eq!((&**fibre, answered), (case.fibre, puts), "{told}");
        assert_eq!(said.out[..2], case.shown, "{told}");
        let accepted = if code_is_lost {
            "accepted: the discharge code was lost, ask the OI for it".to_owned()
        } else {
            format!("accepted: discharge code {code}")
        };
        assert_eq!(said.out[2], accepted, "{told}");
        let last = &**said.out.last().unwrap();
        assert!(matches!(last, "state Termine" | "state completed"), "{told}");
    }
}

fn tools() -> PathBuf {
    let tools = env::var_os("TEST_TOOLS").map(PathBuf::from);
    tools
        .expect("TEST_TOOLS is the folder of the SOAP stacks; scripts/test installs them")
        .join("stacks")
}

/// Runs a sample on each of the three ways; `program` stands for what the README calls in place of it.
async fn sample(heading: &str, program: Option<(&str, &Path)>) {
    let mut stage = Stage::of(heading).await;
    if let Some((printed, instead)) = program {
        assert!(stage.commands.contains(printed), "{}", stage.commands);
        stage.commands = stage.commands.replace(printed, &instead.display().to_string());
    }
    let port = stage.oi.running.address.port();
    let said = stage.run(&stage.commands, &PRINTED, port).await;
    stage.assert(&said, &PRINTED, 1, false);

    // What is built is built: the last line runs it.
    let last = stage.commands.trim_end().lines().last().unwrap();
    for (case, names) in [(SIMPLE, true), (OTHER, false)] {
        let losing = Losing::start(port, names).await;
        let said = stage.run(last, &case, losing.port).await;
        assert!(losing.has_lost(), "{}", said.err);
        stage.assert(&said, &case, if names { 2 } else { 1 }, !names);
    }
    stage.oi.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust() {
    // Cargo builds the examples with the tests, beside their folder.
    let tests = env::current_exe().unwrap();
    let example = tests.parent().unwrap().with_file_name("examples").join("reprovision");
    assert!(example.exists(), "cargo build -p ereprov-client --examples");
    let printed = "cargo run --quiet -p ereprov-client --example reprovision --";
    sample("Rust", Some((printed, &example))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shell() {
    sample("Shell", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python() {
    sample("Python", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn php() {
    sample("PHP", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript() {
    sample("JavaScript", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn java() {
    sample("Java", None).await;
}
