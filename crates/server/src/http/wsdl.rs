//! GET: the WSDL and the schema, without login (contract.md, D3).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use ereprov_door::forwarded::values;
use ereprov_wire::{
    envelope::SoapVersion,
    wsdl::{SCHEMA, with_address},
};

use sha2::{Digest, Sha256};

use super::response::method_not_allowed;
use crate::service::Service;

/// `?wsdl` with its SOAP 1.1 port, `?wsdl&soap=1.2` with its SOAP 1.2 port, `?xsd=1`; in any case.
/// Any other GET is 405. Who has the document already is told so (304).
pub(super) fn answer(
    service: &Service,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Response<Body> {
    let query = query.unwrap_or_default().to_ascii_lowercase();
    let asks_for = |names: &[&str]| {
        query.split('&').any(|part| names.contains(&part.split('=').next().unwrap_or_default()))
    };
    let text = if asks_for(&["wsdl", "singlewsdl"]) {
        let v12 = query.split('&').any(|part| matches!(part, "soap=1.2" | "soap=12" | "soap12"));
        let version = if v12 { SoapVersion::V12 } else { SoapVersion::V11 };
        with_address(version, &service.public_url)
    } else if asks_for(&["xsd"]) {
        SCHEMA.to_owned()
    } else {
        return method_not_allowed();
    };
    let tag = tag(&text);
    let known = values(headers, "if-none-match").join(",");
    let known = known.split(',').map(|known| known.trim().trim_start_matches("W/"));
    let mut response = if known.into_iter().any(|known| known == "*" || known == tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(text))
    };
    let kind = HeaderValue::from_static("text/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Another one for another text.
fn tag(text: &str) -> String {
    let digest = Sha256::digest(text);
    let hex: Vec<_> = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{}\"", hex.concat())
}
