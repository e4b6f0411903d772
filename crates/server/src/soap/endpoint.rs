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
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    admit::admit,
    answer::Refused,
    get_reprovisionning, get_ro_site, get_site_structure, put_reprovisionning,
    reply::{Reply, reply},
    settle::{Counting, Finished, settle},
};
use crate::{
    service::Service,
    store::{StoreError, operators::Operator, seat::Seat},
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
    /// Each `Authorization` header.
    pub authorization: Vec<String>,
    /// Each `Idempotency-Key` header.
    pub idempotency_keys: Vec<String>,
    /// What it says.
    pub message: Message,
    /// Who asks, once the login is verified.
    pub operator: OnceLock<Operator>,
    /// What it is counted on, once it is admitted.
    pub counting: OnceLock<Counting>,
    /// How long it took until its session was open, in microseconds.
    pub admitted_us: OnceLock<i64>,
    /// Whether the log and the metrics have it: they tell of what the caller was told first.
    pub told: AtomicBool,
}

impl Call {
    /// How long it has been here, in microseconds.
    pub(super) fn elapsed_us(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// How long an answer that comes too late anyway waits for its audit row, or for the work that has
/// just ended.
const LATE: Duration = Duration::from_secs(1);

/// Answers a question within the deadline of a request. The work goes on to its end even where the
/// deadline passes or the caller goes away, and keeps its place until then.
pub async fn handle(service: Arc<Service>, call: Call, place: OwnedSemaphorePermit) -> Reply {
    let call = Arc::new(call);
    let mut work = service.in_progress.spawn({
        let (service, call) = (Arc::clone(&service), Arc::clone(&call));
        async move {
            let reply = work(service, call).await;
            drop(place);
            reply
        }
    });
    let cut_off: fn() -> Refused =
        match tokio::time::timeout(service.limits.request, &mut work).await {
            Ok(Ok(reply)) => return reply,
            Ok(Err(panic)) => {
                tracing::error!(request_id = call.request_id, %panic, "a request hit a bug");
                || Refused::Bug
            }
            Err(_) => || Refused::Deadline,
        };
    // Once this row is committed, the work commits nothing: an acceptance needs the request's row,
    // and there is only one.
    let settling =
        tokio::time::timeout(LATE, settle(&service, &service.store, &call, Err(cut_off())));
    let finished = settling.await.unwrap_or_else(|_| Finished::refused(cut_off()));
    if matches!(finished.result, Err(Refused::Store(StoreError::Answered))) {
        // The work was first after all: what it committed is the answer.
        if let Ok(Ok(reply)) = tokio::time::timeout(LATE, work).await {
            return reply;
        }
        return reply(&service, &call, &Finished::refused(cut_off()));
    }
    if !finished.recorded {
        tracing::error!(request_id = call.request_id, "answered late, without an audit row");
    }
    reply(&service, &call, &finished)
}

async fn work(service: Arc<Service>, call: Arc<Call>) -> Reply {
    let finished = match service.store.seat().await {
        Ok(mut seat) => {
            let finished = answer(&service, &mut seat, &call).await;
            seat.leave().await;
            finished
        }
        Err(error) => settle(&service, &service.store, &call, Err(Refused::Store(error))).await,
    };
    reply(&service, &call, &finished)
}

async fn answer(service: &Service, seat: &mut Seat, call: &Call) -> Finished {
    let finished = match admit(service, seat, call).await {
        Ok(()) => answer_admitted(service, seat, call).await,
        Err(refused) => Finished::refused(refused),
    };
    if finished.recorded {
        return finished;
    }
    settle(service, seat.store(), call, finished.result).await
}

async fn answer_admitted(service: &Service, seat: &mut Seat, call: &Call) -> Finished {
    let question = match &call.message.question {
        Ok(question) => question,
        Err(argument) => return Finished::refused(Refused::Argument(argument.clone())),
    };
    let Some(counting) = call.counting.get() else { return Finished::refused(Refused::Bug) };
    let (store, operator_id) = (seat.store(), counting.operator_id);
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
            return put_reprovisionning::answer(service, seat, call, counting, question).await;
        }
    };
    let result = match read {
        Ok(found) => found.map_err(Refused::Business),
        Err(error) => Err(Refused::Store(error)),
    };
    Finished { result, used: None, recorded: false }
}
