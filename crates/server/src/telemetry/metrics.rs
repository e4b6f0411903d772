//! Metrics for Prometheus. No contract, fibre or login is ever a label; a KO, which travels over
//! HTTP 200, is counted by its code.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use super::writer::Writer;
use crate::{chain::Head, store::Spent};

/// Bounds of the durations of requests, in seconds.
const REQUEST_BUCKETS_S: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0];
/// Bounds of the durations of re-provisionings, in seconds.
const REPROVISIONING_BUCKETS_S: [f64; 10] =
    [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0];

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_duration: Family<OperationLabels, Histogram>,
    faults: Family<FaultLabels, Counter>,
    logins_refused: Family<ReasonLabels, Counter>,
    passwords_hashed: Counter,
    sessions_active: Family<OperatorLabels, Gauge>,
    sessions_limit: Family<OperatorLabels, Gauge>,
    quota_used: Family<OperatorLabels, Gauge>,
    quota_limit: Family<OperatorLabels, Gauge>,
    reprovisionings: Family<StateLabels, Gauge>,
    reprovisioning_duration: Family<ResultLabels, Histogram>,
    oldest_pending: Gauge<f64, AtomicU64>,
    notifications: Family<NotifiedLabels, Counter>,
    notifications_left: Family<LeftLabels, Gauge>,
    oldest_notification: Gauge<f64, AtomicU64>,
    open: Gauge,
    database_up: Gauge,
    audit_last_write: Gauge,
    /// Kept beside the gauge, which only the scrape sets.
    audit_last_write_s: AtomicI64,
    audit_head: Gauge,
    audit_head_check: Gauge,
    audit_last_sealing: Gauge,
    /// Where the audit's chain ends, and when that was seen: kept beside its gauges, so that they tell
    /// of the same seal.
    audit_sealed: Mutex<(Option<Head>, i64)>,
    writer: Writer,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    statut: &'static str,
    code: String,
    oc: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperatorLabels {
    oc: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    statut: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    resultat: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NotifiedLabels {
    channel: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeftLabels {
    channel: &'static str,
    state: &'static str,
}

/// What is looked up when the metrics are asked for.
#[derive(Debug)]
pub struct Snapshot {
    /// Whether the service is open.
    pub open: bool,
    /// Operator by operator.
    pub operators: Vec<OperatorSnapshot>,
    /// How many re-provisionings there are in each state, by the contract's word.
    pub reprovisionings: Vec<(&'static str, i64)>,
    /// How long the oldest one that runs has run.
    pub oldest_pending: Duration,
    /// How many notifications were not delivered, by channel and state.
    pub notifications_left: Vec<(&'static str, &'static str, i64)>,
    /// How long the oldest one that waits has waited.
    pub oldest_notification: Duration,
}

/// One operator's limits, and where it stands.
#[derive(Debug)]
pub struct OperatorSnapshot {
    /// Its name.
    pub name: String,
    /// Requests in progress here.
    pub sessions: i64,
    /// How many it may have.
    pub sessions_limit: i64,
    /// Calls this month.
    pub used: i64,
    /// How many it may make.
    pub quota: i64,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("ereprov"),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(|| Histogram::new(REQUEST_BUCKETS_S)),
            faults: Family::default(),
            logins_refused: Family::default(),
            passwords_hashed: Counter::default(),
            sessions_active: Family::default(),
            sessions_limit: Family::default(),
            quota_used: Family::default(),
            quota_limit: Family::default(),
            reprovisionings: Family::default(),
            reprovisioning_duration: Family::new_with_constructor(|| {
                Histogram::new(REPROVISIONING_BUCKETS_S)
            }),
            oldest_pending: Gauge::default(),
            notifications: Family::default(),
            notifications_left: Family::default(),
            oldest_notification: Gauge::default(),
            open: Gauge::default(),
            database_up: Gauge::default(),
            audit_last_write: Gauge::default(),
            audit_last_write_s: AtomicI64::new(0),
            audit_head: Gauge::default(),
            audit_head_check: Gauge::default(),
            audit_last_sealing: Gauge::default(),
            audit_sealed: Mutex::default(),
            writer: Writer::default(),
        };
        metrics.registered().with_notifications()
    }

    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register(
            "requests",
            "Questions answered, by the codeErreur of the answer",
            self.requests.clone(),
        );
        r.register_with_unit(
            "request_duration",
            "From a question's last byte to its answer",
            Unit::Seconds,
            self.request_duration.clone(),
        );
        r.register("faults", "SOAP faults: questions of no known method", self.faults.clone());
        r.register("logins_refused", "Logins refused, by reason", self.logins_refused.clone());
        r.register(
            "passwords_hashed",
            "Passwords held against a hash, which takes some tens of milliseconds each",
            self.passwords_hashed.clone(),
        );
        r.register(
            "sessions_active",
            "Requests in progress on this instance",
            self.sessions_active.clone(),
        );
        r.register(
            "sessions_limit",
            "Requests that may be in progress",
            self.sessions_limit.clone(),
        );
        r.register("quota_used", "Calls counted this month", self.quota_used.clone());
        r.register("quota_limit", "Calls a month", self.quota_limit.clone());
        r.register("reprovisionnings", "Re-provisionings, by state", self.reprovisionings.clone());
        r.register_with_unit(
            "reprovisionning_duration",
            "From the acceptance of a re-provisioning to its end",
            Unit::Seconds,
            self.reprovisioning_duration.clone(),
        );
        r.register_with_unit(
            "oldest_pending",
            "Age of the oldest re-provisioning that has not ended",
            Unit::Seconds,
            self.oldest_pending.clone(),
        );
        r.register(
            "ws_open",
            "1 while the service is open, 0 while every answer is -1",
            self.open.clone(),
        );
        r.register_with_unit(
            "audit_last_write_timestamp",
            "When this instance last committed a row of audit",
            Unit::Seconds,
            self.audit_last_write.clone(),
        );
        r.register(
            "database_up",
            "1 while the database answers; the gauges that come from it are as last seen otherwise",
            self.database_up.clone(),
        );
        r.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        self.with_the_head()
    }

    fn with_the_head(mut self) -> Self {
        let r = &mut self.registry;
        r.register("audit_head", "Number of the last seal of the audit", self.audit_head.clone());
        r.register(
            "audit_head_check",
            "First 12 hexadecimal digits of the hash of that seal, as a number",
            self.audit_head_check.clone(),
        );
        r.register_with_unit(
            "audit_last_sealing_timestamp",
            "When this instance last found every row of the audit sealed",
            Unit::Seconds,
            self.audit_last_sealing.clone(),
        );
        self.writer.register(r);
        self
    }

    fn with_notifications(mut self) -> Self {
        let r = &mut self.registry;
        r.register(
            "notifications",
            "Notifications of operators that were tried, by what came of it",
            self.notifications.clone(),
        );
        r.register(
            "notifications_left",
            "Notifications that were not delivered: waiting, or given up",
            self.notifications_left.clone(),
        );
        r.register_with_unit(
            "oldest_notification",
            "Age of the oldest notification that waits",
            Unit::Seconds,
            self.oldest_notification.clone(),
        );
        self
    }

    /// Counts an answered question; `code` is that of a KO.
    pub fn request(&self, operation: &'static str, code: Option<i32>, oc: &str, took: Duration) {
        let statut = if code.is_some() { "KO" } else { "OK" };
        let code = code.map_or(String::new(), |code| code.to_string());
        let labels = RequestLabels { operation, statut, code, oc: oc.to_owned() };
        self.requests.get_or_create(&labels).inc();
        let durations = self.request_duration.get_or_create(&OperationLabels { operation });
        durations.observe(took.as_secs_f64());
    }

    /// Counts a fault.
    pub fn fault(&self, kind: &'static str) {
        self.faults.get_or_create(&FaultLabels { kind }).inc();
    }

    /// Counts a refused login.
    pub fn login_refused(&self, reason: &'static str) {
        self.logins_refused.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts the passwords that are hashed.
    pub fn passwords_hashed(&self) -> Counter {
        self.passwords_hashed.clone()
    }

    /// Notes that a row of audit was committed.
    pub fn audit_written(&self, now_ms: i64) {
        self.audit_last_write_s.store(now_ms / 1000, Ordering::Relaxed);
    }

    /// Notes that every row of the audit is sealed, up to a head.
    pub fn sealed(&self, head: Option<&Head>, now_ms: i64) {
        let mut sealed = self.audit_sealed.lock().unwrap_or_else(PoisonError::into_inner);
        *sealed = (head.cloned(), now_ms / 1000);
    }

    /// Counts a notification that was tried.
    pub fn notified(&self, channel: &'static str, result: &'static str) {
        self.notifications.get_or_create(&NotifiedLabels { channel, result }).inc();
    }

    /// Counts a re-provisioning that has ended.
    /// `resultat` is the contract's word for the state.
    pub fn ended(&self, resultat: &'static str, took_ms: i64) {
        let labels = ResultLabels { resultat };
        let took = Duration::from_millis(u64::try_from(took_ms).unwrap_or_default());
        self.reprovisioning_duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// The page that Prometheus reads; without a snapshot, what it would tell is as it was.
    pub fn page(&self, snapshot: Option<&Snapshot>, spent: Option<Spent>) -> String {
        self.database_up.set(i64::from(snapshot.is_some()));
        self.audit_last_write.set(self.audit_last_write_s.load(Ordering::Relaxed));
        self.show_head();
        if let Some(snapshot) = snapshot {
            self.show(snapshot);
        }
        if let Some(spent) = spent {
            self.writer.show(&spent);
        }
        let mut page = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut page, &self.registry);
        page
    }

    fn show_head(&self) {
        let sealed = self.audit_sealed.lock().unwrap_or_else(PoisonError::into_inner);
        self.audit_head.set(sealed.0.as_ref().map_or(0, |head| head.number));
        self.audit_head_check.set(sealed.0.as_ref().map_or(0, Head::check));
        self.audit_last_sealing.set(sealed.1);
    }

    fn show(&self, snapshot: &Snapshot) {
        self.open.set(i64::from(snapshot.open));
        self.oldest_pending.set(snapshot.oldest_pending.as_secs_f64());
        for (statut, count) in &snapshot.reprovisionings {
            self.reprovisionings.get_or_create(&StateLabels { statut }).set(*count);
        }
        self.oldest_notification.set(snapshot.oldest_notification.as_secs_f64());
        for (channel, state, count) in &snapshot.notifications_left {
            self.notifications_left.get_or_create(&LeftLabels { channel, state }).set(*count);
        }
        for operator in &snapshot.operators {
            let labels = OperatorLabels { oc: operator.name.clone() };
            self.sessions_active.get_or_create(&labels).set(operator.sessions);
            self.sessions_limit.get_or_create(&labels).set(operator.sessions_limit);
            self.quota_used.get_or_create(&labels).set(operator.used);
            self.quota_limit.get_or_create(&labels).set(operator.quota);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
