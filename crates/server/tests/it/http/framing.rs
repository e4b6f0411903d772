//! Where a body ends: whatever two readers could understand as two different requests is refused,
//! or is answered once and ends its connection.

use crate::harness::{
    Oi, envelope,
    raw::{converse, length, post},
    structure,
};

fn question() -> Vec<u8> {
    envelope(&structure("UNKNOWN")).into_bytes()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", body.len());
    [size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[tokio::test]
async fn lengths_that_are_none_end_the_connection() {
    let oi = Oi::demo().await;
    let body = question();
    let right = length(&body);
    for wrong in [
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x10\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 1e2\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length : 5\r\n",
        &format!("{right}Content-Length: 5\r\n"),
        &format!("Content-Length: 5\r\n{right}"),
    ] {
        let answered = converse(oi.address(), &post(wrong, &body)).await;
        assert_eq!(answered.shape(), (vec![400], false), "{wrong}");
    }
    assert!(oi.audited().await.is_empty());
    // Said twice alike, it is the length.
    let answered = converse(oi.address(), &post(&right.repeat(2), &body)).await;
    assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![200], true), "20019"));
}

#[tokio::test]
async fn lengths_that_lie() {
    let oi = Oi::demo().await;
    let body = question();
    // Too short: what is left over is no request, and ends the connection.
    let answered = converse(oi.address(), &post("Content-Length: 10\r\n", &body)).await;
    assert_eq!(answered.shape(), (vec![500, 400], false));
    assert_eq!(answered.replies[0].outcome(), "20001");
    // Too long: the next request is part of the body, and is not answered as one.
    let (next, login) = (post(&length(&body), &body), crate::harness::basic("oc-demo", "oc-demo"));
    let swallowed = [&body[..], &next].concat();
    let answered = converse(oi.address(), &post(&length(&swallowed), &swallowed)).await;
    assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![500], true), "20001"));
    assert!(!answered.replies[0].body.contains(&login), "the body is shown back");
    // Longer than it may be: refused before a byte of it is read.
    let answered = converse(oi.address(), &post("Content-Length: 65537\r\n", b"")).await;
    assert_eq!(answered.shape(), (vec![413], false));
    assert!(oi.audited().await.is_empty(), "no question arrived");
}

#[tokio::test]
async fn a_body_that_stops_half_way_is_a_fault() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let oi = Oi::demo().await;
    let body = question();
    let half = post(&length(&body), &body[..body.len() / 2]);
    let mut stream = tokio::net::TcpStream::connect(oi.address()).await.unwrap();
    stream.write_all(&half).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let ended =
        tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_string(&mut answer));
    assert!(ended.await.is_ok(), "half a body is waited for although its sender is gone");
    assert!(answer.is_empty() || answer.contains("en entier"), "{answer}");
    assert!(oi.audited().await.is_empty());
}

#[tokio::test]
async fn with_both_a_length_and_chunks_nothing_is_smuggled() {
    let oi = Oi::demo().await;
    let body = question();
    let smuggled = post(&length(&body), &body);
    let chunks = [chunked(&body), smuggled.clone()].concat();
    for headers in [
        // The length covers both requests, the chunks only the first one, and the other way round.
        format!("{}{CHUNKED}", length(&chunks)),
        format!("{CHUNKED}{}", length(&chunks)),
        format!("Content-Length: 4\r\n{CHUNKED}"),
    ] {
        let answered = converse(oi.address(), &post(&headers, &chunks)).await;
        assert_eq!(answered.shape(), (vec![200], false), "{headers}");
    }
    assert_eq!(oi.audited().await.len(), 3, "one each");
}

#[tokio::test]
async fn transfer_encodings_other_than_chunked_are_refused() {
    let oi = Oi::demo().await;
    let chunks = chunked(&question());
    for (coding, status) in [
        ("xchunked", 400),
        ("identity", 400),
        ("chunked, gzip", 400),
        ("chunked;q=1", 400),
        ("\u{b}chunked", 400),
        ("chunked\r\nTransfer-Encoding: x", 400),
        ("\r\n chunked", 400),
        ("chunked, chunked", 501),
        ("gzip, chunked", 501),
        (", chunked", 501),
        ("x\r\nTransfer-Encoding: chunked", 501),
        ("chunked\r\nTransfer-Encoding: chunked", 501),
    ] {
        let headers = format!("Transfer-Encoding: {coding}\r\n");
        let answered = converse(oi.address(), &post(&headers, &chunks)).await;
        assert_eq!(answered.shape(), (vec![status], false), "{coding:?}");
    }
    assert!(oi.audited().await.is_empty());
    let answered = converse(oi.address(), &post("Transfer-Encoding: Chunked\r\n", &chunks)).await;
    assert_eq!((answered.shape(), answered.replies[0].outcome()), ((vec![200], true), "20019"));
}

#[tokio::test]
async fn chunks_as_the_standard_has_them_and_as_it_has_not() {
    let oi = Oi::demo().await;
    let body = question();
    let size = body.len();
    let all = |begin: String, end: &str| [begin.as_bytes(), &body, end.as_bytes()].concat();
    let single: Vec<u8> =
        body.iter().flat_map(|byte| [b'1', b'\r', b'\n', *byte, b'\r', b'\n']).collect();
    for good in [
        all(format!("{size:X}\r\n"), "\r\n0\r\n\r\n"),
        all(format!("{size:08x};name=\"value\"\r\n"), "\r\n0\r\n\r\n"),
        all(format!("{size:x}\r\n"), "\r\n0\r\nX-Trailer: a\r\n\r\n"),
        // A trailer is no header: it announces and proves nothing.
        all(format!("{size:x}\r\n"), "\r\n0\r\nContent-Length: 3\r\nAuthorization: x\r\n\r\n"),
        [&single[..], b"0\r\n\r\n"].concat(),
    ] {
        let answered = converse(oi.address(), &post(CHUNKED, &good)).await;
        let shown = String::from_utf8_lossy(&good);
        assert_eq!(answered.shape(), (vec![200], true), "{shown}");
        assert_eq!(answered.replies[0].outcome(), "20019", "{shown}");
    }
    let counted = oi.audited().await.len();
    for bad in [
        all("ffffffffffffffffff\r\n".into(), "\r\n0\r\n\r\n"),
        all("-1\r\n".into(), "\r\n0\r\n\r\n"),
        all(format!("0x{size:x}\r\n"), "\r\n0\r\n\r\n"),
        all(format!("{size:x}\n"), "\n0\n\n"),
        all(format!("{:x}\r\n", size - 5), "\r\n0\r\n\r\n"),
        all(format!("{size:x};{}\r\n", "a".repeat(70_000)), "\r\n0\r\n\r\n"),
        all(format!("{size:x}\r\n"), &format!("\r\n0\r\n{}\r\n", "X-A: b\r\n".repeat(2000))),
    ] {
        let answered = converse(oi.address(), &post(CHUNKED, &bad)).await;
        let shown = String::from_utf8_lossy(&bad[..40]);
        assert_eq!(answered.shape(), (vec![500], false), "{shown}");
        assert_eq!(answered.replies[0].outcome(), "20001", "{shown}");
    }
    let chunk = [b"8000\r\n", &b"a".repeat(0x8000)[..], b"\r\n"].concat();
    let endless = chunk.repeat(8);
    let answered = converse(oi.address(), &post(CHUNKED, &endless)).await;
    assert_eq!(answered.shape(), (vec![413], false), "no end of chunks");
    assert_eq!(oi.audited().await.len(), counted);
}
