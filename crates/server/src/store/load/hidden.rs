//! What is there and cannot be seen yet, and what a load that was cut off has left of it.

use super::Loader;
use crate::store::{
    StoreError, Tx,
    statement::{Statement, statement},
    value::params,
};

static BEGIN: Statement = statement!(
    "load.hide",
    "INSERT INTO load_hidden (id, site_max, floor_max, pbo_max, pto_max, contract_max, fibre_max)
     SELECT 1, (SELECT COALESCE(MAX(id), 0) FROM site), (SELECT COALESCE(MAX(id), 0) FROM floor),
       (SELECT COALESCE(MAX(id), 0) FROM pbo), (SELECT COALESCE(MAX(id), 0) FROM pto),
       (SELECT COALESCE(MAX(id), 0) FROM contract), (SELECT COALESCE(MAX(id), 0) FROM fibre)"
);
static THERE: Statement = statement!("load.hidden", "SELECT id FROM load_hidden");
static SHOW: Statement = statement!("load.show", "DELETE FROM load_hidden");

macro_rules! forget {
    ($name:literal, $table:literal, $key:literal, $condition:literal) => {
        statement!(
            $name,
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE ",
                $key,
                " IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $condition,
                " LIMIT $1)"
            )
        )
    };
}
static PAST: Statement = forget!(
    "load.forget_past",
    "reprovisioning",
    "id",
    "contract_id > (SELECT contract_max FROM load_hidden)"
);
static FIBRES: Statement =
    forget!("load.forget_fibres", "fibre", "id", "id > (SELECT fibre_max FROM load_hidden)");
static CONTRACTS: Statement = forget!(
    "load.forget_contracts",
    "contract",
    "id",
    "id > (SELECT contract_max FROM load_hidden)"
);
static PTOS: Statement =
    forget!("load.forget_ptos", "pto", "id", "id > (SELECT pto_max FROM load_hidden)");
static PBOS: Statement =
    forget!("load.forget_pbos", "pbo", "id", "id > (SELECT pbo_max FROM load_hidden)");
static FLOORS: Statement =
    forget!("load.forget_floors", "floor", "id", "id > (SELECT floor_max FROM load_hidden)");
static SITES: Statement =
    forget!("load.forget_sites", "site", "id", "id > (SELECT site_max FROM load_hidden)");

/// Rows that are taken away at a time.
const PIECE: i64 = 5_000;

/// From here on, what is added is hidden.
pub(super) async fn begin(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(&BEGIN, &[]).await.map(drop)
}

/// Everything can be seen.
pub(super) async fn end(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(&SHOW, &[]).await.map(drop)
}

/// Takes away what a load that was cut off has left, in pieces.
pub(super) async fn clear(loader: &mut Loader) -> Result<(), StoreError> {
    let there = loader.looking(async |tx| tx.first(&THERE, &[], |row| row.int("id")).await);
    if there.await?.is_none() {
        return Ok(());
    }
    for statement in [&PAST, &FIBRES, &CONTRACTS, &PTOS, &PBOS, &FLOORS, &SITES] {
        loop {
            let taken = loader.writing(async |tx| tx.execute(statement, params![PIECE]).await);
            if taken.await? == 0 {
                break;
            }
            loader.give_way().await;
        }
    }
    loader.writing(async |tx| end(tx).await).await
}

/// Every statement of this file.
#[cfg(test)]
pub(super) static ALL: &[&Statement] =
    &[&BEGIN, &THERE, &SHOW, &PAST, &FIBRES, &CONTRACTS, &PTOS, &PBOS, &FLOORS, &SITES];
