//! The end of every question: counted, recorded, and only then answered.

use ereprov_wire::envelope::Answer;

use super::{
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

/// What an admitted call is counted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// Whose call.
    pub operator_id: i64,
    /// In which month.
    pub month: String,
    /// Of how many.
    pub quota: i64,
}

/// Counts the call and writes its audit row, in one transaction. Where that fails, the answer is
/// the database's failure: none leaves without its row.
pub(super) async fn settle(
    service: &Service,
    call: &Call,
    result: Result<Answer, Refused>,
) -> Finished {
    let kept = (entry(call, result.as_ref().err()), call.counting.get().cloned());
    let settled = service.store.write("settle", kept, |tx, (entry, counting)| {
        Box::pin(count_and_record(tx, entry, counting.as_ref()))
    });
    let (result, used) = match settled.await {
        Ok(Counted::Not) => (result, None),
        Ok(Counted::Now(used)) => (result, Some(used)),
        Ok(Counted::OverQuota(quota)) => (Err(Refused::OverQuota(quota)), None),
        Err(error) => {
            return Finished { recorded: true, ..Finished::refused(Refused::Store(error)) };
        }
    };
    service.metrics.audit_written(service.clock.now_ms());
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
    counting: Option<&Counting>,
) -> Result<Counted, StoreError> {
    let Some(counting) = counting else {
        audit::record(tx, entry).await?;
        return Ok(Counted::Not);
    };
    match count(tx, entry, counting).await? {
        Some(used) => {
            audit::record(tx, entry).await?;
            Ok(Counted::Now(used))
        }
        None => Ok(Counted::OverQuota(counting.quota)),
    }
}

/// Counts a call. `None`: it is one too many, and its audit row says so, whatever it would have come
/// to.
pub(super) async fn count(
    tx: &mut Tx<'_>,
    entry: &Entry,
    counting: &Counting,
) -> Result<Option<i64>, StoreError> {
    let Counting { operator_id, month, quota } = counting;
    let used = usage::count(tx, *operator_id, month, *quota).await?;
    if used.is_none() {
        audit::record(tx, &told(entry, Some(&Refused::OverQuota(*quota)))).await?;
    }
    Ok(used)
}

/// The audit row of a call.
pub(super) fn entry(call: &Call, refused: Option<&Refused>) -> Entry {
    let entry = Entry {
        request_id: call.request_id.clone(),
        at_ms: call.at_ms,
        operator_id: call.operator.get().map(|operator| operator.id),
        method: call.message.operation.name().to_owned(),
        contract_ref: call.message.reference_contrat.clone(),
        code: None,
        detail: None,
        duration_us: i64::try_from(call.began.elapsed().as_micros()).unwrap_or(i64::MAX),
        address: call.address.clone(),
    };
    told(&entry, refused)
}

/// The same row, for another answer.
pub(super) fn told(entry: &Entry, refused: Option<&Refused>) -> Entry {
    Entry {
        code: refused.map(|refused| i64::from(answer::ko(refused).code.number())),
        detail: refused.map(answer::cause).filter(|detail| !detail.is_empty()),
        ..entry.clone()
    }
}
