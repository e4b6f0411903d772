//! Ways to a service: TLS with a private authority and a certificate of one's own, proxies, headers.

#[path = "../../../server/tests/it/harness/authority.rs"]
mod authority;

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use authority::{authority, install, issued};
use ereprov_client::{CodeErreur, Endpoint, Error, Exchange, Login, Password, SoapVersion};
use ereprov_server::demo;
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
        assert!(matches!(error, Error::NotSent(_)), "{error:?}");
    }
    let nobody = client(trusting(), folder.path()).structure(&contract(MUT)).await.unwrap_err();
    assert!(matches!(nobody, Error::NotSent(_) | Error::Cut(_)), "{nobody:?}");
    let used = sound.usage().unwrap().used;
    assert!(used <= 2, "what was not sent is not counted: {used}");
    oi.running.stop().await;
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
