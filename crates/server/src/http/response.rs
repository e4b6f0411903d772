//! From a reply to an HTTP response.

use std::{io::Write, net::IpAddr, sync::LazyLock};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use ereprov_wire::{
    KEPT_HEADER,
    envelope::{FaultKind, SoapVersion, write_fault},
};

use super::request::Unreadable;
use crate::{
    reprovisioning::request::NAME_KEPT_MS,
    service::Service,
    soap::{
        self,
        reply::{QuotaLeft, Reply},
    },
};

const KEPT: HeaderName = HeaderName::from_static(KEPT_HEADER);
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For how long a put is remembered by its name, in seconds.
static KEPT_S: LazyLock<HeaderValue> = LazyLock::new(|| (NAME_KEPT_MS / 1000).into());

/// Headers of an answer.
const HEADERS: usize = 8;

/// An answer of a method: HTTP 200, OK or KO (contract.md, D5); 401 where there was no login.
pub(super) fn answer(version: SoapVersion, request_id: &str, reply: Reply) -> Response<Body> {
    let status = if reply.challenge { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let mut response = document(status, version, request_id, reply.body);
    let headers = response.headers_mut();
    // A caller that lost an answer may ask for it again under the same name.
    headers.insert(KEPT, KEPT_S.clone());
    if reply.challenge {
        let challenge = HeaderValue::from_static("Basic realm=\"eReprov\", charset=\"UTF-8\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = reply.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(QuotaLeft { limit, remaining, reset_s }) = reply.quota {
        headers.insert(RATELIMIT_POLICY, numbers(&[("\"month\";q=", limit)]));
        headers.insert(RATELIMIT, numbers(&[("\"month\";r=", remaining), (";t=", reset_s)]));
    }
    response
}

/// A header's value of numbers, each behind its text.
fn numbers(parts: &[(&str, i64)]) -> HeaderValue {
    let mut value = [0; 64];
    let mut free = &mut value[..];
    // All of it fits: two numbers of 20 characters at the most, behind 10 and 3.
    let written = parts.iter().try_for_each(|(text, number)| {
        free.write_all(text.as_bytes())?;
        free.write_all(itoa::Buffer::new().format(*number).as_bytes())
    });
    let length = 64 - free.len();
    let value = written.ok().and_then(|()| HeaderValue::from_bytes(&value[..length]).ok());
    value.unwrap_or_else(|| HeaderValue::from_static(""))
}

/// What is no question: a sentence, or a fault; counted and logged here, since no operation is known.
pub(super) fn unreadable(
    service: &Service,
    request_id: &str,
    unreadable: &Unreadable,
) -> Response<Body> {
    let fault = match unreadable {
        Unreadable::Http(status, said) => {
            service.metrics.fault("http");
            tracing::info!(request_id, status = status.as_u16(), reason = said.trim(), "refused");
            let mut response = sentence(*status, said);
            name(&mut response, request_id);
            return response;
        }
        Unreadable::Fault(fault) => fault,
    };
    let kind = match &fault.kind {
        FaultKind::VersionMismatch => "version_mismatch",
        FaultKind::MustUnderstand(_) => "must_understand",
        FaultKind::Client(_) | FaultKind::OnlyAnonymousAddress => "client",
        FaultKind::Receiver(..) => "receiver",
    };
    service.metrics.fault(kind);
    tracing::info!(request_id, kind, reason = fault.kind.reason(), "fault");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    document(status, fault.version, request_id, write_fault(fault))
}

/// No room for one more request (20004).
pub(super) fn overloaded(
    service: &Service,
    request_id: &str,
    version: SoapVersion,
) -> Response<Body> {
    let fault = Unreadable::Fault(soap::overloaded().in_version(version));
    let mut response = unreadable(service, request_id, &fault);
    response.headers_mut().insert(header::RETRY_AFTER, soap::RETRY_OVERLOADED_S.into());
    response
}

/// A trusted proxy does not say where the request comes from, in words that are known: who cannot be
/// told apart from the proxy is not taken for it.
pub(super) fn unclear_address(
    service: &Service,
    request_id: &str,
    proxy: IpAddr,
) -> Response<Body> {
    tracing::warn!(request_id, %proxy, "a trusted proxy's header is no list of addresses");
    let said = "l'en-tête Forwarded ou X-Forwarded-For n'est pas une liste d'adresses\n";
    let unclear = Unreadable::Http(StatusCode::BAD_REQUEST, said);
    unreadable(service, request_id, &unclear)
}

/// Neither POST nor GET.
pub(super) fn method_not_allowed() -> Response<Body> {
    let said = "POST une question SOAP, ou GET ?wsdl\n";
    let mut response = sentence(StatusCode::METHOD_NOT_ALLOWED, said);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

fn sentence(status: StatusCode, said: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(said));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn document(
    status: StatusCode,
    version: SoapVersion,
    request_id: &str,
    body: String,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(version.content_type()));
    name(&mut response, request_id);
    response
}

/// Says which request it answers, as the log does.
fn name(response: &mut Response<Body>, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}
