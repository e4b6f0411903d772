//! Carries accepted re-provisionings to their end: claims what is due, steps, records. Any number
//! of drivers may run; a lease keeps them off each other's jobs, and ends by itself.

use std::{sync::Arc, time::Duration};

use ereprov_domain::reprovisioning::State;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    request::NAME_KEPT_MS,
    steps::{Outcome, Patience, Record, perform, record},
};
use crate::{
    clock::{Clock, Entropy},
    network::Networks,
    soap::words,
    store::{
        Store, StoreError, Tx, idempotency, nonces,
        reprovisionings::{self, Lease, Now, Reprovisioning},
    },
    telemetry::metrics::Metrics,
};

/// Jobs stepped at the same time at the most.
const AT_ONCE_MAX: usize = 32;
/// How far the clocks of two instances may be apart without any of them being thought to have jumped.
const CLOCKS_APART: Duration = Duration::from_secs(5);
/// Between two clean-ups of what is no longer needed.
const HOUSEKEEPING: Duration = Duration::from_mins(10);

/// The worker.
#[derive(Clone)]
pub struct Driver {
    /// Where the jobs are.
    pub store: Store,
    /// Who re-patches.
    pub networks: Networks,
    /// The time.
    pub clock: Clock,
    /// Chance, for the leases' tokens.
    pub entropy: Entropy,
    /// How often and how long.
    pub patience: Patience,
    /// How long a lease lasts; more than a step can take.
    pub lease: Duration,
    /// Rung when there is something new to do.
    pub bell: Arc<Notify>,
    /// Rung when one has ended, and its operator may have to be told.
    pub ended: Arc<Notify>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Driver {
    /// Works until told to stop; steps that have begun are finished.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut cleaned = None::<tokio::time::Instant>;
        while !stop.is_cancelled() {
            let all_begun = self.start_due(&tasks, &permits).await.unwrap_or_else(|error| {
                tracing::error!(error = ?error, "the driver cannot reach its jobs");
                true
            });
            if cleaned.is_none_or(|at| at.elapsed() > HOUSEKEEPING) {
                self.clean_up().await;
                cleaned = Some(tokio::time::Instant::now());
            }
            // Where more are due than there were places, the next place that is free rings the bell.
            let wait = if all_begun { self.until_next_due().await } else { self.patience.poll };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Takes every step that is due, one after the other, and answers how many; for tests that hold
    /// the clock.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn run_due(&self) -> Result<usize, StoreError> {
        let (token, jobs) = self.claim(i64::MAX).await?;
        let taken = jobs.len();
        for job in jobs {
            self.step(job, &token).await?;
        }
        Ok(taken)
    }

    /// Begins the steps that are due, as many as there are places for; whether that was all of them.
    async fn start_due(
        &self,
        tasks: &TaskTracker,
        permits: &Arc<Semaphore>,
    ) -> Result<bool, StoreError> {
        let free = permits.available_permits();
        if free == 0 {
            return Ok(false);
        }
        let (token, jobs) = self.claim(i64::try_from(free).unwrap_or(i64::MAX)).await?;
        let all = jobs.len() < free;
        for job in jobs {
            let permit: Option<OwnedSemaphorePermit> = Arc::clone(permits).try_acquire_owned().ok();
            let (driver, token) = (self.clone(), token.clone());
            tasks.spawn(async move {
                let id = job.id.clone();
                if let Err(error) = driver.step(job, &token).await {
                    // The lease ends, and another turn takes the step again.
                    tracing::error!(error = ?error, reprovisioning = id, "a step was not recorded");
                }
                drop(permit);
                driver.bell.notify_one();
            });
        }
        Ok(all)
    }

    /// Takes the leases of jobs that are due; its token, and the jobs as they are.
    async fn claim(&self, limit: i64) -> Result<(String, Vec<Reprovisioning>), StoreError> {
        let now = self.now().await?;
        let lease = self.new_lease(now.ms);
        let token = lease.token.clone();
        let jobs =
            self.store.write("driver.claim", (lease, now, limit), |tx, (lease, now, limit)| {
                Box::pin(claim(tx, lease, *now, *limit))
            });
        Ok((token, jobs.await?))
    }

    /// The time by the clock that every driver shares, and what can be ahead of it.
    pub(super) async fn now(&self) -> Result<Now, StoreError> {
        let wait = self.patience.backoff_max.max(self.patience.poll) + CLOCKS_APART;
        Ok(Now {
            ms: self.store.now_ms(&self.clock).await?,
            wait_max_ms: whole_ms(wait),
            lease_max_ms: whole_ms(self.lease + CLOCKS_APART),
        })
    }

    /// A lease of its own, from now.
    pub(super) fn new_lease(&self, now_ms: i64) -> Lease {
        Lease { token: self.entropy.id(now_ms), until_ms: now_ms + whole_ms(self.lease) }
    }

    /// Takes one step under a lease and records it.
    async fn step(&self, job: Reprovisioning, token: &str) -> Result<(), StoreError> {
        let step = Box::pin(perform(&self.networks, &self.patience, &job, self.clock.now_ms()));
        match self.holding(&job.id, token, step).await {
            Some(outcome) => self.record(job, token, outcome).await,
            None => Ok(()),
        }
    }

    /// Works under a lease, which is made to last as long as that takes; `None`: it was lost.
    pub(super) async fn holding<T>(
        &self,
        id: &str,
        token: &str,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = Box::pin(self.renew(id, token)) => {
                tracing::warn!(reprovisioning = id, "the lease was lost in the middle of a step");
                None
            }
        }
    }

