//! A small network, and what is done to it in more than one test.

use ereprov_domain::{reason::Reason, reprovisioning::State, route::Usage};

use crate::store::{
    Store, StoreError, Tx, fibres, inventory, operators,
    reprovisionings::{self, Lease, New, Now},
};

pub(super) struct Network {
    pub(super) operator: i64,
    pub(super) fibres: Vec<i64>,
    pub(super) contracts: Vec<i64>,
}

pub(super) fn operator(login: &str) -> operators::Operator {
    operators::Operator {
        id: 0,
        login: login.into(),
        name: format!("name of {login}"),
        password_hash: "$".into(),
        old_password: None,
        addresses: None,
        profile: Some("OC".into()),
        quota: None,
        sessions: None,
        disabled: false,
        created_ms: 1,
        digest_secret: None,
        certificates: None,
    }
}

pub(super) async fn with_operator(store: &Store) -> i64 {
    let added = store.write("operator", (), |tx, ()| {
        Box::pin(async move {
            assert!(operators::insert(tx, &operator("oc")).await?);
            assert!(!operators::insert(tx, &operator("oc")).await?, "a login is one operator's");
            assert_eq!(operators::find(tx, "o\0c").await?, None, "a caller may send anything");
            Ok(operators::find(tx, "oc").await?.unwrap().id)
        })
    });
    added.await.unwrap()
}

/// `fibres` fibres with a socket each, F0, F1, …; `contracts` contracts without a route.
pub(super) async fn with_network(store: &Store, fibres: usize, contracts: usize) -> Network {
    let operator = with_operator(store).await;
    let asked = (operator, fibres, contracts);
    let made = store.write("network", asked, |tx, (operator, fibres, contracts)| {
        Box::pin(network(tx, *operator, *fibres, *contracts))
    });
    made.await.unwrap()
}

async fn network(
    tx: &mut Tx<'_>,
    operator: i64,
    fibres: usize,
    contracts: usize,
) -> Result<Network, StoreError> {
    let site = inventory::add_site(tx, "S").await?.unwrap();
    let floor = inventory::add_floor(tx, site, ["B", "E", "1"]).await?.unwrap();
    let pbo_id = inventory::add_pbo(tx, floor, "BE-01", "1").await?.unwrap();
    let mut made = Network { operator, fibres: vec![], contracts: vec![] };
    for number in 0..fibres {
        let pto = inventory::add_pto(tx, &format!("P{number}"), floor, "built").await?;
        let new = inventory::NewFibre {
            reference: &format!("F{number}"),
            pbo_id,
            pto_id: pto,
            pm_ref: "PM",
            pm_position: "1",
            cable: "C",
            tube: "T",
            colour: "C",
            usage: "available",
            out_of_service: false,
        };
        made.fibres.push(inventory::add_fibre(tx, &new).await?.unwrap());
    }
    for number in 0..contracts {
        let new = inventory::NewContract {
            reference: &format!("K{number}"),
            operator_id: operator,
            floor_id: Some(floor),
            pbo_id: Some(pbo_id),
            pm_ref: Some("PM"),
            fibre_id: None,
            zone: "ztd",
            building_kind: "collective",
            route_kind: "real",
            existing_socket: false,
            opac: false,
            order_state: "open",
            intervention: "connection",
        };
        made.contracts.push(inventory::add_contract(tx, &new).await?.unwrap());
    }
    Ok(made)
}

/// A re-provisioning that begins; its discharge code is its key.
pub(super) fn job(net: &Network, fibre: usize, id: &'static str, number: i64) -> New<'static> {
    New {
        id,
        contract_id: net.contracts[0],
        number,
        attempt: 1,
        previous_id: None,
        operator_id: net.operator,
        request_id: "r",
        fibre_id: net.fibres[fibre],
        old_fibre_id: None,
        reason: Reason::BrokenFibre,
        keep_pto: false,
        pto_ref: None,
        kept_pto_id: None,
        usage_before: Usage::Available,
        held_before: false,
        discharge_code: id,
        state: State::Initiated,
        accepted_ms: 0,
        ended_ms: None,
        by: "test",
    }
}

pub(super) async fn insert(store: &Store, job: New<'static>) -> Result<bool, StoreError> {
    store.write("insert", job, |tx, job| Box::pin(reprovisionings::insert(tx, job))).await
}

pub(super) async fn claim(store: &Store, lease: Lease, now_ms: i64) -> Vec<String> {
    let claimed = store.write("claim", (lease, now_ms), |tx, (lease, now)| {
        Box::pin(reprovisionings::claim(tx, lease, at(*now), 10))
    });
    let mut ids = claimed.await.unwrap();
    ids.sort_unstable();
    ids
}

pub(super) async fn finish(store: &Store, id: &str, token: &str) -> bool {
    let asked = (id.to_owned(), token.to_owned());
    let finished = store.write("finish", asked, |tx, (id, token)| {
        Box::pin(reprovisionings::finish(tx, id, token, State::Completed, None, 9))
    });
    finished.await.unwrap()
}

pub(super) async fn finish_by_lease(store: &Store, id: &str) -> bool {
    let lease = Lease { token: "again".into(), until_ms: 1000 };
    claim(store, lease, 500).await;
    finish(store, id, "again").await
}

pub(super) async fn by_id(store: &Store, id: i64) -> fibres::Fibre {
    let found = store.read("by_id", id, |tx, id| Box::pin(fibres::by_id(tx, *id)));
    found.await.unwrap().unwrap()
}

/// A time, with nothing ahead of it that could not have been set.
pub fn at(ms: i64) -> Now {
    Now { ms, wait_max_ms: 1_000_000, lease_max_ms: 1_000_000 }
}
