//! What leaves: the document, what HTTP says beside it, a line in the log, a count.

use std::sync::atomic::Ordering;

use ereprov_domain::Refusal;
use ereprov_wire::{entete::Ko, envelope::write_answer};

use super::{
    answer::{self, Refused},
    endpoint::Call,
    settle::Finished,
};
use crate::{admission::credentials::LoginProblem, calendar, service::Service, store::StoreError};

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

/// Writes the answer, counts it and logs it.
pub(super) fn reply(service: &Service, call: &Call, finished: &Finished) -> Reply {
    let answer = finished.result.as_ref().map_err(answer::ko);
    let message = &call.message;
    let addressing = message.header.addressing.as_ref();
    let body =
        write_answer(message.version, message.operation, addressing, answer.as_ref().copied());
    let refused = finished.result.as_ref().err();
    let superseded = matches!(refused, Some(Refused::Store(StoreError::Answered)));
    if !superseded && !call.told.swap(true, Ordering::Relaxed) {
        tell(service, call, refused, answer.as_ref().err());
    }
    Reply {
        challenge: matches!(refused, Some(Refused::Login(LoginProblem::Missing))),
        body,
        retry_after_s: refused.and_then(|refused| retry_after_s(refused, call.at_ms)),
        quota: quota_left(service, call, finished),
    }
}

/// Counts the answer and says it in the log; what is ours to look into, with its cause, once.
fn tell(service: &Service, call: &Call, refused: Option<&Refused>, ko: Option<&Ko>) {
    let took = call.began.elapsed();
    let operation = call.message.operation.name();
    let operator = call.operator.get().map_or("", |operator| operator.name.as_str());
    service.metrics.request(operation, ko.map(|ko| ko.code.number()), operator, took);
    let code = ko.map_or("OK".to_owned(), |ko| ko.code.to_string());
    if let Some(Refused::Login(problem)) = refused {
        service.metrics.login_refused(problem.reason());
    }
    let contract = call.message.reference_contrat.as_deref().unwrap_or_default();
    let request_id = call.request_id.as_str();
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let cause = refused.map(answer::cause).unwrap_or_default();
    if matches!(refused, Some(Refused::Store(_) | Refused::Business(Refusal::Inconsistent(_)))) {
        tracing::error!(
            request_id,
            operation,
            operator,
            contract,
            code,
            duration_us,
            cause,
            "a request failed"
        );
    } else {
        tracing::info!(
            request_id,
            operation,
            operator,
            contract,
            code,
            duration_us,
            cause,
            "answered"
        );
    }
}

/// When to come back: what passes by itself, and soon, says so.
fn retry_after_s(refused: &Refused, now_ms: i64) -> Option<i64> {
    const CLOSED_WITHOUT_END_S: i64 = 300;
    match refused {
        Refused::Closed { until_ms: Some(until), .. } if *until > now_ms => {
            Some(((until - now_ms) / 1000).max(1))
        }
        // Without an end, or past it.
        Refused::Closed { .. } => Some(CLOSED_WITHOUT_END_S),
        Refused::Overloaded => Some(answer::RETRY_OVERLOADED_S),
        Refused::TooManySessions(_) => Some(1),
        Refused::Login(LoginProblem::HeldBack { wait, .. }) => Some(answer::seconds(*wait)),
        _ => None,
    }
}

fn quota_left(service: &Service, call: &Call, finished: &Finished) -> Option<QuotaLeft> {
    let operator = call.operator.get()?;
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
