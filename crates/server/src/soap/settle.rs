//! The end of every question: counted, recorded, and only then answered.

use std::net::IpAddr;

use ereprov_wire::envelope::Written as WrittenAnswer;

use super::{
    answer::{self, Refused},
    endpoint::Call,
};
use crate::{
    service::Service,
    store::{
        Store, StoreError, Tx, Version, Written,
        audit::{self, Entry},
        usage,
    },
};

/// What a question came to.
pub(super) struct Finished {
    pub(super) result: Result<WrittenAnswer, Refused>,
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
    store: &Store,
    call: &Call,
    result: Result<WrittenAnswer, Refused>,
) -> Finished {
    let finished = settle_recalled(service, store, call, result, None).await;
    finished.unwrap_or_else(|| unrecorded(StoreError::Changed))
}

/// The same; what was recalled from before, and is not what is there any more, is `None`: nothing is
/// kept, and the question has to be answered anew.
pub(super) async fn settle_recalled(
    service: &Service,
    store: &Store,
    call: &Call,
    result: Result<WrittenAnswer, Refused>,
    recalled: Option<Version>,
) -> Option<Finished> {
    let kept = kept(call, result.as_ref().err());
    let expected = kept.entry.code;
    let settled =
        store.append("settle", kept, |tx, kept| Box::pin(count_and_record(tx, kept)), recalled);
    let counted = match settled.await {
        Err(StoreError::Changed) => return None,
        Ok(Written::Committed(counted)) => counted,
        Ok(Written::Unknown(counted, error)) => {
            let code = match &counted {
                Counted::OverQuota(quota) => Some(code(&Refused::OverQuota(*quota))),
                Counted::Not | Counted::Now(_) => expected,
            };
            match Box::pin(find_out(service, call, error, code)).await {
                None => counted,
                failed => return failed,
            }
        }
        Err(error) => {
            // What went wrong first is the cause.
            let error = match result {
                Err(Refused::Store(first)) => first,
                _ => error,
            };
            return Some(Box::pin(fail(service, call, error)).await);
        }
    };
    service.metrics.audit_written(service.clock.now_ms());
    Some(counted.finish(result))
}

/// Finds out, on another connection, what became of a transaction that was lost while it was
/// committed; `None`: it is kept, and was given the `expected` code. Its audit row tells; where there
/// is none, the failure's row takes its place, and what was lost can never come after it.
pub(super) async fn find_out(
    service: &Service,
    call: &Call,
    error: StoreError,
    expected: Option<i64>,
) -> Option<Finished> {
    if let Some(finished) = record_failure(service, call, error).await {
        return Some(finished);
    }
    let request_id = call.request_id.clone();
    let confirming = service
        .store
        .write("settle.confirm", request_id, |tx, id| Box::pin(audit::confirm(tx, id)));
    match confirming.await {
        Ok(code) if code == expected => None,
        // The deadline's row is there: the caller has been told so.
        Ok(_) => Some(unrecorded(StoreError::Answered)),
        Err(error) => Some(unrecorded(error)),
    }
}

/// The answer where the database failed and kept nothing: its row, on another connection if there can
/// be one.
async fn fail(service: &Service, call: &Call, error: StoreError) -> Finished {
    if matches!(error, StoreError::Answered) || !service.store.is_remote() {
        return unrecorded(error);
    }
    let recorded = record_failure(service, call, error).await;
    recorded.unwrap_or_else(|| unrecorded(StoreError::Answered))
}

/// Counts the call and writes that the database failed; `None`: the request has its row already.
async fn record_failure(service: &Service, call: &Call, error: StoreError) -> Option<Finished> {
    let refused = Refused::Store(error);
    let kept = kept(call, Some(&refused));
    let settled = service
        .store
        .write("settle.failure", kept, |tx, kept| Box::pin(count_and_record(tx, kept)));
    match settled.await {
        Ok(counted) => Some(counted.finish(Err(refused))),
        Err(StoreError::Answered) => None,
        // The log has it, with what went wrong first.
        Err(_) => Some(Finished { recorded: true, ..Finished::refused(refused) }),
    }
}

/// There is no more to record, or no way to: the log has it.
fn unrecorded(error: StoreError) -> Finished {
    Finished { recorded: true, ..Finished::refused(Refused::Store(error)) }
}

/// What is kept of a call.
struct Kept {
    entry: Entry,
    counting: Option<Counting>,
    /// It is told that the database failed, even where it is one call too many. As 20016 its row
    /// would say that its session was open until then, which may have gone with its connection, and
    /// nobody would learn what went wrong. Whom the deadline cuts off has its session still.
    failed: bool,
}

fn kept(call: &Call, refused: Option<&Refused>) -> Kept {
    let failed = matches!(refused, Some(Refused::Store(_)));
    Kept { entry: entry(call, refused), counting: call.counting.get().cloned(), failed }
}

enum Counted {
    Not,
    Now(i64),
    OverQuota(i64),
}

impl Counted {
    fn finish(self, result: Result<WrittenAnswer, Refused>) -> Finished {
        let (result, used) = match self {
            Self::Not => (result, None),
            Self::Now(used) => (result, Some(used)),
            Self::OverQuota(quota) => (Err(Refused::OverQuota(quota)), None),
        };
        Finished { result, used, recorded: true }
    }
}

async fn count_and_record(tx: &mut Tx<'_>, kept: &Kept) -> Result<Counted, StoreError> {
    let Kept { entry, counting, failed } = kept;
    let counted = match counting {
        None => Counted::Not,
        Some(of) if *failed => {
            let used = usage::count(tx, of.operator_id, &of.month, of.quota).await?;
            used.map_or(Counted::Not, Counted::Now)
        }
        Some(of) => match count(tx, entry, of).await? {
            Some(used) => Counted::Now(used),
            None => return Ok(Counted::OverQuota(of.quota)),
        },
    };
    audit::record(tx, entry).await?;
    Ok(counted)
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
    Entry {
        request_id: call.request_id.clone(),
        at_ms: call.at_ms,
        operator_id: call.operator.get().map(|operator| operator.id),
        method: call.message.operation.name().to_owned(),
        contract_ref: call.message.reference_contrat.clone(),
        code: refused.map(code),
        detail: detail(refused),
        duration_us: call.elapsed_us(),
        admitted_us: call.admitted_us.get().copied(),
        address: text(call.address),
    }
}

/// An address, as its own formatter writes it, which takes ten times as long for the usual ones.
fn text(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else { return address.to_string() };
    let mut text = String::with_capacity(15);
    for octet in address.octets() {
        let separator = if text.is_empty() { "" } else { "." };
        text.push_str(separator);
        text.push_str(itoa::Buffer::new().format(octet));
    }
    text
}

/// The same row, for another answer.
pub(super) fn told(entry: &Entry, refused: Option<&Refused>) -> Entry {
    Entry { code: refused.map(code), detail: detail(refused), ..entry.clone() }
}

fn detail(refused: Option<&Refused>) -> Option<String> {
    refused.map(answer::cause).filter(|detail| !detail.is_empty())
}

/// The number of a refusal, as the audit keeps it.
pub(super) fn code(refused: &Refused) -> i64 {
    answer::ko(refused).code.number().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_ever() {
        for address in ["0.0.0.0", "10.1.20.255", "::1", "2001:db8::7", "::ffff:10.0.0.1"] {
            assert_eq!(text(address.parse().unwrap()), address);
        }
    }
}
