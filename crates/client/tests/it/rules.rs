//! What is foreseen before the wire, held against what our service says.

use ereprov_client::{
    At, BuildingKind, Client, CodeErreur, Error, Fibre, FibreRef, Known, Order, Pbo, PtoRef, Put,
    Reason, RouteKind, Structure, Verdict, Zone, check, legal_fibres,
};
use ereprov_server::demo;
use tempfile::tempdir;

use crate::harness::{Oi, contract, put};

/// Contracts with a site of their own; each has the same eleven fibres (docs/demo-network.md).
const CONTRACTS: [&str; 6] = [
    "DEMO-ZMD",
    "DEMO-ZTD-PAVILLON",
    "DEMO-ROV",
    "DEMO-OPAC",
    "DEMO-PRISE-EXISTANTE",
    "DEMO-SIMPLE",
];

/// What was accepted fails at once, so that everything is as it was before.
fn settings() -> String {
    let behaviour = CONTRACTS.map(|contract| {
        format!("[[networks.behaviour]]\ncontract = \"{contract}\"\nrefuses = true\n")
    });
    format!("[networks]\nstart_ms = 0\nrepatch_ms = 0\n{}", behaviour.concat())
}

/// What the CR CMD would tell, from the demo's own file.
fn order(name: &str) -> Order {
    let files = demo::files();
    let row = files["contracts.csv"].lines().find(|row| row.starts_with(&format!("{name};")));
    let cells: Vec<_> = row.unwrap().split(';').collect();
    let is = |cell: usize, word: &str| Some(cells[cell] == word);
    Order {
        zone: Zone::parse(cells[9]),
        building: BuildingKind::parse(cells[10]),
        route: RouteKind::parse(cells[11]),
        existing_socket: is(12, "yes"),
        opac: is(13, "yes"),
        current_fibre: Some(FibreRef::new(cells[6])),
        pbo: None,
        socket: Some(Some(PtoRef::new(cells[6]))),
    }
}

async fn read(client: &Client, name: &str) -> (Structure, Vec<Pbo>) {
    let structure = client.structure(&contract(name)).await.unwrap().value;
    let mut routes = Vec::new();
    for floor in &structure.floors {
        let at = At { place: Some(floor.place.clone()), pbo: None };
        if let Ok(read) = client.routes(&contract(name), &at).await {
            routes.extend(read.value);
        }
    }
    (structure, routes)
}

/// The service's word; what it accepts has failed when this returns.
async fn said(client: &Client, put: &Put) -> Result<(), CodeErreur> {
    match client.put(put).await {
        Ok(_) => {
            for _ in 0..400 {
                if client.follow_up(&put.contract).await.unwrap().value.is_final() {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            panic!("it never failed");
        }
        Err(Error::Ko(ko)) => match ko.code {
            ereprov_client::Label::Known(code) => Err(code),
            ereprov_client::Label::Other(code) => panic!("{code}"),
        },
        Err(error) => panic!("{error}"),
    }
}

/// On another PM than its PBO's, and labelled available where a neighbour holds it: what no method tells.
fn is_beyond_what_is_told(fibre: &Fibre) -> bool {
    ["07-1", "11-1"].iter().any(|end| fibre.fibre.as_str().ends_with(end))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_foreseen_is_what_the_service_says() {
    let oi = Oi::with(&settings(), demo::files()).await;
    let folder = tempdir().unwrap();
    let client =
        crate::harness::client(oi.endpoint("oc-demo").quota_per_month(u64::MAX), folder.path());
    let mut seen = [0; 3];
    for name in CONTRACTS {
        let (structure, routes) = read(&client, name).await;
        let order = order(name);
        let nothing = Order::default();
        let known =
            Known { order: &order, structure: Some(&structure), routes: &routes, latest: None };
        let little = Known { order: &nothing, ..known };
        let fibres: Vec<_> = routes.iter().flat_map(|pbo| &pbo.fibres).collect();
        assert_eq!(fibres.len(), 11, "{name}");
        for reason in [Reason::BrokenFibre, Reason::WrongPto, Reason::FullPbo] {
            for (keep_pto, fibre) in
                [false, true].into_iter().flat_map(|k| fibres.iter().map(move |f| (k, *f)))
            {
                let put = Put { reason, keep_pto, ..put(name, fibre.fibre.as_str()) };
                let word = said(&client, &put).await;
                let refused = Err(CodeErreur::OperationNonAutorisee);
                for known in [&known, &little] {
                    let verdict = check(&put, known);
                    match &verdict {
                        Verdict::Allowed if is_beyond_what_is_told(fibre) => {}
                        Verdict::Allowed => assert_eq!(word, Ok(()), "{put:?}"),
                        Verdict::Refused(rules) => assert_eq!(word, refused, "{put:?} {rules:?}"),
                        Verdict::Unknown { facts, .. } => assert!(!facts.is_empty()),
                        Verdict::AlreadyRunning => panic!("nothing runs"),
                    }
                    seen[match verdict {
                        Verdict::Allowed => 0,
                        Verdict::Refused(_) => 1,
                        _ => 2,
                    }] += 1;
                }
            }
        }
        let legal = legal_fibres(&contract(name), Reason::WrongPto, true, &known);
        assert!(legal.iter().all(|(_, verdict)| matches!(verdict, Verdict::Refused(_))), "{name}");
    }
    assert!(seen.iter().all(|count| *count > 20), "allowed, refused, unknown: {seen:?}");
    oi.running.stop().await;
}
