//! The same story with a service that is not ours: PHP's `SoapServer`, in the shapes of the samples.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::harness::{MUT, User};

/// The service of the client library's own tests.
struct Php {
    process: Child,
    url: String,
    _state: TempDir,
}

impl Php {
    async fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let state = TempDir::new().unwrap();
        let process = Command::new("php")
            .args(["-S", &address.to_string()])
            .arg(crates.join("client/tests/foreign/server.php"))
            .env("SAMPLES", crates.join("wire/tests/contract"))
            .env("STATE", state.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let php = Self { process, url: format!("http://{address}/"), _state: state };
        for _ in 0..400 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return php;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("PHP never listened");
    }
}

impl Drop for Php {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_in_the_shapes_of_the_samples() {
    let php = Php::start().await;
    let user = User::new();
    for (name, soap) in [("php11", "1.1"), ("php12", "1.2")] {
        let add = ["profile", "add", name, "--url", &php.url, "--login", "oc", "--soap", soap];
        let said = user.say(&[&add[..], &["--password-stdin"]].concat(), "secret", &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
        assert_eq!(user.run(&["profile", "use", name]).await.exit, 0);

        let site = user.run(&["structure", MUT]).await;
        assert!(site.out.ends_with("site SC-423361\n"), "{site:?}");
        assert!(site.err.contains("departs from the WSDL"), "{site:?}");
        let floor =
            ["--building", "BATIMENT-1", "--staircase", "ESCALIER-44", "--floor", "ETAGE-15"];
        let routes = user.json(&[&["routes", MUT], &floor[..]].concat()).await;
        assert_eq!(routes["fibres"][5]["colour"], "Jaune");
        let contract = format!("C-{name}");
        let put =
            ["reprovision", &contract, "--fibre", "CTP-1240357-1", "--reason", "Fibre cassée"];
        assert_eq!(user.json(&put).await["discharge_code"], "ABCDEF");
        let end = user.run(&["follow", &contract, "--wait", "0", "--lang", "fr"]).await;
        assert!(end.exit == 0 && end.out.contains("Terminé"), "{end:?}");
        assert_eq!(user.run(&["status", "ABSENT"]).await.exit, 5);
    }

    let put = ["reprovision", "MUETTE", "--fibre", "CTP-7", "--reason", "no-signal"];
    let said = user.run(&put).await;
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.out.contains("the answer with the discharge code was lost"), "{said:?}");
    assert_eq!(user.run(&["structure", "CHARGE"]).await.exit, 6);
}
