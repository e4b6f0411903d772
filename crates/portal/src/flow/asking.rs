//! A request for another fibre, from the tap to its outcome: sent once, and never again without another
//! tap. What sends it and looks into a lost answer is the client's `put`.

use std::{sync::Arc, time::Duration};

use ereprov_client::{Accepted, CodeErreur, ContractRef, Error, FibreRef, Operation, Put, Verdict};

use super::{
    Flow, Known, Progress,
    queue::{Turn, Wait},
    reading::routes_key,
    tally::Tally,
    trouble::{Kind, Trouble},
};
use crate::store::{
    Opened, Request, Seen, Stage, StoreError,
    journal::{self, Entry},
};

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
            if done.is_err() {
                // Nobody can be told but the next start of the portal, which finds it unfinished.
                flow.bell.notify_one();
            }
            flow.set_progress(&id, None);
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
        let Some(request) = self.store.request(&id).await? else { return Ok(()) };
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
        self.store.change_request(&id, |request| request.stage = Stage::Sent).await?;
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

    pub(super) async fn not_sent(&self, id: &str, trouble: Trouble) -> Result<(), StoreError> {
        let change = |request: &mut Request| {
            request.stage = Stage::NotSent;
            request.is_open = false;
            request.next_look_ms = None;
            request.trouble = Some(trouble);
        };
        self.store.change_request(id, change).await
    }

    /// Writes down what became of a put.
    pub(super) async fn record(
        self: &Arc<Self>,
        request: &Request,
        outcome: Result<Accepted, Error>,
        request_id: Option<String>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let trouble = |error: &Error| {
            Trouble::of(error, Operation::PutReprovisionning, now_ms, request_id.clone())
        };
        let (id, next_ms) = (&request.id, self.next_look(request.looks, now_ms));
        match outcome {
            Ok(accepted) => {
                let comes = accepted.code_to_come;
                let code = accepted.discharge_code.clone();
                self.accepted(id, accepted, next_ms).await?;
                self.journal(request, "OK".to_owned(), code).await?;
                // A code that was asked for once more and did not come is a tap's to ask for.
                let is_first = request.stage != Stage::Accepted && !request.code_to_come;
                if comes && is_first && self.may_call(request.intervention, 2).await? {
                    let asked =
                        Request { stage: Stage::Accepted, code_to_come: true, ..request.clone() };
                    return self.fetch_code(&asked).await;
                }
                self.bell.notify_one();
                Ok(())
            }
            Err(Error::NotAccepted { another: Some(another), cause }) => {
                let trouble = Trouble { kind: Kind::Another, ..trouble(&cause) };
                self.journal(request, word(&trouble), None).await?;
                self.another(id, trouble, Some((*another).into())).await
            }
            Err(error) if is_running_already(&error) => {
                let trouble = trouble(&error);
                self.journal(request, word(&trouble), None).await?;
                self.another(id, trouble, None).await
            }
            Err(error @ Error::OutcomeUnknown(_)) => {
                let trouble = trouble(&error);
                self.journal(request, word(&trouble), None).await?;
                let change = move |request: &mut Request| {
                    request.stage = Stage::Unknown;
                    request.trouble = Some(trouble);
                    request.looks += 1;
                    request.next_look_ms = next_ms;
                };
                self.store.change_request(id, change).await?;
                self.bell.notify_one();
                Ok(())
            }
            Err(error) => {
                let trouble = trouble(&error);
                self.journal(request, word(&trouble), None).await?;
                if trouble.nothing_left() {
                    return self.not_sent(id, trouble).await;
                }
                let change = move |request: &mut Request| {
                    request.stage = Stage::Refused;
                    request.is_open = false;
                    request.next_look_ms = None;
                    request.trouble = Some(trouble);
                };
                self.store.change_request(id, change).await
            }
        }
    }

    /// Keeps what was accepted: its discharge code is told once, so a database that fails is asked again for
    /// a minute.
    async fn accepted(
        &self,
        id: &str,
        accepted: Accepted,
        next_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        const TRIES: u32 = 60;
        let mut tries = 1;
        loop {
            match self.keep_accepted(id, accepted.clone(), next_ms).await {
                Err(error) if tries < TRIES => {
                    tracing::error!(%error, "an accepted request could not be written down yet");
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                kept => return kept,
            }
        }
    }

    async fn keep_accepted(
        &self,
        id: &str,
        accepted: Accepted,
        next_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let change = move |request: &mut Request| {
            let is_first = request.stage != Stage::Accepted;
            request.stage = Stage::Accepted;
            request.trouble = None;
            request.discharge_code = accepted.discharge_code.or(request.discharge_code.take());
            request.code_to_come = accepted.code_to_come && request.discharge_code.is_none();
            request.next_look_ms = next_ms.filter(|_| request.is_open);
            if request.chosen.pto.is_none() {
                request.chosen.pto = accepted.pto.map(|pto| pto.as_str().to_owned());
            }
            if let Some(found) = accepted.found_out {
                request.see((*found).into(), now_ms);
            } else if is_first || request.seen.is_none() {
                // The service has reserved the fibre: that is its first state.
                let seen = Seen {
                    state: "initiated".to_owned(),
                    pm: accepted.pm.map(|pm| (pm.reference, pm.position)),
                    fibre: accepted.fibre.map(|fibre| fibre.as_str().to_owned()),
                    ..Seen::default()
                };
                request.see(seen, now_ms);
            }
        };
        self.store.change_request(id, change).await
    }

    /// Asks once more for a discharge code that was lost on the way: the client asks under the same name, and
    /// nothing is done twice.
    async fn fetch_code(self: &Arc<Self>, request: &Request) -> Result<(), StoreError> {
        let (_, wait) = self.queue.enter();
        let Some(turn) = wait.turn().await else { return Ok(()) };
        self.settle(request, turn).await
    }

    /// Somebody else's re-provisioning runs for the contract: that one is followed.
    async fn another(
        &self,
        id: &str,
        trouble: Trouble,
        seen: Option<Seen>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let change = move |request: &mut Request| {
            request.stage = Stage::Followed;
            request.trouble = Some(trouble);
            request.next_look_ms = Some(now_ms);
            if let Some(seen) = seen {
                request.see(seen, now_ms);
            }
        };
        self.store.change_request(id, change).await?;
        self.bell.notify_one();
        Ok(())
    }
}

