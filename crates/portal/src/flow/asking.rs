//! A request for another fibre, from the tap to its outcome: sent once, and never again without another
//! tap. What sends it and looks into a lost answer is the client's `put`.

use std::sync::Arc;

use ereprov_client::{Accepted, ContractRef, Error, FibreRef, Operation, Put, Verdict};

use super::{
    Flow, Known, Progress,
    allowance::{Allowance, OF_A_PUT},
    patience::{Next, NoPlace, Patience},
    queue::{Turn, Wait},
    reading::routes_key,
    tally::Tally,
    trouble::{Kind, Trouble},
};
use crate::store::{Opened, Request, Stage, StoreError};

impl Flow {
    /// Takes a request, and sends it as soon as it is its turn; one whose form was sent before, or whose
    /// contract has another one, is not taken.
    pub async fn ask(self: &Arc<Self>, request: Request) -> Result<Opened, StoreError> {
        let flow = Arc::clone(self);
        // Whoever asks may go away: what is opened is begun all the same.
        let asked = self.tasks.spawn(async move {
            let id = request.id.clone();
            let opened = flow.store.open_request(request).await?;
            if opened == Opened::New {
                flow.begin(id, Self::send);
            }
            Ok(opened)
        });
        asked.await.unwrap_or(Err(StoreError::CutOff))
    }

    /// Stands in line with a request and does this with it in its turn.
    pub(super) fn begin<F>(
        self: &Arc<Self>,
        id: String,
        work: impl FnOnce(Arc<Self>, String, Turn) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (ticket, wait) = self.queue.enter();
        self.set_progress(&id, Some(Progress::Queued(ticket)));
        let flow = Arc::clone(self);
        self.tasks.spawn(async move {
            let done = flow.in_turn(&id, wait, work).await;
            flow.set_progress(&id, None);
            if let Err(error) = done {
                tracing::error!(%error, "a request could not be brought to its end yet");
                flow.unfinished().insert(id);
                flow.bell.notify_one();
            }
        });
    }

    async fn in_turn<F: Future<Output = Result<(), StoreError>>>(
        self: &Arc<Self>,
        id: &str,
        wait: Wait,
        work: impl FnOnce(Arc<Self>, String, Turn) -> F,
    ) -> Result<(), StoreError> {
        let Some(turn) = self.turn(wait).await else {
            return self.not_sent(id, self.own(Kind::Stopped)).await;
        };
        work(Arc::clone(self), id.to_owned(), turn).await
    }

    /// Sends a request, in its turn and as soon as the operator has a place for it.
    async fn send(self: Arc<Self>, id: String, mut turn: Turn) -> Result<(), StoreError> {
        let mut patience = Patience::new();
        let mut held = None;
        let done = loop {
            let ticket = turn.ticket();
            let tried = Box::pin(self.try_to_send(&id, turn, &mut patience, &mut held)).await;
            let Ok(Some(wait)) = tried else { break tried.map(|_| ()) };
            self.set_progress(&id, Some(Progress::Queued(ticket)));
            match self.turn(wait).await {
                Some(again) => turn = again,
                None => break self.not_sent(&id, self.own(Kind::Stopped)).await,
            }
        };
        if let Some(allowance) = &mut held {
            self.give_back(allowance).await;
        }
        done
    }

