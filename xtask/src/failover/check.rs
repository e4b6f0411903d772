//! What was told, held against what is in the database in the end.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};

use super::clients::{Said, Told};

/// How long what was accepted may take to end, once nobody asks any more.
const END: Duration = Duration::from_secs(30);

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// What must not be.
    pub(super) violations: Vec<String>,
    /// Re-provisionings in the database.
    pub(super) kept: usize,
    /// Questions that were told a failure and are in the audit with what they came to: their commit was
    /// lost sight of.
    pub(super) told_failure_but_kept: usize,
}

/// Waits for everything to end, and compares.
pub(super) async fn check(url: &str, history: &[Told], open: usize) -> Result<Found> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let mut found = Found::default();
    all_ended(&client, &mut found).await?;
    acknowledged(&client, history, open, &mut found).await?;
    audited(&client, history, &mut found).await?;
    for (query, says) in QUERIES {
        for row in client.query(*query, &[]).await? {
            found.violations.push(format!("{says}: {}", row.get::<_, String>(0)));
        }
    }
    connection.abort();
    Ok(found)
}

/// Queries that must find nothing; each names what it finds.
const QUERIES: &[(&str, &str)] = &[
    (
        "SELECT f.ref FROM fibre f JOIN contract c ON c.fibre_id = f.id
         GROUP BY f.ref HAVING COUNT(*) > 1",
        "a fibre is the route of two contracts",
    ),
    (
        "SELECT c.ref FROM contract c JOIN fibre f ON f.id = c.fibre_id
         WHERE f.contract_id IS DISTINCT FROM c.id",
        "a contract's route is not its own",
    ),
    (
        "SELECT f.ref FROM reprovisioning r JOIN fibre f ON f.id = r.fibre_id
         GROUP BY f.ref HAVING COUNT(*) > 1",
        "a fibre was accepted twice, and each is broken once it is left",
    ),
    (
        "SELECT c.ref FROM contract c JOIN LATERAL (
           SELECT fibre_id FROM reprovisioning r WHERE r.contract_id = c.id
           ORDER BY number DESC LIMIT 1) latest ON TRUE
         WHERE latest.fibre_id IS DISTINCT FROM c.fibre_id",
        "a contract is not on the fibre of its latest re-provisioning",
    ),
    (
        "SELECT r.id FROM reprovisioning r LEFT JOIN audit a
           ON a.request_id = r.request_id AND a.code IS NULL WHERE a.request_id IS NULL",
        "an accepted request has no audit row that says so",
    ),
    (
        "SELECT used || ' counted, ' || admitted || ' admitted' FROM
           (SELECT COALESCE(SUM(used), 0) AS used FROM monthly_usage) counted,
           (SELECT COUNT(*) AS admitted FROM audit WHERE admitted_us IS NOT NULL) admissions
         WHERE used <> admitted",
        "the quota's count is wrong",
    ),
];

async fn all_ended(client: &Client, found: &mut Found) -> Result<()> {
    let begun = Instant::now();
    let states = "SELECT CAST(COUNT(*) AS TEXT), CAST(COUNT(*) FILTER (WHERE state <> 'completed')
                  AS TEXT) FROM reprovisioning";
    loop {
        let row = client.query_one(states, &[]).await?;
        found.kept = row.get::<_, String>(0).parse()?;
        let unended: String = row.get(1);
        if unended == "0" {
            return Ok(());
        }
        if begun.elapsed() > END {
            found.violations.push(format!("{unended} re-provisionings are not Terminé"));
            return Ok(());
        }
        sleep(super::LOOK).await;
    }
}

/// Every acknowledged put is there, as it was told, and nothing else is.
async fn acknowledged(
    client: &Client,
    history: &[Told],
    open: usize,
    found: &mut Found,
) -> Result<()> {
    let query = "SELECT r.discharge_code, c.ref, f.ref FROM reprovisioning r
                 JOIN contract c ON c.id = r.contract_id JOIN fibre f ON f.id = r.fibre_id";
    let rows = client.query(query, &[]).await?;
    let rows: HashMap<String, (String, String)> =
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
    let mut codes = HashSet::new();
    let mut fibres: HashMap<&str, &str> = HashMap::new();
    for told in history.iter().filter(|told| told.fibre.is_some()) {
        let Said::Ok(code, fibre) = &told.said else { continue };
        let contract = &told.contract;
        if told.fibre.as_ref() != Some(fibre) {
            found.violations.push(format!("{contract} asked for {:?}, got {fibre}", told.fibre));
        }
        if rows.get(code) != Some(&(contract.clone(), fibre.clone())) {
            found.violations.push(format!("lost: {code}, {contract} on {fibre}"));
        }
        if fibres.insert(fibre, code).is_some_and(|other| other != code) {
            found.violations.push(format!("{fibre} was given twice"));
        }
        codes.insert(code.as_str());
    }
    let untold: Vec<_> = rows.keys().filter(|code| !codes.contains(code.as_str())).collect();
    // A put that nobody knew the end of may be there, or not.
    if untold.len() > open {
        found.violations.push(format!("accepted, and told to nobody: {untold:?}"));
    }
    Ok(())
}

/// Every answer has its audit row, with the code that was told.
async fn audited(client: &Client, history: &[Told], found: &mut Found) -> Result<()> {
    let rows = client.query("SELECT request_id, CAST(code AS TEXT) FROM audit", &[]).await?;
    let rows: HashMap<String, Option<String>> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for told in history {
        let code = match &told.said {
            Said::Ok(..) => None,
            Said::Ko(code) => Some(*code),
            Said::Nothing | Said::Other(_) => continue,
        };
        // Where the database is the failure, the log may be all there is. And where it is lost while
        // an answer is committed, yes or no, that may be kept, and nobody left to ask.
        let failed = matches!(code, Some(10100 | 10101 | 10200));
        match rows.get(&told.request_id) {
            Some(row) if *row == code.map(|code| code.to_string()) => {}
            Some(_) if failed => found.told_failure_but_kept += 1,
            None if failed || code == Some(20004) => {}
            row => found.violations.push(format!(
                "{}: {:?} was told, the audit has {row:?}",
                told.request_id, told.said
            )),
        }
    }
    Ok(())
}
