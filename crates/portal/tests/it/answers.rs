//! A service that answers some methods as a test says, and passes on all others.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is said instead of the service.
#[derive(Debug, Clone)]
pub enum Said {
    /// A status and a body.
    This(u16, String),
    /// The question is passed on, and its answer is not.
    Lost,
    /// The question is passed on, and its answer so much later.
    Late(Duration),
}

/// A service, until dropped.
pub struct Answers {
    pub url: String,
    said: Arc<Mutex<HashMap<String, Said>>>,
    counted: Arc<Mutex<HashMap<String, u32>>>,
    accepting: JoinHandle<()>,
}

const METHODS: [&str; 4] =
    ["getSiteStructure", "getRoSite", "putReprovisionning", "getReprovisionning"];

impl Answers {
    /// In front of a port.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = crate::harness::url(listener.local_addr().unwrap().port(), "http");
        let said = Arc::<Mutex<HashMap<String, Said>>>::default();
        let counted = Arc::<Mutex<HashMap<String, u32>>>::default();
        let (saying, counting) = (Arc::clone(&said), Arc::clone(&counted));
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (said, counted) = (Arc::clone(&saying), Arc::clone(&counting));
                tokio::spawn(async move { connect(client, port, &said, &counted).await });
            }
        });
        Self { url, said, counted, accepting }
    }

    /// From now on this is said to a method; nothing: it is passed on.
    pub fn say(&self, method: &str, said: Option<Said>) {
        let mut all = self.said.lock().unwrap();
        match said {
            Some(said) => all.insert(method.to_owned(), said),
            None => all.remove(method),
        };
    }

    /// A KO of this code.
    pub fn ko(&self, method: &str, code: &str, label: &str) {
        self.say(method, Some(Said::This(200, ko(method, code, label))));
    }

    /// How often a method was called.
    pub fn calls(&self, method: &str) -> u32 {
        self.counted.lock().unwrap().get(method).copied().unwrap_or_default()
    }

    /// How often anything was.
    pub fn all_calls(&self) -> u32 {
        self.counted.lock().unwrap().values().sum()
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A KO, as the specification writes it.
pub fn ko(method: &str, code: &str, label: &str) -> String {
    envelope(&format!(
        "<e:{method}Response xmlns:e=\"http://sfr.fr/hermes/eReprov/\"><return><enteteResponse>\
         <statut>KO</statut><codeErreur>{code}</codeErreur><libelleErreur>{label}</libelleErreur>\
         </enteteResponse></return></e:{method}Response>"
    ))
}

/// What getReprovisionning answers: a state of §3.5 and the new route's fibre; an empty one names none.
pub fn seen(state: &str, fibre: &str) -> Said {
    let body = envelope(&format!(
        "<e:getReprovisionningResponse xmlns:e=\"http://sfr.fr/hermes/eReprov/\"><return><enteteResponse>\
         <statut>OK</statut></enteteResponse><fibre reference=\"DEMO\"><reprovisionning statut=\"{state}\"/>\
         <pm reference=\"PM-AUTRE\" position=\"Etage 9\"/><fibre reference=\"{fibre}\" \
         informationCable=\"\" informationTube=\"\" informationFibre=\"\"/></fibre></return>\
         </e:getReprovisionningResponse>"
    ));
    Said::This(200, body)
}

/// A SOAP fault.
pub fn fault() -> String {
    envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>panne</faultstring></s:Fault>")
}

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

async fn connect(
    mut client: TcpStream,
    port: u16,
    said: &Mutex<HashMap<String, Said>>,
    counted: &Mutex<HashMap<String, u32>>,
) -> io::Result<()> {
    let mut question = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while !question.ends_with(b":Envelope>") {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        question.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8_lossy(&question).into_owned();
    let method = METHODS.iter().find(|method| text.contains(&format!(":{method}"))).unwrap();
    // Whoever has seen it counted may say something else from then on.
    let instead = said.lock().unwrap().get(*method).cloned();
    *counted.lock().unwrap().entry((*method).to_owned()).or_default() += 1;
    if let Some(Said::This(status, body)) = &instead {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: text/xml; charset=utf-8\r\nx-request-id: REQ-42\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        return client.write_all(format!("{head}{body}").as_bytes()).await;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.write_all(&question).await?;
    let mut answer = Vec::new();
    loop {
        let count = server.read(&mut buffer).await?;
        answer.extend_from_slice(&buffer[..count]);
        // The service keeps its connection: the length says when the answer is whole.
        if count == 0 || is_whole(&answer) {
            break;
        }
    }
    match instead {
        Some(Said::Lost) => Ok(()),
        Some(Said::Late(time)) => {
            tokio::time::sleep(time).await;
            client.write_all(&answer).await
        }
        _ => client.write_all(&answer).await,
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    lengths.next().is_some_and(|length| answer.len() >= head.len() + 4 + length)
}
