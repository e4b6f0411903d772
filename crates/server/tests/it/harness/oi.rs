//! An operator of infrastructure with the demo network, on a port of its own.

use std::{fmt::Debug, net::SocketAddr, process::Output, str::FromStr};

use ereprov_server::{
    admission::profile::Profiles,
    clock::{Clock, Entropy},
    config::Config,
    demo,
    inventory::load::{Files, load},
    run::{self, Claim, Parts, Running},
    store::{
        Faults, Store,
        admin_acts::Act,
        audit::{self, Entry, Filter},
        fibres::{self, Fibre},
        operators::{self, Change},
        reprovisionings::{self, Reprovisioning},
    },
};
use hyper::Method;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::{
    answer::Reply,
    beside::Beside,
    caller::{Caller, Lost, basic, envelope},
    postgres,
    settings::configuration,
};

/// How a server is set up for a test.
pub struct Setup {
    /// Settings over those of the demo, as TOML.
    pub config: String,
    /// The files of the network.
    pub files: Files,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// Whether the driver works by itself.
    pub driver_runs: bool,
    /// A PostgreSQL database instead of a SQLite file.
    pub postgres: Option<String>,
    /// Whether answers are held against the schema.
    pub schema: bool,
    /// What makes calls to the database fail, once everything is loaded.
    pub faults: Option<Faults>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: String::new(),
            files: demo::files(),
            clock: Clock::System,
            entropy: Entropy::system(),
            driver_runs: true,
            postgres: None,
            schema: true,
            faults: None,
        }
    }
}

impl Setup {
    /// Settings over those of the demo.
    pub fn config(toml: &str) -> Self {
        Self { config: toml.to_owned(), ..Self::default() }
    }

    /// The demo with so many contracts more, `RACE-0`, `RACE-1`, …, which may all have any fibre of the
    /// specification's site: without a route of their own yet, since virtual ones need none.
    pub fn racing(contracts: usize) -> Self {
        let mut setup = Self::default();
        let rows = (0..contracts).map(|n| {
            format!(
                "RACE-{n};oc-demo;SC-423361;BATIMENT-1;ESCALIER-44;ETAGE-06;;BE-03;FI-75056-0423;\
                 ztd;collective;virtual;no;no;open;connection\n"
            )
        });
        setup.files.get_mut("contracts.csv").unwrap().extend(rows);
        setup
    }

    /// On a fresh PostgreSQL database.
    pub async fn on_postgres(self) -> Self {
        Self { postgres: Some(postgres::fresh().await), ..self }
    }

    /// The clock stands at this time, and the driver is stepped by hand.
    pub fn at(time: &str) -> Self {
        let now = ereprov_server::calendar::parse(time).expect("a time");
        Self { clock: Clock::manual(now), driver_runs: false, ..Self::default() }
    }

    /// The same, at a noon.
    pub fn noon() -> Self {
        Self::at("2026-11-23T12:00")
    }

    /// The same, where Networks takes two seconds to begin and three more to end.
    pub fn slow() -> Self {
        Self { config: "[networks]\nstart_ms = 2000\nrepatch_ms = 3000".into(), ..Self::noon() }
    }

    pub async fn start(self) -> Oi {
        Oi::start(self).await
    }

    /// Starts on a folder with a database that is loaded already.
    pub async fn open(self, folder: TempDir) -> Oi {
        Oi::open(self, folder).await
    }

    /// The technical profiles that it would have.
    pub fn profiles(&self) -> Profiles {
        let folder = TempDir::new().unwrap();
        configuration(&folder, &self.config, None).profiles().unwrap()
    }
}

/// A running service, and a caller of it.
pub struct Oi {
    pub running: Running,
    pub clock: Clock,
    pub folder: TempDir,
    caller: Caller,
    config: Config,
    postgres: Option<String>,
    /// The database, opened beside the server once and for all.
    past: OnceCell<Mutex<Beside>>,
}

impl Oi {
    /// The demo, as quick as tests want it.
    pub async fn demo() -> Self {
        Setup::default().start().await
    }

