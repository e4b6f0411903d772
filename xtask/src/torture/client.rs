//! A client: asks whatever instance, asks again where it got no answer, and keeps what it saw.

use std::{fs::File, io, sync::Arc, time::Duration, time::Instant};

use super::{
    history::{self, Clock, Outcome, Seen},
    http::{Connection, Question},
    network::{Network, Operator, PASSWORD},
    question::{METHODS, attribute, element, marks, question},
};
use crate::chance::Chance;

/// Times that a put with a name is sent at the most.
const TRIES: usize = 8;

/// Reasons of table 3.4.1 that give the old route back, and one that takes it out of service.
const REASONS: [&str; 5] =
    ["PBO saturé", "PBO éloigné", "Etage erroné", "PTO erronée", "Problème génie civil"];

/// A client of an operator.
pub(super) struct Client {
    /// Which one.
    pub(super) number: usize,
    /// What there is.
    pub(super) network: Arc<Network>,
    /// Where the instances are.
    pub(super) ports: Arc<Vec<u16>>,
    /// What it will do.
    pub(super) chance: Chance,
    /// When that was.
    pub(super) clock: Clock,
    /// Where it keeps what it saw.
    pub(super) file: File,
    /// A connection to each instance.
    pub(super) connections: Vec<Option<Connection>>,
}

/// A put, which may be sent again.
struct Put {
    contract: String,
    fibre: String,
    keeps: bool,
    reason: &'static str,
    key: Option<String>,
}

