//! A question from its envelope to its answer: admitted, answered, settled. One row of audit is
//! committed before the answer leaves.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use ereprov_wire::{
    envelope::{Answer, Message, Written},
    operation::Operation,
    question::Question,
};
use tokio::{sync::OwnedSemaphorePermit, task::JoinHandle, time::Instant};

use super::{
    admit::admit,
    answer::Refused,
    get_reprovisionning, get_ro_site, get_site_structure, put_reprovisionning,
    recent::Memory,
    reply::{Reply, reply},
    settle::{Counting, Finished, settle, settle_recalled},
    unfinished::{Panicked, Unfinished},
};
use crate::{
    admission::certificate::Fingerprint,
    service::Service,
    store::{Store, StoreError, operators::Operator, seat::Seat},
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
    /// Where it came from, as far as it can be told.
    pub address: IpAddr,
    /// The certificate that its connection presented.
    pub certificate: Option<Fingerprint>,
    /// Each `Authorization` header.
    pub authorization: Vec<String>,
    /// Each `Idempotency-Key` header.
    pub idempotency_keys: Vec<String>,
    /// What it says.
    pub message: Arc<Message>,
    /// Who asks, once the login is verified.
    pub operator: OnceLock<Arc<Operator>>,
    /// What it is counted on, once it is admitted.
    pub counting: OnceLock<Counting>,
    /// How long it took until its session was open, in microseconds.
    pub admitted_us: OnceLock<i64>,
    /// Whether the log and the metrics have it: they tell of what the caller was told first.
    pub told: Arc<AtomicBool>,
}

impl Call {
    /// How long it has been here, in microseconds.
    pub(super) fn elapsed_us(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// The same question, of which nothing is known yet.
    fn anew(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            at_ms: self.at_ms,
            began: self.began,
            address: self.address,
            certificate: self.certificate,
            authorization: self.authorization.clone(),
            idempotency_keys: self.idempotency_keys.clone(),
            message: Arc::clone(&self.message),
            operator: OnceLock::new(),
            counting: OnceLock::new(),
            admitted_us: OnceLock::new(),
            told: Arc::clone(&self.told),
        }
    }
}

/// How long an answer that comes too late anyway waits for its audit row, or for the work that has
/// just ended.
const LATE: Duration = Duration::from_secs(1);

/// Answers a question within the deadline of a request. The work goes on to its end even where the
/// deadline passes or the caller goes away, and keeps its place until then.
pub async fn handle(service: &Arc<Service>, call: Call, place: OwnedSemaphorePermit) -> Reply {
    let call = Arc::new(call);
    let mut work = Unfinished::new({
        let (service, call) = (Arc::clone(service), Arc::clone(&call));
        let counted = service.in_progress.token();
        async move {
            let reply = work(service, call).await;
            drop((place, counted));
            reply
        }
    });
    match tokio::time::timeout(service.limits.request, &mut work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(Panicked)) => {
            tracing::error!(request_id = call.request_id, "a request hit a bug");
            Box::pin(answer_late(service, &call, None, || Refused::Bug)).await
        }
        Err(_) => {
            let work = work.let_go();
            Box::pin(answer_late(service, &call, work, || Refused::Deadline)).await
        }
    }
}

/// Answers in the place of work that does not end in time, or has ended by a bug.
async fn answer_late(
    service: &Service,
    call: &Call,
    work: Option<JoinHandle<Reply>>,
    cut_off: fn() -> Refused,
) -> Reply {
    // Once this row is committed, the work commits nothing: an acceptance needs the request's row,
    // and there is only one.
    let settling =
        tokio::time::timeout(LATE, settle(service, &service.store, call, Err(cut_off())));
    let finished = settling.await.unwrap_or_else(|_| Finished::refused(cut_off()));
    if matches!(finished.result, Err(Refused::Store(StoreError::Answered))) {
        // The work was first after all: what it committed is the answer.
        if let Some(work) = work
            && let Ok(Ok(reply)) = tokio::time::timeout(LATE, work).await
        {
            return reply;
        }
        return reply(service, call, &Finished::refused(cut_off()));
    }
    if !finished.recorded {
        tracing::error!(request_id = call.request_id, "answered late, without an audit row");
    }
    reply(service, call, &finished)
}

