//! The audit's chain on both databases: what was done to it by SQL is found, and what the service does
//! itself is not.

use std::{sync::Arc, time::Duration};

use super::{Location, Store, audit, postgres, with_operator};
use crate::{
    chain::{
        Head,
        sealer::{Sealer, Settings},
        verify::{Asked, Finding, Report, verify},
    },
    clock::Clock,
    store::{
        admin_acts::{self, Act},
        audit::Entry,
        seals,
    },
    telemetry::metrics::Metrics,
};

on_both! {
    a_chain_holds_and_whatever_is_done_to_a_row_is_found
    whatever_is_done_to_a_seal_is_found
    what_was_kept_long_enough_goes_and_the_rest_still_holds
    sealers_and_writers_at_once_make_one_chain
}

const HOUR: i64 = 3_600_000;
pub(super) const NOON: i64 = 1_700_000_000_000;

/// A sealer that keeps rows for ten hours.
pub(super) fn sealer(store: &Store) -> Sealer {
    let settings = Settings { every: Duration::from_secs(1), keep: Some(Duration::from_hours(10)) };
    let (clock, metrics) = (Clock::manual(NOON), Arc::new(Metrics::new()));
    Sealer { store: store.clone(), clock, metrics, settings }
}

fn entry(name: &str, at_ms: i64) -> Entry {
    Entry {
        request_id: name.to_owned(),
        at_ms,
        operator_id: None,
        method: "getRoSite".into(),
        contract_ref: Some(format!("K-{name} é")),
        code: name.len().is_multiple_of(2).then_some(20015),
        detail: None,
        duration_us: 5,
        admitted_us: Some(2),
        address: "::1".into(),
    }
}

pub(super) async fn write(store: &Store, name: &str, at_ms: i64) {
    let written =
        store.write("row", entry(name, at_ms), |tx, entry| Box::pin(audit::record(tx, entry)));
    written.await.unwrap();
}

pub(super) async fn act(store: &Store, name: &str) {
    let text = || name.to_owned();
    let act = Act {
        id: text(),
        at_ms: NOON,
        actor: text(),
        action: text(),
        subject: text(),
        reason: text(),
    };
    let written = store.write("act", act, |tx, act| Box::pin(admin_acts::record(tx, act)));
    written.await.unwrap();
}

pub(super) async fn run(store: &Store, sql: &str) {
    let ran = store.write("sql", sql.to_owned(), |tx, sql| Box::pin(tx.script(sql)));
    ran.await.unwrap();
}

fn asked(noted: Option<Head>) -> Asked {
    Asked { noted, progress: |_, _| {} }
}

pub(super) async fn report(store: &Store) -> Report {
    let verified = store.read_much("verify", asked(None), |tx, asked| Box::pin(verify(tx, asked)));
    verified.await.unwrap()
}

/// What is found once this was done to the database, which is undone then.
async fn after(store: &Store, sql: &str, noted: Option<Head>) -> Vec<Finding> {
    let tampered = store.write("tamper", (sql.to_owned(), asked(noted)), |tx, (sql, asked)| {
        Box::pin(async move {
            tx.mark().await?;
            tx.script(sql).await?;
            let report = verify(tx, asked).await?;
            tx.undo_to_mark().await?;
            Ok(report.findings)
        })
    });
    tampered.await.unwrap()
}

pub(super) async fn says(store: &Store, sql: &str) -> Vec<String> {
    after(store, sql, None).await.iter().map(ToString::to_string).collect()
}

/// Three seals: requests 1 to 4 and act 1, requests 5 to 7, and acts 2 and 3.
async fn chained(store: &Store) -> Sealer {
    let sealer = sealer(store);
    with_operator(store).await;
    for name in ["a", "bb", "c", "dd"] {
        write(store, name, NOON).await;
    }
    act(store, "one").await;
    sealer.seal_all().await.unwrap();
    for name in ["e", "ff", "g"] {
        write(store, name, NOON).await;
    }
    sealer.seal_all().await.unwrap();
    act(store, "two").await;
    act(store, "three").await;
    sealer.seal_all().await.unwrap();
    let report = report(store).await;
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.seals, report.rows), (3, 10));
    assert_eq!((report.requests_not_sealed, report.acts_not_sealed), (0, 0));
    sealer
}

