//! A database moved to PostgreSQL: all of it, however odd, once.

use std::path::PathBuf;

use super::{Location, Store, migrations, postgres_url};
use crate::store::{
    copy::{Outcome, Sum, copy},
    dialect::TABLES,
};

/// At least one row in every table, with what could get lost on the way: NULL beside nothing, French,
/// what separates columns elsewhere, numbers at their ends, keys whose order differs by language.
const EVERYTHING: &str = "
  UPDATE service SET closed = TRUE, reason = 'Travaux; 50\t% — «é»\n', until_ms = -1;
  INSERT INTO operator VALUES (1, 'oc', 'É', '$argon2', NULL, NULL, 9223372036854775807, FALSE, 0, 1,
      NULL, NULL, NULL, '1.k.AA=', 'ab cd'),
    (2147483647, 'Oc', 'é', '', 'OC', 0, NULL, TRUE, -9223372036854775808, 1, '$argon2', -1, '::1',
      NULL, NULL);
  INSERT INTO login_nonce VALUES (1, 'f0', 9), (1, 'e1', 9);
  INSERT INTO monthly_usage VALUES (1, '2026-11', 5), (1, '2026-09', 7);
  INSERT INTO audit VALUES ('b', 1, 1, 'm', '\\N', NULL, '', 5, 'a', NULL, 7),
    ('B', 1, NULL, 'm', NULL, -1, NULL, 5, '::1', 4, 5000000000),
    ('é', 1, NULL, 'm', '', 0, NULL, 5, '', 0, 9);
  INSERT INTO admin_act VALUES ('1', 1, 'root', 'import', '/x', '', 3);
  INSERT INTO audit_seal VALUES (1, 1, 2, 'p', '7', '', 7, 0, 1, 'd', '', 0, 'h', 'AAAA');
  INSERT INTO load_hidden VALUES (1, 7, 7, 7, 7, 7, 2147483647);
  INSERT INTO site VALUES (1, 'S');
  INSERT INTO floor VALUES (1, 1, 'B', 'E', '06');
  INSERT INTO pbo VALUES (1, 1, 'BE', '');
  INSERT INTO pto VALUES (1, 'P', 1, 'built');
  INSERT INTO contract VALUES (1, 'K', 1, 1, NULL, NULL, 1, 'ztd', 'collective', 'real', FALSE, TRUE,
    'open', 'connection', 'x');
  INSERT INTO fibre VALUES (1, 'F', 1, 1, 'PM', '1', 'C', 'T', 'Bleu', 'occupied', FALSE, 1, 'x'),
    (2, 'G', 1, NULL, 'PM', '2', 'C', 'T', 'Vert', 'available', FALSE, NULL, 'x');
  INSERT INTO reprovisioning VALUES
    ('z', 1, 1, 1, NULL, 1, 'b', 2, 1, 'broken', FALSE, NULL, NULL, 'available', FALSE, 'CODE',
     'failed', 'x', 1, NULL, 2, 'done', 3, 0, NULL, NULL, 0, 'x'),
    ('a', 1, 2, 2, 'z', 1, 'b', 2, 1, 'broken', TRUE, 'P', 1, 'available', FALSE, 'CODE',
     'initiated', NULL, 1, NULL, NULL, 'order', 3, 0, NULL, 't', 9, 'x');
  INSERT INTO idempotency VALUES (1, 'n', 'd', 'z', 'CODE', 'PM', '2', 'G', NULL, 1);
  INSERT INTO network_order VALUES ('z', 'K', 'G', 1, 2, FALSE, TRUE);
  INSERT INTO notify_target VALUES (1, 'webhook', 'https://oc.example/', '1.x.y', TRUE, 1, 2, 3,
    'späť', NULL, 0);
  INSERT INTO notification VALUES ('z', 'webhook', 1, 1, 1, '{\"a\": \"é\"}', 'waiting', 1, 2, 3, NULL,
    NULL)";

/// A SQLite file with rows in every table.
async fn source() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.db");
    drop(Store::open(&Location::Sqlite(path.clone()), 1).await.unwrap());
    change(&path, EVERYTHING);
    (folder, path)
}

