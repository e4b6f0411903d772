//! As much of HTTP/1.1 as it takes to ask on a connection that is kept.

use std::{io, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// For an answer to come, which is longer than a request may take; past it, it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to an instance.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `X-Request-Id`
    pub(crate) request_id: Option<String>,
    /// What it says.
    pub(crate) body: String,
}

/// Who asks what.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// The login.
    pub(crate) login: &'a str,
    /// The password.
    pub(crate) password: &'a str,
    /// `Idempotency-Key`
    pub(crate) key: Option<&'a str>,
    /// The envelope.
    pub(crate) body: &'a str,
}

impl Connection {
    /// Connects to a port of this machine.
    pub(crate) async fn open(port: u16) -> io::Result<Self> {
        Self::over(TcpStream::connect(("127.0.0.1", port)).await?)
    }

    /// Asks over a connection that was opened already.
    pub(crate) fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The connection ended before the answer had come ([`io::ErrorKind::TimedOut`]: it stayed
    /// open); whatever was asked may have been done or not.
    pub(crate) async fn ask(&mut self, question: &Question<'_>) -> io::Result<Answer> {
        tokio::time::timeout(PATIENCE, self.exchange(question)).await?
    }

    async fn exchange(&mut self, question: &Question<'_>) -> io::Result<Answer> {
        let Question { login, password, key, body } = question;
        let login = BASE64_STANDARD.encode(format!("{login}:{password}"));
        let key = key.map_or(String::new(), |key| format!("Idempotency-Key: {key}\r\n"));
        let request = format!(
            "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Content-Type: text/xml; charset=utf-8\r\nAuthorization: Basic {login}\r\n{key}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let (mut request_id, mut length) = (None, None);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "x-request-id" => request_id = Some(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().ok(),
                _ => {}
            }
        }
        let mut bytes = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        self.0.read_exact(&mut bytes).await?;
        let body = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Answer { request_id, body })
    }
}
