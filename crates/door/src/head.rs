//! What a request's head must be before anything reads it: what two readers could take for two
//! different requests is refused (RFC 9112 §3.2 and §6.1).

use axum::response::{IntoResponse, Response};
use hyper::{HeaderMap, Request, StatusCode, Version, header};

/// Refuses a head without exactly one well-formed `Host` (400; HTTP/1.0 may have none), and any
/// `Transfer-Encoding` but one `chunked` (501). The connection ends with it.
pub(crate) fn refuse<B>(request: &Request<B>) -> Option<Response> {
    let (status, said) = if !has_its_host(request.version(), request.headers()) {
        (StatusCode::BAD_REQUEST, "un en-tête Host, et un seul, est attendu\n")
    } else if !has_a_known_framing(request.headers()) {
        (StatusCode::NOT_IMPLEMENTED, "Transfer-Encoding : chunked ou rien\n")
    } else {
        return None;
    };
    tracing::info!(status = status.as_u16(), reason = said.trim(), "refused");
    Some((status, [(header::CONNECTION, "close")], said).into_response())
}

fn has_its_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.as_bytes().iter().all(|byte| is_of_a_host(*byte)),
        (Some(_), Some(_)) => false,
    }
}

/// A registered name, an address in brackets, a port (RFC 3986 §3.2.2). It decides nothing here.
fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte)
}

fn has_a_known_framing(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}
