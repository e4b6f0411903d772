//! A service with the demo network, and portals before it.

#[path = "../../../client/tests/it/harness.rs"]
#[expect(dead_code, reason = "the client's tests need more of it")]
mod oi;

use std::{path::Path, time::Duration};

use ereprov_client::{Clock, Endpoint, Entropy, Password, Patience};
use ereprov_portal::{Administration, Pace, Service, Settings};
use rusqlite::{Connection, OpenFlags};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot, task::JoinHandle, time::Instant};

pub use self::oi::{MUT, Oi, basic, contract, put, url};
use crate::phone::{Page, Phone};

/// A portal that runs, on a runtime of its own, which can be taken away in the middle of anything.
pub struct Portal {
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<Result<(), ereprov_portal::StartError>>>,
    runtime: Option<Runtime>,
}

pub const LOGIN: &str = "jeanne";
pub const PASSWORD: &str = "quatre mots pris au hasard";

/// A pace at which nobody waits.
pub fn quick() -> Pace {
    Pace {
        follow: [100, 200, 400, 800].map(Duration::from_millis).to_vec(),
        page_waits: Duration::from_secs(5),
        // Whoever is told that there is no place is told so at once.
        places_tried: Vec::new(),
        ..Pace::default()
    }
}

/// A pace at which nothing is looked at by itself.
pub fn still() -> Pace {
    Pace { follow: Vec::new(), ..quick() }
}

impl Portal {
    /// Before the service, as the demo's normal operator.
    pub async fn of(oi: &Oi, folder: &Path, pace: Pace) -> Self {
        Self::before(&oi.url(), folder, pace).await
    }

    /// Before whatever answers at this address.
    pub async fn before(url: &str, folder: &Path, pace: Pace) -> Self {
        Self::at(url, folder, pace, Clock::System).await
    }

    /// The same with a clock of the test's.
    pub async fn at(url: &str, folder: &Path, pace: Pace, clock: Clock) -> Self {
        Self::start(url, folder, pace, clock, |_| ()).await
    }

    /// Of an operator whose technicians do not see what others ask for; ali is one of them.
    pub async fn apart(oi: &Oi, folder: &Path) -> Self {
        let apart = |settings: &mut Settings| settings.shares_interventions = false;
        let portal = Self::start(&oi.url(), folder, still(), Clock::System, apart).await;
        hire_ali(folder).await;
        portal
    }

    /// With settings of the test's own.
    pub async fn with(
        url: &str,
        folder: &Path,
        pace: Pace,
        change: impl FnOnce(&mut Settings) + Send + 'static,
    ) -> Self {
        Self::start(url, folder, pace, Clock::System, change).await
    }

    async fn start(
        url: &str,
        folder: &Path,
        pace: Pace,
        clock: Clock,
        change: impl FnOnce(&mut Settings) + Send + 'static,
    ) -> Self {
        let service = service(url, folder, clock);
        let password = Password::new(PASSWORD.to_owned());
        // Another portal may have been here before.
        let _ = administration(folder).add(LOGIN, "Jeanne Martin", &password).await;
        unclaimed(folder).await;
        let runtime = Runtime::new().unwrap();
        let (told, address) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let folder = folder.to_owned();
        let served = runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            told.send(url.clone()).unwrap();
            let mut settings = settings(&url, &folder, pace);
            change(&mut settings);
            let stopped = async move {
                let _ = stopped.await;
            };
            ereprov_portal::serve(settings, service, listener, stopped).await
        });
        let url = address.await.unwrap();
        Self { url, stop: Some(stop), served: Some(served), runtime: Some(runtime) }
    }

    /// A technician's phone, signed in.
    pub async fn phone(&self) -> Phone {
        self.phone_of(LOGIN).await
    }

    /// The same of another technician's.
    pub async fn phone_of(&self, login: &str) -> Phone {
        let phone = Phone::new(&self.url);
        let page = phone.open("/connexion").await;
        let typed = [("login", login), ("mot_de_passe", PASSWORD)];
        let page = phone.press(&page, "Se connecter", &typed).await;
        assert_eq!(page.path, "/", "{}", page.text);
        phone.forget_taps();
        phone
    }

    /// Stops it as whoever runs it would.
    pub async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.take().unwrap().await.unwrap().unwrap();
    }
}

