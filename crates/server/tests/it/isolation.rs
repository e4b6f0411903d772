//! Never another operator's data: every method, every contract of the demo, every operator that does
//! not have it, held against a contract that nobody has.

use ereprov_server::demo;

use crate::harness::{Oi, Put, Reply, get, routes, routes_at, structure};

const OPERATORS: [&str; 4] = ["oc-demo", "oc-autre", "oc-lecture", "oc-quota"];

/// Every contract of the demo, with the operator that has it.
fn contracts() -> Vec<(String, String)> {
    let file = &demo::files()["contracts.csv"];
    let rows = file.lines().skip(1).map(|line| {
        let mut values = line.split(';').map(str::to_owned);
        (values.next().unwrap(), values.next().unwrap())
    });
    rows.collect()
}

/// What can be asked about a contract; each question is right in itself.
fn questions(contract: &str) -> Vec<String> {
    let put = |fibre: &str| Put::new(contract, fibre);
    vec![
        structure(contract),
        routes(contract),
        routes_at(contract, ["BATIMENT-1", "ESCALIER-44", "ETAGE-15"], "BE-06"),
        get(contract),
        put("CTP-1240357-1").body(),
        put("CTP-1240359-1").keep().pto("CTP-1240329-1").motif("PBO saturé").body(),
        put("CTP-0000000-1").body(),
    ]
}

/// What a caller sees, but for what every answer has of its own.
fn seen(reply: &Reply) -> (u16, String, Vec<String>) {
    let own = ["x-request-id", "date", "ratelimit"];
    let others = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = others.map(|(name, value)| format!("{name}: {value}")).collect();
    (reply.status, reply.body.clone(), headers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_operators_contract_is_one_that_does_not_exist() {
    let oi = Oi::demo().await;
    let contracts = contracts();
    assert!(contracts.len() > 40, "the demo's contracts: {}", contracts.len());
    let mut compared = 0;
    for login in OPERATORS {
        oi.limit(login, Some(1_000_000), None).await;
        let mut unknown = Vec::new();
        for question in questions("PERSONNE-NE-LE-CONNAIT") {
            unknown.push(seen(&oi.ask_as(login, &question).await));
        }
        for (contract, _) in contracts.iter().filter(|(_, owner)| owner != login) {
            for (question, unknown) in questions(contract).iter().zip(&unknown) {
                let reply = oi.ask_as(login, question).await;
                assert_eq!(&seen(&reply), unknown, "{login} asks about {contract}");
                compared += 1;
            }
        }
    }
    // oc-lecture's puts are 20021; everything else is 20019, and nothing has moved.
    let rows = oi.audited().await;
    let others = rows.iter().filter(|row| !matches!(row.code, Some(20019 | 20021))).count();
    assert_eq!((compared > 500, others), (true, 0));
    assert!(oi.jobs().await.iter().all(|job| job.contract_ref == "ARA-502701"));
}

#[tokio::test]
async fn another_operators_name_for_its_request_means_nothing() {
    let oi = Oi::demo().await;
    let name = [("idempotency-key", "the same name")];
    let own = Put::new("MUT56816520160316162024", "CTP-1240357-1").body();
    let first = oi.ask_with("oc-demo", &own, &name).await;
    let code = first.assert("OK").text("codeDecharge").unwrap();
    // Neither the answer, nor that the name is taken.
    let asked = oi.ask_with("oc-autre", &own, &name).await;
    asked.assert("20019");
    let others = Put::new("DEMO-AUTRE-OC", "CTP-6001502-1").body();
    let reply = oi.ask_with("oc-autre", &others, &name).await;
    assert_ne!(reply.assert("OK").text("codeDecharge"), Some(code));
}
