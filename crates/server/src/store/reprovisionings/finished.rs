//! What has ended since a time, with both routes whole, for the OI's other systems.

use crate::store::{
    Tx,
    error::StoreError,
    statement::{Statement, statement},
    value::{Row, params},
};

/// The columns of a route, each with a name before it.
macro_rules! route {
    ($fibre:literal, $prefix:literal) => {
        concat!(
            $fibre,
            ".ref AS ",
            $prefix,
            "fibre, ",
            $fibre,
            ".pm_ref AS ",
            $prefix,
            "pm, ",
            $fibre,
            ".pm_position AS ",
            $prefix,
            "pm_position, ",
            $fibre,
            "_site.ref AS ",
            $prefix,
            "site, ",
            $fibre,
            "_floor.building AS ",
            $prefix,
            "building, ",
            $fibre,
            "_floor.staircase AS ",
            $prefix,
            "staircase, ",
            $fibre,
            "_floor.floor AS ",
            $prefix,
            "floor, ",
            $fibre,
            "_pbo.ref AS ",
            $prefix,
            "pbo, ",
            $fibre,
            ".cable AS ",
            $prefix,
            "cable, ",
            $fibre,
            ".tube AS ",
            $prefix,
            "tube, ",
            $fibre,
            ".colour AS ",
            $prefix,
            "colour"
        )
    };
}

/// The tables that those come from.
macro_rules! route_tables {
    ($join:literal, $fibre:literal) => {
        concat!(
            " ",
            $join,
            " pbo ",
            $fibre,
            "_pbo ON ",
            $fibre,
            "_pbo.id = ",
            $fibre,
            ".pbo_id ",
            $join,
            " floor ",
            $fibre,
            "_floor ON ",
            $fibre,
            "_floor.id = ",
            $fibre,
            "_pbo.floor_id ",
            $join,
            " site ",
            $fibre,
            "_site ON ",
            $fibre,
            "_site.id = ",
            $fibre,
            "_floor.site_id"
        )
    };
}

static ENDED_SINCE: Statement = statement!(
    "reprovisioning.ended_since",
    concat!(
        "SELECT reprovisioning.id, operator.login AS operator, contract.ref AS contract,
           reprovisioning.discharge_code, reprovisioning.state, reprovisioning.reason,
           CASE WHEN reprovisioning.keep_pto THEN 'yes' ELSE 'no' END AS keep_pto,
           reprovisioning.pto_ref AS pto, reprovisioning.accepted_ms, reprovisioning.ended_ms, ",
        route!("new_fibre", ""),
        ", ",
        route!("old_fibre", "old_"),
        " FROM reprovisioning
         JOIN contract ON contract.id = reprovisioning.contract_id
         JOIN operator ON operator.id = reprovisioning.operator_id
         JOIN fibre new_fibre ON new_fibre.id = reprovisioning.fibre_id",
        route_tables!("JOIN", "new_fibre"),
        " LEFT JOIN fibre old_fibre ON old_fibre.id = reprovisioning.old_fibre_id",
        route_tables!("LEFT JOIN", "old_fibre"),
        " WHERE reprovisioning.ended_ms >= $1 AND reprovisioning.ended_ms IS NOT NULL
         ORDER BY reprovisioning.ended_ms, reprovisioning.id"
    )
);

/// Hands over each one that has ended since a time, in the order of their ends.
///
/// # Errors
/// The taker's own, or the database's.
pub async fn each_ended_since<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    since_ms: i64,
    take: impl FnMut(&Row<'_>) -> Result<(), E> + Send,
) -> Result<(), E> {
    tx.each(&ENDED_SINCE, params![since_ms], take).await
}

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&ENDED_SINCE];
