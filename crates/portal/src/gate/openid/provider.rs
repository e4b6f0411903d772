//! The provider: what it says about itself, the keys it shows, and the tokens it gives for codes.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::jwk::Jwk;
use reqwest::{Certificate, Client, Url, header, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::{
    super::OpenId,
    claims::{self, Claims, Unproven},
};

/// For any one answer of the provider's.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer at the most.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// How long it is believed about itself.
const BELIEVED: Duration = Duration::from_hours(1);
/// Nobody waits for it again so soon after it did not answer.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// A key that is not known is looked for again no more often.
const LOOKED_AGAIN: Duration = Duration::from_secs(30);

/// Somebody who says who technicians are.
pub(crate) struct Provider {
    pub(super) settings: OpenId,
    client: Client,
    seen: Mutex<SeenLast>,
}

/// What came of asking it about itself.
#[derive(Default)]
struct SeenLast {
    known: Option<Known>,
    failed: Option<Instant>,
}

/// What it has said about itself.
#[derive(Clone)]
struct Known {
    about: About,
    keys: Vec<Jwk>,
    at: Instant,
}

#[derive(Clone, Deserialize)]
struct About {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadOpenId {
    /// Whoever can read or change what crosses the network would sign in as anybody.
    #[error("{0} is no https address")]
    NotHttps(String),
    /// The authority, or the TLS of the machine.
    #[error("its authority cannot be used")]
    Authority(#[source] reqwest::Error),
    /// The client's secret is empty.
    #[error("the client's secret is empty")]
    EmptySecret,
}

/// Why the provider's answer does not help.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// There is none, or none in time.
    #[error("{what}: {cause}")]
    Lost { what: &'static str, cause: String },
    /// It says no.
    #[error("{what}: HTTP {status} {said}")]
    Refused { what: &'static str, status: u16, said: String },
    /// It is something else, or more than is read.
    #[error("{what}: it is not what is expected: {why}")]
    Unexpected { what: &'static str, why: String },
    /// It did not answer a moment ago.
    #[error("it did not answer a moment ago")]
    Away,
    /// It speaks for somebody else.
    #[error("it says that it is {0}")]
    AnotherIssuer(String),
    /// One of its addresses.
    #[error(transparent)]
    Address(#[from] BadOpenId),
    /// What it has signed.
    #[error(transparent)]
    Token(#[from] Unproven),
}

impl Provider {
    /// A provider; it is asked nothing yet.
    pub fn new(settings: OpenId) -> Result<Self, BadOpenId> {
        safe(&settings.issuer)?;
        if settings.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(BadOpenId::EmptySecret);
        }
        let mut builder =
            Client::builder().http1_only().redirect(Policy::none()).timeout(TIMEOUT).no_proxy();
        if let Some(pem) = &settings.authority {
            let all = Certificate::from_pem_bundle(pem).map_err(BadOpenId::Authority)?;
            builder = builder.tls_certs_only(all);
        }
        let client = builder.build().map_err(BadOpenId::Authority)?;
        Ok(Self { settings, client, seen: Mutex::default() })
    }

    /// Where a browser is sent, with these parameters and those that are always the same.
    pub(super) async fn authorization(&self, some: &[(&str, &str)]) -> Result<String, NoAnswer> {
        let about = self.known(BELIEVED).await?.about;
        let mut url = safe(&about.authorization_endpoint)?;
        let mut scopes = vec!["openid"];
        let asked = self.settings.scopes.iter().map(String::as_str);
        scopes.extend(asked.filter(|scope| *scope != "openid"));
        url.query_pairs_mut()
            .extend_pairs(some)
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("scope", &scopes.join(" "));
        Ok(url.into())
    }

    /// The ID token that a code stands for.
    pub(super) async fn redeem(
        &self,
        code: &str,
        back: &str,
        verifier: &str,
    ) -> Result<String, NoAnswer> {
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
        }
        const WHAT: &str = "the code is not redeemed";
        let about = self.known(BELIEVED).await?.about;
        let id = self.settings.client_id.as_str();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let mut request = self.client.post(safe(&about.token_endpoint)?);
        match &self.settings.client_secret {
            None => fields.push(("client_id", id)),
            Some(secret) if about.takes_basic() => {
                request = request.header(header::AUTHORIZATION, basic(id, secret.expose()));
            }
            Some(secret) => fields.extend([("client_id", id), ("client_secret", secret.expose())]),
        }
        let body = serde_urlencoded::to_string(&fields).expect("texts are fields of a form");
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(body);
        answered::<Tokens>(WHAT, request).await.map(|tokens| tokens.id_token)
    }

    /// What a token says, where it was signed by the provider for the portal, now, and for this sign-in.
    pub(super) async fn verified(
        &self,
        token: &str,
        nonce: &str,
        now_s: i64,
    ) -> Result<Claims, NoAnswer> {
        let (kid, how) = claims::signer(token)?;
        let mut keys = self.known(BELIEVED).await?.keys;
        if claims::key_of(&keys, kid.as_deref(), how).is_none() {
            // The provider may have a new one.
            keys = self.known(LOOKED_AGAIN).await?.keys;
        }
        let key = claims::key_of(&keys, kid.as_deref(), how).ok_or(Unproven::UnknownKey)?;
        Ok(claims::verify(token, key, how, &self.settings, nonce, now_s)?)
    }

    /// What it says about itself, no older than this.
    async fn known(&self, believed: Duration) -> Result<Known, NoAnswer> {
        let mut seen = self.seen.lock().await;
        if let Some(fresh) = seen.known.as_ref().filter(|known| known.at.elapsed() < believed) {
            return Ok(fresh.clone());
        }
        let is_left_alone = seen.failed.is_some_and(|at| at.elapsed() < LEFT_ALONE);
        let asked = if is_left_alone { Err(NoAnswer::Away) } else { self.ask().await };
        match (asked, &seen.known) {
            (Ok(asked), _) => {
                seen.failed = None;
                Ok(seen.known.insert(asked).clone())
            }
            // It may be out of reach for a moment; what it said before is still true then.
            (Err(error), before) => {
                let before = before.clone();
                if !is_left_alone {
                    tracing::warn!(%error, "the OpenID Connect provider does not say who it is");
                    seen.failed = Some(Instant::now());
                }
                before.ok_or(error)
            }
        }
    }

    async fn ask(&self) -> Result<Known, NoAnswer> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = safe(&format!("{issuer}/.well-known/openid-configuration"))?;
        let about: About = answered("its configuration", self.client.get(url)).await?;
        if about.issuer != self.settings.issuer {
            return Err(NoAnswer::AnotherIssuer(about.issuer));
        }
        let keys: Keys = answered("its keys", self.client.get(safe(&about.jwks_uri)?)).await?;
        // A key of a kind that is not known is for others.
        let keys = keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(Known { about, keys: keys.collect(), at: Instant::now() })
    }
}

impl About {
    /// Basic is the one that every provider has, where it does not say otherwise.
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|all| all.iter().any(|method| method == "client_secret_basic"))
    }
}

/// An address that nobody on the way can read or change: https, or this machine.
fn safe(url: &str) -> Result<Url, BadOpenId> {
    let bad = || BadOpenId::NotHttps(url.to_owned());
    let parsed = Url::parse(url).map_err(|_| bad())?;
    let is_here = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let is_safe = match parsed.scheme() {
        "https" => parsed.has_host(),
        "http" => is_here,
        _ => false,
    };
    if is_safe && parsed.username().is_empty() { Ok(parsed) } else { Err(bad()) }
}

/// RFC 6749 §2.3.1: each half is encoded as in a form before they are joined.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| {
        let pair = serde_urlencoded::to_string([("", text)]).expect("a text is a field of a form");
        pair.trim_start_matches('=').to_owned()
    };
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

async fn answered<T: DeserializeOwned>(
    what: &'static str,
    request: reqwest::RequestBuilder,
) -> Result<T, NoAnswer> {
    let lost = |error: reqwest::Error| {
        let cause =
            std::error::Error::source(&error).map_or_else(String::new, |it| format!(": {it}"));
        NoAnswer::Lost { what, cause: format!("{}{cause}", error.without_url()) }
    };
    let unexpected = |why: String| NoAnswer::Unexpected { what, why };
    let mut response = request.send().await.map_err(lost)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(unexpected("it is too long".to_owned()));
        }
    }
    if !response.status().is_success() {
        #[derive(Deserialize)]
        struct Said {
            error: String,
        }
        let said =
            serde_json::from_slice(&bytes).map_or_else(|_| String::new(), |it: Said| it.error);
        let said = said.chars().filter(|c| !c.is_control()).take(100).collect();
        return Err(NoAnswer::Refused { what, status: response.status().as_u16(), said });
    }
    serde_json::from_slice(&bytes).map_err(|error| unexpected(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_encoded_before_it_is_joined() {
        // id `a:b`, secret `c d%`
        assert_eq!(basic("a:b", "c d%"), format!("Basic {}", STANDARD.encode("a%3Ab:c+d%25")));
    }

    #[test]
    fn addresses_that_nobody_reads_on_the_way() {
        for url in ["https://idp.example/realm", "http://127.0.0.1:1234/x", "http://localhost/"] {
            assert!(safe(url).is_ok(), "{url}");
        }
        for url in
            ["http://idp.example", "ftp://idp.example", "idp.example", "https://u:p@idp.example"]
        {
            assert!(safe(url).is_err(), "{url}");
        }
    }
}