    /// Sends a request once; where others of the operator's have both places, nothing has left, and what comes
    /// back is its place in line.
    async fn try_to_send(
        self: &Arc<Self>,
        id: &str,
        turn: Turn,
        patience: &mut Patience,
        held: &mut Option<Allowance>,
    ) -> Result<Option<Wait>, StoreError> {
        let request = self.store.request(id).await?;
        let Some(request) = request.filter(|it| it.stage == Stage::Waiting) else {
            return Ok(None);
        };
        if self.stop.is_cancelled() {
            return self.not_sent(id, self.own(Kind::Stopped)).await.map(|()| None);
        }
        let (flow, name) = (Arc::clone(self), id.to_owned());
        let checking = move || {
            let progress = Progress::Checking(flow.service.now_ms());
            flow.set_progress(&name, Some(progress));
        };
        let tally = Arc::new(Tally::new(turn, checking));
        let allowance = match held {
            Some(allowance) => allowance,
            None => held.insert(self.allow_put(request.intervention).await?),
        };
        let free = match self.no_place_here() {
            Some(_) => Err(Error::Busy(self.pace.places_wait)),
            None => {
                self.set_progress(id, Some(Progress::Sending(self.service.now_ms())));
                self.still_free(&request, &tally).await?
            }
        };
        let outcome = match free {
            Ok(true) => {
                if !self.store.leave(id).await? {
                    // Somebody has said meanwhile that it was not sent.
                    return Ok(None);
                }
                let (client, put) = (&self.service.client, put(&request));
                let put = client.put_within(&put, allowance.calls);
                Sent::Put(self.counted(allowance, &tally, put).await)
            }
            Ok(false) => return self.not_sent(id, self.own(Kind::Taken)).await.map(|()| None),
            Err(error) => Sent::Not(error),
        };
        if let Some(why) = outcome.error().and_then(NoPlace::of) {
            self.store.come_back(id).await?;
            let costs = (&mut *allowance, OF_A_PUT, 0);
            // With a place free, it is another request of the contract's that is in the way, for longer than the
            // line may wait for it.
            let is_full = why != NoPlace::Here || self.no_place_here().is_some();
            if is_full
                && let Next::Wait(wait) =
                    self.back_in_line(why, tally.turn(), Some(patience), costs).await?
            {
                return Ok(Some(wait));
            }
        }
        self.give_back(allowance).await;
        self.sent(&request, outcome, tally.request_id()).await.map(|()| None)
    }

    /// Writes down what became of a request that was to be sent.
    async fn sent(
        self: &Arc<Self>,
        request: &Request,
        outcome: Sent,
        request_id: Option<String>,
    ) -> Result<(), StoreError> {
        let trouble = |error: &Error, operation| {
            Trouble::of(error, operation, self.service.now_ms(), request_id.clone())
        };
        match outcome {
            Sent::Not(error) => {
                self.not_sent(&request.id, trouble(&error, Operation::GetRoSite)).await
            }
            // It was not let in: nothing of it was looked at.
            Sent::Put(Err(error)) if NoPlace::of(&error).is_some() => {
                let trouble = trouble(&error, Operation::PutReprovisionning);
                self.not_sent(&request.id, trouble).await
            }
            Sent::Put(outcome) => {
                self.forget_routes(&ContractRef::new(&request.contract));
                self.record(request, outcome, request_id).await
            }
        }
    }

    /// What a request may cost: itself and the readings about it, as far as they are left. Where nothing is, it
    /// is itself alone, since a tap has asked for it.
    async fn allow_put(&self, intervention: i64) -> Result<Allowance, StoreError> {
        match self.allow_up_to(intervention, OF_A_PUT).await? {
            Some(allowance) => Ok(allowance),
            None => self.allow_tapped(intervention, 1).await,
        }
    }

    fn own(&self, kind: Kind) -> Trouble {
        Trouble::own(kind, self.service.now_ms())
    }

    /// Whether the fibre is still to be had, where its list is too old to say so.
    ///
    /// # Errors
    /// Inside of `Ok`: it could not be read.
    async fn still_free(
        &self,
        request: &Request,
        tally: &Arc<Tally>,
    ) -> Result<Result<bool, Error>, StoreError> {
        let (contract, at) = (ContractRef::new(&request.contract), request.way.at());
        if self.known_routes_for(&contract, &at, self.pace.routes_last).is_some() {
            return Ok(Ok(true));
        }
        // What the request itself may cost is counted already.
        let Some(mut allowance) = self.allow(request.intervention, 1, 0).await? else {
            return Ok(Ok(true));
        };
        let read = self.service.client.routes(&contract, &at);
        let read = self.counted(&mut allowance, tally, read).await;
        self.give_back(&mut allowance).await;
        let routes = match read {
            Ok(routes) => routes.value,
            Err(error) => return Ok(Err(error)),
        };
        let known = Known {
            order: request.way.order(),
            structure: self.known_structure(&contract),
            latest: self.store.latest_seen(&request.contract).await?,
        };
        let put = put(request);
        let is_there = routes.iter().flat_map(|pbo| &pbo.fibres).any(|f| f.fibre == put.fibre);
        let is_refused = matches!(known.check(&put, &routes), Verdict::Refused(_));
        self.routes.put(&routes_key(&contract, &at), routes, self.service.now_ms());
        Ok(Ok(is_there && !is_refused))
    }

    /// Asks once more for a discharge code that was lost on the way: the client asks under the same name, and
    /// nothing is done twice. Where so much is not to be spent by itself, a tap asks for it.
    pub(super) async fn fetch_code(self: &Arc<Self>, request: &Request) -> Result<(), StoreError> {
        const CALLS: u32 = 2;
        let Some(mut allowance) = self.allow(request.intervention, CALLS, 0).await? else {
            return Ok(());
        };
        let (_, wait) = self.queue.enter();
        let done = match self.turn(wait).await {
            Some(turn) => self.settle(request, turn, &mut allowance).await,
            None => Ok(()),
        };
        self.give_back(&mut allowance).await;
        done
    }
}

