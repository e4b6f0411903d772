//! A database of the version before, brought up to date with what is in it.

use super::{
    Location, Store,
    chain::{NOON, report, says, sealer, write},
    postgres, postgres_url,
};

on_both! { rows_from_before_the_chain_are_sealed }

async fn rows_from_before_the_chain_are_sealed(store: Store) {
    // A database of the step before, with rows.
    let sqlite = tempfile::tempdir().unwrap();
    let location = if store.is_remote() {
        Location::Postgres(postgres_url().await)
    } else {
        Location::Sqlite(sqlite.path().join("old.db"))
    };
    let rows = "INSERT INTO audit (request_id, at_ms, method, duration_us, address)
         VALUES ('z', 3, 'm', 1, 'a'), ('b', 1, 'm', 1, 'a'), ('c', 2, 'm', 1, 'a');
       INSERT INTO admin_act VALUES ('y', 1, 'root', 'x', 'x', 'x'), ('a', 1, 'root', 'x', 'x', 'x');
       CREATE TABLE schema_step (number BIGINT PRIMARY KEY, name TEXT NOT NULL)";
    let steps = [
        include_str!("../migrations/0001_initial.sql"),
        rows,
        "INSERT INTO schema_step VALUES (1, 'initial'), (2, 'sessions_seen'), (3, 'login'),
           (4, 'digest_certificates')",
        include_str!("../migrations/0002_sessions_seen.sql"),
        include_str!("../migrations/0003_login.sql"),
        include_str!("../migrations/0004_digest_certificates.sql"),
    ];
    match &location {
        Location::Sqlite(path) => {
            let old = rusqlite::Connection::open(path).unwrap();
            for step in steps {
                old.execute_batch(step).unwrap();
            }
        }
        Location::Postgres(url) => {
            let (old, connection) =
                tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            for step in steps {
                old.batch_execute(step).await.unwrap();
            }
        }
    }
    let store = Store::open(&location, 2).await.unwrap();
    // A program of that step writes beside this one.
    write(&store, "d", NOON).await;
    sealer(&store).seal_all().await.unwrap();
    let held = report(&store).await;
    assert!(held.holds() && held.rows == 6, "{held:?}");
    assert_eq!(held.off_their_time, 5, "sealed long after their own time");
    let said = says(&store, "DELETE FROM audit WHERE request_id = 'z'").await;
    assert_eq!(said, ["removed: request 1 of seal 1"]);
}
