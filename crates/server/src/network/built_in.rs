//! The built-in Networks: takes a configured time for each step, and behaves for single contracts
//! as the configuration says. It keeps its orders in the same database, in transactions of its own,
//! as another system would.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Cancelled, NetworkError, NetworkOrder, Progress};
use crate::{
    clock::Clock,
    store::{Store, StoreError, Tx, network_orders},
};

/// How it behaves.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// From an order to the begin of re-patching.
    pub start_ms: i64,
    /// From the begin of re-patching to its end.
    pub repatch_ms: i64,
    /// Contracts for which it behaves otherwise.
    pub behaviours: HashMap<String, Behaviour>,
}

/// How it behaves for one contract.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// What it answers before the acceptance.
    pub ask: AskBehaviour,
    /// Whether it refuses the order in the end.
    pub refuses: bool,
    /// How many calls after the acceptance fail before one works.
    pub errors: u64,
    /// Whether calls after the acceptance never come back.
    pub hangs: bool,
    /// Instead of [`Settings::start_ms`].
    pub start_ms: Option<i64>,
    /// Instead of [`Settings::repatch_ms`].
    pub repatch_ms: Option<i64>,
}

/// What it answers when asked whether a change can start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AskBehaviour {
    /// Yes.
    #[default]
    Yes,
    /// An error (20008).
    Error,
    /// That it is busy with the contract (20009).
    Busy,
    /// Nothing, ever (20010).
    Silence,
    /// That it has no task (20011).
    NoTask,
}

/// The built-in Networks.
#[derive(Clone)]
pub struct Networks {
    store: Store,
    clock: Clock,
    settings: Arc<Settings>,
    /// Calls that failed on purpose, by contract.
    failed: Arc<Mutex<HashMap<String, u64>>>,
}

impl Networks {
    /// Networks with these settings, keeping its orders in this store.
    pub fn new(store: Store, clock: Clock, settings: Settings) -> Self {
        Self { store, clock, settings: Arc::new(settings), failed: Arc::default() }
    }

    /// Whether a change of this contract can start now (contract.md, D36).
    ///
    /// # Errors
    /// It cannot, or there is no telling.
    pub async fn can_start(&self, contract_ref: &str) -> Result<(), NetworkError> {
        match self.behaviour(contract_ref).map(|behaviour| behaviour.ask).unwrap_or_default() {
            AskBehaviour::Yes => Ok(()),
            AskBehaviour::Error => Err(NetworkError::Failed),
            AskBehaviour::Busy => Err(NetworkError::Busy),
            AskBehaviour::Silence => std::future::pending().await,
            AskBehaviour::NoTask => Err(NetworkError::NoTask),
        }
    }

    /// Hands an order over; handing it over again changes nothing.
    ///
    /// # Errors
    /// It was not taken, or there is no telling.
    pub async fn submit(&self, order: &NetworkOrder<'_>) -> Result<(), NetworkError> {
        self.misbehave(order.contract_ref).await?;
        let kept = self.order(order, false);
        let taken = self.store.write("network.submit", kept, |tx, order| {
            Box::pin(async move { network_orders::take(tx, order).await.map(drop) })
        });
        taken.await.map_err(|error| failed(&error))
    }