fn change(path: &PathBuf, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn number(url: &str, sql: &str) -> i64 {
    client(url).await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_tables_of_the_migrations_are_those_of_both_catalogues() {
    let known = migrations::tables();
    let url = postgres_url().await;
    let folder = tempfile::tempdir().unwrap();
    for location in [Location::Sqlite(folder.path().join("a.db")), Location::Postgres(url.clone())]
    {
        let store = Store::open(&location, 2).await.unwrap();
        let listing = store.read("tables", (), |tx, ()| {
            Box::pin(async move { tx.all(&TABLES, &[], |row| row.text("name")).await })
        });
        let mut there = listing.await.unwrap();
        there.retain(|name| name != "schema_step");
        there.sort();
        let mut expected = known.clone();
        expected.sort_unstable();
        assert_eq!(there, expected, "{location:?}");
    }
    // Each after those it refers to, and nothing beside tables that would have to be moved too.
    let references = "SELECT CAST(conrelid AS regclass)::text, CAST(confrelid AS regclass)::text
       FROM pg_constraint WHERE contype = 'f'";
    let references = client(&url).await.query(references, &[]).await.unwrap();
    assert!(references.len() > 10);
    let place = |name: &str| known.iter().position(|table| *table == name).unwrap();
    for row in references {
        assert!(place(row.get(1)) <= place(row.get(0)), "{row:?}");
    }
    // Those that number rows go on from there in the copy.
    let numbered = "SELECT COUNT(*) FROM pg_sequences";
    assert_eq!(number(&url, numbered).await, 2, "audit and admin_act");
}

#[tokio::test]
async fn everything_is_moved_once() {
    let (_folder, path) = source().await;
    let url = postgres_url().await;
    let Outcome::Copied(sums) = copy(&path, &url, false).await.unwrap() else { panic!("copied") };
    let rows = |table: &str| sums.iter().find(|sum: &&Sum| sum.table == table).unwrap().rows;
    assert_eq!((rows("operator"), rows("audit"), rows("reprovisioning")), (2, 3, 2));
    assert!(sums.iter().all(|sum| sum.rows > 0), "every table is tried: {sums:?}");
    // As the other database itself tells it.
    let told = "SELECT COUNT(*) FROM service, operator WHERE closed AND until_ms = -1
       AND reason = E'Travaux; 50\\t% — «é»\\n' AND sessions = 9223372036854775807
       AND quota IS NULL AND password_hash = '$argon2'";
    assert_eq!(number(&url, told).await, 1);
    let nothing = "SELECT COUNT(*) FROM audit WHERE contract_ref IS NULL OR contract_ref = '\\N'";
    assert_eq!(number(&url, nothing).await, 2);
    let next = "SELECT nextval(pg_get_serial_sequence('audit', 'seq'))
       + nextval(pg_get_serial_sequence('admin_act', 'seq'))";
    assert_eq!(number(&url, next).await, 5_000_000_001 + 4);
    // And the service works on it.
    drop(Store::open(&Location::Postgres(url.clone()), 2).await.unwrap());
    until_alone(&url).await;
    assert_eq!(copy(&path, &url, false).await.unwrap(), Outcome::AlreadyThere(sums));
}

/// Waits until the connections of a store that was dropped have ended.
async fn until_alone(url: &str) {
    let others = "SELECT COUNT(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'ereprovd'";
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while number(url, others).await > 0 {
        assert!(std::time::Instant::now() < give_up, "the connections never end");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn other_data_is_left_alone_until_told_otherwise() {
    let (_folder, path) = source().await;
    let url = postgres_url().await;
    assert!(matches!(copy(&path, &url, false).await, Ok(Outcome::Copied(_))));
    change(&path, "UPDATE fibre SET colour = 'Rouge' WHERE id = 2");
    let refused = copy(&path, &url, false).await.unwrap();
    let Outcome::OtherData(here, there) = refused else { panic!("{refused:?}") };
    let differing = here.iter().zip(&there).filter(|(a, b)| a != b).map(|(a, _)| a.table);
    assert_eq!(differing.collect::<Vec<_>>(), ["fibre"]);
    let red = "SELECT COUNT(*) FROM fibre WHERE colour = 'Rouge'";
    assert_eq!(number(&url, red).await, 0);
    // Not while somebody serves it, told or not.
    let served = Store::open(&Location::Postgres(url.clone()), 2).await.unwrap();
    assert!(matches!(copy(&path, &url, true).await, Ok(Outcome::Served(1..))));
    assert_eq!(number(&url, red).await, 0);
    drop(served);
    until_alone(&url).await;
    assert!(matches!(copy(&path, &url, true).await, Ok(Outcome::Copied(_))));
    assert_eq!(number(&url, red).await, 1);
}

#[tokio::test]
async fn what_cannot_be_copied_leaves_nothing() {
    let (_folder, path) = source().await;
    let url = postgres_url().await;
    // SQLite keeps what PostgreSQL has no place for, late in the order of the tables.
    change(&path, "UPDATE network_order SET contract_ref = 'a' || char(0) || 'b'");
    let told = copy(&path, &url, false).await.unwrap_err().chain();
    assert!(told.contains("network_order"), "{told}");
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(number(&url, tables).await, 0);
    // A newer program's tables would be forgotten.
    change(
        &path,
        "UPDATE network_order SET contract_ref = 'K';
                   INSERT INTO schema_step (number, name, needs) VALUES (99, 'later', 1)",
    );
    let told = copy(&path, &url, false).await.unwrap_err().chain();
    assert!(told.contains("a newer ereprovd"), "{told}");
    assert_eq!(number(&url, tables).await, 0);
    change(&path, "DELETE FROM schema_step WHERE number = 99");
    until_alone(&url).await;
    assert!(matches!(copy(&path, &url, false).await, Ok(Outcome::Copied(_))));
}