/// Every column of both tables, and what else could be in it.
const COLUMNS: &[(&str, &[&str])] = &[
    (
        "audit",
        &[
            "request_id = request_id || '1'",
            "at_ms = at_ms + 1",
            "operator_id = 1",
            "method = 'getReprovisionning'",
            "contract_ref = contract_ref || ' '",
            "contract_ref = NULL",
            "code = COALESCE(code, 0) + 1",
            "detail = ''",
            "duration_us = -duration_us",
            "admitted_us = NULL",
            "address = '::2'",
        ],
    ),
    (
        "admin_act",
        &[
            "id = id || '1'",
            "at_ms = 0",
            "actor = ''",
            "action = reason || '5:'",
            "subject = 'x'",
            "reason = 'y'",
        ],
    ),
];

async fn a_chain_holds_and_whatever_is_done_to_a_row_is_found(store: Store) {
    let sealer = chained(&store).await;
    // One that is not sealed yet tells nothing of itself.
    write(&store, "new", NOON).await;
    for (table, columns) in COLUMNS {
        let (word, seals): (_, &[i64]) = match *table {
            "audit" => ("request", &[1, 1, 1, 1, 2, 2, 2]),
            _ => ("act", &[1, 3, 3]),
        };
        for (index, seal) in seals.iter().enumerate() {
            let seq = index + 1;
            for column in *columns {
                let sql = format!("UPDATE {table} SET {column} WHERE seq = {seq}");
                let said = says(&store, &sql).await;
                assert_eq!(said.len(), 1, "{sql}: {said:?}");
                assert!(said[0].starts_with(&format!("altered: {word} {seq} (")), "{said:?}");
                assert!(said[0].ends_with(&format!(" of seal {seal}")), "{said:?}");
            }
            let sql = format!("DELETE FROM {table} WHERE seq = {seq}");
            let said = says(&store, &sql).await;
            assert_eq!(said, [format!("removed: {word} {seq} of seal {seal}")], "{sql}");
            let sql = format!("UPDATE {table} SET seq = 1000 WHERE seq = {seq}");
            let said = says(&store, &sql).await;
            assert_eq!(said, [format!("removed: {word} {seq} of seal {seal}")], "{sql}");
        }
    }
    let two = "UPDATE audit SET seq = 1000 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
       UPDATE audit SET seq = 3 WHERE seq = 1000";
    let said = says(&store, two).await;
    assert!(said.len() == 2 && said.iter().all(|said| said.starts_with("altered: ")), "{said:?}");
    for seq in [0, -7, i64::MIN] {
        let sql = format!(
            "INSERT INTO audit (request_id, at_ms, method, duration_us, address, seq)
             VALUES ('forged', {NOON}, 'getRoSite', 5, '::1', {seq})"
        );
        let said = says(&store, &sql).await;
        assert!(said[0].starts_with(&format!("inserted: request {seq} (forged, ")), "{said:?}");
        assert_eq!(said.len(), 1);
    }
    sealer.seal_all().await.unwrap();
    assert!(report(&store).await.holds());
}

async fn whatever_is_done_to_a_seal_is_found(store: Store) {
    let sealer = chained(&store).await;
    let head = sealer.seal_all().await.unwrap().unwrap();
    assert_eq!(after(&store, "", Some(head.clone())).await, []);
    let zeros = "0".repeat(64);
    let columns = [
        "number = number + 10",
        "version = 2",
        "sealed_ms = sealed_ms - 1",
        "previous = hash",
        "requests = '1-3'",
        "acts = 'x'",
        "requests_to = requests_to + 1",
        "acts_to = acts_to - 1",
        "row_count = row_count + 1",
        "digest = hash",
        "gaps = '1/1/3/'",
        "removed_to = 1",
        "removed_to = 2",
        &format!("hash = '{zeros}'"),
        "marks = 'AAAA'",
    ];
    for number in 1..=3 {
        for column in columns {
            let sql = format!("UPDATE audit_seal SET {column} WHERE number = {number}");
            assert!(!after(&store, &sql, None).await.is_empty(), "{sql}");
        }
        let sql = format!("DELETE FROM audit_seal WHERE number = {number}");
        let found = after(&store, &sql, Some(head.clone())).await;
        assert!(!found.is_empty(), "{sql}");
        let sql = format!(
            "DELETE FROM audit_seal WHERE number >= {number}; DELETE FROM audit; DELETE FROM admin_act"
        );
        let found = after(&store, &sql, Some(head.clone())).await;
        assert!(found.contains(&Finding::CutOff { noted: 3 }), "{sql}: {found:?}");
    }
    let said = says(&store, "DELETE FROM audit_seal WHERE number = 2").await;
    assert_eq!(said[0], "removed: seal 2");
    // Cut off and sealed anew, it is another chain.
    run(&store, "DELETE FROM audit_seal WHERE number > 1").await;
    sealer.clock.advance_ms(1);
    sealer.seal_all().await.unwrap();
    write(&store, "more", NOON).await;
    sealer.seal_all().await.unwrap();
    assert!(report(&store).await.holds());
    let noted = Head { number: 2, hash: head.hash };
    let found = after(&store, "", Some(noted)).await;
    assert!(matches!(found[..], [Finding::Rewritten { noted: 2, .. }]), "{found:?}");
}

