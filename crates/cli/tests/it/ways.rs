//! Ways to a service through the command line: a private authority, a certificate of one's own, a proxy.

#[path = "../../../server/tests/it/harness/authority.rs"]
mod authority;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use authority::{Authority, authority, install, issued};
use ereprov_server::clock::Clock;
use rcgen::{CertificateParams, KeyPair, SanType};
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::harness::{MUT, Oi, User};

/// A service over TLS that wants a certificate of each caller, the authority of both, and a file with such a
/// certificate.
struct Guarded {
    oi: Oi,
    files: TempDir,
    authority: Authority,
}

impl Guarded {
    /// With a certificate of its own that is good for so many days, or for long.
    async fn start(days: Option<u64>) -> Self {
        let (files, authority) = (tempdir().unwrap(), authority());
        install(files.path(), &authority);
        if let Some(days) = days {
            good_for(days, &authority, files.path());
        }
        fs::write(files.path().join("authority.pem"), authority.pem()).unwrap();
        let (certificate, key) = issued(&authority);
        private(&files.path().join("own.pem"), &(certificate.pem() + &key.serialize_pem()));
        let at = files.path().display();
        let settings = format!(
            "[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n\
             client_ca_file = \"{at}/authority.pem\"\n"
        );
        Self { oi: Oi::with(&settings).await, files, authority }
    }

    fn url(&self) -> String {
        self.oi.url().replace("http://", "https://")
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }
}

