//! What the service is at, or did after the time that the files speak of: it wins over them.

use super::{Resolve, step};
use crate::store::statement::{Statement, statement};

static BUSY_CONTRACTS: Statement = statement!(
    "load.busy_contracts",
    "INSERT INTO busy_contract (id)
     SELECT contract_id FROM reprovisioning WHERE state IN ('initiated', 'in_progress')"
);
static BUSY_PTOS: Statement = statement!(
    "load.busy_ptos",
    "INSERT INTO busy_pto (id)
     SELECT kept_pto_id FROM reprovisioning
     WHERE state IN ('initiated', 'in_progress') AND kept_pto_id IS NOT NULL"
);
static BUSY_FIBRES: Statement = statement!(
    "load.busy_fibres",
    "INSERT INTO busy_fibre (id)
     SELECT fibre_id FROM reprovisioning WHERE state IN ('initiated', 'in_progress')
     UNION
     SELECT old_fibre_id FROM reprovisioning
       WHERE state IN ('initiated', 'in_progress') AND old_fibre_id IS NOT NULL
     UNION
     SELECT fibre.id FROM busy_pto JOIN fibre ON fibre.pto_id = busy_pto.id
     UNION
     SELECT contract.fibre_id FROM busy_contract JOIN contract ON contract.id = busy_contract.id
       WHERE contract.fibre_id IS NOT NULL"
);
static TOUCHED_CONTRACTS: Statement = statement!(
    "load.touched_contracts",
    "INSERT INTO touched_contract (id)
     SELECT DISTINCT contract_id FROM reprovisioning
     WHERE updated_by <> 'load' AND (accepted_ms > $1 OR ended_ms > $1)"
);
/// Also the fibre that took over the planned socket of another, where a socket was kept.
static TOUCHED_FIBRES: Statement = statement!(
    "load.touched_fibres",
    "INSERT INTO touched_fibre (id)
     SELECT fibre_id FROM reprovisioning
       WHERE updated_by <> 'load' AND (accepted_ms > $1 OR ended_ms > $1)
     UNION
     SELECT old_fibre_id FROM reprovisioning
       WHERE updated_by <> 'load' AND (accepted_ms > $1 OR ended_ms > $1)
         AND old_fibre_id IS NOT NULL
     UNION
     SELECT fibre.id FROM reprovisioning JOIN pto ON pto.id = reprovisioning.kept_pto_id
       JOIN stage_fibre s ON s.pto = pto.ref JOIN fibre ON fibre.ref = s.ref
       WHERE reprovisioning.updated_by <> 'load' AND fibre.updated_by = 'complete'
         AND (reprovisioning.accepted_ms > $1 OR reprovisioning.ended_ms > $1)
     UNION
     SELECT fibre.id FROM admin_act JOIN fibre ON fibre.ref = admin_act.subject
       WHERE admin_act.action = 'fibre restore' AND admin_act.at_ms > $1"
);

/// What runs.
pub(super) static BUSY_STEPS: &[Resolve] = &[
    step("protected", &BUSY_CONTRACTS),
    step("protected", &BUSY_PTOS),
    step("protected", &BUSY_FIBRES),
];

/// What was done after a time, which is their parameter.
pub(super) static TOUCHED_STEPS: &[Resolve] =
    &[step("protected", &TOUCHED_CONTRACTS), step("protected", &TOUCHED_FIBRES)];