/// What became of a request that was to be sent.
enum Sent {
    /// It was not: what was to be read first could not be.
    Not(Error),
    Put(Result<Accepted, Error>),
}

impl Sent {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Not(error) | Self::Put(Err(error)) => Some(error),
            Self::Put(Ok(_)) => None,
        }
    }
}

/// A request as the client wants it.
fn put(request: &Request) -> Put {
    let way = &request.way;
    Put {
        contract: ContractRef::new(&request.contract),
        fibre: FibreRef::new(&request.chosen.fibre),
        pto: way.kept_socket(),
        keep_pto: way.keeps(),
        reason: way.reason().expect("a request without a reason is not opened"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        task::{Context, Poll},
        time::Duration,
    };

    use ereprov_client::Endpoint;

    use super::*;
    use crate::{
        flow::Way,
        service::Service,
        settings::Pace,
        store::{Chosen, Store, technicians},
    };

    /// A flow before a service that nobody can reach, and a request that it has not been asked for yet.
    async fn flow(folder: &std::path::Path) -> (Arc<Flow>, Request) {
        let endpoint = Endpoint::new("http://127.0.0.1:1/e");
        let service = Arc::new(Service::new(endpoint, &folder.join("client")).unwrap());
        let store = Store::open(folder).unwrap();
        let known = store.with(|db| {
            technicians::add(db, "jeanne", "Jeanne", None, 0)?;
            Ok(technicians::find(db, "jeanne")?.map(|it| it.id).unwrap())
        });
        let technician = known.await.unwrap();
        let intervention = store.intervention("C", technician, service.now_ms()).await.unwrap();
        let request = Request {
            id: "a".repeat(32),
            intervention: intervention.id,
            contract: "C".to_owned(),
            technician,
            asked_ms: service.now_ms(),
            way: Way { motif: Some("broken_fibre".to_owned()), ..Way::default() },
            chosen: Chosen { fibre: "F".to_owned(), ..Chosen::default() },
            ..Request::new(Stage::Waiting)
        };
        (Flow::new(store, service, Pace::default()), request)
    }

    #[tokio::test]
    async fn a_request_whose_asker_has_gone_is_sent_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (flow, request) = flow(folder.path()).await;
        let id = request.id.clone();
        // The phone's connection ends while the request is being written down.
        let mut asking = Box::pin(flow.ask(request));
        let once = |cx: &mut Context<'_>| Poll::Ready(asking.as_mut().poll(cx).is_pending());
        assert!(poll_fn(once).await, "it was to be cut off");
        drop(asking);
        until(&flow, &id, Stage::NotSent).await;
    }

    /// Waits until a request is at this stage.
    async fn until(flow: &Flow, id: &str, stage: Stage) {
        let comes = async {
            while flow.store.request(id).await.unwrap().is_none_or(|it| it.stage != stage) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), comes).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_said_not_to_be_sent_does_not_leave() {
        let folder = tempfile::tempdir().unwrap();
        let (flow, request) = flow(folder.path()).await;
        let id = request.id.clone();
        flow.store.open_request(request).await.unwrap();
        flow.not_sent(&id, Trouble::own(Kind::Stopped, 0)).await.unwrap();
        assert!(!flow.store.leave(&id).await.unwrap());
        flow.begin(id.clone(), Flow::send);
        flow.tasks.close();
        flow.tasks.wait().await;
        let left = flow.store.request(&id).await.unwrap().unwrap();
        assert_eq!(left.trouble.map(|trouble| trouble.kind), Some(Kind::Stopped));
    }

    #[tokio::test]
    async fn a_request_whose_outcome_could_not_be_written_down_is_found_out_about() {
        let folder = tempfile::tempdir().unwrap();
        let (flow, request) = flow(folder.path()).await;
        let id = request.id.clone();
        flow.resume().await.unwrap();
        flow.store.open_request(request).await.unwrap();
        assert!(flow.store.leave(&id).await.unwrap());
        // As the database has failed while the answer was there.
        flow.begin(id.clone(), |_, _, _| async { Err(StoreError::CutOff) });
        until(&flow, &id, Stage::Unknown).await;
        flow.finish().await;
    }
}
