//! HTTP: routes, limits, deadlines, shutdown.

pub mod readings;
mod request;
mod response;
mod wsdl;

use std::sync::{Arc, OnceLock};

use axum::{BoxError, Router, body::Bytes, response::Response};
use ereprov_door::forwarded::{Unclear, values};
pub use ereprov_door::{Peer, Site as Answers};
use hyper::{
    Method,
    body::Body,
    header::{AUTHORIZATION, HeaderName},
};
use tokio::time::Instant;

use crate::{
    service::Service,
    soap::endpoint::{self, Call},
    telemetry::pages,
};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Everything on the service's own listener: below its path the four methods and the WSDL, elsewhere the
/// health pages. The path may end in the name of the consuming operator, which tells nothing: the operator is
/// always the login's (contract.md, D3).
#[derive(Clone)]
pub struct Site(Arc<Parts>);

struct Parts {
    service: Arc<Service>,
    path: String,
    health: Router,
}

impl Site {
    /// The service below a path, with its WSDL and health pages.
    pub fn new(service: Arc<Service>, path: &str) -> Self {
        let health = pages::health().with_state(Arc::clone(&service));
        Self(Arc::new(Parts { service, path: path.to_owned(), health }))
    }
}

impl Answers for Site {
    async fn answer<B>(self, request: hyper::Request<B>, peer: Peer) -> Response
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let Parts { service, path, health } = &*self.0;
        if !is_below(path, request.uri().path()) {
            return health.clone().answer(request, peer).await;
        }
        match *request.method() {
            Method::POST => Box::pin(question(service, peer, request)).await,
            // Of what is answered to HEAD, hyper sends the head.
            Method::GET | Method::HEAD => {
                wsdl::answer(service, request.uri().query(), request.headers())
            }
            _ => response::method_not_allowed(),
        }
    }
}

/// Whether a path is the service's, or that with one name behind it.
fn is_below(service: &str, path: &str) -> bool {
    match path.strip_prefix(service) {
        None => false,
        Some("") => true,
        Some(rest) => rest.strip_prefix('/').is_some_and(|name| !name.contains('/')),
    }
}

/// Every route of the listener for those who watch.
pub fn telemetry_router(service: Arc<Service>) -> Router {
    pages::all().with_state(service)
}

async fn question(
    service: &Arc<Service>,
    peer: Peer,
    request: hyper::Request<impl Body<Data = Bytes, Error: Into<BoxError>>>,
) -> Response {
    let request_id = service.entropy.id(service.clock.now_ms());
    let (parts, body) = request.into_parts();
    let address = match service.proxies.caller(peer.address.ip(), &parts.headers) {
        Ok(address) => address,
        Err(Unclear) => return response::unclear_address(service, &request_id, peer.address.ip()),
    };
    let received = match request::receive(&service.limits, &parts.headers, body).await {
        Ok(received) => received,
        Err(unreadable) => return response::unreadable(service, &request_id, &unreadable),
    };
    // No queue: a caller that would have to wait for a place is told to come back. The place is kept
    // until the work is done, whether or not the caller still waits for it.
    let Ok(place) = Arc::clone(&service.capacity).try_acquire_owned() else {
        return response::overloaded(service, &request_id, received.headers.version);
    };
    let message = match request::read(&service.readings, &received) {
        Ok(message) => message,
        Err(unreadable) => return response::unreadable(service, &request_id, &unreadable),
    };
    let version = message.version;
    let call = Call {
        request_id: request_id.clone(),
        // With its last byte, as everything that is counted from then on.
        at_ms: service.clock.now_ms(),
        began: Instant::now(),
        address,
        certificate: peer.certificate,
        authorization: values(&parts.headers, AUTHORIZATION),
        idempotency_keys: values(&parts.headers, &IDEMPOTENCY_KEY),
        message,
        operator: OnceLock::new(),
        counting: OnceLock::new(),
        admitted_us: OnceLock::new(),
        told: Arc::default(),
    };
    let reply = endpoint::handle(service, call, place).await;
    response::answer(version, &request_id, reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_may_name_its_operator_behind_the_path() {
        let path = "/hermesDeploiement/eReprov/2.0";
        for (rest, below) in [
            ("", true),
            ("/", true),
            ("/OC-1", true),
            ("/OC%2F1", true),
            ("/OC-1/", false),
            ("/OC-1/more", false),
            ("//", false),
            ("x", false),
        ] {
            assert_eq!(is_below(path, &format!("{path}{rest}")), below, "{rest}");
        }
        assert!(!is_below(path, "/"));
        assert!(!is_below(path, "/other/2.0"));
    }
}
