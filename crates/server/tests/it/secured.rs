//! Clients that we did not write, over TLS with an authority of our own: Basic, both forms of
//! UsernameToken, callers' certificates.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ereprov_server::store::audit::Entry;
use tempfile::TempDir;

use crate::harness::{
    MUT, Oi, Setup,
    authority::{authority, install, issued},
    digest::keys_in,
    envelope, printed, structure,
};

/// A service where `oc-demo` may use digests and `oc-autre` needs the certificate `own.pem`. In the
/// folder: the authority (`callers.pem`, of both ends), `own.pem`, `other.pem` and their keys.
async fn service(folder: &Path) -> Oi {
    let authority = authority();
    install(folder, &authority);
    fs::write(folder.join("callers.pem"), authority.pem()).unwrap();
    for name in ["own", "other"] {
        let (certificate, key) = issued(&authority);
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    let login = keys_in(folder);
    let at = folder.display();
    let settings = format!(
        "{login}[tls]\ncertificate_file = \"{at}/certificate.pem\"\nkey_file = \"{at}/key.pem\"\n\
         client_ca_file = \"{at}/callers.pem\"\nclient_certificates = \"optional\"\n"
    );
    let oi = Setup::config(&settings).start().await;
    let on = ["operator", "digest", "oc-demo", "on", "--password-stdin"];
    printed(&oi.administer(&settings, &on, "oc-demo\n"));
    let own = format!("{at}/own.pem");
    let pin = ["operator", "set", "oc-autre", "--certificate", &own];
    printed(&oi.administer(&settings, &pin, ""));
    oi
}

fn url(oi: &Oi) -> String {
    oi.url().replace("http://", "https://")
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Runs one stack's script, which is answered so many times, against a service of its own; the rows
/// of the audit.
async fn scenario(stack: &str, answered: usize) -> Rows {
    let tools = std::env::var_os("TEST_TOOLS")
        .map(PathBuf::from)
        .expect("TEST_TOOLS is the folder of the SOAP stacks; scripts/test installs them");
    let (folder, work) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let oi = service(folder.path()).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stacks/secured.sh");
    let mut command = Command::new(script);
    command.arg(stack).arg(tools.join("stacks")).args([&format!("{}?wsdl", url(&oi)), MUT]);
    command.args([folder.path(), work.path()]);
    let said = printed(&output(command).await);
    assert!(said.lines().any(|line| line.starts_with("OK ")), "{said}");
    // The service saw what the client says it did.
    let rows = Rows(oi.audited().await);
    rows.assert(answered, None, "");
    rows.assert(1, Some(10000), "no certificate was presented, right password: oc-autre");
    rows
}

struct Rows(Vec<Entry>);

impl Rows {
    /// So many have this code, and a detail that begins like this.
    #[track_caller]
    fn assert(&self, count: usize, code: Option<i64>, detail: &str) {
        let told = |row: &&Entry| {
            row.code == code && row.detail.as_deref().unwrap_or_default().starts_with(detail)
        };
        assert_eq!(self.0.iter().filter(told).count(), count, "{code:?} {detail}: {:?}", self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zeep() {
    let rows = scenario("zeep", 5).await;
    for detail in [
        "a PasswordDigest that was accepted before: oc-demo",
        "PasswordDigest hors délai",
        "certificate sha256:",
    ] {
        rows.assert(1, Some(10000), detail);
    }
    rows.assert(3, Some(10000), "wrong password: oc-demo");
}

/// Basic, both forms of UsernameToken, a certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn php_ext_soap() {
    scenario("php", 4).await.assert(1, Some(10000), "wrong password: oc-demo");
}

/// The same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_soap() {
    scenario("node", 4).await.assert(1, Some(10000), "wrong password: oc-demo");
}

/// The same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jax_ws() {
    scenario("jaxws", 4).await.assert(1, Some(10000), "wrong password: oc-demo");
}

/// Basic, PasswordText, a certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gsoap() {
    scenario("gsoap", 3).await.assert(1, Some(10000), "wrong password: oc-demo");
}

/// The same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soap_lite() {
    scenario("soaplite", 3).await.assert(1, Some(10000), "wrong password: oc-demo");
}

/// Basic and a certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mono() {
    scenario("mono", 2).await.assert(1, Some(10000), "wrong password: oc-demo");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl() {
    let folder = TempDir::new().unwrap();
    let oi = service(folder.path()).await;
    let ask = async |login: &str, certificate: Option<&str>| {
        let mut command = Command::new("curl");
        command.current_dir(folder.path()).args(["--silent", "--show-error", "--max-time", "60"]);
        command.args(["--cacert", "callers.pem", "--user", &format!("{login}:{login}")]);
        if let Some(name) = certificate {
            command.args(["--cert", &format!("{name}.pem"), "--key", &format!("{name}.key")]);
        }
        command.args(["--header", "Content-Type: text/xml; charset=utf-8"]);
        command.args(["--data", &envelope(&structure("DEMO-AUTRE-OC")), &url(&oi)]);
        printed(&output(command).await)
    };
    let code = |answer: &str| {
        let code = answer.split_once("<codeErreur>").and_then(|(_, rest)| rest.split_once('<'));
        code.map(|(code, _)| code.to_owned())
    };
    assert_eq!(code(&ask("oc-autre", Some("own")).await), None);
    assert_eq!(code(&ask("oc-autre", Some("other")).await).as_deref(), Some("10000"));
    assert_eq!(code(&ask("oc-autre", None).await).as_deref(), Some("10000"));
    assert_eq!(code(&ask("oc-demo", None).await).as_deref(), Some("20019"));
}