/// Writes a row with a number of its own, as PostgreSQL does whose transactions overtake each other.
pub(super) fn numbered(seq: i64) -> String {
    format!(
        "INSERT INTO audit (request_id, at_ms, method, duration_us, address, seq)
         VALUES ('n-{seq}', {NOON}, 'getRoSite', 5, '::1', {seq})"
    )
}

async fn what_was_kept_long_enough_goes_and_the_rest_still_holds(store: Store) {
    let sealer = chained(&store).await;
    let noted = sealer.seal_all().await.unwrap().unwrap();
    sealer.clock.advance_ms(9 * HOUR);
    assert_eq!(sealer.retire().await.unwrap(), 0, "it is too early");
    write(&store, "later", NOON).await;
    sealer.seal_all().await.unwrap();
    sealer.clock.advance_ms(2 * HOUR);
    // What nobody has decided on is missing, however old it is.
    let said = says(&store, "DELETE FROM audit WHERE seq <= 4").await;
    assert_eq!(said, ["removed: requests 1 to 4 of seal 1"]);
    write(&store, "not sealed", NOON).await;
    assert_eq!(sealer.retire().await.unwrap(), 10);
    assert_eq!(sealer.retire().await.unwrap(), 0);
    let held = report(&store).await;
    assert!(held.holds(), "{held:?}");
    assert_eq!((held.seals, held.rows, held.requests_not_sealed), (5, 1, 1));
    let removed = held.removed.unwrap();
    assert_eq!((removed.to_seal, removed.rows), (3, 10));
    assert_eq!((removed.sealed_until_ms, removed.decided_ms), (NOON, NOON + 11 * HOUR));
    assert_eq!(after(&store, "", Some(noted)).await, [], "an old head is still the chain's");
    // What has gone does not come back, and what is left is not let go.
    let said = says(&store, &numbered(3)).await;
    assert!(said[0].starts_with("inserted: request 3 (n-3, "), "{said:?}");
    let said = says(&store, "DELETE FROM audit WHERE seq = 8").await;
    assert_eq!(said, ["removed: request 8 of seal 4"]);
    // However old, the newest stays until there is another: SQLite counts on from there.
    sealer.clock.advance_ms(100 * HOUR);
    act(&store, "four").await;
    sealer.seal_all().await.unwrap();
    sealer.clock.advance_ms(100 * HOUR);
    assert_eq!(sealer.retire().await.unwrap(), 1, "request 8");
    write(&store, "last", NOON).await;
    sealer.seal_all().await.unwrap();
    let last = store.read("last", (), |tx, ()| Box::pin(seals::last(tx))).await.unwrap().unwrap();
    assert_eq!((last.requests_to, last.acts_to), (10, 4));
    assert!(report(&store).await.holds());
}

async fn sealers_and_writers_at_once_make_one_chain(store: Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..40 {
                write(&store, &format!("{writer}-{number}"), NOON).await;
                if number % 10 == 0 {
                    act(&store, &format!("{writer}-{number}")).await;
                }
            }
        });
    }
    for _ in 0..4 {
        let sealer = sealer(&store);
        tasks.spawn(async move {
            for _ in 0..30 {
                sealer.seal_all().await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    tasks.join_all().await;
    sealer(&store).seal_all().await.unwrap();
    let report = report(&store).await;
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.rows, report.requests_not_sealed), (8 * 44, 0));
    assert!(report.seals > 1, "{report:?}");
}