    /// Renews a lease again and again; ends when it is lost.
    async fn renew(&self, id: &str, token: &str) {
        loop {
            tokio::time::sleep(self.lease / 3).await;
            let Ok(now) = self.now().await else { continue };
            let until_ms = self.new_lease(now.ms).until_ms;
            let kept = (id.to_owned(), token.to_owned(), until_ms);
            let renewed = self.store.write("driver.renew", kept, |tx, (id, token, until_ms)| {
                Box::pin(reprovisionings::renew_lease(tx, id, token, *until_ms))
            });
            // Where the database does not answer, the lease goes on as far as it goes.
            if matches!(renewed.await, Ok(false)) {
                return;
            }
        }
    }

    /// Records what a step came to, and says so in the log.
    async fn record(
        &self,
        job: Reprovisioning,
        token: &str,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let (id, contract) = (job.id.clone(), job.contract_ref.clone());
        let said = outcome.to_string();
        let end = match &outcome {
            Outcome::End(state, _) => Some((*state, now_ms - job.accepted_ms)),
            Outcome::GivenUp(_) => Some((State::Failed, now_ms - job.accepted_ms)),
            Outcome::Later(_) => None,
        };
        let begins = matches!(&outcome, Outcome::Later(later) if later.state != job.state);
        let kept = Record { job, token: token.to_owned(), outcome, now_ms };
        let recorded =
            self.store.write("driver.record", kept, |tx, kept| Box::pin(record(tx, kept)));
        if !recorded.await? {
            tracing::warn!(reprovisioning = id, "the lease was lost; another driver has the job");
        } else if let Some((state, took_ms)) = end {
            self.ended.notify_one();
            self.metrics.ended(words::state(state).label(), took_ms);
            tracing::info!(reprovisioning = id, contract, outcome = said, "re-provisioning ended");
        } else if begins {
            tracing::info!(reprovisioning = id, contract, outcome = said, "re-patching has begun");
        } else {
            tracing::debug!(reprovisioning = id, contract, outcome = said, "step taken");
        }
        Ok(())
    }

    async fn until_next_due(&self) -> Duration {
        let now_ms = self.clock.now_ms();
        let next = self.store.read("driver.next_due", now_ms, |tx, now_ms| {
            Box::pin(reprovisionings::next_due(tx, *now_ms))
        });
        let wait = match next.await {
            Ok(Some(due_ms)) => Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0)),
            Ok(None) | Err(_) => self.patience.poll,
        };
        wait.clamp(Duration::from_millis(1), self.patience.poll)
    }

    async fn clean_up(&self) {
        let now_ms = self.clock.now_ms();
        let forgotten =
            self.store.write("driver.clean_up", now_ms, |tx, now| Box::pin(forget(tx, *now)));
        if let Err(error) = forgotten.await {
            tracing::warn!(error = ?error, "old names and nonces could not be dropped");
        }
    }
}

async fn claim(
    tx: &mut Tx<'_>,
    lease: &Lease,
    now: Now,
    limit: i64,
) -> Result<Vec<Reprovisioning>, StoreError> {
    let mut jobs = Vec::new();
    for id in reprovisionings::claim(tx, lease, now, limit).await? {
        jobs.extend(reprovisionings::find(tx, &id).await?);
    }
    Ok(jobs)
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

async fn forget(tx: &mut Tx<'_>, now_ms: i64) -> Result<(), StoreError> {
    idempotency::forget(tx, now_ms - NAME_KEPT_MS).await?;
    nonces::forget(tx, now_ms).await.map(drop)
}
