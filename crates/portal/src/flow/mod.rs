//! What is asked of the service, when, and what became of it.

mod allowance;
mod asking;
mod choice;
mod colours;
mod following;
mod outcome;
mod patience;
mod queue;
mod reading;
mod reads;
mod tally;
mod trouble;
mod way;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use ereprov_client::{Pbo, Structure};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use choice::{
    Known, Offer, Offers, asks_for_place, likeliest_rules, may_leave_pbo, motifs,
};
pub(crate) use colours::{Chip, Part};
pub(crate) use queue::Stand;
pub(crate) use reading::Asker;
pub(crate) use reads::Loaded;
pub(crate) use trouble::{Kind, Trouble};
pub(crate) use way::{Way, contract, segment};

use self::{
    queue::{Queue, Ticket},
    reads::Reads,
};
use crate::{service::Service, settings::Pace, store::Store};

/// Everything that goes on between the portal and the service.
pub(crate) struct Flow {
    store: Store,
    service: Arc<Service>,
    pace: Pace,
    queue: Queue,
    structures: Reads<Structure>,
    routes: Reads<Vec<Pbo>>,
    progress: Mutex<HashMap<String, Progress>>,
    /// How much goes on that makes a call, or is about to.
    at_work: AtomicUsize,
    /// Which requests are looked at, and where that stands in line.
    looking: Mutex<HashMap<String, Option<Ticket>>>,
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
            at_work: AtomicUsize::new(0),
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

    /// Whether it is being looked at right now, and where that stands in line.
    pub fn looking_at(&self, id: &str) -> Option<Stand> {
        let looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        looking.get(id).map(|ticket| ticket.as_ref().map(Ticket::stand).unwrap_or_default())
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
}

/// A time in milliseconds.
fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
