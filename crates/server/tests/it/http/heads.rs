//! Request lines and headers that no client library would send.

use crate::harness::{
    Oi, basic, envelope,
    raw::{converse, length, post, post_to},
    structure,
};

const PATH: &str = "/hermesDeploiement/eReprov/2.0";

fn question() -> Vec<u8> {
    envelope(&structure("UNKNOWN")).into_bytes()
}

/// Everything that a question needs but its Host.
fn headers(more: &str) -> String {
    let login = basic("oc-demo", "oc-demo");
    let length = length(&question());
    format!("Content-Type: text/xml\r\nAuthorization: {login}\r\n{length}{more}")
}

#[tokio::test]
async fn one_host_in_http_1_1() {
    let oi = Oi::demo().await;
    for (host, status, open) in [
        ("", 400, false),
        ("Host: a\r\nHost: b\r\n", 400, false),
        ("Host: a\r\nHost: a\r\n", 400, false),
        ("Host: a b\r\n", 400, false),
        ("Host: a/b\r\n", 400, false),
        ("Host: user@a\r\n", 400, false),
        ("Host:\r\n", 200, true),
        ("Host: elsewhere.example:8080\r\n", 200, true),
        ("Host: [2001:db8::1]:8080\r\n", 200, true),
    ] {
        let sent = post_to(PATH, "HTTP/1.1", &headers(host), &question());
        let answered = converse(oi.address(), &sent).await;
        assert_eq!(answered.shape(), (vec![status], open), "{host:?}");
    }
    assert_eq!(oi.audited().await.len(), 3);
}

#[tokio::test]
async fn the_wsdl_has_the_configured_address_whatever_the_host_and_the_target() {
    let oi = Oi::demo().await;
    for target in [PATH.to_owned(), format!("http://elsewhere.example{PATH}")] {
        let sent = format!(
            "GET {target}?wsdl HTTP/1.1\r\nHost: elsewhere.example\r\n\
             X-Forwarded-Host: elsewhere.example\r\nForwarded: host=elsewhere.example\r\n\r\n"
        );
        let answered = converse(oi.address(), sent.as_bytes()).await;
        assert_eq!(answered.shape(), (vec![200], true), "{target}");
        let (_, address) = answered.replies[0].body.split_once("location=\"").unwrap();
        assert!(address.starts_with(&oi.url()), "{address}");
        assert!(!answered.replies[0].body.contains("elsewhere"));
    }
}

#[tokio::test]
async fn targets() {
    let oi = Oi::demo().await;
    let to = |target: &str| post_to(target, "HTTP/1.1", &headers("Host: x\r\n"), &question());
    for (target, status, open) in [
        (format!("http://elsewhere.example{PATH}"), 200, true),
        (format!("{PATH}/SFR%2f..%2f"), 200, true),
        (format!("{PATH}/../2.0"), 404, true),
        (format!("{PATH}/../../../../etc/passwd"), 404, true),
        (format!("{PATH}/a/b"), 404, true),
        (format!("/{PATH}"), 404, true),
        ("/hermesDeploiement/%65Reprov/2.0".to_owned(), 404, true),
        ("*".to_owned(), 404, true),
        ("elsewhere.example:80".to_owned(), 404, true),
        ("/\0".to_owned(), 400, false),
        (format!("{PATH} "), 400, false),
        (format!("/{}", "a".repeat(70_000)), 431, false),
    ] {
        let answered = converse(oi.address(), &to(&target)).await;
        let shown = &target[..target.len().min(60)];
        assert_eq!(answered.shape(), (vec![status], open), "{shown}");
        let said = &answered.replies[0];
        assert!(status == 200 || said.body.is_empty(), "{shown} is answered with {}", said.body);
    }
    assert_eq!(oi.audited().await.len(), 2);
}

#[tokio::test]
async fn headers_that_are_none() {
    let oi = Oi::demo().await;
    for bad in [
        "X-A: a\rb\r\n",
        "X-A: a\0b\r\n",
        "X-A: a\u{1b}[31m\r\n",
        "X\0A: b\r\n",
        "X A: b\r\n",
        "X-A : b\r\n",
        "X-A: a\r\n b\r\n",
        "X-A: a\r\n\tb\r\n",
        " X-A: a\r\n",
        ": b\r\n",
        "no colon\r\n",
        "Content-Encoding : gzip\r\n",
        "X-\u{e9}: a\r\n",
    ] {
        let answered = converse(oi.address(), &post(bad, b"")).await;
        assert_eq!(answered.shape(), (vec![400], false), "{bad:?}");
        assert!(answered.replies[0].body.is_empty(), "{bad:?}");
    }
    let many = "X-A: a\r\n".repeat(100);
    for too_much in [many, format!("X-A: {}\r\n", "a".repeat(100_000))] {
        let answered = converse(oi.address(), &post(&too_much, b"")).await;
        assert_eq!(answered.shape(), (vec![431], false));
    }
    assert!(oi.audited().await.is_empty());
}

/// What the standard lets a service read all the same (RFC 9112 §2.2).
#[tokio::test]
async fn empty_lines_first_and_lines_that_end_in_lf_are_read() {
    let oi = Oi::demo().await;
    let sent = post(&length(&question()), &question());
    let text = String::from_utf8(sent).unwrap();
    for odd in [format!("\r\n\r\n{text}"), text.replace("\r\n", "\n")] {
        let answered = converse(oi.address(), odd.as_bytes()).await;
        assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![200], true), "20019"));
    }
}

#[tokio::test]
async fn what_is_not_http_1_is_told_so_and_left() {
    let oi = Oi::demo().await;
    let hello = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [0x41; 300].as_slice()].concat();
    for sent in [
        format!("GET {PATH}?wsdl HTTP/2.0\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET {PATH}?wsdl HTTP/1.2\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET {PATH}?wsdl\r\n\r\n").into_bytes(),
        hello,
        [b"\xff".repeat(300), b"\r\n\r\n".to_vec()].concat(),
    ] {
        let answered = converse(oi.address(), &sent).await;
        assert_eq!(answered.shape(), (vec![400], false), "{}", String::from_utf8_lossy(&sent));
    }
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert!(!converse(oi.address(), preface).await.open);
    // An upgrade is not taken up; the request is answered as it is.
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    let sent = post(&format!("{}{upgrade}", length(&question())), &question());
    let answered = converse(oi.address(), &sent).await;
    assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![200], true), "20019"));
}
