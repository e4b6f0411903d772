//! Delivers what is in the outbox. Any number of workers may run: a lease on an address lets one of
//! them at a time deliver to it, and ends by itself.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    event::Mode,
    layout::Layout,
    webhook::{Failure, Webhook},
};
use crate::{
    admission::keyring::Keyring,
    clock::{Clock, Entropy},
    store::{
        Store, StoreError, Tx,
        notifications::{self, Key, Notification},
        notify_targets::{self, Channel, Target},
        reprovisionings::{Lease, Now},
    },
    telemetry::metrics::Metrics,
};

/// Addresses delivered to at the same time at the most.
const AT_ONCE_MAX: usize = 16;
/// Deliveries to one address, before others that wait get the place.
const IN_A_ROW_MAX: usize = 100;
/// How far the clocks of two instances may be apart, and what the database may take in between.
const MARGIN: Duration = Duration::from_secs(5);
/// Between two clean-ups of what was delivered long ago.
const HOUSEKEEPING: Duration = Duration::from_mins(10);

/// How often, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two looks at what is due.
    pub poll: Duration,
    /// For one delivery.
    pub deadline: Duration,
    /// Before the first repetition; each next one waits twice as long.
    pub backoff_first: Duration,
    /// Before any repetition at the most.
    pub backoff_max: Duration,
    /// After which what could not be delivered is given up.
    pub give_up: Duration,
    /// How long what was delivered or given up is kept.
    pub keep: Duration,
}

/// How notifications look.
pub struct Layouts {
    /// A webhook's data.
    pub webhook: Layout,
    /// A file.
    pub folder: Layout,
    /// How a webhook's event is put into a request.
    pub mode: Mode,
    /// Where the events come from: the service's URL.
    pub source: String,
}

