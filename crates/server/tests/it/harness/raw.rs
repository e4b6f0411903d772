//! Bytes over a socket, as no client library would send them.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// For everything that is answered on a connection to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// Asked last on each connection: it tells whether the service still listened to it, and ends it.
const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n";
const PATH: &str = "/hermesDeploiement/eReprov/2.0";

/// An answer as it came.
#[derive(Debug)]
pub struct RawReply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl RawReply {
    /// A header, its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// The code of a KO, `"OK"`, or the code in a fault's detail.
    pub fn outcome(&self) -> &str {
        let between = |from: &str| self.body.split_once(from)?.1.split_once('<').map(|cut| cut.0);
        between("codeErreur>").or_else(|| between("<statut>")).unwrap_or_default()
    }
}

/// What was answered on one connection.
#[derive(Debug)]
pub struct Conversation {
    pub replies: Vec<RawReply>,
    /// Whether the service went on listening after what was sent.
    pub open: bool,
}

impl Conversation {
    /// The status of each answer, and whether the connection stayed open.
    pub fn shape(&self) -> (Vec<u16>, bool) {
        (self.replies.iter().map(|reply| reply.status).collect(), self.open)
    }
}

/// Sends bytes on a connection of their own, and reads all that is answered.
pub async fn converse(address: SocketAddr, sent: &[u8]) -> Conversation {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may have been closed half-way: that is what many of these are sent for.
    let _ = timeout(PATIENCE, stream.write_all(&[sent, LAST].concat())).await;
    read_all(stream).await
}

/// Reads all that is answered on a connection on which [`LAST`] was asked.
async fn read_all(mut stream: TcpStream) -> Conversation {
    let mut bytes = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "still open, with {}", String::from_utf8_lossy(&bytes));
    let mut replies = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (reply, after) = reply(rest);
        replies.push(reply);
        rest = after;
    }
    let open = replies.pop_if(|reply| reply.body == "ok\n" && reply.status == 200).is_some();
    Conversation { replies, open }
}

/// Splits off the first answer. One to HEAD announces a body that does not come.
fn reply(bytes: &[u8]) -> (RawReply, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is text");
    let rest = &bytes[end + 4..];
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse::<usize>().expect("a number"));
    let length = if rest.starts_with(b"HTTP/1.") { 0 } else { length.min(rest.len()) };
    let body = String::from_utf8(rest[..length].to_vec()).expect("a body is text");
    (RawReply { status, head, body }, &rest[length..])
}

/// A POST to the service: its target and version, headers of one's own (each with its line's end),
/// and a body that is sent as it is.
pub fn post_to(target: &str, version: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {target} {version}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The same in HTTP/1.1 to the service's own path, with a login, a Host and a type.
pub fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let login = super::basic("oc-demo", "oc-demo");
    let own = format!("Host: x\r\nContent-Type: text/xml\r\nAuthorization: {login}\r\n{headers}");
    post_to(PATH, "HTTP/1.1", &own, body)
}

/// The header that announces a body, with its line's end.
pub fn length(body: &[u8]) -> String {
    format!("Content-Length: {}\r\n", body.len())
}
