//! Where callers are, seen through the OI's proxies.

use std::time::Duration;

use ereprov_server::{ip_list::IpList, store::operators::Change};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    harness::{Caller, MUT, Oi, Reply, Setup, basic, envelope, structure},
    login::{REFUSED, audited, cause, change},
};

const PROXY: &str = "127.0.0.2";

/// A service behind proxies, with more settings of `[server]`.
async fn behind(more: &str) -> Oi {
    let config = format!("[server]\ntrusted_proxies = [\"{PROXY}\", \"192.0.2.0/24\"]\n{more}");
    Setup::config(&config).start().await
}

/// Asks with a header of a proxy's.
async fn ask(oi: &Oi, from: &Caller, password: &str, header: (&str, &str)) -> Reply {
    let login = basic("oc-demo", password);
    let headers = [("authorization", login.as_str()), header];
    from.post(&oi.url(), &envelope(&structure(MUT)), &headers).await
}

/// Where the OI sees it come from.
async fn address(oi: &Oi, reply: &Reply) -> String {
    reply.assert("OK");
    audited(oi, reply).await.address
}

#[tokio::test]
async fn the_address_of_a_caller_is_what_a_trusted_proxy_says_and_nobody_else() {
    let oi = behind("").await;
    let (proxy, stranger) = (Caller::at(PROXY), Caller::at("127.0.0.1"));
    for (from, said, is) in [
        (&proxy, "203.0.113.5", "203.0.113.5"),
        (&proxy, "2001:db8::5", "2001:db8::5"),
        (&proxy, "198.51.100.1, 203.0.113.5, 192.0.2.7", "203.0.113.5"),
        (&proxy, "what the caller sent, 203.0.113.5", "203.0.113.5"),
        (&proxy, "", PROXY),
        (&stranger, "203.0.113.5", "127.0.0.1"),
        (&stranger, "nonsense", "127.0.0.1"),
    ] {
        let reply = ask(&oi, from, "oc-demo", ("x-forwarded-for", said)).await;
        assert_eq!(address(&oi, &reply).await, is, "{said}");
    }
    let reply = ask(&oi, &proxy, "oc-demo", ("forwarded", "for=203.0.113.5")).await;
    assert_eq!(address(&oi, &reply).await, PROXY, "the other header says nothing");
    let rows = oi.audited().await.len();
    let unclear = ask(&oi, &proxy, "oc-demo", ("x-forwarded-for", "203.0.113.5, unknown")).await;
    assert_eq!(unclear.status, 400);
    assert!(unclear.header("x-request-id").is_some());
    assert!(unclear.body.contains("Forwarded"), "{}", unclear.body);
    assert_eq!(oi.audited().await.len(), rows, "it was no question of anybody's");
}

#[tokio::test]
async fn the_header_of_rfc_7239_is_read_where_it_is_chosen() {
    let oi = behind("forwarded_header = \"forwarded\"").await;
    let proxy = Caller::at(PROXY);
    let said = "for=198.51.100.1, for=\"[2001:db8::5]:4711\";proto=https, for=192.0.2.7";
    let reply = ask(&oi, &proxy, "oc-demo", ("forwarded", said)).await;
    assert_eq!(address(&oi, &reply).await, "2001:db8::5");
    let reply = ask(&oi, &proxy, "oc-demo", ("x-forwarded-for", "203.0.113.5")).await;
    assert_eq!(address(&oi, &reply).await, PROXY);
    let unclear = ask(&oi, &proxy, "oc-demo", ("forwarded", "for=unknown")).await;
    assert_eq!(unclear.status, 400);
}

#[tokio::test]
async fn without_trusted_proxies_no_header_says_anything() {
    let oi = Oi::demo().await;
    for name in ["x-forwarded-for", "forwarded"] {
        let reply = ask(&oi, &Caller::new(), "oc-demo", (name, "for=\"nonsense")).await;
        assert_eq!(address(&oi, &reply).await, "127.0.0.1");
    }
}

#[tokio::test]
async fn addresses_and_waits_are_those_of_the_callers_behind_the_proxy() {
    let oi = behind("[admission]\nlogin_failures_max = 3\nlogin_backoff_first_ms = 60000").await;
    let proxy = Caller::at(PROXY);
    let ask = async |from: &str, password: &str| {
        ask(&oi, &proxy, password, ("x-forwarded-for", from)).await
    };
    change(&oi, Change::Addresses(Some(IpList::parse("203.0.113.0/24,2001:db8::/32").unwrap())))
        .await;
    ask("203.0.113.5", "oc-demo").await.assert("OK");
    let elsewhere = ask("198.51.100.1", "oc-demo").await;
    assert_eq!(elsewhere.libelle(), REFUSED);
    assert_eq!(cause(&oi, &elsewhere).await, "not from 198.51.100.1, right password: oc-demo");
    assert_eq!(ask("", "oc-demo").await.libelle(), REFUSED, "the proxy is not on the list");
    let waits = async |from: &str| ask(from, "wrong").await.header("retry-after").is_some();
    for _ in 0..3 {
        assert!(!waits("203.0.113.9").await);
        assert!(!waits("2001:db8:0:1::9").await);
    }
    assert!(waits("203.0.113.9").await);
    assert!(waits("2001:db8:0:1:ffff::1").await, "the same customer's network");
    assert!(!waits("203.0.113.8").await);
    assert!(!waits("2001:db8:0:2::9").await);
    ask("203.0.113.5", "oc-demo").await.assert("OK");
}

/// A connection that has been answered, and so has been counted; `None`: it was closed.
async fn connect(oi: &Oi, from: &str) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(oi.address()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.ok()?;
    let answered = timeout(Duration::from_secs(5), stream.read_exact(&mut [0; 12])).await;
    answered.expect("it is closed at once, or answered").ok()?;
    Some(stream)
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_it_needs() {
    let oi = behind("connections_per_address_max = 2").await;
    let (mut proxied, mut others) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        proxied.push(connect(&oi, PROXY).await.expect("any number"));
    }
    for _ in 0..2 {
        others.push(connect(&oi, "127.0.0.3").await.expect("two"));
    }
    assert!(connect(&oi, "127.0.0.3").await.is_none(), "others are counted as before");
}
