//! HTTP: one question sent, one answer received, within bounds of bytes and time.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use ereprov_wire::{KEPT_HEADER, charset, envelope::SoapVersion};
use reqwest::{
    Certificate, Identity, Proxy, Response,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
    tls::TlsInfo,
};
use zeroize::Zeroizing;

use crate::{
    broken::Broken,
    certificate::Validity,
    endpoint::{Endpoint, Login},
    exchange::MASK,
};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The URL is none of HTTP.
    #[error("the service's URL is not one of HTTP")]
    Url,
    /// A header cannot be sent, or is set by the client itself.
    #[error("the header {0} cannot be sent")]
    Header(String),
    /// A certificate, a key, an authority or a proxy cannot be used.
    #[error("{what} cannot be used")]
    Unusable {
        /// Which one.
        what: &'static str,
        /// Why.
        #[source]
        cause: reqwest::Error,
    },
    /// The text of an authority holds no certificate.
    #[error("the authority cannot be used: it holds no certificate in PEM")]
    NoAuthority,
    /// The folder of what processes share cannot be used.
    #[error("the folder of what processes share cannot be used")]
    Folder(#[source] std::io::Error),
}

/// Headers that are set here, or by HTTP itself.
const OWN_HEADERS: [&str; 8] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "soapaction",
    "transfer-encoding",
];

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as text; none: it is in no charset that is read.
    pub(crate) text: Option<String>,
    /// How long the service's certificate is good; none: there is no TLS, or a proxy in between.
    pub(crate) certificate: Option<Validity>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// For how many seconds the service remembers an accepted put by its name.
    pub(crate) fn remembers_s(&self) -> Option<i64> {
        self.header(KEPT_HEADER)?.trim().parse().ok()
    }

    /// `Retry-After`, in seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// There was no connection: nothing was sent.
    NotSent(Broken),
    /// No answer in time.
    TimedOut,
    /// The connection ended before the answer did.
    Cut(Broken),
    /// The answer has more bytes than are read.
    TooBig,
}

/// An HTTP client of one service.
pub(crate) struct Transport {
    client: reqwest::Client,
    url: reqwest::Url,
    headers: HeaderMap,
    answer_bytes_max: usize,
}

impl Transport {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, SetupError> {
        let url = reqwest::Url::parse(&endpoint.url).map_err(|_| SetupError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(SetupError::Url);
        }
        // No connection is kept: one that the other side has closed meanwhile would leave the outcome
        // of a put unknown. No redirection: a POST is not to be sent anywhere else. No retry: that is
        // decided elsewhere, after a reading.
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .user_agent(concat!("ereprov/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .pool_max_idle_per_host(0)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .tls_info(true)
            .connect_timeout(endpoint.connect_timeout)
            .timeout(endpoint.answer_timeout);
        let unusable = |what| move |cause| SetupError::Unusable { what, cause };
        if let Some(pem) = &endpoint.certificate {
            let identity = Identity::from_pem(pem).map_err(unusable("the client certificate"))?;
            builder = builder.identity(identity);
        }
        if let Some(proxy) = &endpoint.proxy {
            let proxy = Proxy::all(proxy.as_str()).map_err(unusable("the proxy"))?;
            builder = builder.proxy(proxy);
        }
        if !endpoint.authorities.is_empty() {
            let mut all = Vec::new();
            for pem in &endpoint.authorities {
                let some = Certificate::from_pem_bundle(pem);
                let some = some.map_err(unusable("the authority"))?;
                if some.is_empty() {
                    return Err(SetupError::NoAuthority);
                }
                all.extend(some);
            }
            builder = builder.tls_certs_only(all);
        }
        let client = builder.build().map_err(unusable("the TLS of the machine"))?;
        let headers = headers(endpoint)?;
        Ok(Self { client, url, headers, answer_bytes_max: endpoint.answer_bytes_max })
    }

    /// What the service is told apart by: host, port and path are one service's.
    pub(crate) fn service(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{host}-{port}")
    }

    /// Sends a body that may hold a password.
    pub(crate) async fn post(
        &self,
        body: Zeroizing<String>,
        key: Option<&str>,
    ) -> Result<Received, Lost> {
        let mut request = self.client.post(self.url.clone()).headers(self.headers.clone());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.body(Bytes::from_owner(Wiped(body))).send().await.map_err(lost)?;
        self.receive(response).await
    }

    /// Fetches the WSDL, which is no call: nobody is asked for a login.
    pub(crate) async fn wsdl(&self) -> Result<Received, Lost> {
        let mut url = self.url.clone();
        url.set_query(Some("wsdl"));
        let response = self.client.get(url).send().await.map_err(lost)?;
        self.receive(response).await
    }

    async fn receive(&self, mut response: Response) -> Result<Received, Lost> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let peer = response.extensions().get::<TlsInfo>();
        let certificate = peer.and_then(|tls| Validity::of_der(tls.peer_certificate()?));
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(lost)? {
            if body.len() + piece.len() > self.answer_bytes_max {
                return Err(Lost::TooBig);
            }
            body.extend_from_slice(&piece);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let text = charset::decode(&body, kind.and_then(charset_of)).ok();
        Ok(Received { status, headers, text, certificate })
    }

    /// The headers of a question, for those who trace.
    pub(crate) fn shown_headers(&self, key: Option<&str>) -> Vec<(String, String)> {
        let shown = self.headers.iter().map(|(name, value)| {
            let value =
                if value.is_sensitive() { MASK } else { value.to_str().unwrap_or_default() };
            (name.to_string(), value.to_owned())
        });
        shown.chain(key.map(|key| ("idempotency-key".to_owned(), key.to_owned()))).collect()
    }
}

/// Wipes a body once it is sent.
struct Wiped(Zeroizing<String>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn headers(endpoint: &Endpoint) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    // A packed answer would have to be bounded twice.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(endpoint.soap.content_type()));
    if endpoint.soap == SoapVersion::V11 {
        headers.insert("soapaction", HeaderValue::from_static("\"\""));
    }
    for (name, value) in &endpoint.headers {
        let wrong = || SetupError::Header(name.clone());
        let known = HeaderName::try_from(name).map_err(|_| wrong())?;
        let is_login = known == AUTHORIZATION && matches!(endpoint.login, Some(Login::Basic(..)));
        if is_login || OWN_HEADERS.contains(&known.as_str()) {
            return Err(wrong());
        }
        let value = Zeroizing::new(value.as_bytes().to_vec());
        headers.insert(known, secret(value).ok_or_else(wrong)?);
    }
    if let Some(Login::Basic(username, password)) = &endpoint.login {
        let pair = Zeroizing::new(format!("{username}:{}", password.expose()));
        let mut value = Zeroizing::new(b"Basic ".to_vec());
        value.extend_from_slice(Zeroizing::new(BASE64_STANDARD.encode(&*pair)).as_bytes());
        let wrong = || SetupError::Header("Authorization".to_owned());
        headers.insert(AUTHORIZATION, secret(value).ok_or_else(wrong)?);
    }
    Ok(headers)
}

/// A value that nothing shows, and that is wiped where it stood.
fn secret(value: Zeroizing<Vec<u8>>) -> Option<HeaderValue> {
    struct Owner(Zeroizing<Vec<u8>>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Owner(value))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn charset_of(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim())
    })
}

