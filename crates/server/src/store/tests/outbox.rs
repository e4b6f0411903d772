//! The outbox: in order for each contract, and nothing without the lease.

use super::network::{at, finish_by_lease, insert, job, with_network};
use crate::store::{
    Store, StoreError, Tx,
    notifications::{self, Filter, Key, New, State},
    notify_targets::{self, Channel},
    reprovisionings::Lease,
};

const CHANNEL: Channel = Channel::Webhook;

async fn tell(tx: &mut Tx<'_>, operator: i64, id: &str, of: (i64, i64)) -> Result<(), StoreError> {
    let new = New {
        reprovisioning_id: id,
        channel: CHANNEL,
        operator_id: operator,
        contract_id: of.0,
        number: of.1,
        facts: "{}",
        now_ms: 10,
    };
    notifications::insert(tx, &new).await
}

fn key(id: &str) -> Key {
    Key { reprovisioning_id: id.to_owned(), channel: CHANNEL }
}

pub(super) async fn the_outbox_is_in_order_and_held(store: Store) {
    let net = with_network(&store, 3, 2).await;
    for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
        let contract_id = net.contracts[usize::from(name == "c")];
        let number = if name == "b" { 2 } else { 1 };
        let job = super::New { contract_id, ..job(&net, n, name, number) };
        assert!(insert(&store, job).await.unwrap());
        assert!(finish_by_lease(&store, name).await);
    }
    let asked = (net.operator, net.contracts);
    let done = store.write("outbox", asked, |tx, (operator, contracts)| {
        Box::pin(async move {
            let target = (*operator, CHANNEL);
            notify_targets::set(tx, target, "https://oc/", Some("s"), false, 0).await?;
            // The later one is written first: the order is the contract's.
            tell(tx, *operator, "b", (contracts[0], 2)).await?;
            tell(tx, *operator, "a", (contracts[0], 1)).await?;
            tell(tx, *operator, "c", (contracts[1], 1)).await?;
            in_order(tx, target).await?;
            held(tx, target).await
        })
    });
    done.await.unwrap();
}

async fn next(tx: &mut Tx<'_>, target: (i64, Channel), now_ms: i64) -> Result<String, StoreError> {
    let next = notifications::next(tx, target, now_ms, now_ms + 1_000_000).await?;
    Ok(next.map_or(String::new(), |next| next.key.reprovisioning_id))
}

async fn in_order(tx: &mut Tx<'_>, target: (i64, Channel)) -> Result<(), StoreError> {
    assert_eq!(next(tx, target, 100).await?, "a");
    // Refused until later, it keeps the later one of its contract waiting, and nothing else.
    notifications::failed(tx, &key("a"), 0, 200, "422").await?;
    assert_eq!(next(tx, target, 100).await?, "c");
    notifications::delivered(tx, &key("c"), 100).await?;
    assert_eq!(next(tx, target, 100).await?, "");
    assert_eq!(next(tx, target, 200).await?, "a");
    // Given up, it holds nobody up any more; once the later one has arrived, it is too late for it.
    notifications::failed(tx, &key("a"), 10, 300, "422").await?;
    assert_eq!(next(tx, target, 200).await?, "b");
    assert!(notifications::again(tx, &key("a"), 200).await?);
    assert_eq!(next(tx, target, 200).await?, "a");
    notifications::failed(tx, &key("a"), 200, 300, "422").await?;
    notifications::delivered(tx, &key("b"), 200).await?;
    assert!(!notifications::again(tx, &key("a"), 200).await?);
    let dead = Filter { state: Some(State::Dead), limit: 9, ..Filter::default() };
    assert_eq!(notifications::list(tx, &dead).await?.len(), 1);
    assert!(notifications::again(tx, &key("b"), 200).await?, "told again, if it was lost");
    assert_eq!(notifications::forget(tx, 100).await?, 1, "the third, which waits no longer");
    Ok(())
}

async fn held(tx: &mut Tx<'_>, target: (i64, Channel)) -> Result<(), StoreError> {
    let lease = |token: &str, until_ms| Lease { token: token.to_owned(), until_ms };
    assert_eq!(notify_targets::due(tx, at(300), 9).await?.len(), 1);
    assert!(notify_targets::take_lease(tx, target, &lease("one", 400), at(300)).await?);
    assert!(!notify_targets::take_lease(tx, target, &lease("two", 500), at(399)).await?);
    assert!(notify_targets::due(tx, at(399), 9).await?.is_empty(), "somebody delivers to it");
    assert!(notify_targets::take_lease(tx, target, &lease("two", 500), at(400)).await?);
    assert!(!notify_targets::renew_lease(tx, target, &lease("one", 900)).await?);
    assert!(!notify_targets::fails(tx, target, "one", 900, "late").await?);
    assert!(notify_targets::fails(tx, target, "two", 900, "503").await?);
    notify_targets::let_go(tx, target, "two").await?;
    assert!(notify_targets::due(tx, at(899), 9).await?.is_empty());
    let due = notify_targets::due(tx, at(900), 9).await?.remove(0);
    assert_eq!((due.failures, due.last_error.as_deref(), due.waiting), (1, Some("503"), 1));
    // A clock that has gone back waits for nothing that lies beyond what it could have set.
    assert_eq!(notify_targets::due(tx, at(-2_000_000), 9).await?.len(), 1);
    Ok(())
}
