//! HTTP: routes, limits, deadlines, shutdown.

pub mod readings;
mod request;
mod response;
mod wsdl;

use std::sync::{Arc, OnceLock};

use axum::{
    Extension, Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
pub use ereprov_door::Peer;
use ereprov_door::forwarded::{Unclear, values};
use hyper::{
    Method,
    header::{AUTHORIZATION, HeaderName},
};
use tokio::time::Instant;

use crate::{
    service::Service,
    soap::endpoint::{self, Call},
    telemetry::pages,
};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Every route of the service's own listener. The path may end in the name of the consuming
/// operator, which tells nothing: the operator is always the login's (contract.md, D3).
pub fn router(service: Arc<Service>, path: &str) -> Router {
    let soap = any(soap);
    Router::new()
        .route(path, soap.clone())
        .route(&format!("{path}/"), soap.clone())
        .route(&format!("{path}/{{operator}}"), soap)
        .merge(pages::health())
        .with_state(service)
}

/// Every route of the listener for those who watch.
pub fn telemetry_router(service: Arc<Service>) -> Router {
    pages::all().with_state(service)
}

async fn soap(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    match *request.method() {
        Method::POST => {}
        Method::GET | Method::HEAD => {
            return wsdl::answer(&service, request.uri().query(), request.headers());
        }
        _ => return response::method_not_allowed(),
    }
    let request_id = service.entropy.id(service.clock.now_ms());
    let (parts, body) = request.into_parts();
    let address = match service.proxies.caller(peer.address.ip(), &parts.headers) {
        Ok(address) => address,
        Err(Unclear) => return response::unclear_address(&service, &request_id, peer.address.ip()),
    };
    let received = match request::receive(&service.limits, &parts.headers, body).await {
        Ok(received) => received,
        Err(unreadable) => return response::unreadable(&service, &request_id, &unreadable),
    };
    // No queue: a caller that would have to wait for a place is told to come back. The place is kept
    // until the work is done, whether or not the caller still waits for it.
    let Ok(place) = Arc::clone(&service.capacity).try_acquire_owned() else {
        return response::overloaded(&service, &request_id, received.headers.version);
    };
    let message = match request::read(&service.readings, &received) {
        Ok(message) => message,
        Err(unreadable) => return response::unreadable(&service, &request_id, &unreadable),
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
