//! The service on the demo network, in the process of the target.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use axum::{body::Body, http::Request};
use ereprov_server::{
    calendar,
    clock::{Clock, Entropy},
    config::Config,
    demo,
    http::{Answers, Peer, Site},
    inventory::load::{Files, load},
    run::{self, Parts, Running},
    store::{Store, admin_acts::Act},
};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::http::{Answer, PATH};

/// Questions after which everything begins anew: what a finding needs must not lie far back.
const QUESTIONS_MAX: u32 = 4096;
/// Questions between two rounds of the driver.
const ROUND: u32 = 64;

/// A running service.
pub struct Service {
    runtime: Runtime,
    running: Running,
    site: Site,
    clock: Clock,
    questions: u32,
    _folder: TempDir,
}

impl Service {
    /// Starts one, on a network of its own.
    ///
    /// # Panics
    /// It cannot start.
    pub fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let clock = Clock::manual(calendar::parse("2026-11-23T12:00").expect("a time"));
        let running = runtime.block_on(start(&folder, clock.clone()));
        let site = Site::new(Arc::clone(&running.service), PATH);
        Self { runtime, running, site, clock, questions: 0, _folder: folder }
    }

    /// Whether it has been asked so much that it is time for a new one.
    pub fn is_worn(&self) -> bool {
        self.questions >= QUESTIONS_MAX
    }

    /// Answers a request of one of 256 callers: where one has made himself unwelcome, another has not.
    ///
    /// # Panics
    /// There is no answer.
    pub fn answer(&mut self, request: Request<Body>, caller: u8) -> Answer {
        self.questions += 1;
        self.clock.advance_ms(10);
        let address = SocketAddr::from(([192, 0, 2, caller], 4000));
        let peer = Peer { address, certificate: None };
        let site = self.site.clone();
        self.runtime.block_on(async {
            if self.questions.is_multiple_of(ROUND) {
                self.running.driver.run_due().await.expect("the driver works");
            }
            let (parts, body) = site.answer(request, peer).await.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let body = String::from_utf8(body.to_vec()).expect("answers are UTF-8");
            Answer { status: parts.status, headers: parts.headers, body }
        })
    }

    /// Ends it.
    pub fn stop(self) {
        self.runtime.block_on(self.running.stop());
    }
}

async fn start(folder: &TempDir, clock: Clock) -> Running {
    let file = Some(("fuzz.toml", SETTINGS));
    let config = Config::assemble(file, std::iter::empty(), Some(folder.path()));
    let config = config.expect("the settings are right");
    let claim = run::claim(&config).expect("nobody else has it");
    let store = Store::open(&config.location().expect("a location"), 4).await.expect("a database");
    let text = || "fuzz".to_owned();
    let act = Act {
        id: text(),
        at_ms: 0,
        actor: text(),
        action: text(),
        subject: text(),
        reason: text(),
    };
    let profiles = config.profiles().expect("profiles");
    load(&store, &files(), &profiles, act).await.expect("the network can be loaded");
    let parts = Parts { clock, entropy: entropy(), driver_runs: false };
    run::start(&config, claim, store, parts).await.expect("it starts")
}

/// The demo network, with passwords that are cheap to verify.
fn files() -> Files {
    let mut files = demo::files();
    let operators = files.get_mut("operators.csv").expect("the demo has operators");
    let rows = operators.lines().map(|row| {
        let mut cells: Vec<_> = row.split(';').map(str::to_owned).collect();
        if cells[2].starts_with("$argon2id$") {
            cells[2] = cheap_hash(&cells[0]);
        }
        cells.join(";") + "\n"
    });
    *operators = rows.collect();
    files
}

fn cheap_hash(password: &str) -> String {
    let cheap = Params::new(8, 1, 1, None).expect("the least there is");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
    let hashed = argon2.hash_password_with_salt(password.as_bytes(), b"fuzz-fuzz-fuzz-f");
    hashed.expect("a password").to_string()
}

/// The same chance each time, so that what is found is found again.
fn entropy() -> Entropy {
    let state = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    Entropy::from_fn(move |bytes| {
        for byte in bytes {
            let mut next = state.load(Ordering::Relaxed);
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            state.store(next, Ordering::Relaxed);
            *byte = next.to_le_bytes()[5];
        }
    })
}

/// Nothing is waited for, and nobody is out of quota but who is meant to be.
const SETTINGS: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://ereprov.example"
request_deadline_ms = 60000
[telemetry]
listen = ""
[profiles.OC]
quota_per_month = 1000000000
[profiles.LECTURE]
methods = ["getSiteStructure", "getRoSite", "getReprovisionning"]
quota_per_month = 1000000000
sessions = 2
[networks]
ask_deadline_ms = 20
start_ms = 100
repatch_ms = 100
behaviour = [
  { contract = "DEMO-ECHEC", refuses = true },
  { contract = "DEMO-20008", ask = "error" },
  { contract = "DEMO-20009", ask = "busy" },
  { contract = "DEMO-20010", ask = "silence" },
  { contract = "DEMO-20011", ask = "no_task" },
]
"#;