impl Flow {
    /// Writes down for the operator what came of a request: `OK`, a code of §4, or a word.
    async fn journal(
        &self,
        request: &Request,
        outcome: String,
        discharge_code: Option<String>,
    ) -> Result<(), StoreError> {
        let (technician, fibre) = (request.technician, request.chosen.fibre.clone());
        let entry = Entry {
            at_ms: self.service.now_ms(),
            act: "reponse".to_owned(),
            contract: request.contract.clone(),
            outcome,
            discharge_code: discharge_code.unwrap_or_default(),
            detail: fibre,
            ..Entry::default()
        };
        self.store.with(move |db| journal::add_outcome(db, technician, entry)).await
    }
}

/// An outcome in a word.
fn word(trouble: &Trouble) -> String {
    let word = match trouble.kind {
        Kind::Ko | Kind::Fault => trouble.code.clone(),
        _ => None,
    };
    word.unwrap_or_else(|| {
        if trouble.nothing_left() {
            "non-envoye"
        } else if trouble.kind == Kind::Unknown {
            "inconnu"
        } else {
            "sans-suite"
        }
        .to_owned()
    })
}

impl Request {
    /// What getReprovisionning shows now.
    pub(super) fn see(&mut self, seen: Seen, now_ms: i64) {
        if self.states.last().is_none_or(|(state, _)| *state != seen.state) {
            self.states.push((seen.state.clone(), now_ms));
        }
        if seen.is_final() {
            self.is_open = false;
            self.next_look_ms = None;
        }
        self.seen = Some(seen);
        self.seen_ms = Some(now_ms);
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

fn is_running_already(error: &Error) -> bool {
    let running = CodeErreur::ReprovisionningEnCours;
    matches!(error, Error::Ko(ko) if ko.code == running.into())
}

#[cfg(test)]
mod tests {
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
        let gone = tokio::time::timeout(Duration::ZERO, flow.ask(request)).await;
        assert!(gone.is_err(), "it was to be cut off");
        let is_begun = async {
            loop {
                let stage = flow.store.request(&id).await.unwrap().map(|request| request.stage);
                if stage == Some(Stage::NotSent) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), is_begun).await.unwrap();
    }
}