async fn work(service: Arc<Service>, call: Arc<Call>) -> Reply {
    let mut seat = match service.store.seat().await {
        Ok(seat) => seat,
        Err(error) => {
            let refused = Err(Refused::Store(error));
            let finished = settle(&service, &service.store, &call, refused).await;
            return reply(&service, &call, &finished);
        }
    };
    if let Some(finished) = answer_from_memory(&service, &mut seat, &call).await {
        seat.leave().await;
        return reply(&service, &call, &finished);
    }
    // What was recalled has changed: nothing of it was kept.
    let call = call.anew();
    let finished = Box::pin(answer_anew(&service, &mut seat, &call)).await;
    seat.leave().await;
    reply(&service, &call, &finished)
}

/// Answers from what is in the database alone.
async fn answer_anew(service: &Service, seat: &mut Seat, call: &Call) -> Finished {
    let mut nothing = Memory::of(&service.recent, None);
    let finished = answer(service, seat, call, &mut nothing).await;
    if finished.recorded {
        return finished;
    }
    settle(service, seat.store(), call, finished.result).await
}

/// Answers, from what was read before where it can be; `None`: that has changed meanwhile.
async fn answer_from_memory(service: &Service, seat: &mut Seat, call: &Call) -> Option<Finished> {
    // A put reads for itself: what it decides on has to be there when it commits.
    let reads = call.message.operation != Operation::PutReprovisionning;
    let version = if reads { seat.store().version() } else { None };
    let mut memory = Memory::of(&service.recent, version);
    let finished = answer(service, seat, call, &mut memory).await;
    if finished.recorded {
        return Some(finished);
    }
    settle_recalled(service, seat.store(), call, finished.result, memory.recalled()).await
}

async fn answer(
    service: &Service,
    seat: &mut Seat,
    call: &Call,
    memory: &mut Memory<'_>,
) -> Finished {
    match admit(service, seat, call, memory).await {
        Ok(()) => answer_admitted(service, seat, call, memory).await,
        Err(refused) => Finished::refused(refused),
    }
}

async fn answer_admitted(
    service: &Service,
    seat: &mut Seat,
    call: &Call,
    memory: &mut Memory<'_>,
) -> Finished {
    let question = match &call.message.question {
        Ok(question) => question,
        Err(argument) => return Finished::refused(Refused::Argument(argument.clone())),
    };
    let Some(counting) = call.counting.get() else { return Finished::refused(Refused::Bug) };
    if let Question::PutReprovisionning(question) = question {
        // Apart, as everything that is rare or large: a request's task is moved about at its size.
        let put = put_reprovisionning::answer(service, seat, call, counting, question);
        return Box::pin(put).await;
    }
    let operator_id = counting.operator_id;
    let result = match memory.answer(operator_id, question) {
        Some(recalled) => Ok(recalled),
        None => {
            let read = Box::pin(read(seat.store(), operator_id, question)).await;
            if let Ok(answer) = &read {
                memory.keep_answer(operator_id, question, answer);
            }
            read
        }
    };
    Finished { result, used: None, recorded: false }
}

async fn read(store: &Store, operator_id: i64, question: &Question) -> Result<Written, Refused> {
    let found = match question {
        Question::GetSiteStructure(question) => {
            let found = get_site_structure::answer(store, operator_id, question).await;
            found.map(|found| found.map(Answer::Site))
        }
        Question::GetRoSite(question) => {
            let found = get_ro_site::answer(store, operator_id, question).await;
            found.map(|found| found.map(Answer::RoSite))
        }
        Question::GetReprovisionning(question) => {
            let found = get_reprovisionning::answer(store, operator_id, question).await;
            found.map(|found| found.map(Answer::Suivi))
        }
        Question::PutReprovisionning(_) => return Err(Refused::Bug),
    };
    let answer = found.map_err(Refused::Store)?.map_err(Refused::Business)?;
    Ok(answer.write())
}
