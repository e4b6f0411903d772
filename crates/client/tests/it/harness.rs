//! A service on a port of its own, and a client of it.

#[path = "../../../server/tests/it/harness/settings.rs"]
mod settings;

use std::path::Path;

use ereprov_client::{
    At, Client, Clock, ContractRef, Endpoint, Entropy, FibreRef, Login, Password, Patience, Place,
    Put, Reason,
};
use ereprov_server::{
    clock, demo,
    inventory::load::{Files, load},
    run::{self, Parts, Running},
    store::{Store, admin_acts::Act},
};
use tempfile::TempDir;

/// The contract of the specification's samples.
pub const MUT: &str = "MUT56816520160316162024";

/// A running service with its data.
pub struct Oi {
    pub running: Running,
    pub folder: TempDir,
}

impl Oi {
    /// The demo, made quick, with settings over it.
    pub async fn with(config: &str, files: Files) -> Self {
        let folder = TempDir::new().unwrap();
        let config = settings::configuration(&folder, config, None);
        let claim = run::claim(&config).unwrap();
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
        load(&store, &files, &config.profiles().unwrap(), act).await.unwrap();
        let entropy = clock::Entropy::system();
        let parts = Parts { clock: clock::Clock::System, entropy, driver_runs: true };
        let running = run::start(&config, claim, store, parts).await.unwrap();
        Self { running, folder }
    }

    pub async fn demo() -> Self {
        Self::with("", demo::files()).await
    }

    pub fn url(&self) -> String {
        url(self.running.address.port(), "http")
    }

    /// The service as an operator whose password is its login asks it.
    pub fn endpoint(&self, login: &str) -> Endpoint {
        Endpoint::new(&self.url()).login(basic(login)).patience(hasty())
    }

    /// A client of the demo's normal operator, with a folder of its own.
    pub fn client(&self, folder: &Path) -> Client {
        client(self.endpoint("oc-demo"), folder)
    }
}

/// A client whose waits take no time.
pub fn client(endpoint: Endpoint, folder: &Path) -> Client {
    let now = clock::Clock::System.now_ms();
    Client::with(endpoint, folder, Clock::manual(now), Entropy::system()).unwrap()
}

pub fn url(port: u16, scheme: &str) -> String {
    format!("{scheme}://127.0.0.1:{port}/hermesDeploiement/eReprov/2.0")
}

pub fn basic(login: &str) -> Login {
    Login::Basic(login.to_owned(), Password::new(login.to_owned()))
}

/// Patience that does not wait, for clients on the machine's clock.
pub fn hasty() -> Patience {
    use std::time::Duration;
    let reads = vec![Duration::ZERO, Duration::from_millis(50), Duration::from_millis(200)];
    Patience { reads, settled_after: Duration::from_millis(100), sends_max: 2 }
}

pub fn contract(reference: &str) -> ContractRef {
    ContractRef::new(reference)
}

/// For a broken fibre, without keeping the socket.
pub fn put(contract: &str, fibre: &str) -> Put {
    Put {
        contract: ContractRef::new(contract),
        fibre: FibreRef::new(fibre),
        pto: None,
        keep_pto: false,
        reason: Reason::BrokenFibre,
    }
}

pub fn at(building: &str, staircase: &str, floor: &str) -> At {
    let place =
        Place { building: building.into(), staircase: staircase.into(), floor: floor.into() };
    At { place: Some(place), pbo: None }
}