/// The worker.
#[derive(Clone)]
pub struct Worker {
    /// Where the outbox is.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for the leases' tokens and for how long a repetition waits.
    pub entropy: Entropy,
    /// How often, and how long.
    pub patience: Patience,
    /// How notifications look.
    pub layouts: Arc<Layouts>,
    /// Who asks the operators' servers, or why nobody can.
    pub webhook: Result<Webhook, String>,
    /// What opens the secrets; none: there are no webhooks.
    pub keyring: Option<Arc<Keyring>>,
    /// Rung when there is something to tell.
    pub bell: Arc<Notify>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// What became of one address' turn.
enum Turn {
    /// Nothing is due any more.
    Done,
    /// Others wait too.
    More,
    /// It answers no more, or somebody else has it.
    Over,
}

impl Worker {
    /// Works until told to stop; deliveries that have begun are finished.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut cleaned = None::<Instant>;
        while !stop.is_cancelled() {
            if let Err(error) = self.start_due(&tasks, &permits, &stop).await {
                tracing::error!(error = ?error, "the outbox cannot be reached");
            }
            if cleaned.is_none_or(|at| at.elapsed() > HOUSEKEEPING) {
                self.clean_up().await;
                cleaned = Some(Instant::now());
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(self.patience.poll) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Delivers what is due, one address after the other, and answers to how many; for tests that
    /// hold the clock.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn run_due(&self) -> Result<usize, StoreError> {
        let due = self.claim(AT_ONCE_MAX).await?;
        let stop = CancellationToken::new();
        for (target, lease) in &due {
            self.turn(target, lease, &stop).await?;
            self.let_go(target, lease).await?;
        }
        Ok(due.len())
    }

    async fn start_due(
        &self,
        tasks: &TaskTracker,
        permits: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let free = permits.available_permits();
        if free == 0 {
            return Ok(());
        }
        for (target, lease) in self.claim(free).await? {
            let permit = Arc::clone(permits).try_acquire_owned().ok();
            let (worker, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move {
                let turn = worker.turn(&target, &lease, &stop).await;
                let let_go = worker.let_go(&target, &lease).await;
                if let Err(error) = turn.as_ref().map(drop).and(let_go.as_ref()) {
                    // The lease ends, and another turn takes up what is left.
                    tracing::error!(error = ?error, "a delivery was not recorded");
                }
                drop(permit);
                if matches!(turn, Ok(Turn::More)) {
                    worker.bell.notify_one();
                }
            });
        }
        Ok(())
    }

    /// Takes the leases of addresses to which something is due.
    async fn claim(&self, limit: usize) -> Result<Vec<(Target, Lease)>, StoreError> {
        let now = self.now().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let due = self.store.read("notify.due", (now, limit), |tx, (now, limit)| {
            Box::pin(notify_targets::due(tx, *now, *limit))
        });
        let mut claimed = Vec::new();
        for target in due.await? {
            let lease = self.new_lease(now.ms);
            let asked = (key(&target), lease.clone(), now);
            if self
                .keep("notify.claim", asked, |tx, (key, lease, now)| {
                    Box::pin(notify_targets::take_lease(tx, *key, lease, *now))
                })
                .await?
            {
                claimed.push((target, lease));
            }
        }
        Ok(claimed)
    }

    async fn now(&self) -> Result<Now, StoreError> {
        Ok(Now {
            ms: self.store.now_ms(&self.clock).await?,
            wait_max_ms: ms(self.patience.backoff_max + MARGIN),
            lease_max_ms: ms(self.patience.deadline + 2 * MARGIN),
        })
    }

    fn new_lease(&self, now_ms: i64) -> Lease {
        let lasts = ms(self.patience.deadline + MARGIN);
        Lease { token: self.entropy.id(now_ms), until_ms: now_ms + lasts }
    }

    /// Delivers to an address what is due, in order, for as long as it answers.
    async fn turn(
        &self,
        target: &Target,
        lease: &Lease,
        stop: &CancellationToken,
    ) -> Result<Turn, StoreError> {
        for _ in 0..IN_A_ROW_MAX {
            if stop.is_cancelled() {
                return Ok(Turn::Over);
            }
            // Renewed before each delivery, which ends before the lease does: nobody else delivers
            // at the same time.
            let now = self.now().await?;
            let renewed = Lease { token: lease.token.clone(), ..self.new_lease(now.ms) };
            let asked = (key(target), renewed, now);
            let next = self.keep("notify.next", asked, |tx, (key, lease, now)| {
                Box::pin(next(tx, *key, lease, *now))
            });
            let Some(next) = next.await? else { return Ok(Turn::Done) };
            let outcome = self.deliver(target, &next, now.ms).await;
            if !self.record(target, lease, &next, outcome).await? {
                return Ok(Turn::Over);
            }
        }
        Ok(Turn::More)
    }

    /// Records what came of a delivery; false: the turn is over.
    async fn record(
        &self,
        target: &Target,
        lease: &Lease,
        notification: &Notification,
        outcome: Result<(), Failure>,
    ) -> Result<bool, StoreError> {
        let now_ms = self.store.now_ms(&self.clock).await?;
        let (operator, contract) = (&notification.operator_login, &notification.contract_ref);
        let channel = target.channel.as_str();
        let goes_on = !matches!(outcome, Err(Failure::Address(_) | Failure::Later(..)));
        let (failures, said) = match &outcome {
            Ok(()) => {
                tracing::info!(operator, contract, channel, "notified");
                self.metrics.notified(channel, "delivered");
                (0, None)
            }
            Err(Failure::Address(why) | Failure::Later(why, _)) => (target.failures, Some(why)),
            Err(Failure::Message(why)) => (notification.attempts, Some(why)),
        };
        if let Some(why) = said {
            tracing::warn!(operator, contract, channel, error = why, "not notified yet");
            self.metrics.notified(channel, "failed");
        }
        // As long as the server asks for, but never longer than any repetition waits.
        let asked = match &outcome {
            Err(Failure::Later(_, wait)) => (*wait).min(self.patience.backoff_max),
            _ => Duration::ZERO,
        };
        let recorded = Recorded {
            target: key(target),
            token: lease.token.clone(),
            notification: notification.key.clone(),
            outcome,
            now_ms,
            due_ms: now_ms + ms(self.wait(failures).max(asked)),
            dead_ms: now_ms - ms(self.patience.give_up),
        };
        let kept =
            self.keep("notify.record", recorded, |tx, recorded| Box::pin(record(tx, recorded)));
        Ok(kept.await? && goes_on)
    }

    /// How long a repetition waits: twice as long each time, and by chance up to a half less, so that
    /// not all come back at once.
    fn wait(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(20);
        let Patience { backoff_first, backoff_max, .. } = self.patience;
        let whole = backoff_first.saturating_mul(1 << doublings).min(backoff_max);
        let [chance] = self.entropy.bytes();
        whole / 2 + whole * u32::from(chance) / 510
    }

    async fn let_go(&self, target: &Target, lease: &Lease) -> Result<(), StoreError> {
        let asked = (key(target), lease.token.clone());
        self.keep("notify.let_go", asked, |tx, (key, token)| {
            Box::pin(notify_targets::let_go(tx, *key, token))
        })
        .await
    }

    async fn clean_up(&self) {
        let before_ms = self.clock.now_ms() - ms(self.patience.keep);
        let forgotten = self.keep("notify.clean_up", before_ms, |tx, before| {
            Box::pin(notifications::forget(tx, *before))
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(error = ?error, "old notifications could not be dropped");
        }
    }

    /// Writes what no request reads, so that nothing that was recalled is given up for it.
    async fn keep<A, T>(
        &self,
        name: &'static str,
        arguments: A,
        use_case: crate::store::UseCase<A, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        match self.store.append(name, arguments, use_case, None).await? {
            crate::store::Written::Committed(outcome) => Ok(outcome),
            // Kept or not, it is looked at again: at least once.
            crate::store::Written::Unknown(_, error) => Err(error),
        }
    }
}

fn key(target: &Target) -> (i64, Channel) {
    (target.operator_id, target.channel)
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

async fn next(
    tx: &mut Tx<'_>,
    key: (i64, Channel),
    lease: &Lease,
    now: Now,
) -> Result<Option<Notification>, StoreError> {
    if !notify_targets::renew_lease(tx, key, lease).await? {
        return Ok(None);
    }
    notifications::next(tx, key, now.ms, now.ms + now.wait_max_ms).await
}

struct Recorded {
    target: (i64, Channel),
    token: String,
    notification: Key,
    outcome: Result<(), Failure>,
    now_ms: i64,
    due_ms: i64,
    dead_ms: i64,
}

/// False: the lease is lost, and nothing is written.
async fn record(tx: &mut Tx<'_>, recorded: &Recorded) -> Result<bool, StoreError> {
    let Recorded { target, token, notification, outcome, now_ms, due_ms, dead_ms } = recorded;
    match outcome {
        Ok(()) => {
            let held = notify_targets::answers(tx, *target, token).await?;
            if held {
                notifications::delivered(tx, notification, *now_ms).await?;
            }
            Ok(held)
        }
        Err(Failure::Message(why)) => {
            let held = notify_targets::answers(tx, *target, token).await?;
            if held {
                notifications::failed(tx, notification, *dead_ms, *due_ms, why).await?;
            }
            Ok(held)
        }
        Err(Failure::Address(why) | Failure::Later(why, _)) => {
            let held = notify_targets::fails(tx, *target, token, *due_ms, why).await?;
            if held {
                notifications::failed(tx, notification, *dead_ms, 0, why).await?;
                notifications::give_up(tx, *target, *dead_ms, why).await?;
            }
            Ok(held)
        }
    }
}
