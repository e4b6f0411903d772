//! The demo network on a free port, and the program as somebody calls it.

#[path = "../../../server/tests/it/harness/settings.rs"]
mod settings;

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use ereprov_server::{
    clock,
    config::Config,
    demo,
    inventory::load::load,
    run::{self, Parts, Running},
    store::{Store, admin_acts::Act},
};
use serde_json::Value;
use tempfile::TempDir;

/// The contract of the specification's samples.
pub const MUT: &str = "MUT56816520160316162024";

/// What `ereprovd demo` runs, in this process.
pub struct Oi {
    pub running: Running,
    _folder: TempDir,
}

impl Oi {
    pub async fn demo() -> Self {
        let folder = TempDir::new().unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let demo = demo::configure(folder.path(), free).unwrap();
        Self::start(&demo.config, folder).await
    }

    /// The same, made quick, with settings over it.
    pub async fn with(settings: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = settings::configuration(&folder, settings, None);
        Self::start(&config, folder).await
    }

    async fn start(config: &Config, folder: TempDir) -> Self {
        let claim = run::claim(config).unwrap();
        let store = Store::open(&config.location().unwrap(), 8).await.unwrap();
        let text = || "test".to_owned();
        let act = Act {
            id: text(),
            at_ms: 0,
            actor: text(),
            action: text(),
            subject: text(),
            reason: text(),
        };
        load(&store, &demo::files(), &config.profiles().unwrap(), act).await.unwrap();
        let entropy = clock::Entropy::system();
        let parts = Parts { clock: clock::Clock::System, entropy, driver_runs: true };
        let running = run::start(config, claim, store, parts).await.unwrap();
        Self { running, _folder: folder }
    }

    pub fn url(&self) -> String {
        let port = self.running.address.port();
        format!("http://127.0.0.1:{port}/hermesDeploiement/eReprov/2.0")
    }
}

/// Somebody with a home of his own.
pub struct User {
    home: TempDir,
}

/// What a call of the program has brought.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl User {
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    /// Somebody whose default profile is this login, whose password is the same, at this service.
    pub async fn of(oi: &Oi, login: &str) -> Self {
        let user = Self::new();
        let said = user.add("demo", &oi.url(), login, &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
        user
    }

    /// Adds a profile.
    pub async fn add(&self, name: &str, url: &str, login: &str, more: &[&str]) -> Said {
        let mut arguments =
            vec!["profile", "add", name, "--url", url, "--login", login, "--password-stdin"];
        arguments.extend(more);
        self.say(&arguments, &format!("{login}\n"), &[]).await
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Calls the program.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        self.say(arguments, "", &[]).await
    }

    /// Calls the program, which is to succeed with JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--output", "json"]);
        let said = self.run(&all).await;
        assert_eq!(said.exit, 0, "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    }

    /// Calls the program at a terminal, where somebody types each text once he is asked for it.
    pub fn at_a_terminal(
        &self,
        arguments: &[&str],
        typed: &[(&str, &str)],
    ) -> (Option<i32>, String) {
        let line = format!("{} {}", env!("CARGO_BIN_EXE_ereprov"), arguments.join(" "));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("HOME", self.home());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut shown, mut some) = (Vec::new(), [0; 1024]);
        let mut left = typed.iter();
        let mut next = left.next();
        loop {
            let count = output.read(&mut some).unwrap_or(0);
            shown.extend(&some[..count]);
            if count == 0 {
                break;
            }
            if let Some((asked, text)) = next
                && String::from_utf8_lossy(&shown).contains(asked)
            {
                input.write_all(text.as_bytes()).unwrap();
                next = left.next();
            }
        }
        (child.wait().unwrap().code(), String::from_utf8_lossy(&shown).into_owned())
    }

    /// Calls the program with something on its standard input, and variables of the environment.
    pub async fn say(&self, arguments: &[&str], input: &str, set: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ereprov"));
        command.args(arguments).env_clear().env("HOME", self.home());
        command.envs(set.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let output = tokio::task::spawn_blocking(move || -> Output {
            let mut child = command.spawn().unwrap();
            // A program that reads no input may have ended already.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        });
        let Output { status, stdout, stderr } = output.await.unwrap();
        Said {
            exit: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}