    async fn start(mut setup: Setup) -> Self {
        if everything_on_postgres() && setup.postgres.is_none() {
            setup = setup.on_postgres().await;
        }
        let folder = TempDir::new().unwrap();
        let config = configuration(&folder, &setup.config, setup.postgres.as_deref());
        let claim = claim(&config).await;
        let store = Store::open(&config.location().unwrap(), 8).await.unwrap();
        load(&store, &setup.files, &config.profiles().unwrap(), loading(0)).await.unwrap();
        Self::run(setup, folder, config, claim, store).await
    }

    async fn open(setup: Setup, folder: TempDir) -> Self {
        let config = configuration(&folder, &setup.config, setup.postgres.as_deref());
        let claim = claim(&config).await;
        let connections = if setup.postgres.is_some() { 32 } else { 2 };
        let store = Store::open(&config.location().unwrap(), connections).await.unwrap();
        Self::run(setup, folder, config, claim, store).await
    }

    async fn run(
        setup: Setup,
        folder: TempDir,
        config: Config,
        claim: Claim,
        store: Store,
    ) -> Self {
        let Setup { clock, entropy, driver_runs, postgres, schema, faults, .. } = setup;
        let parts = Parts { clock: clock.clone(), entropy, driver_runs };
        let store = match faults {
            None => store,
            Some(faults) => store.with_faults(faults),
        };
        let running = run::start(&config, claim, store, parts).await.unwrap();
        let caller = if schema { Caller::new() } else { Caller::trusting() };
        Self { running, clock, folder, caller, config, postgres, past: OnceCell::new() }
    }

    /// One more instance on the same database.
    pub async fn another(&self) -> Self {
        let claim = claim(&self.config).await;
        let store = Store::open(&self.config.location().unwrap(), 8).await.unwrap();
        let setup = Setup {
            clock: self.clock.clone(),
            driver_runs: matches!(self.clock, Clock::System),
            postgres: self.postgres.clone(),
            ..Setup::default()
        };
        let folder = TempDir::new().unwrap();
        Self::run(setup, folder, self.config.clone(), claim, store).await
    }

    /// Stops the service; its data stays.
    pub async fn stop(self) -> TempDir {
        drop(self.caller);
        self.running.stop().await;
        self.folder
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub fn store(&self) -> &Store {
        &self.running.service.store
    }

    pub fn url(&self) -> String {
        format!("http://{}/hermesDeploiement/eReprov/2.0", self.address())
    }

    /// Asks as `oc-demo`, in SOAP 1.1; the answer is held against the schema.
    pub async fn ask(&self, question: &str) -> Reply {
        self.ask_as("oc-demo", question).await
    }

    /// Asks as an operator whose password is its login.
    pub async fn ask_as(&self, login: &str, question: &str) -> Reply {
        self.ask_with(login, question, &[]).await
    }

    /// Asks with headers of one's own.
    pub async fn ask_with(&self, login: &str, question: &str, headers: &[(&str, &str)]) -> Reply {
        let basic = basic(login, login);
        let mut all = vec![("authorization", basic.as_str())];
        all.extend(headers);
        self.post(&envelope(question), &all).await
    }

    /// Sends a document in SOAP 1.1's way, whatever it is.
    pub async fn post(&self, body: &str, headers: &[(&str, &str)]) -> Reply {
        self.caller.post(&self.url(), body, headers).await
    }

    /// Sends anything anywhere.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, Lost> {
        self.caller.send(method, url, body, headers).await
    }

    pub async fn fetch(&self, url: &str) -> Reply {
        self.send(Method::GET, url, Vec::new(), &[]).await.unwrap()
    }

    /// The page that Prometheus reads.
    pub async fn metrics(&self) -> String {
        let address = self.running.telemetry.unwrap();
        self.fetch(&format!("http://{address}/metrics")).await.body
    }

    /// One of its numbers.
    pub async fn metric<T: FromStr<Err: Debug>>(&self, name: &str) -> T {
        let page = self.metrics().await;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
    }

    /// The state that the follow-up shows.
    pub async fn state_of(&self, contract: &str) -> Option<String> {
        let reply = self.ask(&super::get(contract)).await;
        reply.attributes("reprovisionning", "statut").pop()
    }

    /// The state that the follow-up shows, where there is one.
    pub async fn state(&self, contract: &str) -> String {
        self.state_of(contract).await.expect("a re-provisioning")
    }

