//! Following what was asked for: four readings by themselves, a request whose outcome is unknown settled, and
//! what an earlier portal has left taken up.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    pin::Pin,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use ereprov_client::{Accepted, CodeErreur, ContractRef, Error, Operation};

use super::{
    Flow,
    allowance::Allowance,
    ms,
    queue::{Ticket, Turn, Wait},
    tally::Tally,
    trouble::{Kind, Trouble},
};
use crate::store::{Request, Seen, Stage, StoreError};

/// The worker looks for what is due at least so often.
const IDLE: Duration = Duration::from_mins(1);

/// And after so long where the database has just failed.
const AGAIN: Duration = Duration::from_secs(2);

/// Calls that settling a request may cost by itself: two readings, and its code asked for once more.
const SETTLING: u32 = 3;

/// And those that its button says it costs at the most.
const SETTLING_TAPPED: u32 = 2;

impl Flow {
    /// Takes up what an earlier portal has left, and follows from now on.
    pub async fn resume(self: &Arc<Self>) -> Result<(), StoreError> {
        for stage in [Stage::Waiting, Stage::Sent] {
            for id in self.store.requests_in(stage).await? {
                self.take_up(&id, Kind::Stopped).await?;
            }
        }
        let flow = Arc::clone(self);
        self.tasks.spawn(async move { flow.work().await });
        Ok(())
    }

