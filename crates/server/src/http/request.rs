//! From a POST to a question: content type, length, encodings, envelope.

use std::{io::Read, sync::Arc};

use axum::{BoxError, body::Bytes};
use ereprov_door::forwarded::{texts, values};
use ereprov_wire::{
    charset::decode,
    envelope::{self, Fault, FaultKind, Message, SoapVersion},
};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::Body,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
};

use super::readings::Readings;
use crate::{service::Limits, soap};

static SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// A POST that is no question.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// Not SOAP over HTTP at all: a status and a sentence.
    Http(StatusCode, &'static str),
    /// A SOAP fault, which is HTTP 500 in both versions (contract.md, D5).
    Fault(Fault),
}

/// A body that arrived, and what its headers say about it.
pub(super) struct Received {
    pub(super) headers: Headers,
    pub(super) bytes: Bytes,
}

/// What the headers of a body say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) version: SoapVersion,
    charset: Option<String>,
    actions: Vec<String>,
}

impl Headers {
    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.actions.iter().chain(&self.charset).map(String::len).sum()
    }
}

/// Receives a body, in time and within its bound, and unpacks it.
pub(super) async fn receive(
    limits: &Limits,
    headers: &HeaderMap,
    body: impl Body<Data = Bytes, Error: Into<BoxError>>,
) -> Result<Received, Unreadable> {
    let kind = ContentKind::read(headers)?;
    let packed = is_packed(headers)?;
    let bytes = collect(limits, headers, body, kind.version).await?;
    let bytes = if packed { unpack(limits, &bytes, kind.version)?.into() } else { bytes };
    let mut actions = values(headers, &SOAP_ACTION);
    actions.extend(kind.action);
    let headers = Headers { version: kind.version, charset: kind.charset, actions };
    Ok(Received { headers, bytes })
}

/// Reads the question in a body.
pub(super) fn read(readings: &Readings, received: &Received) -> Result<Arc<Message>, Unreadable> {
    if let Some(message) = readings.recall(received) {
        return Ok(message);
    }
    let Headers { version, charset, actions } = &received.headers;
    let text = decode(&received.bytes, charset.as_deref()).map_err(|error| {
        Unreadable::Fault(FaultKind::Client(error.to_string()).in_version(*version))
    })?;
    let actions: Vec<_> = actions.iter().map(String::as_str).collect();
    let message = envelope::read(&text, *version, &actions).map_err(Unreadable::Fault)?;
    let message = Arc::new(message);
    readings.keep(received, &message);
    Ok(message)
}

/// What the Content-Type says.
struct ContentKind {
    version: SoapVersion,
    charset: Option<String>,
    action: Option<String>,
}

impl ContentKind {
    fn read(headers: &HeaderMap) -> Result<Self, Unreadable> {
        let mut texts = texts(headers, CONTENT_TYPE);
        let text = texts.next().unwrap_or_default();
        // Two that differ say nothing: a gateway may have read the other one.
        let text = if texts.all(|other| other == text) { &*text } else { "," };
        let mut parts = text.split(';');
        let media = parts.next().unwrap_or_default().trim();
        let is = |known: &str| media.eq_ignore_ascii_case(known);
        let version = if is("application/soap+xml") {
            SoapVersion::V12
        } else if is("") || is("text/xml") || is("application/xml") {
            SoapVersion::V11
        } else {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let said = "Content-Type text/xml ou application/soap+xml attendu\n";
            return Err(Unreadable::Http(status, said));
        };
        let mut kind = Self { version, charset: None, action: None };
        for part in parts {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = Some(value.trim().trim_matches('"')).filter(|value| !value.is_empty());
            let value = value.map(str::to_owned);
            let name = name.trim();
            if name.eq_ignore_ascii_case("charset") {
                kind.charset = value;
            } else if name.eq_ignore_ascii_case("action") {
                kind.action = value;
            }
        }
        Ok(kind)
    }
}

async fn collect(
    limits: &Limits,
    headers: &HeaderMap,
    body: impl Body<Data = Bytes, Error: Into<BoxError>>,
    version: SoapVersion,
) -> Result<Bytes, Unreadable> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes_max as u64) {
        return Err(too_large());
    }
    let body = Limited::new(body, limits.body_bytes_max);
    let fault = match tokio::time::timeout(limits.body_read, body.collect()).await {
        Ok(Ok(collected)) => return Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => FaultKind::Client("le corps n'est pas arrivé en entier".to_owned()),
        Err(_) => soap::client_too_slow(),
    };
    Err(Unreadable::Fault(fault.in_version(version)))
}

fn is_packed(headers: &HeaderMap) -> Result<bool, Unreadable> {
    if !headers.contains_key(CONTENT_ENCODING) {
        return Ok(false);
    }
    match values(headers, CONTENT_ENCODING).join(",").trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(Unreadable::Http(status, "Content-Encoding : gzip ou rien\n"))
        }
    }
}

/// Unpacks a gzipped body, of one member or several, never to more than the bound.
fn unpack(limits: &Limits, bytes: &[u8], version: SoapVersion) -> Result<Vec<u8>, Unreadable> {
    let mut unpacked = Vec::new();
    let bound = limits.body_bytes_max as u64 + 1;
    let read = MultiGzDecoder::new(bytes).take(bound).read_to_end(&mut unpacked);
    if unpacked.len() > limits.body_bytes_max {
        return Err(too_large());
    }
    let fault = || FaultKind::Client("le corps n'est pas du gzip valide".to_owned());
    read.map_err(|_| Unreadable::Fault(fault().in_version(version)))?;
    Ok(unpacked)
}

fn too_large() -> Unreadable {
    Unreadable::Http(StatusCode::PAYLOAD_TOO_LARGE, "question trop longue\n")
}