    /// Waits until the follow-up shows a state.
    pub async fn until(&self, contract: &str, state: &str) {
        let what = format!("{contract} {state}");
        super::eventually(&what, async || {
            (self.state_of(contract).await.as_deref() == Some(state)).then_some(())
        })
        .await;
    }

    /// Moves the clock and takes every step that is due then.
    pub async fn advance(&self, ms: i64) {
        self.clock.advance_ms(ms);
        while self.running.driver.run_due().await.unwrap() > 0 {}
    }

    /// Every row of the audit, oldest first.
    pub async fn audited(&self) -> Vec<Entry> {
        let filter = Filter { limit: 10_000, ..Filter::default() };
        let listed =
            self.store().read("test.audit", filter, |tx, filter| Box::pin(audit::list(tx, filter)));
        let mut entries = listed.await.unwrap();
        entries.reverse();
        entries
    }

    /// Sets an operator's quota and sessions.
    pub async fn limit(&self, login: &str, quota: Option<i64>, sessions: Option<i64>) {
        let asked = (login.to_owned(), quota, sessions);
        let changed = self.store().write("test.limit", asked, |tx, (login, quota, sessions)| {
            Box::pin(async move {
                operators::change(tx, login, &Change::Quota(*quota), 0).await?;
                operators::change(tx, login, &Change::Sessions(*sessions), 0).await
            })
        });
        changed.await.unwrap();
    }

    /// A fibre as the inventory has it.
    pub async fn fibre(&self, reference: &str) -> Fibre {
        let found = self.store().read("test.fibre", reference.to_owned(), |tx, reference| {
            Box::pin(fibres::by_ref(tx, reference))
        });
        found.await.unwrap().expect("a fibre")
    }

    /// The latest re-provisionings, newest first.
    pub async fn jobs(&self) -> Vec<Reprovisioning> {
        let filter = reprovisionings::Filter { limit: 10_000, ..Default::default() };
        let listed = self
            .store()
            .read("test.jobs", filter, |tx, filter| Box::pin(reprovisionings::list(tx, filter)));
        listed.await.unwrap()
    }

    /// The key of the only re-provisioning that runs.
    pub async fn running_job(&self) -> String {
        let running = "SELECT id FROM reprovisioning WHERE state IN ('initiated', 'in_progress')";
        let mut running = self.lines(running).await;
        assert_eq!(running.len(), 1, "one that runs");
        running.remove(0)
    }

    /// The number that a query answers, past the server.
    pub async fn number(&self, query: &str) -> i64 {
        self.past().await.number(query).await
    }

    /// The texts that a query answers, past the server.
    pub async fn lines(&self, query: &str) -> Vec<String> {
        self.past().await.lines(query).await
    }

    async fn past(&self) -> MutexGuard<'_, Beside> {
        let opened = async || Mutex::new(self.beside().await);
        self.past.get_or_init(opened).await.lock().await
    }

    /// Runs a command of the administration on its database, with more settings, and an input.
    pub fn administer(&self, settings: &str, arguments: &[&str], input: &str) -> Output {
        let file = self.folder.path().join("administration.toml");
        let url = self.postgres.as_deref().unwrap_or("sqlite:ereprov.db");
        std::fs::write(&file, format!("[database]\nurl = \"{url}\"\n{settings}")).unwrap();
        let all = [&["--config", file.to_str().unwrap()], arguments].concat();
        super::run_with_input(&all, input)
    }

    /// The database, opened beside the server.
    pub async fn beside(&self) -> Beside {
        Beside::open(&self.folder.path().join("ereprov.db"), self.postgres.as_deref()).await
    }
}

/// Whether the tests that do not ask for a database of their own run on PostgreSQL this time.
fn everything_on_postgres() -> bool {
    std::env::var("TEST_DATABASE").is_ok_and(|database| database == "postgres")
}

/// The right to serve a database. A process that another test starts at this moment has the lock of
/// the service before it, until it has become its program.
async fn claim(config: &Config) -> Claim {
    super::eventually("the lock", async || run::claim(config).ok()).await
}

/// An act for a load in a test.
pub fn loading(at_ms: i64) -> Act {
    let text = || "test".to_owned();
    Act {
        id: format!("load {at_ms}"),
        at_ms,
        actor: text(),
        action: text(),
        subject: text(),
        reason: text(),
    }
}
