//! What must be true whatever failed.

use crate::harness::{Oi, Reply};

/// Each query counts what must never be.
/// (No label has an apostrophe: each becomes a text of SQL.)
const NEVER: [(&str, &str); 8] = [
    (
        "a running re-provisioning whose fibre is not reserved for its contract",
        "SELECT COUNT(*) FROM reprovisioning JOIN fibre ON fibre.id = reprovisioning.fibre_id
         WHERE state IN ('initiated', 'in_progress')
           AND (fibre.contract_id IS NULL OR fibre.contract_id <> reprovisioning.contract_id
                OR fibre.usage <> 'reserved')",
    ),
    (
        "a fibre that was reserved for a re-provisioning that does not run",
        "SELECT COUNT(*) FROM fibre WHERE updated_by = 'accept' AND NOT EXISTS
           (SELECT 1 FROM reprovisioning WHERE fibre_id = fibre.id
            AND state IN ('initiated', 'in_progress'))",
    ),
    (
        "a contract whose line is on a fibre that it does not hold",
        "SELECT COUNT(*) FROM contract JOIN fibre ON fibre.id = contract.fibre_id
         WHERE fibre.contract_id IS NULL OR fibre.contract_id <> contract.id
           OR fibre.usage <> 'occupied'",
    ),
    (
        "a fibre that was made a line, and is of no contract",
        "SELECT COUNT(*) FROM fibre WHERE updated_by = 'complete' AND contract_id IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM contract WHERE contract.fibre_id = fibre.id)",
    ),
    // One call too many is not counted, whatever comes of it: those at their limit are left out.
    (
        "an operator whose calls are not those of the audit",
        "SELECT COUNT(*) FROM operator WHERE COALESCE(quota, 2000) > 0 AND
           COALESCE((SELECT SUM(used) FROM monthly_usage WHERE operator_id = operator.id), 0)
           <> (SELECT COUNT(*) FROM audit WHERE operator_id = operator.id
               AND admitted_us IS NOT NULL AND (code IS NULL OR code <> 20016))",
    ),
    (
        "an accepted request without the audit row of its OK",
        "SELECT COUNT(*) FROM reprovisioning WHERE request_id <> '' AND NOT EXISTS
           (SELECT 1 FROM audit WHERE audit.request_id = reprovisioning.request_id
            AND code IS NULL)",
    ),
    (
        "a remembered answer that is another than its re-provisioning has",
        "SELECT COUNT(*) FROM idempotency JOIN reprovisioning
           ON reprovisioning.id = reprovisioning_id
         WHERE idempotency.discharge_code <> reprovisioning.discharge_code",
    ),
    (
        "an order in Networks for no re-provisioning",
        "SELECT COUNT(*) FROM network_order WHERE NOT EXISTS
           (SELECT 1 FROM reprovisioning WHERE reprovisioning.id = network_order.id)",
    ),
];

/// Nothing is half done.
pub async fn nothing_is_half_done(oi: &Oi, after: &str) {
    let told = NEVER.map(|(what, query)| format!("SELECT '{what}' WHERE ({query}) > 0"));
    assert_eq!(oi.lines(&told.join(" UNION ALL ")).await, [""; 0], "{after}");
}

/// Everything that a request or a worker may change.
pub async fn state(oi: &Oi) -> Vec<String> {
    let mut lines = Vec::new();
    for query in [
        "SELECT ref || ' ' || usage || ' ' || COALESCE(contract_id, 0) || ' '
           || COALESCE(pto_id, 0) FROM fibre ORDER BY id",
        "SELECT ref || ' ' || COALESCE(fibre_id, 0) || ' ' || route_kind FROM contract ORDER BY id",
        "SELECT id || ' ' || state || ' ' || step FROM reprovisioning ORDER BY id",
        "SELECT name FROM idempotency ORDER BY name",
    ] {
        lines.extend(oi.lines(query).await);
    }
    lines
}

/// The answer is one of the database's failures, and not one of an OK that is kept; or it is the
/// expected one. True: it is.
pub async fn answered(oi: &Oi, reply: &Reply, expected: &str, after: &str) -> bool {
    let outcome = reply.outcome();
    let id = reply.header("x-request-id").unwrap();
    let row =
        format!("SELECT COALESCE(CAST(code AS TEXT), 'OK') FROM audit WHERE request_id = '{id}'");
    let recorded = oi.lines(&row).await;
    let failed = matches!(outcome.as_str(), "10100" | "10101" | "10200");
    assert!(failed || outcome == expected, "{after}: {}", reply.body);
    // Where the database failed, it may not even have been told that.
    let unrecorded = failed && recorded.is_empty();
    assert!(unrecorded || recorded == [outcome.clone()], "{after}: {outcome} was {recorded:?}");
    outcome == expected
}