impl Drop for Portal {
    /// Takes it away in the middle of whatever it does.
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Why a portal does not start there.
pub async fn refused(oi: &Oi, folder: &Path) -> ereprov_portal::StartError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = service(&oi.url(), folder, Clock::System);
    let settings = settings("http://127.0.0.1", folder, still());
    ereprov_portal::serve(settings, service, listener, async {}).await.unwrap_err()
}

/// The service as a portal asks it, whose waits are short.
fn service(url: &str, folder: &Path, clock: Clock) -> Service {
    let reads = vec![Duration::from_millis(20), Duration::from_millis(100)];
    // Longer than a busy machine takes to decide.
    let settled_after = Duration::from_millis(250);
    let patience = Patience { reads, settled_after, sends_max: 1 };
    let endpoint = Endpoint::new(url)
        .login(basic("oc-demo"))
        .patience(patience)
        .seat_timeout(Duration::from_millis(300))
        .timeouts(Duration::from_secs(2), Duration::from_secs(8));
    Service::with(endpoint, &folder.join("client"), clock, Entropy::system()).unwrap()
}

/// Waits until a portal that was taken away is gone.
async fn unclaimed(folder: &Path) {
    let Ok(lock) = std::fs::File::open(folder.join("portal/portal.lock")) else { return };
    while lock.try_lock().is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Another technician, ali.
pub async fn hire_ali(folder: &Path) {
    let password = Password::new(PASSWORD.to_owned());
    administration(folder).add("ali", "Ali Ben Salah", &password).await.unwrap();
}

/// What the operator does at the keyboard.
pub fn administration(folder: &Path) -> Administration {
    let folder = folder.join("portal");
    Administration::open(&folder, Clock::System, Entropy::system()).unwrap()
}

fn settings(url: &str, folder: &Path, pace: Pace) -> Settings {
    Settings {
        public_url: url.to_owned(),
        data_folder: folder.join("portal"),
        company: "OC Démo".to_owned(),
        hotline: Some("01 23 45 67 89".to_owned()),
        contact: Some("reseau@oc.example".to_owned()),
        pace,
        ..Settings::default()
    }
}

/// The recap of a fibre for a contract, its reason « Fibre cassée ».
pub async fn recap(phone: &Phone, contract: &str, fibre: &str) -> Page {
    let motif = phone.open(&format!("/c/{contract}?zone=ztd")).await;
    let fibres = phone.press(&motif, "Fibre cassée", &[]).await;
    phone.tap(&fibres, fibre).await
}

/// Looks at a page again and again until it says so.
pub async fn until(phone: &Phone, path: &str, words: &str) -> Page {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let page = phone.open(path).await;
        if page.says(words) {
            return page;
        }
        assert!(Instant::now() < end, "{path} does not come to say {words:?}: {}", page.words());
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// What the service itself has written down.
pub struct Table(Connection);

impl Table {
    pub fn of(oi: &Oi) -> Self {
        let file = oi.folder.path().join("ereprov.db");
        Self(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap())
    }

    /// How many re-provisionings a contract has.
    pub fn reprovisionings(&self, contract: &str) -> u32 {
        let sql = "SELECT count(*) FROM reprovisioning r JOIN contract c ON c.id = r.contract_id
            WHERE c.ref = ?";
        self.0.query_row(sql, [contract], |row| row.get(0)).unwrap()
    }

    /// The discharge code of a contract's latest one.
    pub fn code(&self, contract: &str) -> String {
        let sql = "SELECT r.discharge_code FROM reprovisioning r
            JOIN contract c ON c.id = r.contract_id WHERE c.ref = ? ORDER BY r.number DESC LIMIT 1";
        self.0.query_row(sql, [contract], |row| row.get(0)).unwrap()
    }

    /// How many calls came, answered well or not.
    pub fn calls(&self) -> u32 {
        self.0.query_row("SELECT count(*) FROM audit", (), |row| row.get(0)).unwrap()
    }
}
