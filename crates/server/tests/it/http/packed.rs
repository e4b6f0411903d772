//! Content-Encoding and Content-Type, as they should be and as they should not.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::harness::{
    Oi, basic, envelope,
    raw::{converse, length, post, post_to},
    structure,
};

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn question() -> Vec<u8> {
    envelope(&structure("UNKNOWN")).into_bytes()
}

#[tokio::test]
async fn gzip_whole_broken_and_layered() {
    let oi = Oi::demo().await;
    let (plain, packed) = (question(), pack(&question()));
    let end = packed.len();
    let members = [pack(&plain[..50]), pack(&plain[50..])].concat();
    let wrong_sum = [&packed[..end - 8], &[0; 8]].concat();
    let endless_name = [&packed[..3], &[8], &packed[4..10], &b"a".repeat(60_000)].concat();
    for (what, body, status, outcome) in [
        ("whole", packed.clone(), 200, "20019"),
        ("in two members", members, 200, "20019"),
        ("cut", packed[..end - 20].to_vec(), 500, "20001"),
        ("without its sum", packed[..end - 4].to_vec(), 500, "20001"),
        ("with a wrong sum", wrong_sum, 500, "20001"),
        ("with more behind it", [&packed[..], b"<more/>"].concat(), 500, "20001"),
        ("empty", Vec::new(), 500, "20001"),
        ("packed twice", pack(&packed), 500, "20001"),
        ("a name without end", endless_name, 500, "20001"),
        ("a bomb of 100 MB", pack(&vec![b' '; 100 << 20])[..60_000].to_vec(), 413, ""),
        ("just too much", pack(&[plain.clone(), vec![b' '; 65_536]].concat()), 413, ""),
    ] {
        let headers = format!("{}Content-Encoding: gzip\r\n", length(&body));
        let answered = converse(oi.address(), &post(&headers, &body)).await;
        assert_eq!(answered.shape(), (vec![status], true), "{what}");
        assert_eq!(answered.replies[0].outcome(), outcome, "{what}");
    }
    assert_eq!(oi.audited().await.len(), 2);
}

#[tokio::test]
async fn codings_other_than_one_gzip_are_told() {
    let oi = Oi::demo().await;
    let body = pack(&question());
    for coding in [
        "deflate",
        "br",
        "zstd",
        "compress",
        "gzip, gzip",
        "gzip\r\nContent-Encoding: gzip",
        "identity\r\nContent-Encoding: gzip",
        "gzip;q=1",
    ] {
        let headers = format!("{}Content-Encoding: {coding}\r\n", length(&body));
        let answered = converse(oi.address(), &post(&headers, &body)).await;
        assert_eq!(answered.shape(), (vec![415], true), "{coding}");
    }
    assert!(oi.audited().await.is_empty());
}

#[tokio::test]
async fn types_that_are_soap_and_types_that_are_not() {
    let oi = Oi::demo().await;
    let body = question();
    let ask = async |types: &str| {
        let login = basic("oc-demo", "oc-demo");
        let own = format!("Host: x\r\nAuthorization: {login}\r\n{types}{}", length(&body));
        let sent = post_to("/hermesDeploiement/eReprov/2.0", "HTTP/1.1", &own, &body);
        let mut answered = converse(oi.address(), &sent).await;
        assert!(answered.open, "{types}");
        answered.replies.remove(0).status
    };
    for good in [
        "",
        "Content-Type: TEXT/XML; CHARSET=UTF-8\r\n",
        "Content-Type: text/xml;charset=\"utf-8\"\r\n",
        "Content-Type: application/soap+xml ; action=\"\"\r\n",
        "Content-Type: application/xml\r\n",
        "Content-Type: text/xml\r\nContent-Type: text/xml\r\n",
    ] {
        assert_eq!(ask(good).await, 200, "{good}");
    }
    for bad in [
        "multipart/related; type=\"application/xop+xml\"; boundary=x",
        "application/xop+xml; type=\"text/xml\"",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "text/html",
        "text/xml, application/json",
        "text/xml\r\nContent-Type: application/json",
        "text/xml\r\nContent-Type: application/soap+xml",
    ] {
        assert_eq!(ask(&format!("Content-Type: {bad}\r\n")).await, 415, "{bad}");
    }
    assert_eq!(oi.audited().await.len(), 6);
}
