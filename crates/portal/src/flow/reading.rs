//! Reading a site's plan and its fibres, for a page that waits.

use std::{sync::Arc, time::Duration};

use ereprov_client::{At, CodeErreur, ContractRef, Error, Operation, Pbo, Structure};

use super::{
    Flow, RESERVED,
    reads::{Fresh, Loaded, Reads, Step},
    tally::Tally,
    trouble::{Kind, Trouble},
};
use crate::store::StoreError;

/// A question that a page has.
struct Question {
    key: String,
    operation: Operation,
    intervention: i64,
    lasts: Duration,
    is_tapped: bool,
}

impl Flow {
    /// A contract's site. `is_tapped`: a button said what it costs.
    pub async fn structure(
        self: &Arc<Self>,
        contract: &ContractRef,
        intervention: i64,
        is_tapped: bool,
    ) -> Result<Loaded<Structure>, StoreError> {
        let question = Question {
            key: structure_key(contract),
            operation: Operation::GetSiteStructure,
            intervention,
            lasts: self.pace.structure_lasts,
            is_tapped,
        };
        let (flow, asked) = (Arc::clone(self), contract.clone());
        let read = async move { Ok(flow.service.client.structure(&asked).await?.value) };
        self.load(|flow| &flow.structures, question, read).await
    }

    /// The fibres of a place, believed for as long as this. `is_tapped`: a button said what it costs.
    pub async fn routes(
        self: &Arc<Self>,
        contract: &ContractRef,
        at: &At,
        intervention: i64,
        (lasts, is_tapped): (Duration, bool),
    ) -> Result<Loaded<Vec<Pbo>>, StoreError> {
        let operation = Operation::GetRoSite;
        let key = routes_key(contract, at);
        let question = Question { key, operation, intervention, lasts, is_tapped };
        let (flow, asked, at) = (Arc::clone(self), contract.clone(), at.clone());
        let read = async move { Ok(flow.service.client.routes(&asked, &at).await?.value) };
        self.load(|flow| &flow.routes, question, read).await
    }

    /// The fibres of a place, if they were read; no call.
    pub fn known_routes(&self, contract: &ContractRef, at: &At) -> Option<Arc<Fresh<Vec<Pbo>>>> {
        self.known_routes_for(contract, at, self.pace.structure_lasts)
    }

    pub(super) fn known_routes_for(
        &self,
        contract: &ContractRef,
        at: &At,
        lasts: Duration,
    ) -> Option<Arc<Fresh<Vec<Pbo>>>> {
        self.routes.fresh(&routes_key(contract, at), self.service.now_ms(), lasts)
    }

    /// Whether a list of the contract's fibres was refused for want of a place.
    pub fn was_asked_for_place(&self, contract: &ContractRef) -> bool {
        let wrong = Some(CodeErreur::ArgumentIncorrect);
        let said = self.routes.look(&routes_key(contract, &At::default()));
        matches!(said, Some(Loaded::Failed(failure)) if failure.trouble.known() == wrong)
    }

    /// A contract's site, if it was read; no call.
    pub fn known_structure(&self, contract: &ContractRef) -> Option<Arc<Fresh<Structure>>> {
        let lasts = self.pace.structure_lasts;
        self.structures.fresh(&structure_key(contract), self.service.now_ms(), lasts)
    }

    /// For how long a list is believed when it is shown, and when its contract is only looked at once more.
    pub fn routes_last(&self) -> (Duration, Duration) {
        (self.pace.routes_last, self.pace.structure_lasts)
    }

    /// What was read of a contract's fibres is not believed any more.
    pub(super) fn forget_routes(&self, contract: &ContractRef) {
        let of = format!("{}\u{0}", contract.as_str());
        self.routes.forget(|key| key.starts_with(&of));
    }

    async fn load<V: Send + Sync + 'static>(
        self: &Arc<Self>,
        reads: fn(&Flow) -> &Reads<V>,
        question: Question,
        read: impl Future<Output = Result<V, Error>> + Send + 'static,
    ) -> Result<Loaded<V>, StoreError> {
        let Question { key, operation, intervention, lasts, is_tapped } = question;
        let all = reads(self);
        let mut changed = match all.step(&key, self.service.now_ms(), lasts, is_tapped) {
            Step::Have(loaded) => return Ok(loaded),
            Step::Wait(changed) => changed,
            Step::Ask => {
                if !is_tapped && !self.may_call(intervention, 1 + RESERVED).await? {
                    return Ok(Loaded::Spent);
                }
                let (ticket, wait) = self.queue.enter();
                match all.begin(&key, ticket, self.service.now_ms()) {
                    None => return Ok(all.look(&key).unwrap_or(Loaded::Spent)),
                    Some(changed) => {
                        let (flow, key) = (Arc::clone(self), key.clone());
                        self.tasks.spawn(async move {
                            let outcome = flow.read(intervention, operation, wait, read).await;
                            reads(&flow).end(&key, outcome, flow.service.now_ms());
                            flow.tell();
                        });
                        changed
                    }
                }
            }
        };
        let _ = tokio::time::timeout(self.pace.page_waits, changed.changed()).await;
        Ok(all.look(&key).unwrap_or(Loaded::Spent))
    }

    async fn read<V>(
        &self,
        intervention: i64,
        operation: Operation,
        wait: super::queue::Wait,
        read: impl Future<Output = Result<V, Error>>,
    ) -> Result<V, Trouble> {
        let own = |kind| Trouble {
            method: operation.to_string(),
            ..Trouble::own(kind, self.service.now_ms())
        };
        let turn = wait.turn().await.filter(|_| !self.stop.is_cancelled());
        let turn = turn.ok_or_else(|| own(Kind::Stopped))?;
        let tally = Arc::new(Tally::new(turn, || ()));
        let outcome = self.counted(intervention, Arc::clone(&tally), read).await;
        let outcome = outcome.map_err(|_| own(Kind::Machine))?;
        outcome.map_err(|error| {
            Trouble::of(&error, operation, self.service.now_ms(), tally.request_id())
        })
    }
}

fn structure_key(contract: &ContractRef) -> String {
    contract.as_str().to_owned()
}

pub(super) fn routes_key(contract: &ContractRef, at: &At) -> String {
    let place = at.place.as_ref();
    let part = |part: Option<&String>| part.cloned().unwrap_or_default();
    [
        contract.as_str().to_owned(),
        part(place.map(|place| &place.building)),
        part(place.map(|place| &place.staircase)),
        part(place.map(|place| &place.floor)),
        at.pbo.as_ref().map(|pbo| pbo.as_str().to_owned()).unwrap_or_default(),
    ]
    .join("\u{0}")
}
