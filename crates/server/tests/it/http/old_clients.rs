//! HTTP/1.0, `Expect`, pipelining, HEAD.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{
    MUT, Oi, basic, envelope, get,
    raw::{RawReply, converse, length, post, post_to},
    structure,
};

const PATH: &str = "/hermesDeploiement/eReprov/2.0";

fn question() -> Vec<u8> {
    envelope(&structure("UNKNOWN")).into_bytes()
}

#[tokio::test]
async fn http_1_0_with_and_without_a_host_and_a_kept_connection() {
    let oi = Oi::demo().await;
    let body = envelope(&structure(MUT)).into_bytes();
    let login = basic("oc-demo", "oc-demo");
    let own = format!("Content-Type: text/xml\r\nAuthorization: {login}\r\n{}", length(&body));
    for (more, kept) in [("", false), ("Host: x\r\n", false), ("Connection: keep-alive\r\n", true)]
    {
        let sent = post_to(PATH, "HTTP/1.0", &format!("{own}{more}"), &body);
        let answered = converse(oi.address(), &sent.repeat(2)).await;
        let shape = if kept { (vec![200, 200], true) } else { (vec![200], false) };
        assert_eq!(answered.shape(), shape, "{more}");
        for reply in &answered.replies {
            assert_eq!(reply.outcome(), "OK");
            assert!(reply.head.starts_with("HTTP/1.0 "), "{}", reply.head);
            assert!(reply.header("transfer-encoding").is_none(), "it knows no chunks");
            assert_eq!(reply.header("content-length"), Some(&*reply.body.len().to_string()));
            assert_eq!(reply.header("connection").is_some(), kept, "{}", reply.head);
        }
    }
    // It cannot send chunks either, and what it does not announce is not there.
    let sent = post_to(PATH, "HTTP/1.0", "Transfer-Encoding: chunked\r\n", b"0\r\n\r\n");
    assert_eq!(converse(oi.address(), &sent).await.shape(), (vec![400], false));
    let sent = post_to(PATH, "HTTP/1.0", "Content-Type: text/xml\r\n", &body);
    let answered = converse(oi.address(), &sent).await;
    assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![500], false), "20001"));
}

#[tokio::test]
async fn a_connection_that_is_to_end_is_told_so() {
    let oi = Oi::demo().await;
    let headers = format!("{}Connection: close\r\n", length(&question()));
    let answered = converse(oi.address(), &post(&headers, &question())).await;
    assert_eq!(answered.shape(), (vec![200], false));
    assert_eq!(answered.replies[0].header("connection"), Some("close"));
}

#[tokio::test]
async fn who_waits_for_100_continue_gets_it_or_the_answer_itself() {
    let oi = Oi::demo().await;
    let body = question();
    let ask = async |headers: &str| {
        let mut stream = TcpStream::connect(oi.address()).await.unwrap();
        let sent = post(&format!("Expect: 100-continue\r\n{headers}"), b"");
        stream.write_all(&sent).await.unwrap();
        let mut first = [0; 12];
        let came = timeout(Duration::from_secs(5), stream.read_exact(&mut first)).await;
        came.expect("it waits with its body").unwrap();
        (stream, String::from_utf8(first.to_vec()).unwrap())
    };
    let (mut stream, first) = ask(&format!("{}Connection: close\r\n", length(&body))).await;
    assert_eq!(first, "HTTP/1.1 100");
    stream.write_all(&body).await.unwrap();
    let mut rest = String::new();
    timeout(Duration::from_secs(5), stream.read_to_string(&mut rest)).await.unwrap().unwrap();
    assert!(rest.contains("HTTP/1.1 200 OK") && rest.contains("20019"), "{rest}");
    // What is refused is refused before the body is sent.
    assert_eq!(ask("Content-Length: 65537\r\n").await.1, "HTTP/1.1 413");
    assert_eq!(ask("Content-Length: 9\r\nContent-Encoding: br\r\n").await.1, "HTTP/1.1 415");
    // An expectation that nobody knows may be passed over (RFC 9110 §10.1.1).
    let sent = post(&format!("{}Expect: more\r\n", length(&body)), &body);
    assert_eq!(converse(oi.address(), &sent).await.shape(), (vec![200], true));
}

