//! What became of a put, written down.

use std::{sync::Arc, time::Duration};

use ereprov_client::{Accepted, CodeErreur, Error, Operation};
use rusqlite::Transaction;

use super::{
    Flow,
    trouble::{Kind, Trouble},
};
use crate::store::{
    Request, Seen, Stage, StoreError,
    journal::{self, Entry},
};

impl Flow {
    /// Writes down what became of a put.
    pub(super) async fn record(
        self: &Arc<Self>,
        request: &Request,
        outcome: Result<Accepted, Error>,
        request_id: Option<String>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let next_ms = self.next_look(request.looks, now_ms);
        let trouble = |error: &Error| {
            Trouble::of(error, Operation::PutReprovisionning, now_ms, request_id.clone())
                .after(request.trouble.as_ref())
        };
        match outcome {
            Ok(accepted) => self.record_accepted(request, accepted, next_ms).await,
            Err(Error::NotAccepted { another: Some(another), cause }) => {
                let trouble = Trouble { kind: Kind::Another, ..trouble(&cause) };
                self.another(request, trouble, Some((*another).into())).await
            }
            Err(error) if is_running_already(&error) => {
                self.another(request, trouble(&error), None).await
            }
            Err(error @ Error::OutcomeUnknown(_)) => {
                let trouble = trouble(&error);
                let entry = self.entry(request, word(&trouble), None);
                let change = move |request: &mut Request| {
                    request.stage = Stage::Unknown;
                    request.trouble = Some(trouble);
                    request.looks += 1;
                    request.next_look_ms = next_ms;
                };
                self.write_down(request, entry, change).await?;
                self.bell.notify_one();
                Ok(())
            }
            Err(error) => {
                let trouble = trouble(&error);
                let entry = self.entry(request, word(&trouble), None);
                let is_here = trouble.nothing_left();
                let stage = if is_here { Stage::NotSent } else { Stage::Refused };
                self.write_down(request, entry, move |request| request.end(stage, trouble)).await
            }
        }
    }

    async fn record_accepted(
        self: &Arc<Self>,
        request: &Request,
        accepted: Accepted,
        next_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let comes = accepted.code_to_come;
        self.accepted(request, accepted, next_ms).await?;
        // A code that was asked for once more and did not come is a tap's to ask for.
        let is_first = request.stage != Stage::Accepted && !request.code_to_come;
        if comes && is_first {
            let asked = Request { stage: Stage::Accepted, code_to_come: true, ..request.clone() };
            return self.fetch_code(&asked).await;
        }
        self.bell.notify_one();
        Ok(())
    }

    /// Keeps what was accepted: its discharge code is told once, so a database that fails is asked again for
    /// a minute.
    async fn accepted(
        &self,
        request: &Request,
        accepted: Accepted,
        next_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        const TRIES: u32 = 60;
        let mut tries = 1;
        loop {
            match self.keep_accepted(request, accepted.clone(), next_ms).await {
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
        request: &Request,
        accepted: Accepted,
        next_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let entry = self.entry(request, "OK".to_owned(), accepted.discharge_code.clone());
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
        self.write_down(request, entry, change).await
    }

    /// Somebody else's re-provisioning runs for the contract: that one is followed.
    async fn another(
        &self,
        request: &Request,
        trouble: Trouble,
        seen: Option<Seen>,
    ) -> Result<(), StoreError> {
        let now_ms = self.service.now_ms();
        let entry = self.entry(request, word(&trouble), None);
        let change = move |request: &mut Request| {
            request.stage = Stage::Followed;
            request.trouble = Some(trouble);
            request.next_look_ms = Some(now_ms);
            if let Some(seen) = seen {
                request.see(seen, now_ms);
            }
        };
        self.write_down(request, entry, change).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Nothing of it has left, nor will.
    pub(super) async fn not_sent(&self, id: &str, trouble: Trouble) -> Result<(), StoreError> {
        let change = move |request: &mut Request| {
            if request.stage == Stage::Waiting {
                request.end(Stage::NotSent, trouble);
            }
        };
        self.store.change_request(id, change).await
    }

    /// Changes a request and tells the operator what came of it: both, or neither.
    async fn write_down(
        &self,
        request: &Request,
        entry: Entry,
        change: impl FnOnce(&mut Request) + Send + 'static,
    ) -> Result<(), StoreError> {
        let technician = request.technician;
        let tell = move |tx: &Transaction<'_>| journal::add_outcome(tx, technician, entry);
        self.store.change_request_and(&request.id, change, tell).await
    }

    /// What came of a request, for the operator: `OK`, a code of §4, or a word.
    fn entry(&self, request: &Request, outcome: String, discharge_code: Option<String>) -> Entry {
        Entry {
            at_ms: self.service.now_ms(),
            act: "reponse".to_owned(),
            contract: request.contract.clone(),
            outcome,
            discharge_code: discharge_code.unwrap_or_default(),
            detail: request.chosen.fibre.clone(),
            ..Entry::default()
        }
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
    /// Nothing comes of it any more.
    pub(super) fn end(&mut self, stage: Stage, trouble: Trouble) {
        self.stage = stage;
        self.is_open = false;
        self.next_look_ms = None;
        self.trouble = Some(trouble);
    }

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

fn is_running_already(error: &Error) -> bool {
    let running = CodeErreur::ReprovisionningEnCours;
    matches!(error, Error::Ko(ko) if ko.code == running.into())
}
