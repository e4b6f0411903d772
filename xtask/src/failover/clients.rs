//! Clients that put and get until they are told to stop, and write down what they were told.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::network::{self, CONTRACTS, SPARES};
use crate::chance::Chance;

/// Chance is the same in every run.
const SEED: u64 = 1;
/// For an answer: more than the service's own deadline.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two questions of one client.
const PAUSE: Duration = Duration::from_millis(150);
/// How long a put is repeated after the end, until it is known what became of it.
const AFTERWARDS: Duration = Duration::from_secs(20);

/// The codes with which the service says that it could not: a client asks again.
const COULD_NOT: &[i64] = &[10100, 10101, 10200, 20004];
/// The refusals that are in order here: being decided, running, never had one, fibre taken.
const REFUSALS: &[i64] = &[20006, 20012, 20014, 20015];

/// One answer, or none.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// When it came.
    pub(super) at: Instant,
    /// Which instance gave it.
    pub(super) instance: usize,
    /// Which contract it was about.
    pub(super) contract: String,
    /// The fibre that was asked for; none: a get.
    pub(super) fibre: Option<String>,
    /// What it said.
    pub(super) said: Said,
    /// The request's id.
    pub(super) request_id: String,
}

/// What an answer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// OK, with the discharge code and the fibre of a put.
    Ok(String, String),
    /// KO.
    Ko(i64),
    /// The connection was lost.
    Nothing,
    /// Something that no instance should say.
    Other(String),
}

impl Said {
    /// Whether the question is done with.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Ok(..) => true,
            Self::Ko(code) => REFUSALS.contains(code) && *code != 20006,
            Self::Nothing | Self::Other(_) => false,
        }
    }

    /// Whether it has no place in this run, failover or not.
    pub(super) fn is_wrong(&self) -> bool {
        match self {
            Self::Ko(code) => !COULD_NOT.contains(code) && !REFUSALS.contains(code),
            Self::Ok(..) | Self::Nothing => false,
            Self::Other(_) => true,
        }
    }
}

/// What all clients share.
pub(super) struct Load {
    pub(super) stop: AtomicBool,
    history: Mutex<Vec<Told>>,
    next: Vec<AtomicUsize>,
    /// Puts of which it was never known what became of them.
    pub(super) open: AtomicUsize,
    instances: Vec<SocketAddr>,
}

impl Load {
    pub(super) fn on(instances: Vec<SocketAddr>) -> Arc<Self> {
        let next = (0..network::floors()).map(|_| AtomicUsize::new(0)).collect();
        let (stop, history, open) = (AtomicBool::new(false), Mutex::default(), AtomicUsize::new(0));
        Arc::new(Self { stop, history, next, open, instances })
    }

    /// Everything that was told so far, in the order in which it was.
    pub(super) fn history(&self) -> Vec<Told> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts until the end. Half of its fibres are those that another client may ask for, too.
    pub(super) async fn put(self: Arc<Self>, client: usize) {
        let mut chance = Chance::new(SEED, client as u64);
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let contract = chance.below(CONTRACTS);
            let next = &self.next[network::floor(contract)];
            let spare = match chance.below(2) {
                0 => next.load(Ordering::Relaxed),
                _ => next.fetch_add(1, Ordering::Relaxed),
            };
            let fibre = network::spare(network::floor(contract), spare.min(SPARES - 1));
            self.put_one(client, &format!("{client}-{number}"), contract, &fibre).await;
            sleep(PAUSE).await;
        }
    }

    /// The same put under the same name, on one instance after the other, until it is known.
    async fn put_one(&self, client: usize, name: &str, contract: usize, fibre: &str) {
        let contract = network::contract(contract);
        let body = format!(
            "<referenceContrat>{contract}</referenceContrat><referenceFibre>{fibre}</referenceFibre>\
             <conservationPTO>0</conservationPTO><motif>Fibre cassée</motif>"
        );
        let mut ended = None;
        for attempt in 0.. {
            let instance = (client + attempt) % self.instances.len();
            let question = ("putReprovisionning", body.as_str(), name);
            if self.ask(instance, question, &contract, Some(fibre)).await {
                return;
            }
            if self.stop.load(Ordering::Relaxed) {
                let since = *ended.get_or_insert_with(Instant::now);
                if since.elapsed() > AFTERWARDS {
                    self.open.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// Gets until the end.
    pub(super) async fn get(self: Arc<Self>, client: usize) {
        let mut chance = Chance::new(SEED, client as u64 + 1_000);
        while !self.stop.load(Ordering::Relaxed) {
            let contract = network::contract(chance.below(CONTRACTS));
            let body = format!("<referenceContrat>{contract}</referenceContrat>");
            let instance = client % self.instances.len();
            let question = ("getReprovisionning", body.as_str(), "");
            self.ask(instance, question, &contract, None).await;
            sleep(PAUSE).await;
        }
    }

    /// Asks once and writes down the answer; whether the question is done with.
    async fn ask(
        &self,
        instance: usize,
        question: (&str, &str, &str),
        contract: &str,
        fibre: Option<&str>,
    ) -> bool {
        let answered = timeout(PATIENCE, exchange(self.instances[instance], question)).await;
        let (said, request_id) = match answered {
            Ok(Ok(answer)) => read(&answer, fibre.is_some()),
            Ok(Err(_)) => (Said::Nothing, String::new()),
            Err(_) => (Said::Other("no answer within the deadline".into()), String::new()),
        };
        let is_final = said.is_final();
        let (contract, fibre) = (contract.to_owned(), fibre.map(str::to_owned));
        let told = Told { at: Instant::now(), instance, contract, fibre, said, request_id };
        self.history.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        is_final
    }
}

/// One question on a connection of its own: method, parameters, name.
async fn exchange(
    address: SocketAddr,
    (method, parameters, name): (&str, &str, &str),
) -> std::io::Result<String> {
    let body = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><e:{method} \
         xmlns:e='http://sfr.fr/hermes/eReprov/'>{parameters}</e:{method}></s:Body></s:Envelope>"
    );
    let named =
        if name.is_empty() { String::new() } else { format!("Idempotency-Key: {name}\r\n") };
    let question = format!(
        "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Basic b2MtZGVtbzpvYy1kZW1v\r\nContent-Type: text/xml; charset=utf-8\r\n\
         {named}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(question.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// What an answer says, and the request's id.
fn read(answer: &str, is_put: bool) -> (Said, String) {
    let id = between(&answer.to_lowercase(), "x-request-id: ", "\r\n").unwrap_or_default();
    let code = || between(answer, "<codeErreur>", "<").and_then(|code| code.parse().ok());
    let said = match between(answer, "<statut>", "<").as_deref() {
        Some("OK") if !is_put => Some(Said::Ok(String::new(), String::new())),
        Some("OK") => between(answer, "<codeDecharge>", "<")
            .zip(between(answer, "<fibre reference=\"", "\""))
            .map(|(code, fibre)| Said::Ok(code, fibre)),
        Some(_) => code().map(Said::Ko),
        None => None,
    };
    (said.unwrap_or_else(|| Said::Other(answer.to_owned())), id)
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0.to_owned())
}