#[tokio::test]
async fn pipelined_questions_are_answered_in_their_order() {
    let oi = Oi::demo().await;
    let sent: Vec<u8> = (0..40)
        .flat_map(|number| {
            // Some are refused before anything is read of them, some take longer.
            let (kind, body) = match number % 4 {
                0 => ("application/json", b"{}".to_vec()),
                1 => ("text/xml", envelope(&structure(MUT)).into_bytes()),
                2 => ("text/xml", envelope(&get(&format!("CONTRAT-{number}"))).into_bytes()),
                _ => ("text/xml", b"no question".to_vec()),
            };
            let login = basic("oc-demo", "oc-demo");
            let own = format!(
                "Host: x\r\nContent-Type: {kind}\r\nAuthorization: {login}\r\n{}",
                length(&body)
            );
            post_to(PATH, "HTTP/1.1", &own, &body)
        })
        .collect();
    let answered = converse(oi.address(), &sent).await;
    assert_eq!(answered.shape(), ([415, 200, 200, 500].repeat(10), true));
    let outcomes: Vec<_> = answered.replies.iter().map(RawReply::outcome).collect();
    assert_eq!(outcomes, ["", "OK", "20019", "20001"].repeat(10));
    assert_eq!(oi.audited().await.len(), 20, "one row each");
}

#[tokio::test]
async fn who_has_the_document_is_not_sent_it_again() {
    let oi = Oi::demo().await;
    let ask = async |query: &str, known: &str| {
        let sent =
            format!("GET {PATH}{query} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {known}\r\n\r\n");
        converse(oi.address(), sent.as_bytes()).await.replies.remove(0)
    };
    let mut tags = Vec::new();
    for query in ["?wsdl", "?wsdl&soap=1.2", "?xsd=1"] {
        let first = ask(query, "\"another\"").await;
        assert_eq!(first.status, 200, "{query}");
        let tag = first.header("etag").unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".into()] {
            let again = ask(query, &known).await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{query} {known}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
        }
        tags.push(tag);
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "each document has its own");
}

#[tokio::test]
async fn head_is_get_without_the_body_and_other_methods_are_refused() {
    let oi = Oi::demo().await;
    let ask = async |method: &str, query: &str| {
        let sent = format!("{method} {PATH}{query} HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut answered = converse(oi.address(), sent.as_bytes()).await;
        assert!(answered.open, "{method} {query}");
        answered.replies.remove(0)
    };
    let told = |reply: &RawReply| -> Vec<String> {
        let lines = reply.head.lines().map(str::to_ascii_lowercase);
        let mut lines: Vec<_> = lines.filter(|line| !line.starts_with("date:")).collect();
        lines.sort();
        lines
    };
    for query in ["?wsdl", "?WSDL", "?singleWsdl", "?wsdl&soap=1.2", "?xsd=1", "/SFR?xsd=1"] {
        let (whole, bare) = (ask("GET", query).await, ask("HEAD", query).await);
        assert_eq!((whole.status, bare.status, bare.body.len()), (200, 200, 0), "{query}");
        assert_eq!(told(&whole), told(&bare), "{query}");
        let length = whole.body.len().to_string();
        assert_eq!(bare.header("content-length"), Some(length.as_str()), "{query}");
        assert_eq!(bare.header("content-type"), Some("text/xml; charset=utf-8"), "{query}");
    }
    let (whole, bare) = (ask("GET", "/").await, ask("HEAD", "/").await);
    assert_eq!((whole.status, bare.status, bare.body.len()), (405, 405, 0));
    assert!(whole.body.len() > 20, "it says why");
    assert_eq!(told(&whole), told(&bare));
    for method in ["TRACE", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "post", "GET"] {
        let refused = ask(method, "").await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, POST")));
        assert!(!refused.body.contains("Host"), "{method} is shown back");
    }
    // A name in a header is no method.
    let headers = format!("{}X-HTTP-Method-Override: DELETE\r\n", length(&question()));
    assert_eq!(converse(oi.address(), &post(&headers, &question())).await.shape().0, [200]);
}
