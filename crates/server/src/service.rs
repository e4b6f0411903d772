//! What a running service holds: one value, handed to every request.

use std::{sync::Arc, time::Duration};

use ereprov_door::forwarded::Proxies;
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

use crate::{
    admission::{digest::Digests, profile::Profiles, verify::Credentials},
    clock::{Clock, Entropy},
    http::readings::Readings,
    network::Networks,
    soap::recent::Recent,
    store::Store,
    telemetry::metrics::Metrics,
};

/// The service.
pub struct Service {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The technical profiles (§2.4).
    pub profiles: Profiles,
    /// Who verifies logins.
    pub credentials: Credentials,
    /// Whose word on a caller's address is taken.
    pub proxies: Proxies,
    /// Who verifies digests; none: nobody logs in with one.
    pub digests: Option<Digests>,
    /// Who re-patches.
    pub networks: Networks,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Rung when a request was accepted.
    pub bell: Arc<Notify>,
    /// Requests that are being answered: they are finished even if their caller goes away.
    pub in_progress: TaskTracker,
    /// Requests answered at the same time at the most, over all operators.
    pub capacity: Arc<Semaphore>,
    /// What was read a moment ago.
    pub recent: Recent,
    /// Which questions were read a moment ago.
    pub readings: Readings,
    /// What a request may take.
    pub limits: Limits,
    /// The address that the WSDL gives.
    pub public_url: String,
}

/// What a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From its last byte to its answer.
    pub request: Duration,
    /// For its body to arrive.
    pub body_read: Duration,
    /// For Networks to say yes (contract.md, D36).
    pub networks_ask: Duration,
    /// Bytes of its body, unpacked.
    pub body_bytes_max: usize,
}
