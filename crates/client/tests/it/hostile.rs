//! Answers that are meant to hurt are bounded in bytes, in depth and in time, and nothing follows them
//! elsewhere.

use std::{net::SocketAddr, time::Duration};

use ereprov_client::{Endpoint, Error, NoAnswer};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};

use crate::harness::{client, contract, put, url};

/// Answers every question with these pieces, one after the other with a wait between them.
async fn answering(pieces: Vec<Vec<u8>>, wait: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let mut question = vec![0; 16 * 1024];
                let _ = stream.read(&mut question).await;
                for piece in pieces {
                    if stream.write_all(&piece).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(wait).await;
                }
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn ask(pieces: Vec<Vec<u8>>, wait: Duration) -> Error {
    let address = answering(pieces, wait).await;
    let folder = tempdir().unwrap();
    let endpoint = Endpoint::new(&url(address.port(), "http"))
        .timeouts(Duration::from_secs(1), Duration::from_secs(2))
        .answer_bytes_max(100_000);
    client(endpoint, folder.path()).structure(&contract("C")).await.unwrap_err()
}

#[tokio::test]
async fn more_bytes_than_are_read_are_not_read() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "<a>".repeat(10)).into_bytes();
    let mut pieces = vec![endless];
    pieces.extend(vec![vec![b'x'; 64 * 1024]; 64]);
    let error = ask(pieces, Duration::ZERO).await;
    assert!(matches!(error, Error::TooBig), "{error:?}");
    let heads = vec![[b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'y'; 2 << 20]].concat()];
    let error = ask(heads, Duration::ZERO).await;
    assert!(matches!(error, Error::Cut(_) | Error::TimedOut), "{error:?}");
}

#[tokio::test]
async fn depth_references_and_doctypes_are_refused_at_once() {
    let deep = format!("{}{}", "<a>".repeat(9000), "</a>".repeat(9000));
    let wide =
        format!("<a{}/>", (0..9000).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat());
    let laughs = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned();
    for text in [deep, wide, laughs, "<a>&#xD800;</a>".to_owned()] {
        let started = Instant::now();
        let error = ask(vec![ok(&text)], Duration::ZERO).await;
        assert!(matches!(error, Error::Unreadable(NoAnswer::Xml(_))), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    let error = ask(vec![ok("\u{0}\u{1}")], Duration::ZERO).await;
    assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_drips_is_not_waited_for() {
    let mut pieces = vec![b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n".to_vec()];
    pieces.extend(vec![b" ".to_vec(); 1000]);
    let started = Instant::now();
    let error = ask(pieces, Duration::from_millis(50)).await;
    assert!(matches!(error, Error::TimedOut), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn no_question_follows_a_redirection() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = canary.local_addr().unwrap();
    for status in ["301 Moved", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let text = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n"
        );
        let error = ask(vec![text.into_bytes()], Duration::ZERO).await;
        assert!(matches!(error, Error::Http { .. }), "{error:?}");
    }
    let called = tokio::time::timeout(Duration::from_millis(100), canary.accept()).await;
    assert!(called.is_err(), "the password went elsewhere");
}

/// A put whose answer and whose readings are all of this kind stays unknown, and is kept.
#[tokio::test]
async fn a_put_that_gets_nonsense_stays_unknown_and_is_kept() {
    let address = answering(vec![ok("<html/>")], Duration::ZERO).await;
    let folder = tempdir().unwrap();
    let client = client(Endpoint::new(&url(address.port(), "http")), folder.path());
    let put = put("C", "F");
    let Error::OutcomeUnknown(unknown) = client.put(&put).await.unwrap_err() else { panic!() };
    assert_eq!(unknown.unsettled.put, put);
    assert!(matches!(unknown.reading, Some(Error::Unreadable(NoAnswer::NoEnvelope))));
    let other = crate::harness::put("C", "G");
    let earlier = client.put(&other).await.unwrap_err();
    assert!(matches!(earlier, Error::EarlierUnsettled(_)), "{earlier:?}");
    assert_eq!(client.unsettled().unwrap(), [unknown.unsettled]);
    client.forget(&put.contract).await.unwrap();
    assert_eq!(client.unsettled().unwrap(), []);
}
