//! Questions that were read a moment ago. Who follows a re-provisioning asks the same again and again,
//! byte for byte: what those bytes say is the same, too.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use ereprov_wire::{envelope::Message, operation::Operation};

use super::request::{Headers, Received};

/// Bytes of a question that is remembered, at the most; those of the four methods are shorter.
const QUESTION_BYTES_MAX: usize = 4096;

/// Bytes that are remembered at the most; one more forgets all.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that a question takes beside its own: its HTTP headers, what it says, and its place.
const READING_BYTES: usize = 1024 + HEADERS_BYTES_MAX;

/// Bytes of the HTTP headers of a question that is remembered, at the most.
const HEADERS_BYTES_MAX: usize = 256;

/// What bodies say; one for the whole service.
#[derive(Debug, Default)]
pub struct Readings(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    bytes: usize,
    readings: HashMap<Box<[u8]>, Reading>,
}

/// What a body says under its headers.
#[derive(Debug)]
struct Reading {
    headers: Headers,
    message: Arc<Message>,
}

impl Readings {
    /// What the same body said under the same headers.
    pub(super) fn recall(&self, received: &Received) -> Option<Arc<Message>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let reading = known.readings.get(&received.bytes[..])?;
        (reading.headers == received.headers).then(|| Arc::clone(&reading.message))
    }

    /// Remembers what a body says, unless its envelope has a header, where logins and names of questions
    /// stand, or it asks for a change: that is not said twice.
    pub(super) fn keep(&self, received: &Received, message: &Arc<Message>) {
        let once = message.header.has_blocks || message.operation == Operation::PutReprovisionning;
        let long = received.bytes.len() > QUESTION_BYTES_MAX
            || received.headers.bytes() > HEADERS_BYTES_MAX;
        if once || long {
            return;
        }
        let bytes = received.bytes.len() * 2 + READING_BYTES;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes + bytes > BYTES_MAX {
            *known = Known::default();
        }
        let reading = Reading { headers: received.headers.clone(), message: Arc::clone(message) };
        if known.readings.insert(received.bytes[..].into(), reading).is_none() {
            known.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use ereprov_wire::{NAMESPACE, envelope::SoapVersion};
    use hyper::{HeaderMap, header::CONTENT_TYPE};

    use super::*;
    use crate::http::request::{read, receive};
    use crate::service::Limits;

    const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    const WSSE: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

    fn envelope(header: &str, method: &str, contract: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='{V11}' xmlns:e='{NAMESPACE}'><s:Header>{header}</s:Header><s:Body>\
             <e:{method}><referenceContrat>{contract}</referenceContrat></e:{method}></s:Body>\
             </s:Envelope>"
        )
    }

    async fn received(kind: &str, body: &str) -> Received {
        let limits = Limits {
            request: std::time::Duration::from_secs(1),
            body_read: std::time::Duration::from_secs(1),
            networks_ask: std::time::Duration::from_secs(1),
            body_bytes_max: 64 * 1024,
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        receive(&limits, &headers, Body::from(body.to_owned())).await.expect("a body")
    }

    fn asked(message: &Message) -> &str {
        message.question.as_ref().unwrap().reference_contrat()
    }

    #[tokio::test]
    async fn the_same_bytes_under_the_same_headers_are_read_once() {
        let readings = Readings::default();
        let body = envelope("", "getReprovisionning", "A");
        let first = received("text/xml", &body).await;
        let message = read(&readings, &first).unwrap();
        let again = read(&readings, &received("text/xml", &body).await).unwrap();
        assert!(Arc::ptr_eq(&message, &again));
        // Another question, and the same bytes where the headers say something else of them.
        let other = envelope("", "getReprovisionning", "B");
        assert_eq!(asked(&read(&readings, &received("text/xml", &other).await).unwrap()), "B");
        let hinted = received("application/soap+xml; action=getRoSite", &body).await;
        assert_eq!(hinted.headers.version, SoapVersion::V12);
        assert!(read(&readings, &hinted).is_err(), "its action names another method");
        let utf_16 = received("text/xml; charset=utf-16", &body).await;
        assert!(read(&readings, &utf_16).is_err(), "its bytes are no UTF-16");
    }

    #[tokio::test]
    async fn logins_names_and_changes_are_not_remembered() {
        let readings = Readings::default();
        let token = format!(
            "<w:Security xmlns:w='{WSSE}'><w:UsernameToken><w:Username>oc</w:Username>\
             <w:Password>secret</w:Password></w:UsernameToken></w:Security>"
        );
        // Not for this service, and a login all the same.
        let gateways = token.replace(
            "<w:Security ",
            &format!("<w:Security xmlns:g='{V11}' g:actor='urn:gateway' "),
        );
        let addressed =
            "<a:MessageID xmlns:a='http://www.w3.org/2005/08/addressing'>urn:1</a:MessageID>";
        for body in [
            envelope(&token, "getReprovisionning", "A"),
            envelope(&gateways, "getReprovisionning", "A"),
            envelope("<login>oc:secret</login>", "getReprovisionning", "A"),
            envelope(addressed, "getReprovisionning", "A"),
            envelope("", "putReprovisionning", "A"),
            envelope("", "getReprovisionning", &"A".repeat(QUESTION_BYTES_MAX)),
        ] {
            let received = received("text/xml", &body).await;
            assert!(read(&readings, &received).is_ok(), "{body}");
            assert!(readings.recall(&received).is_none(), "{body}");
        }
        let body = envelope("", "getReprovisionning", "A");
        let kind: &str = &format!("text/xml; action=\"{}\"", "x".repeat(HEADERS_BYTES_MAX + 1));
        let received = received(kind, &body).await;
        assert!(read(&readings, &received).is_ok() && readings.recall(&received).is_none());
        assert_eq!(readings.0.read().unwrap().bytes, 0);
    }

    #[tokio::test]
    async fn what_is_remembered_never_grows_over_its_bound() {
        let readings = Readings::default();
        for number in 0..3000 {
            let body = envelope("", "getReprovisionning", &format!("K{number}"));
            let body = format!("{body}{}", " ".repeat(2000));
            let received = received("text/xml", &body).await;
            assert!(read(&readings, &received).is_ok());
            assert!(readings.recall(&received).is_some(), "the last one is there");
            let known = readings.0.read().unwrap();
            let held: usize = known.readings.keys().map(|body| body.len()).sum();
            assert!(known.bytes <= BYTES_MAX && held < known.bytes);
        }
    }
}