    /// Takes up a request whose work was cut off: one that waited was not sent, and of one that was sent
    /// nobody knows what became.
    async fn take_up(&self, id: &str, why: Kind) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let change = move |request: &mut Request| match request.stage {
            Stage::Waiting => request.end(Stage::NotSent, Trouble::own(why, now_ms)),
            Stage::Sent => {
                request.stage = Stage::Unknown;
                request.trouble = Some(Trouble::own(Kind::Unknown, now_ms));
                request.next_look_ms = Some(now_ms);
            }
            _ => {}
        };
        self.store.change_request(id, change).await
    }

    /// Takes up those whose outcome could not be written down; whether none is left.
    async fn take_up_unfinished(&self) -> bool {
        let all = self.unfinished().clone();
        for id in &all {
            if self.take_up(id, Kind::Machine).await.is_err() {
                return false;
            }
            self.unfinished().remove(id);
        }
        if !all.is_empty() {
            self.tell();
        }
        true
    }

    /// Looks at a request now; a button said what it costs.
    pub fn look_now(self: &Arc<Self>, id: &str) {
        self.look(id.to_owned(), true);
    }

    /// When a request is looked at next by itself; none: not any more.
    pub(super) fn next_look(&self, looks: u32, now_ms: i64) -> Option<i64> {
        let index = usize::try_from(looks).unwrap_or(usize::MAX);
        self.pace.follow.get(index).map(|wait| now_ms.saturating_add(ms(*wait)))
    }

    async fn work(self: Arc<Self>) {
        while !self.stop.is_cancelled() {
            let most = if self.take_up_unfinished().await { IDLE } else { AGAIN };
            let now_ms = self.service.now_ms();
            // A database that fails now is asked again after a while.
            let (due, next_ms) = self.store.due(now_ms).await.unwrap_or_default();
            for id in due {
                self.look(id, false);
            }
            let wait = next_ms.map_or(most, |next_ms| {
                let wait = u64::try_from(next_ms.saturating_sub(now_ms)).unwrap_or_default();
                Duration::from_millis(wait).min(most)
            });
            tokio::select! {
                () = self.bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    pub(super) fn unfinished(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looking(&self) -> MutexGuard<'_, HashMap<String, Option<Ticket>>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(self: &Arc<Self>, id: String, is_tapped: bool) {
        match self.looking().entry(id.clone()) {
            Entry::Occupied(_) => return,
            Entry::Vacant(new) => new.insert(None),
        };
        let flow = Arc::clone(self);
        self.tasks.spawn(async move {
            let done = flow.look_in_turn(&id, is_tapped).await;
            flow.looking().remove(&id);
            flow.tell();
            if done.is_ok() {
                // What is due next may have changed. A database that fails is left alone for a while.
                flow.bell.notify_one();
            }
        });
        self.tell();
    }

    async fn look_in_turn(self: &Arc<Self>, id: &str, is_tapped: bool) -> Result<(), StoreError> {
        let Some(request) = self.to_look_at(id).await? else { return Ok(()) };
        let intervention = request.intervention;
        let allowance = match (is_to_settle(&request, is_tapped), is_tapped) {
            (true, true) => Some(self.allow_tapped(intervention, SETTLING_TAPPED).await?),
            (false, true) => Some(self.allow_tapped(intervention, 1).await?),
            (true, false) => self.allow_up_to(intervention, SETTLING).await?,
            (false, false) => self.allow(intervention, 1, 0).await?,
        };
        let Some(mut allowance) = allowance else {
            let stop = |request: &mut Request| request.next_look_ms = None;
            return self.store.change_request(id, stop).await;
        };
        let (ticket, wait) = self.queue.enter();
        self.looking().insert(id.to_owned(), Some(ticket));
        let done = self.look_allowed(id, is_tapped, wait, &mut allowance).await;
        self.give_back(&mut allowance).await;
        done
    }

    async fn look_allowed(
        self: &Arc<Self>,
        id: &str,
        is_tapped: bool,
        wait: Wait,
        allowance: &mut Allowance,
    ) -> Result<(), StoreError> {
        let Some(turn) = self.turn(wait).await else { return Ok(()) };
        // It may have come to something while this stood in line.
        let Some(request) = self.to_look_at(id).await? else { return Ok(()) };
        if is_to_settle(&request, is_tapped) {
            return self.settle(&request, turn, allowance).await;
        }
        self.read_follow_up(&request, turn, allowance, is_tapped).await
    }

    /// A request of which the service may tell something. Before it has answered, what it shows is another
    /// re-provisioning, most often an old one; after a refusal, too.
    async fn to_look_at(&self, id: &str) -> Result<Option<Request>, StoreError> {
        let Some(request) = self.store.request(id).await? else { return Ok(None) };
        if matches!(request.stage, Stage::Accepted | Stage::Followed | Stage::Unknown) {
            return Ok(Some(request));
        }
        if request.next_look_ms.is_some() {
            let stop = |request: &mut Request| request.next_look_ms = None;
            self.change_as_read(&request, stop).await?;
        }
        Ok(None)
    }

    /// Changes a request, unless it has moved on since it was read.
    async fn change_as_read(
        &self,
        read: &Request,
        change: impl FnOnce(&mut Request) + Send + 'static,
    ) -> Result<(), StoreError> {
        let known = (read.stage, read.seen_ms);
        let change = move |request: &mut Request| {
            if (request.stage, request.seen_ms) == known {
                change(request);
            }
        };
        self.store.change_request(&read.id, change).await
    }

    async fn read_follow_up(
        &self,
        request: &Request,
        turn: Turn,
        allowance: &mut Allowance,
        is_tapped: bool,
    ) -> Result<(), StoreError> {
        let contract = ContractRef::new(&request.contract);
        let read = || self.read_about(request, &contract);
        let seen = self.read_in_line(allowance, turn.stays(), || is_tapped, read).await?;
        let Some((read, request_id)) = seen else { return Ok(()) };
        let now_ms = self.service.now_ms();
        let looks = request.looks + u32::from(!is_tapped);
        let next_ms = if is_tapped { request.next_look_ms } else { self.next_look(looks, now_ms) };
        let read = read.map_err(|error| {
            let goes_on = error.retry().is_worth_waiting();
            (Trouble::of(&error, Operation::GetReprovisionning, now_ms, request_id), goes_on)
        });
        let change = move |request: &mut Request| {
            request.looks = looks;
            request.next_look_ms = next_ms;
            match read {
                Ok(seen) => {
                    // What it is about stays known where it is somebody else's.
                    if request.stage != Stage::Followed {
                        request.trouble = None;
                    }
                    request.see(seen, now_ms);
                }
                Err((trouble, goes_on)) => {
                    if trouble.is_nothing_there() && request.stage == Stage::Followed {
                        request.is_open = false;
                    }
                    if !goes_on {
                        request.next_look_ms = None;
                    }
                    request.trouble = Some(trouble);
                }
            }
        };
        self.change_as_read(request, change).await
    }

    /// Reads about a contract, in one call. Where a put of another program's for it has an outcome that nobody
    /// knows, which stands in the way of the next one, the same reading settles it.
    async fn read_about(&self, request: &Request, contract: &ContractRef) -> Result<Seen, Error> {
        let client = &self.service.client;
        let all = client.unsettled().unwrap_or_default();
        let is_others = request.stage == Stage::Followed;
        if is_others && all.iter().any(|earlier| earlier.put.contract == *contract) {
            match client.settle(contract, 1).await {
                Ok(Some(Accepted { found_out: Some(latest), .. }))
                | Err(Error::NotAccepted { another: Some(latest), .. }) => {
                    return Ok((*latest).into());
                }
                Err(Error::OutcomeUnknown(unknown)) => {
                    let why = unknown.reading.unwrap_or(Error::CallsSpent);
                    return unknown.seen.map(Seen::from).ok_or(why);
                }
                Err(error) => return Err(error),
                // It was settled meanwhile, by somebody else.
                Ok(_) => {}
            }
        }
        client.follow_up(contract).await.map(|answered| answered.value.into())
    }

    /// Finds out what became of a request, or has its discharge code told again; in as many calls as are
    /// allowed.
    pub(super) async fn settle(
        self: &Arc<Self>,
        request: &Request,
        turn: Turn,
        allowance: &mut Allowance,
    ) -> Result<(), StoreError> {
        let contract = ContractRef::new(&request.contract);
        let tally = Arc::new(Tally::new(turn, || ()));
        let settle = self.service.client.settle(&contract, allowance.calls);
        let settled = self.counted(allowance, &tally, settle).await;
        let request_id = tally.request_id();
        if matches!(settled, Ok(None)) && request.stage == Stage::Unknown {
            return self.found_settled(request, &tally, allowance).await;
        }
        drop(tally);
        // What comes of it may cost calls of its own.
        self.give_back(allowance).await;
        match settled {
            Ok(Some(accepted)) => self.recorded(request, Ok(accepted), request_id).await,
            Ok(None) => {
                let change = |request: &mut Request| request.code_to_come = false;
                self.change_as_read(request, change).await
            }
            Err(error @ (Error::OutcomeUnknown(_) | Error::NotAccepted { .. }))
                if request.stage == Stage::Unknown =>
            {
                self.recorded(request, Err(error), request_id).await
            }
            // It was not even looked at, and something may have left: nothing more is known than before.
            Err(error) if request.stage == Stage::Unknown => {
                tracing::warn!(%error, "what became of a request could not be looked at");
                let now_ms = self.service.now_ms();
                let next_ms = self.next_look(request.looks, now_ms);
                let change = move |request: &mut Request| {
                    request.looks += 1;
                    request.next_look_ms = next_ms;
                };
                self.change_as_read(request, change).await
            }
            // It was accepted, that is known; only its code could not be had.
            Err(error) => {
                let operation = Operation::GetReprovisionning;
                let trouble = Trouble::of(&error, operation, self.service.now_ms(), request_id);
                let change = move |request: &mut Request| request.trouble = Some(trouble);
                self.change_as_read(request, change).await
            }
        }
    }

    /// The client knows of nothing unsettled: it was never sent, or its outcome was not written down here. What
    /// the contract's latest re-provisioning is tells which.
    async fn found_settled(
        &self,
        request: &Request,
        tally: &Arc<Tally>,
        allowance: &mut Allowance,
    ) -> Result<(), StoreError> {
        let contract = ContractRef::new(&request.contract);
        let read = self.service.client.follow_up(&contract);
        let read = self.counted(allowance, tally, read).await;
        let now_ms = self.service.now_ms();
        let next_ms = self.next_look(request.looks, now_ms);
        let seen = match read {
            Ok(answered) => Some(Seen::from(answered.value)),
            Err(Error::Ko(ko)) if ko.code == CodeErreur::ReprovisionningIntrouvable.into() => None,
            Err(error) => {
                let operation = Operation::GetReprovisionning;
                let trouble = Trouble::of(&error, operation, now_ms, tally.request_id());
                let change = move |request: &mut Request| {
                    request.trouble = Some(trouble);
                    request.looks += 1;
                    request.next_look_ms = next_ms;
                };
                return self.change_as_read(request, change).await;
            }
        };
        let change = move |request: &mut Request| {
            let fibre = seen.as_ref().and_then(|seen| seen.fibre.clone());
            match seen {
                Some(seen) if fibre.as_deref() == Some(&request.chosen.fibre) => {
                    request.stage = Stage::Accepted;
                    request.trouble = None;
                    request.next_look_ms = next_ms;
                    request.see(seen, now_ms);
                }
                // It may be this one: a service need not name the fibre.
                Some(seen) if fibre.is_none() && !seen.came_to_nothing() => {
                    request.looks += 1;
                    request.next_look_ms = next_ms;
                }
                Some(seen) if !seen.is_final() => {
                    request.stage = Stage::Followed;
                    request.trouble = Some(Trouble::own(Kind::Another, now_ms));
                    request.next_look_ms = next_ms;
                    request.see(seen, now_ms);
                }
                _ => request.end(Stage::Refused, Trouble::own(Kind::NotAccepted, now_ms)),
            }
        };
        self.change_as_read(request, change).await
    }

    /// [`Self::record`], which may settle in its turn.
    fn recorded<'f>(
        self: &'f Arc<Self>,
        request: &'f Request,
        outcome: Result<Accepted, Error>,
        request_id: Option<String>,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'f>> {
        Box::pin(self.record(request, outcome, request_id))
    }
}

/// Whether looking at a request is finding out about it, more than a reading.
fn is_to_settle(request: &Request, is_tapped: bool) -> bool {
    request.stage == Stage::Unknown || (request.code_to_come && is_tapped)
}