impl Client {
    /// Asks until the end; what is under way then is brought to an answer.
    pub(super) async fn run(mut self, end: Instant) -> io::Result<()> {
        let mut accepted: Option<Put> = None;
        let mut puts = 0;
        let contracts = self.operator().contracts.clone();
        while Instant::now() < end {
            let contract = self.chance.pick(&contracts).clone();
            let code = match self.chance.below(100) {
                0..=49 => {
                    puts += 1;
                    let put = self.new_put(contract, puts);
                    let seen = self.put(&put).await?;
                    if seen.outcome == Outcome::Ok && put.key.is_some() {
                        accepted = Some(put);
                    }
                    seen.code
                }
                50..=54 => match &accepted {
                    // The first answer again, whatever has happened since.
                    Some(put) => self.put_once(put).await?.code,
                    None => None,
                },
                55..=64 => self.ask_about_another().await?,
                65..=69 => self.read("getSiteStructure", &contract).await?.code,
                70..=79 => self.read("getRoSite", &contract).await?.code,
                _ => self.read("getReprovisionning", &contract).await?.code,
            };
            let pause = match code {
                // Nothing more this month: a look now and then.
                Some(20016) => self.chance.time(100, 300),
                // The database is away.
                Some(10100 | 10101) => self.chance.time(50, 250),
                _ => self.chance.time(1, 60),
            };
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    fn operator(&self) -> &Operator {
        &self.network.operators[self.number % self.network.operators.len()]
    }

    fn new_put(&mut self, contract: String, puts: usize) -> Put {
        let fibre = self.chance.pick(&self.network.fibres).clone();
        let reason = match self.chance.below(200) {
            0 => "Fibre cassée",
            other => REASONS[other % REASONS.len()],
        };
        let named = self.chance.percent(85);
        let key = named.then(|| format!("client-{}-put-{puts}", self.number));
        Put { contract, fibre, keeps: self.chance.percent(10), reason, key }
    }

    /// Sends a put, and sends it again under its name until it is known what came of it.
    async fn put(&mut self, put: &Put) -> io::Result<Seen> {
        let mut seen = self.put_once(put).await?;
        for _ in 1..TRIES {
            let is_open = match (seen.outcome, seen.code) {
                (Outcome::Unsent, _) | (_, Some(20007 | 20004)) => true,
                (Outcome::Ok, _) => false,
                (Outcome::Ko, Some(10100 | 10101 | 10200)) => put.key.is_some(),
                (Outcome::Ko, _) => false,
                _ => put.key.is_some(),
            };
            if !is_open {
                return Ok(seen);
            }
            tokio::time::sleep(self.chance.time(20, 400)).await;
            seen = self.put_once(put).await?;
        }
        Ok(seen)
    }

    async fn put_once(&mut self, put: &Put) -> io::Result<Seen> {
        let fields = [
            ("referenceContrat", put.contract.as_str()),
            ("referenceFibre", put.fibre.as_str()),
            ("conservationPTO", if put.keeps { "1" } else { "0" }),
            ("motif", put.reason),
        ];
        let seen = Seen {
            fibre: Some(put.fibre.clone()),
            key: put.key.clone(),
            ..self.blank("putReprovisionning", &put.contract)
        };
        self.ask(seen, &fields).await
    }

    async fn read(&mut self, method: &str, contract: &str) -> io::Result<Seen> {
        self.ask(self.blank(method, contract), &[("referenceContrat", contract)]).await
    }

    /// Another operator's contract, by any method.
    async fn ask_about_another(&mut self) -> io::Result<Option<i64>> {
        let operators = self.network.operators.len();
        let other = (self.number + 1 + self.chance.below(operators - 1)) % operators;
        let network = Arc::clone(&self.network);
        let contract = self.chance.pick(&network.operators[other].contracts);
        let method = *self.chance.pick(&METHODS);
        if method == "putReprovisionning" {
            let put = self.new_put(contract.clone(), usize::MAX);
            return Ok(self.put_once(&Put { key: None, ..put }).await?.code);
        }
        Ok(self.read(method, contract).await?.code)
    }

    fn blank(&self, method: &str, contract: &str) -> Seen {
        Seen {
            client: self.number,
            login: self.operator().login.clone(),
            mark: self.operator().mark.clone(),
            method: method.to_owned(),
            contract: contract.to_owned(),
            ..Seen::default()
        }
    }

    /// Asks an instance, and keeps what came of it.
    async fn ask(&mut self, mut seen: Seen, fields: &[(&str, &str)]) -> io::Result<Seen> {
        seen.instance = self.chance.below(self.ports.len());
        let port = self.ports[seen.instance];
        let body = question(&seen.method, fields);
        (seen.sent_us, seen.sent_ms) = self.clock.now();
        let kept = self.connections[seen.instance].take();
        let connection = match kept {
            Some(connection) => Ok(connection),
            None => Connection::open(port).await,
        };
        match connection {
            Ok(mut connection) => {
                let question = Question {
                    login: &seen.login,
                    password: PASSWORD,
                    key: seen.key.as_deref(),
                    body: &body,
                };
                let answer = connection.ask(&question).await;
                (seen.received_us, seen.received_ms) = self.clock.now();
                match answer {
                    Ok(answer) => {
                        self.connections[seen.instance] = Some(connection);
                        seen.request_id = answer.request_id;
                        understand(&mut seen, &answer.body);
                    }
                    Err(error) => {
                        let hung = error.kind() == io::ErrorKind::TimedOut;
                        seen.outcome = if hung { Outcome::Hung } else { Outcome::Lost };
                        seen.lost_because = Some(error.to_string());
                    }
                }
            }
            Err(error) => {
                (seen.received_us, seen.received_ms) = self.clock.now();
                seen.outcome = Outcome::Unsent;
                seen.lost_because = Some(error.to_string());
            }
        }
        history::append(&mut self.file, &seen)?;
        if seen.request_id.is_none() {
            // Whatever is away may need a moment.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(seen)
    }
}

/// What an answer says.
fn understand(seen: &mut Seen, body: &str) {
    seen.outcome = match element(body, "statut") {
        Some("OK") => Outcome::Ok,
        Some("KO") => Outcome::Ko,
        _ => Outcome::Fault,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    seen.code = element(body, "codeErreur").and_then(|code| code.parse().ok());
    seen.discharge_code = owned(element(body, "codeDecharge"));
    seen.answer_contract = owned(attribute(body, "contrat", "reference"));
    seen.state = owned(attribute(body, "reprovisionning", "statut"));
    if seen.method.ends_with("Reprovisionning") {
        seen.answer_fibre = owned(attribute(body, "fibre", "reference"));
    }
    seen.marks = marks(body);
    if seen.outcome == Outcome::Fault {
        seen.lost_because = Some(body.chars().take(300).collect());
    }
}
