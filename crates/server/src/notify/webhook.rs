//! A notification as a request to an operator's server: over TLS, signed, within a deadline, to where
//! the URL says and nowhere else.

use std::{path::Path, time::Duration};

use ereprov_door::pem::{self, PemError};
use reqwest::{
    Certificate, Client, Proxy, StatusCode, Url,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};

use super::{event::Message, guard::Guard, sign::Secret};
use crate::calendar;

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
    /// The address', which asks not to be asked again for so long.
    Later(String, Duration),
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
    /// One that believes these authorities, or, without a file, those of the system; through a proxy, if
    /// one is given.
    ///
    /// # Errors
    /// The file cannot be read, or the system has no authorities.
    pub fn new(
        authorities: Option<&Path>,
        guard: Guard,
        deadline: Duration,
        proxy: Option<Url>,
    ) -> Result<Self, NoClient> {
        let mut builder = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(deadline)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("ereprovd/", env!("CARGO_PKG_VERSION")));
        builder = match proxy {
            // It looks up the names; the only one that is looked up here is its own, which the OI chose.
            Some(proxy) => builder.proxy(Proxy::https(proxy).map_err(NoClient::Tls)?),
            None => builder.dns_resolver(guard.clone()),
        };
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
            let later = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
            let later = later.and_then(|text| retry_after(text, now_ms));
            let mut read = 0;
            // What the server says beside its status is of no interest, and may have no end.
            while let Ok(Some(piece)) = answer.chunk().await {
                read += piece.len();
                if read > ANSWER_BYTES_MAX {
                    break;
                }
            }
            Ok::<_, String>((status, later))
        });
        match asked.await {
            Ok(Ok((status, later))) => match (verdict(status), later) {
                (Err(Failure::Address(said)), Some(wait)) => Err(Failure::Later(said, wait)),
                (verdict, _) => verdict,
            },
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

/// How long a server asks to be left alone: so many seconds, or until a time (RFC 9110, 10.2.3).
fn retry_after(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let wait = u64::try_from(calendar::http_date(text)? - now_ms).unwrap_or_default();
    Some(Duration::from_millis(wait))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_in_seconds_or_until_when_it_is_left_alone() {
        let now_ms = calendar::parse("2026-11-23T13:00:00Z").unwrap();
        let seconds = |text| retry_after(text, now_ms).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" Mon, 23 Nov 2026 13:02:00 GMT"), Some(120));
        assert_eq!(seconds("Mon, 23 Nov 2026 12:00:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!((seconds("soon"), seconds("-1"), seconds("")), (None, None, None));
    }
}
