//! A notification as a request to an operator's server: over TLS, signed, within a deadline, to where
//! the URL says and nowhere else.

use std::{path::Path, time::Duration};

use reqwest::{Certificate, Client, StatusCode, header::CONTENT_TYPE, redirect::Policy};

use super::{event::Message, guard::Guard, sign::Secret};
use crate::pem::{self, PemError};

/// Bytes of an answer that are read, so that its connection can be used again.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// The authorities cannot be read.
    #[error(transparent)]
    Authorities(#[from] PemError),
    /// TLS cannot be set up: the system has no authorities, among others.
    #[error("{}", chain(.0))]
    Tls(reqwest::Error),
}

/// Whose fault a failure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The address': everything that goes there would fail.
    Address(String),
    /// The message's: the server refuses this one.
    Message(String),
}

/// A client of the operators' servers.
#[derive(Clone)]
pub struct Webhook {
    client: Client,
    guard: Guard,
    deadline: Duration,
}

impl Webhook {
    /// One that believes these authorities, or, without a file, those of the system.
    ///
    /// # Errors
    /// The file cannot be read, or the system has no authorities.
    pub fn new(
        authorities: Option<&Path>,
        guard: Guard,
        deadline: Duration,
    ) -> Result<Self, NoClient> {
        let mut builder = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(deadline)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .dns_resolver(guard.clone())
            .user_agent(concat!("ereprovd/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = authorities {
            let own = pem::certificates(file)?;
            let own = own.iter().map(|der| Certificate::from_der(der));
            let own = own.collect::<Result<Vec<_>, _>>().map_err(NoClient::Tls)?;
            builder = builder.tls_certs_only(own);
        }
        Ok(Self { client: builder.build().map_err(NoClient::Tls)?, guard, deadline })
    }

    /// Delivers a message: it is delivered where the answer is 2xx.
    ///
    /// # Errors
    /// There is no such answer in time; it may have arrived all the same.
    pub async fn deliver(
        &self,
        url: &str,
        id: &str,
        message: &Message,
        secret: &Secret,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let url = self.guard.url(url).map_err(|error| Failure::Address(error.to_string()))?;
        let timestamp_s = now_ms / 1000;
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, message.content_type)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s.to_string())
            .header("webhook-signature", secret.sign(id, timestamp_s, message.body.as_bytes()));
        for (name, value) in &message.headers {
            request = request.header(*name, value);
        }
        let asked = tokio::time::timeout(self.deadline, async {
            // Without the URL, which may hold a token.
            let failed = |error: reqwest::Error| chain(&error.without_url());
            let mut answer = request.body(message.body.clone()).send().await.map_err(failed)?;
            let status = answer.status();
            let mut read = 0;
            // What the server says beside its status is of no interest, and may have no end.
            while let Ok(Some(piece)) = answer.chunk().await {
                read += piece.len();
                if read > ANSWER_BYTES_MAX {
                    break;
                }
            }
            Ok::<_, String>(status)
        });
        match asked.await {
            Ok(Ok(status)) => verdict(status),
            Ok(Err(error)) => Err(Failure::Address(error)),
            Err(_) => Err(Failure::Address("no answer within the deadline".to_owned())),
        }
    }
}

fn verdict(status: StatusCode) -> Result<(), Failure> {
    let said = format!("the server answered {}", status.as_u16());
    match status {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => {
            Err(Failure::Address(format!("{said}; redirects are not followed")))
        }
        StatusCode::BAD_REQUEST
        | StatusCode::CONFLICT
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Err(Failure::Message(said)),
        _ => Err(Failure::Address(said)),
    }
}

/// An error and what caused it, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
