//! TLS on the service's own address: versions, files that change, callers' certificates.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};

use crate::harness::{
    MUT, Oi, Setup,
    authority::{Authority, authority, install, issued},
    basic, envelope, eventually, structure,
};

async fn service(folder: &Path, client_ca: Option<&Authority>) -> Oi {
    let at = folder.display();
    let mut config = format!(
        "[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n"
    );
    if let Some(authority) = client_ca {
        fs::write(folder.join("callers.pem"), authority.pem()).unwrap();
        config.push_str(&format!("client_ca_file = \"{at}/callers.pem\"\n"));
    }
    Setup::config(&config).start().await
}

/// A caller who trusts this authority, and has a certificate of another one, perhaps.
async fn connect(
    address: SocketAddr,
    trusts: &Authority,
    own: Option<&Authority>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusts.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let (certificate, key) = issued(authority);
            let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
    };
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::IpAddress("127.0.0.1".parse::<std::net::IpAddr>().unwrap().into());
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Asks for the structure of the specification's site; the whole answer, as it came.
async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    let body = envelope(&structure(MUT));
    let question = format!(
        "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: text/xml; charset=utf-8\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n\
         {body}",
        basic("oc-demo", "oc-demo"),
        body.len()
    );
    stream.write_all(question.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn presented(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn both_versions_are_spoken_and_nothing_else() {
    let (folder, authority) = (TempDir::new().unwrap(), authority());
    install(folder.path(), &authority);
    let oi = service(folder.path(), None).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(oi.address(), &authority, None, &[version]).await.unwrap();
        let answer = ask(&mut stream).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("<statut>OK</statut>"), "{answer}");
    }
    // The WSDL sends callers there.
    assert!(oi.running.service.public_url.starts_with("https://"));
    let stranger = crate::harness::authority::authority();
    assert!(connect(oi.address(), &stranger, None, &[&TLS13]).await.is_err());
    let mut plain = TcpStream::connect(oi.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP was answered");
}

#[tokio::test]
async fn who_does_not_greet_is_not_waited_for() {
    let (folder, authority) = (TempDir::new().unwrap(), authority());
    install(folder.path(), &authority);
    let at = folder.path().display();
    let config = format!(
        "[server]\nhead_read_ms = 300\n[tls]\ncertificate_file = \"{at}/certificate.pem\"\n\
         key_file = \"{at}/key.pem\"\n"
    );
    let oi = Setup::config(&config).start().await;
    let mut silent = TcpStream::connect(oi.address()).await.unwrap();
    let ended =
        tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "a silent caller is waited for for ever");
    // One that greets and then asks for nothing is no different.
    let mut idle = connect(oi.address(), &authority, None, &[&TLS13]).await.unwrap();
    let ended =
        tokio::time::timeout(Duration::from_secs(5), idle.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "an idle caller is waited for for ever");
}

#[tokio::test]
async fn a_changed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let (folder, authority) = (TempDir::new().unwrap(), authority());
    install(folder.path(), &authority);
    let oi = service(folder.path(), None).await;
    let greet = async || connect(oi.address(), &authority, None, &[&TLS13]).await.unwrap();
    let mut before = greet().await;
    let old = presented(&before);
    fs::write(folder.path().join("certificate.pem"), "half of a fi").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(presented(&greet().await), old, "what cannot be read changes nothing");
    install(folder.path(), &authority);
    eventually("the new certificate", async || (presented(&greet().await) != old).then_some(()))
        .await;
    let answer = ask(&mut before).await;
    assert!(
        answer.is_err() || answer.unwrap().contains("<statut>OK</statut>"),
        "a connection that was there goes on"
    );
}

#[tokio::test]
async fn callers_certificates_are_demanded_where_their_authority_is_named() {
    let (folder, authority, callers) = (TempDir::new().unwrap(), authority(), authority());
    install(folder.path(), &authority);
    let oi = service(folder.path(), Some(&callers)).await;
    let asked = async |own: Option<&Authority>| {
        let mut stream = connect(oi.address(), &authority, own, &[&TLS13]).await?;
        ask(&mut stream).await
    };
    assert!(asked(Some(&callers)).await.unwrap().contains("<statut>OK</statut>"));
    assert!(asked(None).await.is_err(), "without one");
    assert!(asked(Some(&authority)).await.is_err(), "one of another authority");
}

#[tokio::test]
async fn a_key_of_another_certificate_is_told_at_the_start() {
    let (folder, authority) = (TempDir::new().unwrap(), authority());
    install(folder.path(), &authority);
    let (_, other) = issued(&authority);
    fs::write(folder.path().join("key.pem"), other.serialize_pem()).unwrap();
    let config = folder.path().join("oi.toml");
    fs::write(
        &config,
        "[server]\nlisten = \"127.0.0.1:0\"\n[telemetry]\nlisten = \"\"\n\
         [tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"\n",
    )
    .unwrap();
    let said = crate::harness::run(&["serve", "--config", config.to_str().unwrap()]);
    let said = crate::harness::failed(&said, 1);
    assert!(said.contains("key.pem"), "{said}");
}
