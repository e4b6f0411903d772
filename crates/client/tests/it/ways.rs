//! Ways to a service: TLS with a private authority and a certificate of one's own, proxies, headers.

#[path = "../../../server/tests/it/harness/authority.rs"]
mod authority;

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use authority::{authority, install, issued};
use ereprov_client::{
    CodeErreur, Endpoint, Error, Exchange, Login, Mistrust, Password, SoapVersion, Why,
};
use ereprov_server::demo;
use rcgen::{CertificateParams, KeyPair, SanType};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    digests,
    harness::{MUT, Oi, basic, client, contract, hasty, put, url},
    losing::Losing,
};

#[tokio::test]
async fn a_private_authority_and_a_certificate_of_one_s_own() {
    let (own, callers, stranger) = (authority(), authority(), authority());
    let files = tempdir().unwrap();
    install(files.path(), &own);
    fs::write(files.path().join("callers.pem"), callers.pem()).unwrap();
    let at = files.path().display();
    let config = format!(
        "[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n\
         client_ca_file = \"{at}/callers.pem\"\n"
    );
    let oi = Oi::with(&config, demo::files()).await;
    let https = url(oi.running.address.port(), "https");
    let (certificate, key) = issued(&callers);
    let identity = (certificate.pem() + &key.serialize_pem()).into_bytes();
    let folder = tempdir().unwrap();
    let endpoint = || Endpoint::new(&https).login(basic("oc-demo"));
    let trusting = || endpoint().authority(own.pem().into_bytes());

    let sound = client(trusting().certificate(identity.clone()), folder.path());
    sound.structure(&contract(MUT)).await.unwrap();
    assert_eq!(sound.usage().unwrap().used, 1);

    let other = stranger.pem().into_bytes();
    for distrusting in [endpoint(), endpoint().authority(other)] {
        let asked = client(distrusting.certificate(identity.clone()), folder.path());
        let error = asked.structure(&contract(MUT)).await.unwrap_err();
        assert_eq!(why(&error), Why::TheirCertificate(Mistrust::UnknownAuthority));
        assert!(matches!(error, Error::NotSent(_)), "{error:?}");
    }
    let nobody = client(trusting(), folder.path()).structure(&contract(MUT)).await.unwrap_err();
    assert_eq!(why(&nobody), Why::OwnCertificate);
    let used = sound.usage().unwrap().used;
    assert!(used <= 2, "what was not sent is not counted: {used}");
    oi.running.stop().await;
}

/// Why a connection is broken.
fn why(error: &Error) -> Why {
    match error {
        Error::NotSent(broken) | Error::Cut(broken) => broken.why,
        other => panic!("{other:?}"),
    }
}

/// A port on which nothing but this is said, and only to those who speak first.
async fn saying(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Whoever has gone hears nothing.
            let _ = stream.read(&mut [0; 16 * 1024]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    port
}

#[tokio::test]
async fn why_there_is_no_connection_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (plain, silent) = (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, saying(b"").await);
    let refusing = saying(b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n").await;
    let folder = tempdir().unwrap();
    let short = (Duration::from_millis(300), Duration::from_secs(5));
    let asked = async |endpoint: Endpoint, (connect, call)| {
        let client = client(endpoint.timeouts(connect, call), folder.path());
        why(&client.structure(&contract(MUT)).await.unwrap_err())
    };
    let at = |url: &str| Endpoint::new(url).login(basic("oc-demo"));
    let long = (Duration::from_secs(4), Duration::from_secs(5));
    assert_eq!(asked(at(&url(closed, "http")), long).await, Why::Refused);
    assert_eq!(asked(at("http://nobody.invalid/"), long).await, Why::UnknownName);
    assert_eq!(asked(at(&url(plain, "https")), long).await, Why::Tls);
    assert_eq!(asked(at(&url(silent, "http")), long).await, Why::Ended);
    let proxied = at("https://oi.example/").proxy(&format!("http://127.0.0.1:{refusing}"));
    assert_eq!(asked(proxied, long).await, Why::Proxy);
    // A listener whose line is full takes nobody in.
    let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300))
    {
        waiting.push(stream);
    }
    assert_eq!(asked(at(&url(address.port(), "http")), short).await, Why::TimedOut);
}

#[tokio::test]
async fn a_certificate_that_is_over_or_for_another_name_is_told_apart() {
    let (authority, files) = (authority(), tempdir().unwrap());
    let at = files.path().display();
    let tls = format!(
        "[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n"
    );
    for (name, ends, told) in
        [("127.0.0.1", 2025, Mistrust::Expired), ("127.0.0.2", 4000, Mistrust::OtherName)]
    {
        let mut params = CertificateParams::new([]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress(name.parse().unwrap()));
        params.not_after = rcgen::date_time_ymd(ends, 1, 31);
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &authority).unwrap().pem();
        fs::write(files.path().join("certificate.pem"), pem).unwrap();
        fs::write(files.path().join("key.pem"), key.serialize_pem()).unwrap();
        let oi = Oi::with(&tls, demo::files()).await;
        let endpoint = Endpoint::new(&url(oi.running.address.port(), "https"));
        let endpoint = endpoint.login(basic("oc-demo")).authority(authority.pem().into_bytes());
        let folder = tempdir().unwrap();
        let asked = client(endpoint, folder.path()).structure(&contract(MUT)).await;
        assert_eq!(why(&asked.unwrap_err()), Why::TheirCertificate(told));
        oi.running.stop().await;
    }
}

