//! What is asked of the service, when, and what became of it.

mod asking;
mod choice;
mod colours;
mod following;
mod outcome;
mod queue;
mod reading;
mod reads;
mod tally;
mod trouble;
mod way;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ereprov_client::{Error, Operation, Pbo, Structure};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use choice::{
    Known, Offer, Offers, asks_for_place, likeliest_rules, may_leave_pbo, motifs,
};
pub(crate) use colours::{Chip, Part};
pub(crate) use reads::Loaded;
pub(crate) use trouble::{Kind, Trouble};
pub(crate) use way::{Way, contract, segment};

use self::{
    queue::{Queue, Ticket},
    reads::Reads,
    tally::{Asked, Tally},
};
use crate::{
    service::{Service, watched},
    settings::Pace,
    store::{
        Store, StoreError,
        journal::{self, Entry},
    },
};

/// Calls that a request for a fibre may cost when its answer is lost: itself, and two readings.
const RESERVED: u32 = 3;

/// Everything that goes on between the portal and the service.
pub(crate) struct Flow {
    store: Store,
    service: Arc<Service>,
    pace: Pace,
    queue: Queue,
    structures: Reads<Structure>,
    routes: Reads<Vec<Pbo>>,
    progress: Mutex<HashMap<String, Progress>>,
    looking: Mutex<HashSet<String>>,
    /// Requests whose outcome could not be written down.
    unfinished: Mutex<HashSet<String>>,
    bell: Notify,
    changes: watch::Sender<u64>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// How far a request is, of which the store knows that it is on its way.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// It stands in line.
    Queued(Ticket),
    /// Just before it is sent, or while it is.
    Sending(i64),
    /// It has no answer, and it is found out what became of it.
    Checking(i64),
}

impl Flow {
    pub fn new(store: Store, service: Arc<Service>, pace: Pace) -> Arc<Self> {
        Arc::new(Self {
            store,
            service,
            pace,
            queue: Queue::default(),
            structures: Reads::default(),
            routes: Reads::default(),
            progress: Mutex::default(),
            looking: Mutex::default(),
            unfinished: Mutex::default(),
            bell: Notify::new(),
            changes: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Nothing new begins: what stands in line is not sent.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for what is on its way; nothing new begins.
    pub async fn finish(&self) {
        self.stop();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// How far a request is that is on its way.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Whether it is being looked at right now.
    pub fn is_looking(&self, id: &str) -> bool {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Waits until something has changed, wherever, or for as long as this.
    pub async fn changed(&self, at_most: Duration) {
        let mut changes = self.changes.subscribe();
        tokio::select! {
            _ = tokio::time::timeout(at_most, changes.changed()) => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn set_progress(&self, id: &str, progress: Option<Progress>) {
        let mut all = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Some(progress) => all.insert(id.to_owned(), progress),
            None => all.remove(id),
        };
        drop(all);
        self.tell();
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Does something that calls the service; its calls are counted for an intervention, the first one before it
    /// is made. What it brought counts for more than what is written down about it: it is never lost to that.
    async fn counted<T>(
        &self,
        intervention: i64,
        tally: Arc<Tally>,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, StoreError> {
        self.store.count_calls(intervention, 1).await?;
        let outcome = watched(Arc::clone(&tally) as _, work).await;
        let more = tally.calls(&outcome) - 1;
        if more != 0
            && let Err(error) = self.store.count_calls(intervention, more).await
        {
            tracing::error!(%error, "calls could not be counted");
        }
        if let Err(error) = self.journal_readings(intervention, tally.asked()).await {
            tracing::error!(%error, "readings could not be written down");
        }
        Ok(outcome)
    }

    /// Writes down for the operator what was read, for whom, and what came of each reading; a put is written
    /// down by itself, and so is what came of it.
    async fn journal_readings(
        &self,
        intervention: i64,
        mut asked: Vec<Asked>,
    ) -> Result<(), StoreError> {
        asked.retain(|call| call.operation != Operation::PutReprovisionning);
        if asked.is_empty() {
            return Ok(());
        }
        let at_ms = self.service.now_ms();
        let entry = move |call: Asked| Entry {
            at_ms,
            act: "lecture".to_owned(),
            outcome: match call.said {
                Some(Ok(())) => "OK".to_owned(),
                Some(Err(code)) => trouble::number(&code),
                None => "sans-reponse".to_owned(),
            },
            detail: call.operation.to_string(),
            ..Entry::default()
        };
        let written = self.store.with(move |db| {
            asked
                .into_iter()
                .try_for_each(|call| journal::add_reading(db, intervention, entry(call)))
        });
        written.await
    }

    /// Whether so many calls may be made without a tap.
    async fn may_call(&self, intervention: i64, calls: u32) -> Result<bool, StoreError> {
        Ok(self.store.calls(intervention).await? + calls <= self.pace.calls_max)
    }
}

/// A time in milliseconds.
fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
