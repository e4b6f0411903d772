//! The put that never doubles: the connection is cut at random bytes, before and after the service
//! commits, as often as `EREPROV_CUTS` says (400 if it says nothing; 10 000 is the whole proof). Every
//! outcome is held against the service's own table.

use std::{path::Path, time::Duration};

use ereprov_client::{Accepted, Client, Error, Put, Reason};
use ereprov_server::demo;
use rusqlite::{Connection, OpenFlags};
use tempfile::tempdir;

use crate::{
    cutting::Cutting,
    harness::{Oi, basic, hasty, put, url},
};

const CONTRACTS: usize = 24;
const PLACE: &str = "SC-CUT;B;E;F";

const SETTINGS: &str = "
[networks]
start_ms = 0
repatch_ms = 0
[workflow]
poll_ms = 5
";

/// How many puts are asked for.
fn puts() -> usize {
    std::env::var("EREPROV_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

/// Contracts of oc-demo with two fibres each, which they can move to and fro.
async fn service() -> Oi {
    let mut files = demo::files();
    let mut add = |file: &str, row: String| files.get_mut(file).unwrap().push_str(&row);
    add("floors.csv", format!("{PLACE}\n"));
    add("pbos.csv", format!("{PLACE};P;P\n"));
    for contract in 0..CONTRACTS {
        for (fibre, usage) in [("A", "occupied"), ("B", "available")] {
            let name = format!("{fibre}-{contract}");
            add("ptos.csv", format!("{name};{PLACE};built\n"));
            let row = format!("{name};{PLACE};P;{name};PM;{name};K;Bleu;Bleu;{usage};no;\n");
            add("fibres.csv", row);
        }
        let row = format!(
            "CUT-{contract};oc-demo;{PLACE};A-{contract};;;ztd;collective;real;no;no;open;connection\n"
        );
        add("contracts.csv", row);
    }
    let unlimited = files["operators.csv"].replace(";OC;100000;", ";OC;100000000;");
    files.insert("operators.csv", unlimited);
    let refused = (0..CONTRACTS).filter(|contract| fails(*contract)).map(|contract| {
        format!("[[networks.behaviour]]\ncontract = \"CUT-{contract}\"\nrefuses = true\n")
    });
    Oi::with(&(SETTINGS.to_owned() + &refused.collect::<String>()), files).await
}

/// Whether Networks refuses a contract's re-provisionings once they are accepted: then the line is free
/// to be asked for again, and whoever asks twice gets two.
fn fails(contract: usize) -> bool {
    contract.is_multiple_of(3)
}

/// What the service's own table says.
struct Table(Connection);

impl Table {
    fn open(folder: &Path) -> Self {
        let file = folder.join("ereprov.db");
        Self(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap())
    }

    /// How many re-provisionings a contract has, and the latest one's state, code and fibre.
    fn of(&self, contract: &str) -> (usize, String, String, String) {
        const OF: &str = "SELECT r.state, r.discharge_code, f.ref FROM reprovisioning r \
            JOIN contract c ON c.id = r.contract_id JOIN fibre f ON f.id = r.fibre_id \
            WHERE c.ref = ? ORDER BY r.number";
        let mut statement = self.0.prepare_cached(OF).unwrap();
        let rows =
            statement.query_map([contract], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let rows: Vec<(String, String, String)> = rows.unwrap().map(Result::unwrap).collect();
        let (state, code, fibre) = rows.last().cloned().unwrap_or_default();
        (rows.len(), state, code, fibre)
    }

    /// Waits until nothing runs for a contract; answers how many there were and where its line is.
    async fn settled(&self, contract: &str) -> (usize, String) {
        for _ in 0..2000 {
            let (count, state, _, fibre) = self.of(contract);
            match state.as_str() {
                "" | "failed" => return (count, String::new()),
                "completed" => return (count, fibre),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        panic!("{contract} is not settled");
    }
}

/// How often each outcome came.
#[derive(Debug, Default)]
struct Tally {
    answered: usize,
    found_out: usize,
    code_came_later: usize,
    not_accepted: usize,
    unknown: usize,
    /// Whole connections, then those cut in the question, while waiting, and in the answer.
    cuts: [u64; 4],
}

/// One caller, who asks for one contract after the other.
async fn ask(oi: &Oi, caller: usize, callers: usize, names: bool) -> Tally {
    let cutting = Cutting::start(oi.running.address.port(), 0x9e37 + caller as u64, names).await;
    let folder = tempdir().unwrap();
    let endpoint = ereprov_client::Endpoint::new(&url(cutting.port, "http"))
        .login(basic("oc-demo"))
        .quota_per_month(u64::MAX)
        .patience(hasty());
    let client = Client::new(endpoint, folder.path()).unwrap();
    let table = Table::open(oi.folder.path());
    let mut tally = Tally::default();
    for number in (caller..puts()).step_by(callers) {
        let name = format!("CUT-{}", number % CONTRACTS);
        let (before, there) = table.settled(&name).await;
        let to = if there.starts_with('B') { "A" } else { "B" };
        let put =
            Put { reason: Reason::FullPbo, ..put(&name, &format!("{to}-{}", number % CONTRACTS)) };
        let outcome = client.put(&put).await;
        let after = table.of(&name);
        // Never a second one, whatever the outcome.
        assert!(after.0 <= before + 1, "{name} was re-provisioned twice: {outcome:?}");
        match outcome {
            Ok(accepted) => {
                assert_eq!(after.0, before + 1, "{name}: {accepted:?}");
                assert_eq!(accepted.fibre.as_ref(), Some(&put.fibre));
                match (&accepted.discharge_code, names) {
                    (Some(code), _) => assert_eq!(*code, after.2),
                    (None, true) => assert!(accepted.code_to_come, "{name}: the code is lost"),
                    (None, false) => assert!(accepted.found_out.is_some()),
                }
                match accepted {
                    Accepted { discharge_code: Some(_), .. } => tally.answered += 1,
                    Accepted { code_to_come: true, .. } => {}
                    _ => tally.found_out += 1,
                }
            }
            Err(error @ Error::OutcomeUnknown(_)) => {
                assert_eq!(client.unsettled().unwrap().len(), 1, "{error}");
                tally.unknown += 1;
            }
            Err(error) => {
                assert_eq!(after.0, before, "{name} was accepted: {error:?}");
                assert_eq!(client.unsettled().unwrap(), [], "{error}");
                tally.not_accepted += 1;
            }
        }
        // What is unsettled is settled over a sound connection, as a person would do it later.
        if !client.unsettled().unwrap().is_empty() {
            cutting.cuts.store(false, std::sync::atomic::Ordering::SeqCst);
            settle(&client, &table, &put, before, names).await;
            tally.code_came_later += 1;
            cutting.cuts.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }
    tally.cuts = cutting.counts();
    assert!(tally.cuts.iter().all(|count| *count > 0), "{tally:?}");
    tally
}

async fn settle(client: &Client, table: &Table, put: &Put, before: usize, names: bool) {
    let name = put.contract.as_str();
    let mut settled = client.settle(&put.contract, u32::MAX).await;
    if names && table.of(name).1 == "failed" && matches!(settled, Err(Error::OutcomeUnknown(_))) {
        // Nobody can tell whether this one has failed or one before it; under its name it may be asked
        // for again all the same, and is not done twice.
        settled = client.put(put).await.map(Some);
    }
    let after = table.of(name);
    match settled {
        Ok(Some(accepted)) => {
            assert_eq!(after.0, before + 1, "{accepted:?}");
            if names {
                assert_eq!(accepted.discharge_code.as_ref(), Some(&after.2));
            }
        }
        Err(Error::NotAccepted { .. }) => assert_eq!(after.0, before),
        // Here a person has to.
        Err(Error::OutcomeUnknown(_)) if !names && after.1 == "failed" => {
            client.forget(&put.contract).await.unwrap();
        }
        other => panic!("{name} cannot be settled: {other:?}"),
    }
    assert_eq!(client.unsettled().unwrap(), []);
}

async fn never_doubles(names: bool) -> String {
    let oi = service().await;
    let (one, other) = tokio::join!(ask(&oi, 0, 2, names), ask(&oi, 1, 2, names));
    oi.running.stop().await;
    format!("{} puts, names remembered: {names}: {one:?} {other:?}", puts())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_service_remembers_names_no_discharge_code_is_lost_either() {
    eprintln!("{}", never_doubles(true).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_does_not_nothing_is_done_twice() {
    eprintln!("{}", never_doubles(false).await);
}
