//! From a POST to a question: content type, length, encodings, envelope.

use std::io::Read;

use axum::body::Body;
use ereprov_wire::{
    charset::decode,
    envelope::{self, Fault, FaultKind, Message, SoapVersion},
};
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{HeaderMap, StatusCode, header};

use super::FALLBACK_VERSION;
use crate::{service::Limits, soap};

/// A POST that is no question: an HTTP status and a fault.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// 500 for every SOAP fault, another where HTTP has a word for it.
    pub(super) status: StatusCode,
    /// The document.
    pub(super) fault: Fault,
    /// When to come back, in seconds.
    pub(super) retry_after_s: Option<i64>,
}

/// Reads a question.
pub(super) async fn read(
    limits: &Limits,
    headers: &HeaderMap,
    body: Body,
) -> Result<Message, Unreadable> {
    let kind = ContentKind::read(headers)?;
    let unreadable = |status, reason: &str| Unreadable {
        status,
        fault: FaultKind::Client(reason.to_owned()).in_version(kind.version),
        retry_after_s: None,
    };
    let bytes = receive(limits, headers, body, kind.version).await?;
    let bytes = unpack(limits, headers, bytes, kind.version)?;
    let text = decode(&bytes, kind.charset.as_deref())
        .map_err(|error| unreadable(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    let action = header(headers, "soapaction").or(kind.action);
    envelope::read(&text, kind.version, action.as_deref()).map_err(|fault| Unreadable {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        fault,
        retry_after_s: None,
    })
}

/// The server has no room for one more request (20004).
pub(super) fn overloaded(version: SoapVersion) -> Unreadable {
    Unreadable {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        fault: soap::overloaded().in_version(version),
        retry_after_s: Some(5),
    }
}

/// The version that the Content-Type announces.
pub(super) fn version_hint(headers: &HeaderMap) -> SoapVersion {
    ContentKind::read(headers).map_or(FALLBACK_VERSION, |kind| kind.version)
}

/// A header's text; `None` where it is absent or not text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    // Header values are Latin-1 where they are not ASCII (RFC 9110 §5.5).
    Some(value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

/// What the Content-Type says.
struct ContentKind {
    version: SoapVersion,
    charset: Option<String>,
    action: Option<String>,
}

impl ContentKind {
    fn read(headers: &HeaderMap) -> Result<Self, Unreadable> {
        let text = header(headers, "content-type").unwrap_or_default();
        let mut parts = text.split(';');
        let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let version = match media.as_str() {
            "application/soap+xml" => SoapVersion::V12,
            "" | "text/xml" | "application/xml" => SoapVersion::V11,
            _ => {
                let reason = "Content-Type text/xml ou application/soap+xml attendu".to_owned();
                return Err(Unreadable {
                    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    fault: FaultKind::Client(reason).in_version(FALLBACK_VERSION),
                    retry_after_s: None,
                });
            }
        };
        let mut kind = Self { version, charset: None, action: None };
        for part in parts {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = value.trim().trim_matches('"').to_owned();
            match name.trim().to_ascii_lowercase().as_str() {
                "charset" => kind.charset = Some(value),
                "action" => kind.action = Some(value),
                _ => {}
            }
        }
        Ok(kind)
    }
}

/// Receives a body, in time and within its bound.
async fn receive(
    limits: &Limits,
    headers: &HeaderMap,
    body: Body,
    version: SoapVersion,
) -> Result<Vec<u8>, Unreadable> {
    let announced = header(headers, "content-length").and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes_max as u64) {
        return Err(too_large(version));
    }
    let body = Limited::new(body, limits.body_bytes_max);
    let collected = tokio::time::timeout(limits.body_read, body.collect()).await;
    let fault = match collected {
        Ok(Ok(collected)) => return Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(version)),
        Ok(Err(_)) => FaultKind::Client("le corps n'est pas arrivé en entier".to_owned()),
        Err(_) => soap::client_too_slow(),
    };
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Err(Unreadable { status, fault: fault.in_version(version), retry_after_s: None })
}

/// Unpacks a gzipped body, never to more than the bound.
fn unpack(
    limits: &Limits,
    headers: &HeaderMap,
    bytes: Vec<u8>,
    version: SoapVersion,
) -> Result<Vec<u8>, Unreadable> {
    let encoding = header(headers, header::CONTENT_ENCODING.as_str()).unwrap_or_default();
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok(bytes),
        "gzip" | "x-gzip" => {}
        _ => {
            let reason = "Content-Encoding : gzip ou rien".to_owned();
            return Err(Unreadable {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                fault: FaultKind::Client(reason).in_version(version),
                retry_after_s: None,
            });
        }
    }
    let mut unpacked = Vec::new();
    let bound = limits.body_bytes_max as u64 + 1;
    let read = GzDecoder::new(bytes.as_slice()).take(bound).read_to_end(&mut unpacked);
    if unpacked.len() > limits.body_bytes_max {
        return Err(too_large(version));
    }
    match read {
        Ok(_) => Ok(unpacked),
        Err(_) => Err(Unreadable {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            fault: FaultKind::Client("le corps n'est pas du gzip valide".to_owned())
                .in_version(version),
            retry_after_s: None,
        }),
    }
}

fn too_large(version: SoapVersion) -> Unreadable {
    Unreadable {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        fault: FaultKind::Client("question trop longue".to_owned()).in_version(version),
        retry_after_s: None,
    }
}
