//! A request for another fibre, from the tap to its outcome: sent once, and never again without another
//! tap. What sends it and looks into a lost answer is the client's `put`.

use std::sync::Arc;

use ereprov_client::{ContractRef, FibreRef, Operation, Put, Verdict};

use super::{
    Flow, Known, Progress,
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
        let Some(turn) = wait.turn().await else { return Ok(()) };
        self.set_progress(id, Some(Progress::Sending(self.service.now_ms())));
        work(Arc::clone(self), id.to_owned(), turn).await
    }

    async fn send(self: Arc<Self>, id: String, turn: Turn) -> Result<(), StoreError> {
        let request = self.store.request(&id).await?;
        let Some(request) = request.filter(|it| it.stage == Stage::Waiting) else { return Ok(()) };
        if self.stop.is_cancelled() {
            let trouble = Trouble::own(Kind::Stopped, self.service.now_ms());
            return self.not_sent(&id, trouble).await;
        }
        let (flow, name) = (Arc::clone(&self), id.clone());
        let checking = move || {
            let progress = Progress::Checking(flow.service.now_ms());
            flow.set_progress(&name, Some(progress));
        };
        let tally = Arc::new(Tally::new(turn, checking));
        if let Err(trouble) = self.still_free(&request, &tally).await? {
            return self.not_sent(&id, trouble).await;
        }
        if !self.store.leave(&id).await? {
            // Somebody has said meanwhile that it was not sent.
            return Ok(());
        }
        let put = put(&request);
        let client = &self.service.client;
        let outcome =
            self.counted(request.intervention, Arc::clone(&tally), client.put(&put)).await?;
        self.forget_routes(&put.contract);
        self.record(&request, outcome, tally.request_id()).await
    }

    /// Whether the fibre is still to be had, where its list is too old to say so.
    async fn still_free(
        &self,
        request: &Request,
        tally: &Arc<Tally>,
    ) -> Result<Result<(), Trouble>, StoreError> {
        let (contract, at) = (ContractRef::new(&request.contract), request.way.at());
        let is_known = self.known_routes_for(&contract, &at, self.pace.routes_last).is_some();
        if is_known || !self.may_call(request.intervention, 1 + super::RESERVED).await? {
            return Ok(Ok(()));
        }
        let operation = Operation::GetRoSite;
        let read = self.service.client.routes(&contract, &at);
        let read = self.counted(request.intervention, Arc::clone(tally), read).await?;
        let now_ms = self.service.now_ms();
        let routes = match read {
            Ok(routes) => routes.value,
            Err(error) => {
                return Ok(Err(Trouble::of(&error, operation, now_ms, tally.request_id())));
            }
        };
        let known = Known {
            order: request.way.order(),
            structure: self.known_structure(&contract),
            latest: self.store.latest_seen(&request.contract).await?,
        };
        let put = put(request);
        let is_there = routes.iter().flat_map(|pbo| &pbo.fibres).any(|f| f.fibre == put.fibre);
        let is_refused = matches!(known.check(&put, &routes), Verdict::Refused(_));
        self.routes.put(&routes_key(&contract, &at), routes, now_ms);
        let taken = !is_there || is_refused;
        Ok(if taken { Err(Trouble::own(Kind::Taken, now_ms)) } else { Ok(()) })
    }

    /// Asks once more for a discharge code that was lost on the way: the client asks under the same name, and
    /// nothing is done twice.
    pub(super) async fn fetch_code(self: &Arc<Self>, request: &Request) -> Result<(), StoreError> {
        let (_, wait) = self.queue.enter();
        let Some(turn) = wait.turn().await else { return Ok(()) };
        self.settle(request, turn).await
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
