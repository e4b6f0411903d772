//! A request as it is written on a connection, and what an answer must be.

use std::io::Write;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use flate2::{Compression, write::GzEncoder};

use crate::{
    expat,
    tree::Element,
    words::{CODES, METHODS, SERVICE, SOAP_11, SOAP_12},
};

/// The path of the service.
pub const PATH: &str = "/hermesDeploiement/eReprov/2.0";

/// Headers of a request at the most, as the listener has it.
const HEADERS_MAX: usize = 64;

/// Reads a request's head and takes what follows for its body; `None`: the listener would have refused
/// it. A body that is announced as gzip and is none is packed, for no chance packs anything.
pub fn request(bytes: &[u8]) -> Option<Request<Body>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    let mut request = Request::builder().method(head.method?).uri(head.path?);
    let mut packed = false;
    for header in head.headers.iter() {
        packed |= header.name.eq_ignore_ascii_case("content-encoding") && header.value == b"gzip";
        request = request.header(header.name, header.value);
    }
    let body = &bytes[length..];
    let body = if packed && !body.starts_with(&[0x1f, 0x8b]) { pack(body) } else { body.to_vec() };
    request.body(Body::from(body)).ok()
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// Holds it against the contract.
    ///
    /// # Panics
    /// It breaks it.
    pub fn check(&self, method: &Method, path: &str) {
        let kind = self.header("content-type");
        let document = kind.contains("xml").then(|| {
            expat::read(&self.body).unwrap_or_else(|wrong| panic!("{wrong}: {}", self.body))
        });
        let is_ours = path.starts_with(PATH) && self.status != StatusCode::NOT_FOUND;
        if !is_ours {
            let known = [200, 400, 404, 405, 501].contains(&self.status.as_u16());
            assert!(known, "{} for {path}", self.status);
            return;
        }
        if *method != Method::POST {
            self.check_page(method);
            return;
        }
        // A head that cannot be is refused before it is a request.
        let is_no_request = [400, 501].contains(&self.status.as_u16());
        let id = self.header("x-request-id");
        assert!(is_no_request || id.len() == 36, "the id of a request: {self:?}");
        match (self.status.as_u16(), document) {
            (200 | 401, Some(document)) => self.check_answer(&document),
            (500, Some(document)) => self.check_fault(&document),
            (400 | 413 | 415 | 501, None) => assert!(kind.starts_with("text/plain"), "{self:?}"),
            _ => panic!("{self:?}"),
        }
    }

    fn check_page(&self, method: &Method) {
        if [400, 501].contains(&self.status.as_u16()) {
            return;
        }
        if [Method::GET, Method::HEAD].contains(method) && self.status == StatusCode::OK {
            assert_eq!(self.header("content-type"), "text/xml; charset=utf-8");
        } else {
            assert_eq!(self.status, StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(self.header("allow"), "GET, HEAD, POST");
        }
    }

    /// An answer of a method.
    fn check_answer(&self, envelope: &Element) {
        let body = self.body_of(envelope);
        let (namespace, name) = &body.name;
        assert_eq!(namespace, SERVICE);
        let method = name.strip_suffix("Response").expect("…Response");
        assert!(METHODS.contains(&method), "{name}");
        let inside = only(body, "return");
        let entete = inside.children().next().expect("enteteResponse");
        assert_eq!(entete.name.1, "enteteResponse");
        let said: Vec<_> = entete
            .children()
            .map(|part| (part.name.1.as_str(), part.text().expect("a value")))
            .collect();
        let code = match said.as_slice() {
            [("statut", "OK")] => {
                assert!(method == "getRoSite" || inside.children().count() == 2, "{}", self.body);
                None
            }
            [("statut", "KO"), ("codeErreur", code), ("libelleErreur", label)] => {
                assert!(CODES.contains(code), "{code}: {}", self.body);
                assert!(!label.is_empty() && label.chars().count() <= 255, "{label}");
                assert_eq!(inside.children().count(), 1, "{}", self.body);
                Some(*code)
            }
            _ => panic!("{}", self.body),
        };
        let challenged = self.header("www-authenticate").starts_with("Basic ");
        assert_eq!(self.status == StatusCode::UNAUTHORIZED, challenged);
        assert!(!challenged || code == Some("10000"), "{}", self.body);
    }

    /// A fault: what is no question of a known method.
    fn check_fault(&self, envelope: &Element) {
        let fault = self.body_of(envelope);
        let all = fault.all();
        assert_eq!(fault.name.1, "Fault", "{}", self.body);
        let codes = all.iter().filter(|element| element.name.1 == "codeErreur");
        for code in codes {
            assert_eq!(code.text(), Some("20001"), "a healthy service: {}", self.body);
        }
        let reason = all.iter().find(|e| ["faultstring", "Text"].contains(&e.name.1.as_str()));
        let reason = reason.and_then(|element| element.text()).expect("a reason");
        assert!(!reason.is_empty() && reason.chars().count() < 4096, "{reason}");
    }

    /// The one element in the body of an envelope, whose version is its Content-Type's.
    fn body_of<'e>(&self, envelope: &'e Element) -> &'e Element {
        let version = match self.header("content-type") {
            "text/xml; charset=utf-8" => SOAP_11,
            "application/soap+xml; charset=utf-8" => SOAP_12,
            other => panic!("Content-Type {other}"),
        };
        assert_eq!(envelope.name, (version.to_owned(), "Envelope".to_owned()));
        let body = envelope.children().find(|part| part.name.1 == "Body").expect("a Body");
        let mut inside = body.children();
        let first = inside.next().expect("something in the Body");
        assert!(inside.next().is_none(), "{}", self.body);
        first
    }
}

fn only<'e>(element: &'e Element, name: &str) -> &'e Element {
    let mut inside = element.children();
    let child = inside.next().expect("an element");
    assert_eq!(child.name, (String::new(), name.to_owned()));
    assert!(inside.next().is_none());
    child
}
