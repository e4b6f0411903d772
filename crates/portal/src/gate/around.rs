//! What surrounds every page: headers that tell browsers what they may do, bounds, and where a request
//! comes from.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
};
use ereprov_door::{Peer, forwarded::Unclear};
use tokio::time::timeout;

use super::Address;
use crate::app::{App, Shared};

/// Bytes of a form at the most.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a page may take: longer than the service, which may keep silent for a minute.
const DEADLINE: Duration = Duration::from_secs(90);

/// Scripts, styles and all else are the portal's own files; nothing is written into a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";
/// A camera to scan with, and what copies, shares and keeps the screen lit; nothing else.
const PERMISSIONS: &str = "camera=(self), clipboard-write=(self), screen-wake-lock=(self), \
    accelerometer=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
/// A year of https only.
const TRANSPORT: &str = "max-age=31536000";

static ALWAYS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // `no-referrer` would also make browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Headers, limits and all that surrounds every page.
pub(crate) fn around(all: Router<Shared>, app: &Shared) -> Router<Shared> {
    all.layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(app.clone(), admit))
        .layer(from_fn_with_state(app.clone(), dress))
}

/// Lets in what is meant for the portal, with the address it comes from, and ends it in time.
async fn admit(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    if !app.gate.origin.is_host(request.headers()) {
        let host = request.headers().get(header::HOST);
        tracing::warn!(?host, "asked for under another name than the portal's (public_url)");
        let ours = app.gate.origin.as_str();
        let said = format!("Ce n'est pas l'adresse du portail. Elle est {ours}");
        return (StatusCode::MISDIRECTED_REQUEST, said).into_response();
    }
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    let peer = request.extensions().get::<Peer>().map_or(unknown, |peer| peer.address);
    if let Some(start) = start_of(&request) {
        return Redirect::to(&start).into_response();
    }
    if !app.comes_over_tls(peer.ip()) {
        let said = "Le portail ne s'ouvre qu'en https.";
        return (StatusCode::FORBIDDEN, said).into_response();
    }
    match app.settings.door.proxies.caller(peer.ip(), request.headers()) {
        Ok(address) => request.extensions_mut().insert(Address(address)),
        Err(Unclear) => return StatusCode::BAD_REQUEST.into_response(),
    };
    match timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            (StatusCode::GATEWAY_TIMEOUT, "Le portail n'a pas répondu à temps.").into_response()
        }
    }
}

/// Where another site's link into the middle of the way begins: what asks the service is behind a tap here.
fn start_of(request: &Request) -> Option<String> {
    let from = request.headers().get("sec-fetch-site")?;
    let rest = request.uri().path().strip_prefix("/c/")?;
    let (contract, _) = rest.split_once('/').filter(|_| from == "cross-site")?;
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    Some(format!("/c/{contract}{query}"))
}

impl App {
    /// Whether a connection is the portal's own TLS, of the machine itself, or of a proxy that has TLS.
    fn comes_over_tls(&self, peer: IpAddr) -> bool {
        let door = &self.settings.door;
        door.tls.is_some()
            || peer.to_canonical().is_loopback()
            || door.proxies.trusted.contains(peer)
    }
}

/// Puts the headers on. A page is kept by nobody unless it says so itself.
async fn dress(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &ALWAYS {
        put(headers, name, value);
    }
    if app.gate.origin.is_https {
        put(headers, &header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        put(headers, &header::CACHE_CONTROL, "no-store");
    }
    response
}

fn put(headers: &mut HeaderMap, name: &HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
