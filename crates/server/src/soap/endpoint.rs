//! A question from its envelope to its answer: admitted, answered, settled. One row of audit is
//! committed before the answer leaves.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use ereprov_wire::{
    envelope::{Answer, Message},
    question::Question,
};
use tokio::time::Instant;

use super::{
    admit::admit,
    answer::Refused,
    get_reprovisionning, get_ro_site, get_site_structure, put_reprovisionning,
    reply::{Reply, reply},
    settle::{Counting, Finished, settle},
};
use crate::{
    service::Service,
    store::{StoreError, operators::Operator},
};

/// A question, with what HTTP knows about it.
#[derive(Debug)]
pub struct Call {
    /// Its id: in the answer, the log and the audit.
    pub request_id: String,
    /// When it came.
    pub at_ms: i64,
    /// When it came, by the clock that never jumps.
    pub began: Instant,
    /// Where it came from.
    pub address: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
    /// What it says.
    pub message: Message,
    /// Who asks, once the login is verified.
    pub operator: OnceLock<Operator>,
    /// What it is counted on, once it is admitted.
    pub counting: OnceLock<Counting>,
    /// Whether the log and the metrics have it: they tell of what the caller was told first.
    pub told: AtomicBool,
}

/// How long an answer that comes too late anyway waits for its audit row.
const LATE_AUDIT: Duration = Duration::from_secs(1);

/// Answers a question within the deadline of a request. The work goes on to its end even where the
/// deadline passes or the caller goes away: what was accepted stays accepted.
pub async fn handle(service: Arc<Service>, call: Call) -> Reply {
    let call = Arc::new(call);
    let work = service.in_progress.spawn(work(Arc::clone(&service), Arc::clone(&call)));
    let cut_off: fn() -> Refused = match tokio::time::timeout(service.limits.request, work).await {
        Ok(Ok(reply)) => return reply,
        Ok(Err(panic)) => {
            tracing::error!(request_id = call.request_id, %panic, "a request hit a bug");
            || Refused::Bug
        }
        Err(_) => || Refused::Deadline,
    };
    // From here on the work commits nothing more: an acceptance, too, needs the request's audit row,
    // and there is only one. Where the work was first, its row and its effect stay, which is what
    // getReprovisionning tells.
    let settling = settle(&service, &call, Err(cut_off()));
    match tokio::time::timeout(LATE_AUDIT, settling).await {
        Ok(Finished { result: Err(Refused::Store(StoreError::Answered)), .. }) | Err(_) => {
            tracing::error!(
                request_id = call.request_id,
                "answered late; its audit row is another"
            );
            reply(&service, &call, &Finished::refused(cut_off()))
        }
        Ok(finished) => reply(&service, &call, &finished),
    }
}

async fn work(service: Arc<Service>, call: Arc<Call>) -> Reply {
    let finished = match admit(&service, &call).await {
        Err(refused) => settle(&service, &call, Err(refused)).await,
        Ok(_session) => {
            let finished = answer_admitted(&service, &call).await;
            if finished.recorded {
                finished
            } else {
                settle(&service, &call, finished.result).await
            }
        }
    };
    reply(&service, &call, &finished)
}

async fn answer_admitted(service: &Service, call: &Call) -> Finished {
    let question = match &call.message.question {
        Ok(question) => question,
        Err(argument) => return Finished::refused(Refused::Argument(argument.clone())),
    };
    let Some(counting) = call.counting.get() else { return Finished::refused(Refused::Bug) };
    let (store, operator_id) = (&service.store, counting.operator_id);
    let read = match question {
        Question::GetSiteStructure(question) => {
            get_site_structure::answer(store, operator_id, question)
                .await
                .map(|found| found.map(Answer::Site))
        }
        Question::GetRoSite(question) => get_ro_site::answer(store, operator_id, question)
            .await
            .map(|found| found.map(Answer::RoSite)),
        Question::GetReprovisionning(question) => {
            get_reprovisionning::answer(store, operator_id, question)
                .await
                .map(|found| found.map(Answer::Suivi))
        }
        Question::PutReprovisionning(question) => {
            return put_reprovisionning::answer(service, call, counting, question).await;
        }
    };
    let result = match read {
        Ok(found) => found.map_err(Refused::Business),
        Err(error) => Err(Refused::Store(error)),
    };
    Finished { result, used: None, recorded: false }
}