/// Takes one request, keeps it, and answers as a gateway would.
async fn gateway() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::<Mutex<String>>::default();
    let keeps = Arc::clone(&kept);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        let mut buffer = vec![0; 16 * 1024];
        while !text.ends_with("Envelope>") {
            let count = stream.read(&mut buffer).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        *keeps.lock().unwrap() = text;
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    });
    (port, kept)
}

#[tokio::test]
async fn a_proxy_with_a_login_and_headers_of_one_s_own() {
    let (port, kept) = gateway().await;
    let folder = tempdir().unwrap();
    let endpoint = Endpoint::new("http://oi.example/eReprov")
        .login(basic("oc"))
        .header("X-Consumer", "OC-1")
        .proxy(&format!("http://p:w@127.0.0.1:{port}"));
    let error = client(endpoint, folder.path()).structure(&contract("C")).await.unwrap_err();
    assert!(matches!(error, Error::Http { status: 403, .. }), "{error:?}");
    let kept = kept.lock().unwrap().clone();
    assert!(kept.starts_with("POST http://oi.example/eReprov HTTP/1.1\r\n"), "{kept}");
    for line in [
        "proxy-authorization: Basic cDp3\r\n",
        "authorization: Basic b2M6b2M=\r\n",
        "x-consumer: OC-1\r\n",
        "accept-encoding: identity\r\n",
        "soapaction: \"\"\r\n",
        "content-type: text/xml; charset=utf-8\r\n",
    ] {
        assert!(kept.contains(line), "{line} in {kept}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_there_is_no_connection() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let folder = tempdir().unwrap();
    let endpoint = Endpoint::new(&url(closed, "http"))
        .timeouts(Duration::from_secs(1), Duration::from_secs(2));
    let client = client(endpoint, folder.path());
    let error = client.put(&put("C", "F")).await.unwrap_err();
    assert!(matches!(error, Error::NotSent(_)), "{error:?}");
    assert_eq!(client.usage().unwrap().used, 0);
    assert_eq!(client.unsettled().unwrap(), []);
}

#[tokio::test]
async fn who_traces_sees_everything_but_secrets() {
    let oi = Oi::demo().await;
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let seen = Arc::<Mutex<Vec<Exchange>>>::default();
        let sees = Arc::clone(&seen);
        let password = Password::new("oc-demo".into());
        let endpoint = oi
            .endpoint("oc-demo")
            .soap(soap)
            .login(Login::UsernameToken("oc-demo".into(), password))
            .header("x-api-key", "s3cret")
            .observer(move |exchange| sees.lock().unwrap().push(exchange.clone()));
        let folder = tempdir().unwrap();
        let client = client(endpoint, folder.path());
        client.put(&put(MUT, "CTP-1240332-1")).await.unwrap_err();
        let seen = seen.lock().unwrap();
        let exchange = &seen[0];
        assert!(exchange.sent.contains(">***</wsse:Password>"), "{}", exchange.sent);
        assert!(!format!("{exchange:?}").contains("s3cret"));
        assert!(exchange.sent_headers.iter().any(|(name, _)| name == "idempotency-key"));
        assert_eq!(exchange.status, Some(200));
        assert!(exchange.received.contains("20015"), "{}", exchange.received);
        assert_eq!(exchange.said, Some(Err(CodeErreur::OperationNonAutorisee.into())));
        assert!(exchange.received_headers.iter().any(|(name, _)| name == "x-request-id"));
    }
    oi.running.stop().await;
}

fn digest(login: &str, password: &str) -> Login {
    Login::PasswordDigest(login.to_owned(), Password::new(password.to_owned()))
}

#[tokio::test]
async fn a_digest_of_the_password_where_the_service_has_opened_it() {
    let folder = tempdir().unwrap();
    let oi = Oi::with(&digests::keys(folder.path()), demo::files()).await;
    digests::open(&oi.running.service.store, folder.path(), "oc-demo").await;
    let seen = Arc::<Mutex<Vec<Exchange>>>::default();
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let sees = Arc::clone(&seen);
        let endpoint = oi.endpoint("oc-demo").soap(soap).login(digest("oc-demo", "oc-demo"));
        let endpoint =
            endpoint.observer(move |exchange| sees.lock().unwrap().push(exchange.clone()));
        let client = client(endpoint, folder.path());
        // A service takes no nonce twice.
        for _ in 0..2 {
            client.structure(&contract(MUT)).await.unwrap();
        }
    }
    for exchange in seen.lock().unwrap().iter() {
        let sent = &exchange.sent;
        assert!(sent.contains("#PasswordDigest\">***</wsse:Password>"), "{sent}");
        assert!(sent.contains("#Base64Binary\">***</wsse:Nonce>"), "{sent}");
        assert!(!sent.contains("oc-demo</wsse:Password>"), "{sent}");
    }
    for login in [digest("oc-demo", "wrong"), digest("oc-autre", "oc-autre")] {
        let asked = client(oi.endpoint("").login(login), folder.path());
        let Error::Ko(ko) = asked.structure(&contract(MUT)).await.unwrap_err() else { panic!() };
        assert_eq!(ko.code, CodeErreur::LoginIncorrect.into());
    }
    // What is sent again under its name has a nonce of its own, too.
    let losing = Losing::start(oi.running.address.port(), true).await;
    let endpoint = Endpoint::new(&url(losing.port, "http")).patience(hasty());
    let client = client(endpoint.login(digest("oc-demo", "oc-demo")), folder.path());
    let accepted = client.put(&put(MUT, "CTP-1240357-1")).await.unwrap();
    assert!(losing.has_lost() && accepted.discharge_code.is_some(), "{accepted:?}");
    oi.running.stop().await;
}
