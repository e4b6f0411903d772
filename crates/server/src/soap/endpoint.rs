//! A question from its envelope to its answer, in the order of contract.md D26: closed, login,
//! profile, session, quota, arguments, method. One row of audit is committed before it leaves.

use std::sync::Arc;

use ereprov_wire::{
    entete::Ko,
    envelope::{Answer, Message, write_answer},
    operation::Operation,
    question::Question,
};
use tokio::time::Instant;

use super::{
    answer::{self, Refused},
    get_reprovisionning, get_ro_site, get_site_structure, put_reprovisionning,
};
use crate::{
    admission::{
        credentials::{LoginProblem, claimed},
        sessions::Session,
    },
    calendar,
    service::Service,
    store::{
        StoreError, Tx,
        audit::{self, Entry},
        operators::{self, Operator},
        service::{self, ServiceState},
        usage,
    },
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
}

/// An answer, with what HTTP says beside it.
#[derive(Debug)]
pub struct Reply {
    /// HTTP 401 instead of 200: there was no login at all.
    pub challenge: bool,
    /// The document.
    pub body: String,
    /// When to come back, in seconds.
    pub retry_after_s: Option<i64>,
    /// What is left of the month.
    pub quota: Option<QuotaLeft>,
}

/// What is left of an operator's month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLeft {
    /// Calls a month.
    pub limit: i64,
    /// Calls left.
    pub remaining: i64,
    /// Seconds until the next month.
    pub reset_s: i64,
}

/// A request that passed login, profile and session: it counts.
pub(super) struct Admitted {
    pub(super) operator_id: i64,
    pub(super) month: String,
    pub(super) quota: i64,
    _session: Session,
}

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

/// Answers a question within the deadline of a request. The work goes on to its end even where the
/// deadline passes or the caller goes away: what was accepted stays accepted.
pub async fn handle(service: Arc<Service>, call: Call) -> Reply {
    let call = Arc::new(call);
    let work = service.in_progress.spawn(work(Arc::clone(&service), Arc::clone(&call)));
    let cut_off = match tokio::time::timeout(service.limits.request, work).await {
        Ok(Ok(reply)) => return reply,
        Ok(Err(panic)) => {
            tracing::error!(request_id = call.request_id, %panic, "a request hit a bug");
            Refused::Bug
        }
        Err(_) => Refused::Deadline,
    };
    // The work may still write its own row; whichever is first stays.
    let recording = record(&service, entry(&call, None, Some(&answer::ko(&cut_off))));
    if tokio::time::timeout(service.limits.request, recording).await.is_err() {
        tracing::error!(request_id = call.request_id, "the audit row could not be written");
    }
    reply(&service, &call, None, &Finished::refused(cut_off))
}

async fn work(service: Arc<Service>, call: Arc<Call>) -> Reply {
    let mut operator = None;
    let finished = match admit(&service, &call, &mut operator).await {
        Err(refused) => settle(&service, &call, operator.as_ref(), None, Err(refused)).await,
        Ok(admitted) => {
            let finished = answer_admitted(&service, &call, &admitted).await;
            if finished.recorded {
                finished
            } else {
                settle(&service, &call, operator.as_ref(), Some(&admitted), finished.result).await
            }
        }
    };
    reply(&service, &call, operator.as_ref(), &finished)
}

/// Closed, login, profile, session, quota. `operator` is filled in once the login is verified.
async fn admit(
    service: &Service,
    call: &Call,
    operator: &mut Option<Operator>,
) -> Result<Admitted, Refused> {
    let claim = claimed(call.authorization.as_deref(), &call.message.header.tokens);
    let login = claim.as_ref().map_or(String::new(), |claim| claim.login.clone());
    let month = calendar::month(call.at_ms);
    let asked = service
        .store
        .read("admission", (login, month.clone()), |tx, (login, month)| {
            Box::pin(look_up(tx, login, month))
        })
        .await;
    let known = asked.map_err(Refused::Store)?;
    if known.state.closed {
        let ServiceState { reason, until_ms, .. } = known.state;
        return Err(Refused::Closed { reason, until_ms });
    }
    let claim = claim.map_err(Refused::Login)?;
    if !service.credentials.verify(&claim, known.operator.as_ref()).await {
        return Err(Refused::Login(LoginProblem::Wrong));
    }
    let Some(found) = known.operator else { return Err(Refused::Login(LoginProblem::Wrong)) };
    let found = operator.insert(found);
    let profile = found.profile.as_ref().and_then(|name| service.profiles.get(name));
    let profile = profile.ok_or(Refused::NoProfile)?;
    if !profile.methods.contains(&call.message.operation) {
        return Err(Refused::MethodNotAllowed);
    }
    let sessions_max = found.sessions.unwrap_or(profile.sessions);
    let session = service.sessions.open(found.id, sessions_max);
    let session = session.ok_or(Refused::TooManySessions(sessions_max))?;
    let quota = found.quota.unwrap_or(profile.quota);
    if known.used >= quota {
        // Counting it would refuse it too; this spares the work.
        return Err(Refused::OverQuota(quota));
    }
    Ok(Admitted { operator_id: found.id, month, quota, _session: session })
}

struct Known {
    state: ServiceState,
    operator: Option<Operator>,
    used: i64,
}

async fn look_up(tx: &mut Tx<'_>, login: &str, month: &str) -> Result<Known, StoreError> {
    let state = service::read(tx).await?;
    let operator = operators::find(tx, login).await?;
    let used = match &operator {
        Some(operator) => usage::used(tx, operator.id, month).await?,
        None => 0,
    };
    Ok(Known { state, operator, used })
}

