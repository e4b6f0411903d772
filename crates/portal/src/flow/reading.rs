//! Reading a site's plan and its fibres, for a page that waits.

use std::{fmt, sync::Arc, time::Duration};

use ereprov_client::{At, CodeErreur, ContractRef, Error, Operation, Pbo, Structure};

use super::{
    Flow,
    allowance::{Allowance, OF_A_PUT},
    patience::{Next, NoPlace, Patience},
    queue::Wait,
    reads::{Fresh, Loaded, Reads, Step},
    tally::Tally,
    trouble::{Kind, Trouble},
};
use crate::store::StoreError;

/// Who has a question, and who pays for it.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub intervention: i64,
    /// A button said what it costs.
    pub is_tapped: bool,
    /// Whether one more may be asked now; else for how long not. It is asked before a call alone.
    pub may: &'a (dyn Fn() -> Result<(), Duration> + Sync),
}

/// A question that a page has.
struct Question {
    key: String,
    operation: Operation,
    lasts: Duration,
}

impl fmt::Debug for Asker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("intervention", &self.intervention).finish_non_exhaustive()
    }
}

impl Flow {
    /// A contract's site.
    pub async fn structure(
        self: &Arc<Self>,
        contract: &ContractRef,
        asker: Asker<'_>,
    ) -> Result<Loaded<Structure>, StoreError> {
        let question = Question {
            key: structure_key(contract),
            operation: Operation::GetSiteStructure,
            lasts: self.pace.structure_lasts,
        };
        let (flow, contract) = (Arc::clone(self), contract.clone());
        let read = move || {
            let (flow, contract) = (Arc::clone(&flow), contract.clone());
            async move { Ok(flow.service.client.structure(&contract).await?.value) }
        };
        self.load(|flow| &flow.structures, question, asker, read).await
    }

    /// The fibres of a place, believed for as long as this.
    pub async fn routes(
        self: &Arc<Self>,
        contract: &ContractRef,
        at: &At,
        lasts: Duration,
        asker: Asker<'_>,
    ) -> Result<Loaded<Vec<Pbo>>, StoreError> {
        let operation = Operation::GetRoSite;
        let question = Question { key: routes_key(contract, at), operation, lasts };
        let (flow, contract, at) = (Arc::clone(self), contract.clone(), at.clone());
        let read = move || {
            let (flow, contract, at) = (Arc::clone(&flow), contract.clone(), at.clone());
            async move { Ok(flow.service.client.routes(&contract, &at).await?.value) }
        };
        self.load(|flow| &flow.routes, question, asker, read).await
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

    async fn load<V, F>(
        self: &Arc<Self>,
        reads: fn(&Flow) -> &Reads<V>,
        question: Question,
        asker: Asker<'_>,
        read: impl Fn() -> F + Send + Sync + 'static,
    ) -> Result<Loaded<V>, StoreError>
    where
        V: Send + Sync + 'static,
        F: Future<Output = Result<V, Error>> + Send,
    {
        let Question { key, operation, lasts } = question;
        let all = reads(self);
        let mut changed = match all.step(&key, self.service.now_ms(), lasts, asker.is_tapped) {
            Step::Have(loaded) => return Ok(loaded),
            Step::Wait(changed) => changed,
            Step::Ask => {
                let Asker { intervention, is_tapped, .. } = asker;
                let allowance = if is_tapped {
                    Some(self.allow_tapped(intervention, 1).await?)
                } else {
                    self.allow(intervention, 1, OF_A_PUT).await?
                };
                let Some(mut allowance) = allowance else { return Ok(Loaded::Spent) };
                if let Err(wait) = (asker.may)() {
                    self.give_back(&mut allowance).await;
                    return Ok(Loaded::TooOften(wait));
                }
                let (ticket, wait) = self.queue.enter();
                match all.begin(&key, ticket, self.service.now_ms()) {
                    None => {
                        self.give_back(&mut allowance).await;
                        return Ok(all.look(&key).unwrap_or(Loaded::Spent));
                    }
                    Some(changed) => {
                        let (flow, key) = (Arc::clone(self), key.clone());
                        self.tasks.spawn(async move {
                            let goes_on = || reads(&flow).is_looked_at(&key, flow.service.now_ms());
                            let asked = (allowance, operation, wait);
                            let outcome = flow.read(asked, goes_on, &read).await;
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

    /// Reads in its turn.
    async fn read<V, F: Future<Output = Result<V, Error>>>(
        &self,
        (mut allowance, operation, wait): (Allowance, Operation, Wait),
        goes_on: impl Fn() -> bool,
        read: impl Fn() -> F,
    ) -> Result<V, Trouble> {
        let outcome = self.read_in_line(&mut allowance, wait, goes_on, read).await;
        self.give_back(&mut allowance).await;
        let now_ms = self.service.now_ms();
        let own = |kind| Trouble { method: operation.to_string(), ..Trouble::own(kind, now_ms) };
        match outcome {
            Ok(Some((Ok(value), _))) => Ok(value),
            Ok(Some((Err(error), request_id))) => {
                Err(Trouble::of(&error, operation, now_ms, request_id))
            }
            Ok(None) => Err(own(Kind::Stopped)),
            Err(_) => Err(own(Kind::Machine)),
        }
    }

    /// Reads, and again while others of the operator's have both places and it is to go on. What that brought, and
    /// what the service calls it; none: the portal ends first.
    pub(super) async fn read_in_line<V, F: Future<Output = Result<V, Error>>>(
        &self,
        allowance: &mut Allowance,
        mut wait: Wait,
        goes_on: impl Fn() -> bool,
        read: impl Fn() -> F,
    ) -> Result<Option<(Result<V, Error>, Option<String>)>, StoreError> {
        let mut patience = Patience::new();
        loop {
            let Some(turn) = self.turn(wait).await else { return Ok(None) };
            let tally = Arc::new(Tally::new(turn, || ()));
            let (why, outcome) = match self.no_place_here() {
                Some(why) => (Some(why), Err(Error::Busy(self.pace.places_wait))),
                None => {
                    let outcome = self.counted(allowance, &tally, read()).await;
                    (outcome.as_ref().err().and_then(NoPlace::of), outcome)
                }
            };
            if let Some(why) = why {
                let patience = goes_on().then_some(&mut patience);
                let costs = (&mut *allowance, 1, OF_A_PUT);
                let next = self.back_in_line(why, tally.turn(), patience, costs).await?;
                if let Next::Wait(again) = next {
                    wait = again;
                    continue;
                }
            }
            return Ok(Some((outcome, tally.request_id())));
        }
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
