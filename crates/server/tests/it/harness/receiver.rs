//! An operator's server, which is told what became of its re-provisionings: it takes notes, and
//! behaves as a test wants it.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

use super::authority::{Authority, issued};

/// The secret of the tests' webhooks.
pub const SECRET: &str = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM=";

/// What a server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers with this status.
    Answers(u16),
    /// Answers with this status, and asks to be left alone for so many seconds.
    Later(u16, u32),
    /// Sends the caller elsewhere.
    Redirects,
    /// Takes the request and says nothing.
    Hangs,
    /// Takes the request and ends.
    Dies,
    /// Answers 200 with a body without end.
    Babbles,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Told {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
    /// What was done with it.
    pub then: Behaviour,
}

impl Told {
    /// The body, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }

    /// Whether its signature is the secret's, by other code than the service's.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signature = self.header("webhook-signature").strip_prefix("v1,").unwrap();
        let signature = BASE64_STANDARD.decode(signature).unwrap();
        let signed = [id, at, &self.body].join(".");
        hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    }
}

#[derive(Default)]
struct Notes {
    told: Vec<Told>,
    next: VecDeque<Behaviour>,
    always: Option<Behaviour>,
    in_hand: usize,
    at_once: usize,
}

/// A server over TLS on a port of its own.
pub struct Receiver {
    pub port: u16,
    notes: Arc<Mutex<Notes>>,
    tls: TlsAcceptor,
    task: JoinHandle<()>,
}

impl Receiver {
    /// One whose certificate is the authority's.
    pub async fn start(authority: &Authority) -> Self {
        let (certificate, key) = issued(authority);
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let notes = Arc::<Mutex<Notes>>::default();
        let task = tokio::spawn(serve(listener, tls.clone(), Arc::clone(&notes)));
        Self { port, notes, tls, task }
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/notifs?key=in-the-url", self.port)
    }

    /// Ends, so that nobody can connect.
    pub async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Begins again on the same port.
    pub async fn again(&mut self) {
        let address = ("127.0.0.1", self.port);
        let listener =
            super::eventually("the port", async || TcpListener::bind(address).await.ok());
        let served = serve(listener.await, self.tls.clone(), Arc::clone(&self.notes));
        self.task = tokio::spawn(served);
    }

    /// What it does with the next requests; then it answers 204.
    pub fn next(&self, behaviours: &[Behaviour]) {
        self.notes.lock().unwrap().next.extend(behaviours);
    }

    /// What it does with every request that nothing else was said about.
    pub fn always(&self, behaviour: Option<Behaviour>) {
        self.notes.lock().unwrap().always = behaviour;
    }

    /// Everything that came, in order.
    pub fn told(&self) -> Vec<Told> {
        self.notes.lock().unwrap().told.clone()
    }

    /// What was answered well.
    pub fn taken(&self) -> Vec<Told> {
        let mut told = self.told();
        told.retain(|told| told.then == Behaviour::Answers(204) || told.then == Behaviour::Babbles);
        told
    }

    /// The most requests that were in hand at the same time.
    pub fn at_once(&self) -> usize {
        self.notes.lock().unwrap().at_once
    }

    /// Waits until so many were answered well.
    pub async fn until_taken(&self, count: usize) -> Vec<Told> {
        super::eventually(&format!("{count} that are taken"), async || {
            Some(self.taken()).filter(|taken| taken.len() >= count)
        })
        .await
    }
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, notes: Arc<Mutex<Notes>>) {
    // Those it serves end with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, notes) = (tls.clone(), Arc::clone(&notes));
        connections.spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, Arc::clone(&notes)));
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An error ends the connection.
async fn answer(
    request: Request<Incoming>,
    notes: Arc<Mutex<Notes>>,
) -> Result<Response<axum::body::Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let headers = head.headers.iter();
    let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
    let then = {
        let mut notes = notes.lock().unwrap();
        let always = notes.always.unwrap_or(Behaviour::Answers(204));
        let then = notes.next.pop_front().unwrap_or(always);
        let body = String::from_utf8(body.to_vec()).unwrap();
        notes.told.push(Told { path: head.uri.to_string(), headers, body, then });
        notes.in_hand += 1;
        notes.at_once = notes.at_once.max(notes.in_hand);
        then
    };
    let _in_hand = InHand(Arc::clone(&notes));
    // So that what comes at the same time is seen.
    tokio::time::sleep(Duration::from_millis(3)).await;
    let with = |status: u16| Response::builder().status(status);
    let empty = axum::body::Body::empty;
    Ok(match then {
        Behaviour::Answers(status) => with(status).body(empty()).unwrap(),
        Behaviour::Later(status, seconds) => {
            with(status).header("retry-after", seconds).body(empty()).unwrap()
        }
        Behaviour::Redirects => {
            let elsewhere = "https://169.254.169.254/latest/meta-data";
            with(302).header("location", elsewhere).body(empty()).unwrap()
        }
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Dies => return Err(std::io::Error::other("it dies")),
        Behaviour::Babbles => with(200).body(axum::body::Body::new(Endless)).unwrap(),
    })
}

/// A request that is being answered, whatever ends that.
struct InHand(Arc<Mutex<Notes>>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.lock().unwrap().in_hand -= 1;
    }
}

/// A body that never ends.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        let piece = Bytes::from_static(&[b'x'; 4096]);
        std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(piece))))
    }
}

/// Settings with which a service tells the receivers of an authority, quickly.
pub fn settings(folder: &Path, authority: &Authority) -> String {
    let (ca, keys) = (folder.join("receivers.pem"), folder.join("keys"));
    fs::write(&ca, authority.pem()).unwrap();
    if !keys.exists() {
        let entropy = ereprov_server::clock::Entropy::system();
        ereprov_server::admission::keyring::add_key(&keys, &entropy).unwrap();
    }
    format!(
        "[login]\nsecret_key_file = \"{}\"\n[notify]\nca_file = \"{}\"\n\
         allowed_networks = [\"127.0.0.0/8\"]\ndeadline_ms = 400\nbackoff_first_ms = 20\n\
         backoff_max_ms = 100\n",
        keys.display(),
        ca.display()
    )
}