async fn answer_admitted(service: &Service, call: &Call, admitted: &Admitted) -> Finished {
    let question = match &call.message.question {
        Ok(question) => question,
        Err(argument) => return Finished::refused(Refused::Argument(argument.clone())),
    };
    let (store, operator_id) = (&service.store, admitted.operator_id);
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
            return put_reprovisionning::answer(service, call, admitted, question).await;
        }
    };
    let result = match read {
        Ok(found) => found.map_err(Refused::Business),
        Err(error) => Err(Refused::Store(error)),
    };
    Finished { result, used: None, recorded: false }
}

/// Counts the call and writes its audit row, in one transaction. Where that fails, the answer is
/// the database's failure: none leaves without its row.
async fn settle(
    service: &Service,
    call: &Call,
    operator: Option<&Operator>,
    admitted: Option<&Admitted>,
    result: Result<Answer, Refused>,
) -> Finished {
    let ko = result.as_ref().err().map(answer::ko);
    let entry = entry(call, operator.map(|operator| operator.id), ko.as_ref());
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

async fn record(service: &Service, entry: Entry) {
    let written =
        service.store.write("audit", entry, |tx, entry| Box::pin(audit::record(tx, entry)));
    if let Err(error) = written.await {
        tracing::error!(error = ?error, "the audit row could not be written");
    }
}

/// The audit row of a call.
pub(super) fn entry(call: &Call, operator_id: Option<i64>, ko: Option<&Ko>) -> Entry {
    Entry {
        request_id: call.request_id.clone(),
        at_ms: call.at_ms,
        operator_id,
        method: call.message.operation.name().to_owned(),
        contract_ref: call.message.reference_contrat.clone(),
        code: ko.map(|ko| i64::from(ko.code.number())),
        duration_us: i64::try_from(call.began.elapsed().as_micros()).unwrap_or(i64::MAX),
        address: call.address.clone(),
    }
}

/// Writes the answer, counts it and logs it.
fn reply(
    service: &Service,
    call: &Call,
    operator: Option<&Operator>,
    finished: &Finished,
) -> Reply {
    let ko = finished.result.as_ref().err().map(answer::ko);
    let message = &call.message;
    let answer = match (&finished.result, &ko) {
        (Ok(answer), _) => Ok(answer),
        (Err(_), Some(ko)) => Err(ko),
        (Err(_), None) => unreachable!("every refusal has its KO"),
    };
    let addressing = message.header.addressing.as_ref();
    let body = write_answer(message.version, message.operation, addressing, answer);
    tell(service, call, operator, message.operation, finished, ko.as_ref());
    let refused = finished.result.as_ref().err();
    Reply {
        challenge: matches!(refused, Some(Refused::Login(LoginProblem::Missing))),
        body,
        retry_after_s: refused.and_then(|refused| retry_after_s(refused, call.at_ms)),
        quota: quota_left(service, call, operator, finished),
    }
}

fn tell(
    service: &Service,
    call: &Call,
    operator: Option<&Operator>,
    operation: Operation,
    finished: &Finished,
    ko: Option<&Ko>,
) {
    let took = call.began.elapsed();
    let name = operator.map_or("", |operator| operator.name.as_str());
    service.metrics.request(operation.name(), ko.map(|ko| ko.code.number()), name, took);
    let code = ko.map_or("OK".to_owned(), |ko| ko.code.to_string());
    let contract = message_contract(call);
    match finished.result.as_ref().err() {
        // Ours to look into: the cause, once, here.
        Some(Refused::Store(error)) => tracing::error!(
            request_id = call.request_id, operation = operation.name(), operator = name, contract,
            code, error = ?error, "the database failed a request"
        ),
        Some(Refused::Business(ereprov_domain::Refusal::Inconsistent(what))) => tracing::error!(
            request_id = call.request_id,
            operation = operation.name(),
            operator = name,
            contract,
            code,
            what,
            "the inventory contradicts itself"
        ),
        Some(refused) => tracing::info!(
            request_id = call.request_id, operation = operation.name(), operator = name, contract,
            code, refused = ?refused, duration_us = took.as_micros(), "answered"
        ),
        None => tracing::info!(
            request_id = call.request_id,
            operation = operation.name(),
            operator = name,
            contract,
            code,
            duration_us = took.as_micros(),
            "answered"
        ),
    }
}

fn message_contract(call: &Call) -> &str {
    call.message.reference_contrat.as_deref().unwrap_or_default()
}

/// When to come back: what passes by itself, and soon, says so.
fn retry_after_s(refused: &Refused, now_ms: i64) -> Option<i64> {
    const CLOSED_WITHOUT_END_S: i64 = 300;
    match refused {
        Refused::Closed { until_ms: Some(until), .. } => Some(((until - now_ms) / 1000).max(1)),
        Refused::Closed { until_ms: None, .. } => Some(CLOSED_WITHOUT_END_S),
        Refused::TooManySessions(_) => Some(1),
        _ => None,
    }
}

fn quota_left(
    service: &Service,
    call: &Call,
    operator: Option<&Operator>,
    finished: &Finished,
) -> Option<QuotaLeft> {
    let operator = operator?;
    let profile = service.profiles.get(operator.profile.as_ref()?)?;
    let limit = operator.quota.unwrap_or(profile.quota);
    let remaining = match (&finished.result, finished.used) {
        (_, Some(used)) => (limit - used).max(0),
        (Err(Refused::OverQuota(_)), None) => 0,
        _ => return None,
    };
    let reset_s = calendar::seconds_to_next_month(call.at_ms);
    Some(QuotaLeft { limit, remaining, reset_s })
}
