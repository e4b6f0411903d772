//! Rows that are committed after others with a higher number: the chain waits for them, and for nobody else.

use std::time::Duration;

use super::{
    Location, Store,
    chain::{NOON, act, numbered, report, run, says, sealer, write},
    postgres, postgres_url,
};
use crate::{
    chain::sealer::Sealer,
    store::seals::{self, Seal},
};

on_both! { a_row_that_comes_late_is_sealed_late_and_none_is_taken_for_it }

async fn a_row_that_comes_late_is_sealed_late_and_none_is_taken_for_it(store: Store) {
    let sealer = sealer(&store);
    for seq in [1, 2, 4, 9, 10] {
        run(&store, &numbered(seq)).await;
    }
    sealer.seal_all().await.unwrap();
    run(&store, &numbered(3)).await;
    let before = report(&store).await;
    assert!(before.holds(), "it is late, and nothing else: {before:?}");
    assert_eq!(before.requests_not_sealed, 1);
    run(&store, &numbered(6)).await;
    run(&store, &numbered(11)).await;
    sealer.seal_all().await.unwrap();
    let sealed = report(&store).await;
    assert!(sealed.holds(), "{sealed:?}");
    assert_eq!((sealed.rows, sealed.requests_not_sealed), (8, 0));
    assert_eq!(last(&store).await.requests, "3,6,11");
    let said = says(&store, "DELETE FROM audit WHERE seq = 6").await;
    assert_eq!(said, ["removed: request 6 of seal 2"]);
    // A minute later nobody can come any more.
    settled(&store, &sealer).await;
    let said = says(&store, &numbered(7)).await;
    assert!(said.len() == 1 && said[0].starts_with("inserted: request 7 (n-7, "), "{said:?}");
    // Times that are none of the seals' tell nothing: clocks jump.
    for (seq, at_ms) in [(12, 0), (13, i64::MAX / 2)] {
        run(&store, &numbered(seq).replace(&NOON.to_string(), &at_ms.to_string())).await;
    }
    sealer.seal_all().await.unwrap();
    let sealed = report(&store).await;
    assert!(sealed.holds() && sealed.off_their_time >= 2, "{sealed:?}");
    let number = last(&store).await.number.to_string();
    assert!(sealed.off_their_time_in.ends_with(&number), "{sealed:?}");
}

#[tokio::test]
async fn a_transaction_that_stays_open_keeps_its_row_awaited_and_nobody_waiting() {
    let url = postgres_url().await;
    let store = Store::open(&Location::Postgres(url.clone()), 4).await.unwrap();
    let sealer = sealer(&store);
    let (open, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    open.batch_execute(
        "BEGIN; INSERT INTO audit (request_id, at_ms, method, duration_us, address)
         VALUES ('open', 1700000000000, 'getRoSite', 5, '::1')",
    )
    .await
    .unwrap();
    for name in ["a", "b", "c"] {
        write(&store, name, NOON).await;
        sealer.seal_all().await.unwrap();
        sealer.clock.advance_ms(600_000);
    }
    assert_eq!(report(&store).await.rows, 3);
    open.batch_execute("COMMIT").await.unwrap();
    let late = report(&store).await;
    assert!(late.holds() && late.requests_not_sealed == 1, "{late:?}");
    sealer.seal_all().await.unwrap();
    let sealed = report(&store).await;
    assert!(sealed.holds() && sealed.rows == 4, "{sealed:?}");
    // What was undone is awaited no longer than others that began with it.
    open.batch_execute(
        "BEGIN; INSERT INTO audit (request_id, at_ms, method, duration_us, address)
         VALUES ('undone', 1700000000000, 'getRoSite', 5, '::1'); ROLLBACK",
    )
    .await
    .unwrap();
    write(&store, "d", NOON).await;
    sealer.seal_all().await.unwrap();
    assert_ne!(last(&store).await.gaps, "");
    settled(&store, &sealer).await;
}

async fn last(store: &Store) -> Seal {
    store.read("last", (), |tx, ()| Box::pin(seals::last(tx))).await.unwrap().unwrap()
}

/// Seals an act a minute, until no row is awaited: other tests' transactions are waited for, too.
async fn settled(store: &Store, sealer: &Sealer) {
    for minute in 0..500 {
        sealer.clock.advance_ms(61_000);
        act(store, &format!("minute {minute}")).await;
        sealer.seal_all().await.unwrap();
        if last(store).await.gaps.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("rows are awaited for ever");
}
