//! An HTTP client, as an OC has one.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::{answer::Reply, schema};

/// A request that got no answer.
pub type Lost = Error;

/// A client.
pub struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    schema: bool,
}

impl Caller {
    pub fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), schema: true }
    }

    /// One that does not hold the answers against the schema, for those who ask thousands of times.
    pub fn trusting() -> Self {
        Self { schema: false, ..Self::new() }
    }

    /// One at another of the machine's addresses.
    pub fn at(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.parse().unwrap()));
        Self { client: Client::builder(TokioExecutor::new()).build(connector), schema: true }
    }

    /// Asks as `oc-demo`.
    pub async fn ask(&self, url: &str, question: &str) -> Reply {
        let login = basic("oc-demo", "oc-demo");
        self.post(url, &envelope(question), &[("authorization", login.as_str())]).await
    }

    /// Sends a document in SOAP 1.1's way, whatever it is.
    pub async fn post(&self, url: &str, body: &str, headers: &[(&str, &str)]) -> Reply {
        let mut all = vec![("content-type", "text/xml; charset=utf-8")];
        all.retain(|(name, _)| headers.iter().all(|(own, _)| own != name));
        all.extend(headers);
        self.send(Method::POST, url, body.as_bytes().to_vec(), &all).await.unwrap()
    }

    /// Sends anything anywhere; an answer is held against the schema.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, Lost> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let headers = headers.collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let reply = Reply { status, headers, body: String::from_utf8(bytes.to_vec()).unwrap() };
        if self.schema {
            let answered = reply.body.clone();
            tokio::task::spawn_blocking(move || schema::validate(status, &answered)).await.unwrap();
        }
        Ok(reply)
    }

    /// Waits until a service that was just started answers.
    pub async fn until_ready(&self, url: &str) {
        let give_up = Instant::now() + Duration::from_secs(10);
        let wsdl = format!("{url}?wsdl");
        while self.send(Method::GET, &wsdl, Vec::new(), &[]).await.is_err() {
            assert!(Instant::now() < give_up, "{url} never answered");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub fn basic(login: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{login}:{password}")))
}

pub fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body>\
         </s:Envelope>"
    )
}