    /// How far an order is.
    ///
    /// # Errors
    /// There is no telling.
    pub async fn progress(&self, id: &str, contract_ref: &str) -> Result<Progress, NetworkError> {
        self.misbehave(contract_ref).await?;
        let found = self.store.read("network.progress", id.to_owned(), |tx, id| {
            Box::pin(network_orders::find(tx, id))
        });
        let now_ms = self.clock.now_ms();
        let (working_ms, done_ms) = self.times(contract_ref);
        Ok(match found.await.map_err(|error| failed(&error))? {
            None => Progress::Unknown,
            Some(order) if order.cancelled => Progress::CalledOff,
            // Set by a clock that has gone back since: it would wait for that time to come again.
            Some(order) if order.working_ms > working_ms => {
                let restarted = (order.id, working_ms, done_ms);
                let restarted = self.store.write("network.restart", restarted, |tx, order| {
                    Box::pin(network_orders::restart(tx, &order.0, order.1, order.2))
                });
                restarted.await.map_err(|error| failed(&error))?;
                Progress::Waiting { until_ms: working_ms }
            }
            Some(order) if now_ms < order.working_ms => {
                Progress::Waiting { until_ms: order.working_ms }
            }
            Some(order) if now_ms < order.done_ms => Progress::Working { until_ms: order.done_ms },
            Some(order) if order.refuses => {
                Progress::Refused("Networks refused to re-patch".to_owned())
            }
            Some(_) => Progress::Done,
        })
    }

    /// Calls an order off; one that was never handed over will not be taken any more.
    ///
    /// # Errors
    /// There is no telling.
    pub async fn cancel(
        &self,
        id: &str,
        contract_ref: &str,
        fibre_ref: &str,
    ) -> Result<Cancelled, NetworkError> {
        self.misbehave(contract_ref).await?;
        let tombstone = self.order(&NetworkOrder { id, contract_ref, fibre_ref }, true);
        let now_ms = self.clock.now_ms();
        let outcome =
            self.store.write("network.cancel", (tombstone, now_ms), |tx, (order, now)| {
                Box::pin(call_off(tx, order, *now))
            });
        outcome.await.map_err(|error| failed(&error))
    }

    fn behaviour(&self, contract_ref: &str) -> Option<&Behaviour> {
        self.settings.behaviours.get(contract_ref)
    }

    /// When re-patching of an order that is taken now begins, and when it ends.
    fn times(&self, contract_ref: &str) -> (i64, i64) {
        let own = self.behaviour(contract_ref);
        let start_ms = own.and_then(|own| own.start_ms).unwrap_or(self.settings.start_ms);
        let repatch_ms = own.and_then(|own| own.repatch_ms).unwrap_or(self.settings.repatch_ms);
        let working_ms = self.clock.now_ms() + start_ms;
        (working_ms, working_ms + repatch_ms)
    }

    fn order(&self, order: &NetworkOrder<'_>, cancelled: bool) -> network_orders::NetworkOrder {
        let (working_ms, done_ms) = self.times(order.contract_ref);
        network_orders::NetworkOrder {
            id: order.id.to_owned(),
            contract_ref: order.contract_ref.to_owned(),
            fibre_ref: order.fibre_ref.to_owned(),
            working_ms,
            done_ms,
            refuses: self.behaviour(order.contract_ref).is_some_and(|own| own.refuses),
            cancelled,
        }
    }

    /// Fails or hangs where the configuration says so.
    async fn misbehave(&self, contract_ref: &str) -> Result<(), NetworkError> {
        let Some(behaviour) = self.behaviour(contract_ref) else { return Ok(()) };
        if behaviour.hangs {
            std::future::pending::<()>().await;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failed.entry(contract_ref.to_owned()).or_default();
        if *count < behaviour.errors {
            *count += 1;
            return Err(NetworkError::Failed);
        }
        Ok(())
    }
}

async fn call_off(
    tx: &mut Tx<'_>,
    order: &network_orders::NetworkOrder,
    now_ms: i64,
) -> Result<Cancelled, StoreError> {
    let never_taken = network_orders::take(tx, order).await?;
    if never_taken || network_orders::cancel(tx, &order.id, now_ms).await? {
        return Ok(Cancelled::CalledOff);
    }
    let found = network_orders::find(tx, &order.id).await?;
    let called_off = found.is_some_and(|order| order.cancelled || order.refuses);
    Ok(if called_off { Cancelled::CalledOff } else { Cancelled::AlreadyDone })
}

fn failed(error: &StoreError) -> NetworkError {
    tracing::error!(error = ?error, "the built-in Networks cannot reach its orders");
    NetworkError::Failed
}
