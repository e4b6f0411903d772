//! `/healthz`, `/readyz` and `/metrics`.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::metrics::{OperatorSnapshot, Snapshot};
use crate::{
    calendar,
    service::Service,
    soap::words,
    store::{
        StoreError, Tx,
        notifications::{self, Count, State as Notified},
        notify_targets::Channel,
        operators, reprovisionings, service, usage,
    },
};

/// How long the database may take to answer a health check.
const CHECK: Duration = Duration::from_secs(2);

/// Where the health pages are: does the process live, is it ready.
pub(crate) const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// The health pages, for every listener.
pub fn health() -> Router<Arc<Service>> {
    let [lives, is_ready] = HEALTH;
    Router::new().route(lives, get(|| async { "ok\n" })).route(is_ready, get(ready))
}

/// The health pages and the metrics, for the listener of its own.
pub fn all() -> Router<Arc<Service>> {
    health().route("/metrics", get(metrics))
}

/// Ready: the database answers, and no stop was asked for.
async fn ready(State(service): State<Arc<Service>>) -> Response {
    let looking = service.store.read("ready", (), |tx, ()| Box::pin(service::read(tx)));
    match tokio::time::timeout(CHECK, looking).await {
        _ if service.in_progress.is_closed() => unready("stopping\n"),
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(error = ?error, "not ready");
            unready("the database does not answer\n")
        }
        Err(_) => unready("the database does not answer in time\n"),
    }
}

fn unready(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let now_ms = service.clock.now_ms();
    let month = calendar::month(now_ms);
    let looking = service.store.read_much("metrics", month, |tx, month| Box::pin(look(tx, month)));
    let snapshot = match tokio::time::timeout(CHECK, looking).await {
        Ok(Ok(seen)) => Some(snapshot(&service, seen, now_ms)),
        // What is counted in memory is shown all the same; the rest stays as it was last seen.
        Ok(Err(_)) | Err(_) => None,
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let page = service.metrics.page(snapshot.as_ref(), service.store.spent());
    ([(header::CONTENT_TYPE, kind)], page).into_response()
}

struct Seen {
    open: bool,
    operators: Vec<operators::Operator>,
    usage: Vec<(i64, i64)>,
    counts: Vec<(ereprov_domain::reprovisioning::State, i64)>,
    oldest_ms: Option<i64>,
    left: Vec<Count>,
}

async fn look(tx: &mut Tx<'_>, month: &str) -> Result<Seen, StoreError> {
    Ok(Seen {
        open: !service::read(tx).await?.closed,
        operators: operators::list(tx).await?,
        usage: usage::list(tx, month).await?,
        counts: reprovisionings::counts(tx).await?,
        oldest_ms: reprovisionings::oldest_running(tx).await?,
        left: notifications::counts(tx).await?,
    })
}

fn snapshot(service: &Service, seen: Seen, now_ms: i64) -> Snapshot {
    let operators = seen.operators.into_iter().filter_map(|operator| {
        let profile = service.profiles.get(operator.profile.as_ref()?)?;
        let used = seen.usage.iter().find(|(id, _)| *id == operator.id);
        Some(OperatorSnapshot {
            sessions: service.store.sessions(operator.id),
            sessions_limit: operator.sessions.unwrap_or(profile.sessions),
            used: used.map_or(0, |(_, used)| *used),
            quota: operator.quota.unwrap_or(profile.quota),
            name: operator.name,
        })
    });
    let waits = |oldest_ms: Option<i64>| {
        let waited = oldest_ms.map_or(0, |oldest| now_ms - oldest);
        Duration::from_millis(u64::try_from(waited).unwrap_or_default())
    };
    let waiting = seen.left.iter().filter(|left| left.state == Notified::Waiting);
    let oldest_notification = waiting.map(|left| left.oldest_ms).min();
    Snapshot {
        open: seen.open,
        operators: operators.collect(),
        reprovisionings: ereprov_domain::reprovisioning::State::ALL
            .iter()
            .map(|state| {
                let count = seen.counts.iter().find(|(counted, _)| counted == state);
                (words::state(*state).label(), count.map_or(0, |(_, count)| *count))
            })
            .collect(),
        oldest_pending: waits(seen.oldest_ms),
        notifications_left: left(&seen.left).collect(),
        oldest_notification: waits(oldest_notification),
    }
}

/// Every channel and state, those too of which there are none left.
fn left(counts: &[Count]) -> impl Iterator<Item = (&'static str, &'static str, i64)> {
    let states = [Notified::Waiting, Notified::Dead];
    let all =
        Channel::ALL.into_iter().flat_map(move |channel| states.map(|state| (channel, state)));
    all.map(|(channel, state)| {
        let counted = counts.iter().find(|count| (count.channel, count.state) == (channel, state));
        (channel.as_str(), state.as_str(), counted.map_or(0, |count| count.number))
    })
}
