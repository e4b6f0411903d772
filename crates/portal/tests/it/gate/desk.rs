//! A portal on a free port, and visitors who keep their cookies as browsers do.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ereprov_client::{Clock, Endpoint, Entropy, Password};
use ereprov_door::tls::{ClientCertificates, Files};
use ereprov_portal::{
    Administration, ColourOrder, Door, Entry, Pace, Service, Settings, SignIn, serve,
};
use reqwest::{Certificate, Client, Response, header, redirect::Policy};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// The password of everybody here.
pub const PASSWORD: &str = "quatre mots pris au hasard";
/// When the tests' clock begins: 2026-11-26, 12:00 UTC.
pub const NOON_MS: i64 = 1_795_694_400_000;

/// A portal that runs, with a clock that stands.
pub struct Desk {
    /// Where technicians reach it.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What the operator does at the keyboard.
    pub admin: Administration,
    /// Its authority, where it has TLS.
    pub authority: Option<String>,
    now_ms: Arc<AtomicI64>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    folder: TempDir,
}

impl Desk {
    /// Without TLS, with jeanne and paul.
    pub async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// With TLS of its own.
    pub async fn with_tls() -> Self {
        Self::start(true, |_| ()).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(false, change).await
    }

    /// Stops it, and starts another one on the same folder, with other settings.
    pub async fn again(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self { stop, serving, folder, now_ms, .. } = self;
        stop.send(()).unwrap();
        serving.await.unwrap();
        Self::on(folder, now_ms, false, change).await
    }

    /// Those who were here before know where it is now.
    pub fn meet_again<const N: usize>(&self, visitors: [&mut Visitor; N]) {
        for visitor in visitors {
            visitor.url.clone_from(&self.url);
        }
    }

    async fn start(is_tls: bool, change: impl FnOnce(&mut Settings)) -> Self {
        let desk =
            Self::on(TempDir::new().unwrap(), Arc::new(AtomicI64::new(NOON_MS)), is_tls, change)
                .await;
        let password = Password::new(PASSWORD.to_owned());
        desk.admin.add("jeanne", "Jeanne Martin", &password).await.unwrap();
        desk.admin.add("paul", "Paul Petit", &password).await.unwrap();
        desk
    }

    async fn on(
        folder: TempDir,
        now_ms: Arc<AtomicI64>,
        is_tls: bool,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let clock = || Clock::Manual(Arc::clone(&now_ms));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (url, tls, authority) = if is_tls {
            let (files, authority) = certificate(folder.path());
            (format!("https://localhost:{}", address.port()), Some(files), Some(authority))
        } else {
            (format!("http://{address}"), None, None)
        };
        let mut settings = Settings {
            public_url: url.clone(),
            data_folder: folder.path().join("portal"),
            company: "OC d'essai".to_owned(),
            hotline: Some("+33 1 23 45 67 89".to_owned()),
            contact: Some("portail@oc.example".to_owned()),
            colour_order: ColourOrder::Sfr,
            sign_in: SignIn::default(),
            door: Door { tls, ..Door::default() },
            journal_lasts: Duration::from_hours(365 * 24),
            shares_interventions: true,
            pace: Pace::default(),
        };
        change(&mut settings);
        // Nothing here asks the service.
        let endpoint = Endpoint::new("http://127.0.0.1:1/");
        let state = folder.path().join("state");
        let service = Service::with(endpoint, &state, clock(), Entropy::system()).unwrap();
        let admin =
            Administration::open(&settings.data_folder, clock(), Entropy::system()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stopped = async { _ = stopped.await };
            serve(settings, service, listener, stopped).await.unwrap();
        });
        Self { url, address, admin, authority, now_ms, stop, serving, folder }
    }

    /// Where its database is.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("portal")
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Somebody who has never been here.
    pub fn visitor(&self) -> Visitor {
        let mut builder = Client::builder().redirect(Policy::none()).no_proxy();
        if let Some(authority) = &self.authority {
            let authority = Certificate::from_pem(authority.as_bytes()).unwrap();
            builder = builder.tls_certs_only([authority]).resolve("localhost", self.address);
        }
        let client = builder.build().unwrap();
        Visitor { client, url: self.url.clone(), cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// Somebody who has signed in.
    pub async fn signed_in(&self, login: &str) -> Visitor {
        let mut visitor = self.visitor();
        let page = visitor.sign_in(login, PASSWORD).await;
        assert_eq!((page.status, &*page.location), (303, "/"), "{}", page.text);
        visitor
    }

    /// Acts and outcomes, in their order, without what was done at the keyboard.
    pub async fn acts(&self) -> Vec<(String, String, String)> {
        let all = self.journal().await;
        let done = all.into_iter().filter(|entry| entry.name != "administration");
        done.map(|entry| (entry.login, entry.act, entry.outcome)).collect()
    }

    /// All that was done.
    pub async fn journal(&self) -> Vec<Entry> {
        self.admin.journal(i64::MIN, i64::MAX).await.unwrap()
    }

    /// Stops it, as a signal does.
    pub async fn close(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.serving).await.unwrap().unwrap();
    }
}

/// A browser without scripts.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    pub url: String,
    pub cookies: BTreeMap<String, String>,
    /// What it says with every request.
    pub headers: Vec<(&'static str, String)>,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The token of its first form.
    pub fn token(&self) -> String {
        let (_, after) =
            self.text.split_once("name=\"jeton\" value=\"").expect("a form with a token");
        after.split('"').next().unwrap().to_owned()
    }
}

impl Visitor {
    pub async fn get(&mut self, path: &str) -> Page {
        let url =
            if path.starts_with('/') { format!("{}{path}", self.url) } else { path.to_owned() };
        let request = self.client.get(url);
        self.ask(request).await
    }

    /// Follows a link on a page of another site.
    pub async fn come_from_elsewhere(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.url));
        self.ask(request.header("sec-fetch-site", "cross-site")).await
    }

    /// Posts a form, as a page of the portal's own would.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        self.ask(request).await
    }

    /// Opens the sign-in page and sends it.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Page {
        self.sign_in_to("/connexion", login, password).await
    }

    pub async fn sign_in_to(&mut self, page: &str, login: &str, password: &str) -> Page {
        let page = self.get(page).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let token = page.token();
        let (_, after) = page.text.split_once("name=\"vers\" value=\"").unwrap();
        let target = after.split('"').next().unwrap();
        let target = target.replace("&#x2f;", "/").replace("&amp;", "&");
        let fields =
            [("jeton", &*token), ("vers", &target), ("login", login), ("mot_de_passe", password)];
        self.post("/connexion", &fields).await
    }

    /// Whether it is signed in.
    pub async fn is_in(&mut self) -> bool {
        let page = self.get("/").await;
        match (page.status, &*page.location) {
            (200, "") => true,
            (303, "/connexion") => false,
            other => panic!("{other:?}"),
        }
    }

    async fn ask(&mut self, request: reqwest::RequestBuilder) -> Page {
        let mut request = request;
        if !self.cookies.is_empty() {
            let pairs: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        self.keep(&response);
        let headers = response.headers().clone();
        let location = headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap());
        Page {
            status: response.status().as_u16(),
            location: location.to_owned(),
            text: response.text().await.unwrap(),
            headers,
        }
    }

    fn keep(&mut self, response: &Response) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A certificate for localhost, and the authority that says so.
fn certificate(folder: &Path) -> (Files, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let signed = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let files = Files {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        client_ca: None,
        client_certificates: ClientCertificates::Optional,
    };
    fs::write(&files.certificate, signed.pem()).unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    (files, signed.pem())
}
