//! A service that is not ours: PHP's `SoapServer`, which answers with the specification's own samples
//! (contract.md, D19).

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ereprov_client::{
    Client, CodeErreur, Construction, Endpoint, Error, FibreUsage, Login, Password, Retry,
    SoapVersion, State, What,
};
use tempfile::{TempDir, tempdir};

use crate::harness::{at, client, contract, put, url};

const MUT: &str = "MUT56816520160316162024";

struct Php {
    process: Child,
    port: u16,
    state: TempDir,
}

impl Php {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let state = tempdir().unwrap();
        let process = Command::new("php")
            .args(["-S", &format!("127.0.0.1:{port}")])
            .arg(here.join("tests/foreign/server.php"))
            .env("SAMPLES", here.join("../wire/tests/contract"))
            .env("STATE", state.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("PHP with its soap extension; scripts/install-test-tools installs it");
        // Ended when this is dropped, whatever happens.
        let php = Self { process, port, state };
        for _ in 0..400 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return php;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("PHP never listened");
    }

    fn endpoint(&self) -> Endpoint {
        let login = Login::Basic("oc".into(), Password::new("secret".into()));
        Endpoint::new(&url(self.port, "http")).login(login)
    }

    /// How often the service has accepted a put for a contract.
    fn accepted(&self, contract: &str) -> usize {
        let file = self.state.path().join(format!("{contract}.put"));
        fs::read_to_string(file).map_or(0, |text| text.lines().count())
    }
}

impl Drop for Php {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn both_versions(check: impl AsyncFn(&Php, &Client)) {
    let php = Php::start().await;
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let folder = tempdir().unwrap();
        check(&php, &client(php.endpoint().soap(soap), folder.path())).await;
    }
}

#[tokio::test]
async fn the_samples_are_read_to_what_a_person_reads_in_them() {
    both_versions(async |_, client| {
        let site = client.structure(&contract(MUT)).await.unwrap();
        assert_eq!(site.value.site, "SC-423361");
        let floors =
            site.value.floors.iter().map(|f| (&*f.place.floor, f.pbos.len(), f.sockets.len()));
        let floors: Vec<_> = floors.collect();
        assert_eq!(floors, [("ETAGE-06", 1, 3), ("ETAGE-13", 0, 4), ("ETAGE-12", 1, 2)]);
        let sockets = &site.value.floors[1].sockets;
        assert_eq!(sockets[0].construction, Construction::ToBuild.into());
        assert_eq!(sockets[0].usage, FibreUsage::Reserved.into(), "Reserve, without its accents");
        assert!(site.departures.iter().all(|departure| departure.what == What::Label));

        let at = at("BATIMENT-1", "ESCALIER-44", "ETAGE-15");
        let routes = client.routes(&contract(MUT), &at).await.unwrap().value;
        assert_eq!((routes[0].pbo.as_str(), &*routes[0].location), ("BE-06", "ETAGE-15"));
        assert_eq!(routes[0].fibres.len(), 12);
        let jaune = &routes[0].fibres[5];
        assert_eq!(jaune.cable, "BPI-723521 / BE-01-02-03-04-05-06 / ESCALIER-44 / SC-423361");
        assert_eq!((&*jaune.tube, &*jaune.colour), ("Noir", "Jaune"));
        assert_eq!(jaune.usage, FibreUsage::Available.into());
    })
    .await;
}

#[tokio::test]
async fn a_put_and_its_end_in_the_samples_shapes() {
    both_versions(async |php, client| {
        let name = format!("C-{}", client.clock().now_ms());
        let accepted = client.put(&put(&name, "CTP-1240357-1")).await.unwrap();
        assert_eq!(
            (&*accepted.reference, accepted.discharge_code.as_deref()),
            (&*name, Some("ABCDEF"))
        );
        assert_eq!(accepted.pm.unwrap().position, "Etage 2 - 2");
        let end = client.follow_up(&contract(&name)).await.unwrap().value;
        assert_eq!(end.state, State::Completed.into(), "Termine, in an outer fibre");
        assert_eq!(end.fibre().unwrap().as_str(), "CTP-1240357-1");
        assert_eq!(end.route.unwrap().cable, "BPI-2626997 / BE-15-16-17 / SC-2761605");
        assert_eq!(php.accepted(&name), 1);
    })
    .await;
}

#[tokio::test]
async fn refusals_and_faults() {
    both_versions(async |php, client| {
        let absent = contract("ABSENT");
        let mut refused = vec![client.structure(&absent).await.unwrap_err()];
        refused.push(client.routes(&absent, &ereprov_client::At::default()).await.unwrap_err());
        refused.push(client.put(&put("ABSENT", "F")).await.unwrap_err());
        for error in refused {
            let Error::Ko(ko) = &error else { panic!("{error}") };
            assert_eq!(ko.code, CodeErreur::PasDeValeur.into());
            assert_eq!(ko.label, "Pas de valeur");
        }
        let never = client.follow_up(&absent).await.unwrap_err();
        assert!(never.to_string().ends_with("20014: Re-Provisionning introuvable"), "{never}");

        let Error::Fault(fault) = client.structure(&contract("FAUTE")).await.unwrap_err() else {
            panic!()
        };
        assert_eq!(fault.reason, "Un incident est survenu");

        let folder = tempdir().unwrap();
        let login = Login::Basic("oc".into(), Password::new("wrong".into()));
        let stranger = crate::harness::client(php.endpoint().login(login), folder.path());
        let Error::Ko(ko) = stranger.structure(&contract(MUT)).await.unwrap_err() else { panic!() };
        assert_eq!(ko.code, CodeErreur::LoginIncorrect.into());
    })
    .await;
}

#[tokio::test]
async fn an_acceptance_without_an_answer_is_found_out_and_not_asked_for_again() {
    let php = Php::start().await;
    let folder = tempdir().unwrap();
    let client = client(php.endpoint(), folder.path());
    let accepted = client.put(&put("MUETTE", "CTP-7")).await.unwrap();
    assert_eq!(accepted.discharge_code, None, "this service does not tell it again");
    assert!(!accepted.code_to_come);
    let latest = accepted.found_out.unwrap();
    assert_eq!(latest.fibre().unwrap().as_str(), "CTP-7");
    assert_eq!(php.accepted("MUETTE"), 1);
    assert_eq!(client.unsettled().unwrap(), []);

    // A fault leaves doubt, which the reading takes away.
    let unknown = client.put(&put("FAUTE", "CTP-8")).await.unwrap_err();
    assert!(matches!(unknown, Error::NotAccepted { .. }), "{unknown:?}");
    assert_eq!(client.unsettled().unwrap(), []);
}

#[tokio::test]
async fn a_gateway_s_page_is_no_answer_and_says_when_to_come_back() {
    let php = Php::start().await;
    let folder = tempdir().unwrap();
    let client = client(php.endpoint(), folder.path());
    let busy = client.structure(&contract("CHARGE")).await.unwrap_err();
    assert!(matches!(busy, Error::Http { status: 503, .. }), "{busy:?}");
    assert_eq!(busy.retry(), Retry::After(Duration::from_secs(7)));
    client.structure(&contract("CHARGE")).await.unwrap();
}
