//! The end of every question: counted, recorded, and only then answered.

use ereprov_wire::{entete::Ko, envelope::Answer};

use super::{
    admit::Admitted,
    answer::{self, Refused},
    endpoint::Call,
};
use crate::{
    service::Service,
    store::{
        StoreError, Tx,
        audit::{self, Entry},
        usage,
    },
};

/// What a question came to.
pub(super) struct Finished {
    pub(super) result: Result<Answer, Refused>,
    /// Calls of the month, this one included; `None`: not counted.
    pub(super) used: Option<i64>,
    /// The audit row is committed already, with the acceptance.
    pub(super) recorded: bool,
}

impl Finished {
    pub(super) fn refused(refused: Refused) -> Self {
        Self { result: Err(refused), used: None, recorded: false }
    }
}

/// Counts the call and writes its audit row, in one transaction. Where that fails, the answer is
/// the database's failure: none leaves without its row.
pub(super) async fn settle(
    service: &Service,
    call: &Call,
    admitted: Option<&Admitted>,
    result: Result<Answer, Refused>,
) -> Finished {
    let ko = result.as_ref().err().map(answer::ko);
    let entry = entry(call, ko.as_ref());
    let count = admitted.map(|a| (a.operator_id, a.month.clone(), a.quota));
    let settled = service
        .store
        .write("settle", (entry, count), |tx, (entry, count)| {
            Box::pin(count_and_record(tx, entry, count.as_ref()))
        })
        .await;
    let (result, used) = match settled {
        Ok(Counted::Not) => (result, None),
        Ok(Counted::Now(used)) => (result, Some(used)),
        Ok(Counted::OverQuota(quota)) => (Err(Refused::OverQuota(quota)), None),
        Err(error) => (Err(Refused::Store(error)), None),
    };
    service.metrics.audit_written(call.at_ms);
    Finished { result, used, recorded: true }
}

enum Counted {
    Not,
    Now(i64),
    OverQuota(i64),
}

async fn count_and_record(
    tx: &mut Tx<'_>,
    entry: &Entry,
    count: Option<&(i64, String, i64)>,
) -> Result<Counted, StoreError> {
    let Some((operator_id, month, quota)) = count else {
        audit::record(tx, entry).await?;
        return Ok(Counted::Not);
    };
    match usage::count(tx, *operator_id, month, *quota).await? {
        Some(used) => {
            audit::record(tx, entry).await?;
            Ok(Counted::Now(used))
        }
        None => {
            record_over_quota(tx, entry, *quota).await?;
            Ok(Counted::OverQuota(*quota))
        }
    }
}

/// Writes the row of a call that the count refused, whatever it would have come to.
pub(super) async fn record_over_quota(
    tx: &mut Tx<'_>,
    entry: &Entry,
    quota: i64,
) -> Result<(), StoreError> {
    let ko = answer::ko(&Refused::OverQuota(quota));
    let code = Some(i64::from(ko.code.number()));
    audit::record(tx, &Entry { code, ..entry.clone() }).await
}

pub(super) async fn record(service: &Service, entry: Entry) {
    let written =
        service.store.write("audit", entry, |tx, entry| Box::pin(audit::record(tx, entry)));
    if let Err(error) = written.await {
        tracing::error!(error = ?error, "the audit row could not be written");
    }
}

/// The audit row of a call.
pub(super) fn entry(call: &Call, ko: Option<&Ko>) -> Entry {
    Entry {
        request_id: call.request_id.clone(),
        at_ms: call.at_ms,
        operator_id: call.operator.get().map(|operator| operator.id),
        method: call.message.operation.name().to_owned(),
        contract_ref: call.message.reference_contrat.clone(),
        code: ko.map(|ko| i64::from(ko.code.number())),
        duration_us: i64::try_from(call.began.elapsed().as_micros()).unwrap_or(i64::MAX),
        address: call.address.clone(),
    }
}