/// A certificate for 127.0.0.1 that ends in so many days and an hour, where the service looks for it.
fn good_for(days: u64, authority: &Authority, folder: &Path) {
    let now = Duration::from_millis(Clock::System.now_ms().try_into().unwrap());
    let end = now + Duration::from_secs(days * 24 * 60 * 60 + 60 * 60);
    let mut params = CertificateParams::new([]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end;
    let key = KeyPair::generate().unwrap();
    fs::write(folder.join("certificate.pem"), params.signed_by(&key, authority).unwrap().pem())
        .unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

fn private(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn step<'j>(steps: &'j Value, name: &str) -> &'j Value {
    steps.as_array().unwrap().iter().find(|step| step["check"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_and_a_certificate_of_one_s_own() {
    let guarded = Guarded::start(None).await;
    let (authority, own) = (guarded.file("authority.pem"), guarded.file("own.pem"));
    let user = User::new();
    let add = async |name: &str, more: &[&str]| {
        let added = user.add(name, &guarded.url(), "oc-demo", more).await;
        assert_eq!(added.exit, 0, "{added:?}");
    };
    add("both", &["--authority", &authority, "--certificate", &own]).await;
    assert_eq!(user.json(&["structure", MUT]).await["site"], "SC-423361");
    let steps = user.json(&["doctor"]).await;
    for sound in ["connection", "certificate", "own-certificate", "clock", "wsdl", "login"] {
        assert_eq!(step(&steps, sound)["result"], "ok", "{sound}: {steps}");
    }

    // Nobody vouches for the service; or nobody for the caller.
    add("distrusting", &["--certificate", &own]).await;
    add("unknown", &["--authority", &authority]).await;
    for name in ["distrusting", "unknown"] {
        let said = user.run(&["doctor", "--profile", name]).await;
        assert_eq!(said.exit, 1, "{said:?}");
        let line = said.out.lines().find(|line| line.starts_with("connection")).unwrap();
        assert!(line.contains("error") && line.contains("ertificate"), "{line}");
        assert!(said.out.lines().any(|line| line.starts_with("login") && line.contains("skipped")));
    }

    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
    let said = user.run(&["structure", MUT]).await;
    assert!(said.exit == 2 && said.err.contains("chmod 600"), "{said:?}");
    private(&PathBuf::from(&own), "no certificate");
    let said = user.run(&["structure", MUT]).await;
    assert!(said.exit == 2 && said.err.contains("the client certificate"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_how_long_certificates_are_good() {
    for (days, result) in [(40, "ok"), (13, "warning")] {
        let guarded = Guarded::start(Some(days)).await;
        let (authority, own) = (guarded.file("authority.pem"), guarded.file("own.pem"));
        let user = User::new();
        let more = ["--authority", &*authority, "--certificate", &own];
        user.add("demo", &guarded.url(), "oc-demo", &more).await;
        let steps = user.json(&["doctor", "--no-call"]).await;
        let certificate = step(&steps, "certificate");
        assert_eq!(
            (&certificate["result"], &certificate["days_left"]),
            (&result.into(), &days.into()),
            "{steps}"
        );
        assert!(step(&steps, "own-certificate")["days_left"].as_u64() > Some(10_000), "{steps}");
        let said = user.run(&["doctor", "--no-call", "--lang", "fr"]).await;
        assert!(said.out.contains(&format!("jours restants : {days}")), "{said:?}");
    }
    // One that is over is nothing to be connected to.
    let guarded = Guarded::start(None).await;
    let mut params = CertificateParams::new([]).unwrap();
    params.not_after = rcgen::date_time_ymd(2026, 1, 31);
    let key = KeyPair::generate().unwrap();
    let pem = params.signed_by(&key, &guarded.authority).unwrap().pem() + &key.serialize_pem();
    private(&guarded.files.path().join("past.pem"), &pem);
    let user = User::new();
    let (authority, own) = (guarded.file("authority.pem"), guarded.file("past.pem"));
    let more = ["--authority", &*authority, "--certificate", &own];
    user.add("past", &guarded.url(), "oc-demo", &more).await;
    let said = user.run(&["doctor"]).await;
    assert_eq!(said.exit, 1, "{said:?}");
    let line = said.out.lines().find(|line| line.starts_with("own-certificate")).unwrap();
    assert!(line.contains("error") && line.contains("over since 2026-01-31"), "{line}");
}

/// A proxy that tunnels, and keeps the heads of what it is asked.
async fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let keeps = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(tunnel(client, Arc::clone(&keeps)));
        }
    });
    (port, heads)
}

async fn tunnel(mut client: TcpStream, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(client.read_u8().await.unwrap()));
    }
    let target = head.split(' ').nth(1).unwrap().to_owned();
    heads.lock().unwrap().push(head);
    let mut server = TcpStream::connect(target).await.unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    // Either end may hang up.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_with_a_login() {
    let guarded = Guarded::start(None).await;
    let (port, heads) = proxy().await;
    let (authority, own) = (guarded.file("authority.pem"), guarded.file("own.pem"));
    let bare = format!("http://127.0.0.1:{port}");
    let user = User::new();
    let more = ["--authority", &*authority, "--certificate", &own, "--proxy", &bare];
    assert_eq!(user.add("demo", &guarded.url(), "oc-demo", &more).await.exit, 0);
    // A proxy's login stands in the file of the profiles, which nobody else may read.
    let file = user.home().join(".config/ereprov/profiles.toml");
    let with_login = format!("http://p:s3cret@127.0.0.1:{port}");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace(&bare, &with_login)).unwrap();
    assert_eq!(user.json(&["structure", MUT]).await["site"], "SC-423361");
    let shown = user.run(&["profile", "show", "--output", "json"]).await;
    assert!(!shown.out.contains("s3cret"), "{shown:?}");
    let steps = user.json(&["doctor"]).await;
    for skipped in ["dns", "certificate"] {
        assert_eq!(step(&steps, skipped)["result"], "skipped", "{skipped}: {steps}");
    }
    for sound in ["connection", "own-certificate", "login"] {
        assert_eq!(step(&steps, sound)["result"], "ok", "{sound}: {steps}");
    }
    let heads = heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 3, "structure, WSDL and login: {heads:?}");
    for head in &heads {
        assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");
        // "p:s3cret" in Base64.
        assert!(head.to_lowercase().contains("proxy-authorization: basic cdpzm2nyzxq="), "{head}");
        assert!(!head.to_lowercase().contains("\r\nauthorization:"), "{head}");
    }
}