fn lost(error: reqwest::Error) -> Lost {
    if error.is_connect() {
        return Lost::NotSent(Broken::of(error));
    }
    if error.is_timeout() { Lost::TimedOut } else { Lost::Cut(Broken::of(error)) }
}

#[cfg(test)]
mod tests {
    use ereprov_wire::security::Password;

    use super::*;

    #[test]
    fn charsets_of_content_types() {
        assert_eq!(charset_of("text/xml; Charset=\"utf-8\""), Some("\"utf-8\""));
        assert_eq!(charset_of("text/xml;a=b; charset = iso-8859-1"), Some("iso-8859-1"));
        assert_eq!(charset_of("text/xml"), None);
    }

    #[test]
    fn no_secret_is_shown() {
        let login = Login::Basic("oc".into(), Password::new("s3cret".into()));
        let endpoint = Endpoint::new("http://127.0.0.1:1/?token=s3cret")
            .login(login)
            .header("X-Api-Key", "s3cret")
            .proxy("http://u:s3cret@127.0.0.1:2");
        let transport = Transport::new(&endpoint).unwrap();
        let shown = transport.shown_headers(Some("k"));
        let all = format!("{endpoint:?} {:?} {shown:?}", transport.headers);
        assert!(!all.contains("s3cret") && !all.contains("czNjcmV0"), "{all}");
        assert!(shown.contains(&("authorization".into(), MASK.into())), "{shown:?}");
    }

    #[test]
    fn what_cannot_be_used_says_which_it_is() {
        let said = |endpoint: Endpoint| Transport::new(&endpoint).err().unwrap().to_string();
        for url in ["ftp://oi.example", "nothing", "file:///etc/passwd"] {
            assert_eq!(said(Endpoint::new(url)), "the service's URL is not one of HTTP");
        }
        let endpoint = || Endpoint::new("https://oi.example");
        assert_eq!(said(endpoint().header("a b", "c")), "the header a b cannot be sent");
        assert_eq!(said(endpoint().header("a", "b\nc")), "the header a cannot be sent");
        let host = endpoint().header("Host", "other.example");
        assert_eq!(said(host), "the header Host cannot be sent");
        let token = || endpoint().header("Authorization", "Bearer x");
        let password = || Password::new("p".into());
        let basic = token().login(Login::Basic("oc".into(), password()));
        assert_eq!(said(basic), "the header Authorization cannot be sent");
        let beside = token().login(Login::UsernameToken("oc".into(), password()));
        assert!(Transport::new(&beside).is_ok(), "a gateway may want one of its own");
        let pem = b"no certificate".to_vec();
        assert_eq!(
            said(endpoint().certificate(pem.clone())),
            "the client certificate cannot be used"
        );
        let nobody = "the authority cannot be used: it holds no certificate in PEM";
        assert_eq!(said(endpoint().authority(pem)), nobody, "it would believe nobody");
    }
}
