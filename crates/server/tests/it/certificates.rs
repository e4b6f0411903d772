//! Callers' certificates that single operators must present.

use std::{fs, path::Path, sync::Arc};

use ereprov_server::admission::certificate::Fingerprint;
use rcgen::{Certificate, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, HandshakeKind, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use crate::harness::{
    MUT, Oi, Setup,
    authority::{Authority, authority, install, issued},
    basic, envelope, failed, printed, structure,
};

type Own = (Certificate, KeyPair);

/// A service whose callers may present certificates, and what it was made of.
struct House {
    oi: Oi,
    folder: TempDir,
    authority: Authority,
    settings: String,
}

impl House {
    async fn new(client_certificates: &str) -> Self {
        let (folder, authority) = (TempDir::new().unwrap(), authority());
        install(folder.path(), &authority);
        fs::write(folder.path().join("callers.pem"), authority.pem()).unwrap();
        let at = folder.path().display();
        let settings = format!(
            "[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n\
             client_ca_file = \"{at}/callers.pem\"\n\
             client_certificates = \"{client_certificates}\"\n"
        );
        let oi = Setup::config(&settings).start().await;
        Self { oi, folder, authority, settings }
    }

    /// Sets what `oc-demo` must present, as an administrator does.
    fn demand(&self, certificates: &[&str]) -> String {
        let mut arguments = vec!["operator", "set", "oc-demo"];
        arguments.extend(certificates.iter().flat_map(|one| ["--certificate", one]));
        printed(&self.oi.administer(&self.settings, &arguments, ""))
    }

    fn write(&self, name: &str, certificate: &Certificate) -> String {
        let file = self.folder.path().join(name);
        fs::write(&file, certificate.pem()).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn caller(&self, own: Option<&Own>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
            }
        })
    }

    /// The body of an answer, and whether its connection resumed an earlier one's session.
    async fn ask(&self, caller: Arc<ClientConfig>, login: &str, password: &str) -> (String, bool) {
        let stream = TcpStream::connect(self.oi.address()).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut stream = TlsConnector::from(caller).connect(name, stream).await.unwrap();
        let body = envelope(&structure(MUT));
        let question = format!(
            "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: text/xml; charset=utf-8\r\nAuthorization: {}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            basic(login, password),
            body.len()
        );
        stream.write_all(question.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        (answer.split_once("\r\n\r\n").unwrap().1.to_owned(), resumed)
    }

    async fn is_let_in(&self, own: Option<&Own>) -> bool {
        let (body, _) = self.ask(self.caller(own), "oc-demo", "oc-demo").await;
        body.contains("<statut>OK</statut>")
    }
}

#[tokio::test]
async fn who_needs_a_certificate_is_nobody_without_it() {
    let house = House::new("optional").await;
    let [own, other] = [(), ()].map(|()| issued(&house.authority));
    assert!(house.is_let_in(None).await && house.is_let_in(Some(&other)).await);
    let said = house.demand(&[&house.write("own.pem", &own.0)]);
    assert!(said.contains(&Fingerprint::of(own.0.der()).to_string()), "{said}");

    assert!(house.is_let_in(Some(&own)).await);
    let refused = [
        (None, "no certificate was presented, right password: oc-demo".to_owned()),
        (
            Some(&other),
            format!(
                "certificate sha256:{} was presented, right password: oc-demo",
                Fingerprint::of(other.0.der())
            ),
        ),
    ];
    let wrong = house.ask(house.caller(Some(&own)), "oc-demo", "wrong").await.0;
    assert!(wrong.contains("<codeErreur>10000"), "{wrong}");
    for (certificate, cause) in refused {
        let answer = house.ask(house.caller(certificate), "oc-demo", "oc-demo").await.0;
        assert_eq!(answer, wrong, "it says no more than a wrong password");
        let row = house.oi.audited().await.pop().unwrap();
        assert_eq!((row.code, row.detail), (Some(10000), Some(cause)));
    }
    // The others need none; a certificate is no login.
    let autre = house.ask(house.caller(None), "oc-autre", "oc-autre").await.0;
    assert!(autre.contains("<codeErreur>20019"), "{autre}");
    let nobody = house.ask(house.caller(Some(&own)), "nobody", "oc-demo").await.0;
    assert_eq!(nobody, wrong);
    house.demand(&["none"]);
    assert!(house.is_let_in(None).await);
}

#[tokio::test]
async fn two_certificates_are_good_while_one_replaces_the_other() {
    let house = House::new("required").await;
    let [old, new, other] = [(), (), ()].map(|()| issued(&house.authority));
    let fingerprint = |own: &Own| format!("sha256:{}", Fingerprint::of(own.0.der()));
    house.demand(&[&fingerprint(&old), &house.write("new.pem", &new.0)]);
    assert!(house.is_let_in(Some(&old)).await && house.is_let_in(Some(&new)).await);
    assert!(!house.is_let_in(Some(&other)).await);
    house.demand(&[&fingerprint(&new)]);
    assert!(!house.is_let_in(Some(&old)).await && house.is_let_in(Some(&new)).await);
}

#[tokio::test]
async fn a_resumed_session_has_the_certificate_that_began_it() {
    let house = House::new("optional").await;
    let own = issued(&house.authority);
    house.demand(&[&house.write("own.pem", &own.0)]);
    for (own, statut) in [(Some(&own), "OK"), (None, "KO")] {
        let caller = house.caller(own);
        let statut = format!("<statut>{statut}</statut>");
        let mut resumed = false;
        for _ in 0..3 {
            let (body, again) = house.ask(Arc::clone(&caller), "oc-demo", "oc-demo").await;
            assert!(body.contains(&statut), "{body}");
            resumed |= again;
        }
        assert!(resumed, "no session was resumed");
    }
}

#[tokio::test]
async fn mistakes_are_told_and_a_service_that_asks_for_none_lets_nobody_in() {
    let oi = Oi::demo().await;
    let set = |certificates: &[&str]| {
        let mut arguments = vec!["operator", "set", "oc-demo"];
        arguments.extend(certificates.iter().flat_map(|one| ["--certificate", one]));
        oi.administer("", &arguments, "")
    };
    let some = format!("sha256:{}", "ab".repeat(32));
    let missing = Path::new("missing.pem").to_str().unwrap();
    for (given, said) in [
        (&["sha256:abcd"][..], "64 hexadecimal digits"),
        (&[missing], "missing.pem"),
        (&["none", &some], "stands alone"),
        (&[&some, &some, &some], "2 certificates at the most"),
    ] {
        let told = failed(&set(given), 2);
        assert!(told.contains(said), "{told}");
    }
    let warned = set(&[&some]);
    let warning = String::from_utf8_lossy(&warned.stderr).into_owned();
    assert!(warned.status.success() && warning.contains("tls.client_ca_file"), "{warning}");
    oi.ask(&structure(MUT)).await.assert("10000");
    set(&["none"]);
    oi.ask(&structure(MUT)).await.assert("OK");
}
