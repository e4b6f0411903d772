//! The worker that seals the audit, and removes what has been kept long enough. Every instance has one;
//! whichever comes first seals, and no two seals have the same number.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Head,
    retention::{self, Removal},
    sealing::{self, Sealed},
};
use crate::{
    clock::Clock,
    store::{Store, StoreError, Written},
    telemetry::metrics::Metrics,
};

/// Between two looks whether something has been kept long enough.
const RETENTION: Duration = Duration::from_hours(1);
/// Between two transactions that remove rows: requests come first.
const BREATH: Duration = Duration::from_millis(20);
/// Between two lines of the log with the head.
const TOLD: Duration = Duration::from_mins(10);
/// For what is not sealed yet when the service stops.
const LAST: Duration = Duration::from_secs(2);

/// The worker.
#[derive(Clone)]
pub struct Sealer {
    /// Where the audit is.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How often, and how long rows are kept.
    pub settings: Settings,
}

/// How often, and how long rows are kept.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two looks for rows to seal.
    pub every: Duration,
    /// How long rows are kept after they were sealed; `None`: for ever.
    pub keep: Option<Duration>,
}

impl Sealer {
    /// Works until told to stop, and seals once more then.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.keep_sealing(&stop), self.keep_retiring(&stop));
    }

    async fn keep_sealing(&self, stop: &CancellationToken) {
        let mut told = Told::default();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                sealed = self.seal_all() => told.hear(sealed),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(self.settings.every) => {}
            }
        }
        if let Ok(last) = timeout(LAST, self.seal_all()).await {
            told.end(last);
        }
    }

    async fn keep_retiring(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                removed = self.retire() => tell_removal(removed),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(RETENTION) => {}
            }
        }
    }

    /// Seals every row that is committed; the head then.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn seal_all(&self) -> Result<Option<Head>, StoreError> {
        loop {
            let head = match self.seal().await? {
                Sealed::Nothing(head) => head,
                Sealed::Written(head, true) => Some(head),
                Sealed::Written(_, false) | Sealed::Late => continue,
            };
            self.metrics.sealed(head.as_ref(), self.clock.now_ms());
            return Ok(head);
        }
    }

    async fn seal(&self) -> Result<Sealed, StoreError> {
        let now_ms = self.store.now_ms(&self.clock).await?;
        if self.store.is_remote() {
            let sealing = self.store.append(
                "audit.seal",
                now_ms,
                |tx, now| Box::pin(sealing::seal(tx, *now)),
                None,
            );
            return known(sealing.await?);
        }
        // The one writer has nothing to do but to write it.
        let composing = self
            .store
            .read_much("audit.compose", now_ms, |tx, now| Box::pin(sealing::compose(tx, *now)));
        let found = composing.await?;
        let Some(seal) = found.next else { return Ok(Sealed::Nothing(found.head)) };
        let writing = self.store.append(
            "audit.seal",
            seal,
            |tx, seal| Box::pin(sealing::write(tx, seal)),
            None,
        );
        known(writing.await?)
    }

    /// Removes the rows that were sealed long enough ago; how many.
    ///
    /// # Errors
    /// A failure of the database; what is left is removed the next time.
    pub async fn retire(&self) -> Result<u64, StoreError> {
        let Some(keep) = self.settings.keep else { return Ok(0) };
        let now_ms = self.store.now_ms(&self.clock).await?;
        let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let decided = self.store.append(
            "audit.retire",
            (now_ms, now_ms.saturating_sub(keep_ms)),
            |tx, (now_ms, before_ms)| Box::pin(retention::decide(tx, *now_ms, *before_ms)),
            None,
        );
        known(decided.await?)?;
        let mut removed = 0;
        loop {
            let step = self.store.append(
                "audit.remove",
                (),
                |tx, ()| Box::pin(retention::remove(tx)),
                None,
            );
            match known(step.await?)? {
                Removal::Nothing => return Ok(removed),
                Removal::Some(rows) => removed += rows,
            }
            sleep(BREATH).await;
        }
    }
}

/// What is committed for sure; the next look finds out about the rest.
fn known<T>(written: Written<T>) -> Result<T, StoreError> {
    match written {
        Written::Committed(outcome) => Ok(outcome),
        Written::Unknown(_, error) => Err(error),
    }
}

fn tell_removal(removed: Result<u64, StoreError>) {
    match removed {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "rows of the audit were kept long enough, and removed"),
        Err(error) => tracing::error!(error = ?error, "old rows of the audit were not removed"),
    }
}

/// What the log was told.
#[derive(Default)]
struct Told {
    head: Option<Head>,
    at: Option<Instant>,
    failing: bool,
}

impl Told {
    fn hear(&mut self, sealed: Result<Option<Head>, StoreError>) {
        match sealed {
            Ok(head) => {
                self.failing = false;
                if self.at.is_none_or(|at| at.elapsed() > TOLD) {
                    self.say(head);
                }
            }
            // Once, however long it lasts: the metrics tell that it does.
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::error!(error = ?error, "the audit is not sealed");
            }
            Err(_) => {}
        }
    }

    fn end(&mut self, sealed: Result<Option<Head>, StoreError>) {
        match sealed {
            Ok(head) => self.say(head),
            Err(error) => tracing::warn!(error = ?error, "the last rows are not sealed"),
        }
    }

    fn say(&mut self, head: Option<Head>) {
        if let Some(head) = head.filter(|head| self.head.as_ref() != Some(head)) {
            tracing::info!(head = %head, "the audit is sealed up to here");
            self.head = Some(head);
            self.at = Some(Instant::now());
        }
    }
}
