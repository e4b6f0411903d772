//! Calls are money: those that an intervention costs by itself are counted before they are made, in one step
//! of the database, so that neither two pages at once nor an answer that is lost lead past the most there may
//! be. What somebody taps for is counted apart.

use std::sync::{Arc, atomic::Ordering};

use ereprov_client::{Error, Operation};

use super::{
    Flow,
    tally::{Asked, Tally},
    trouble,
};
use crate::{
    service::watched,
    store::{
        StoreError,
        interventions::Account,
        journal::{self, Entry},
    },
};

/// Calls that a request for a fibre may cost when its answer is lost: itself, and two readings.
pub(super) const OF_A_PUT: u32 = 3;

/// Calls that may be made: counted already, and to be given back where they are not.
#[must_use = "what is not given back stays counted"]
pub(super) struct Allowance {
    pub calls: u32,
    intervention: i64,
    account: Account,
}

impl Flow {
    /// So many calls without a tap; `kept` more have to be left afterwards.
    pub(super) async fn allow(
        &self,
        intervention: i64,
        calls: u32,
        kept: u32,
    ) -> Result<Option<Allowance>, StoreError> {
        let most = self.pace.calls_max.saturating_sub(kept);
        let allowed = self.store.claim_calls(intervention, calls..=calls, most).await?;
        Ok(allowance(intervention, allowed))
    }

    /// As many as are left, and at most so many.
    pub(super) async fn allow_up_to(
        &self,
        intervention: i64,
        calls: u32,
    ) -> Result<Option<Allowance>, StoreError> {
        let allowed = self.store.claim_calls(intervention, 1..=calls, self.pace.calls_max).await?;
        Ok(allowance(intervention, allowed))
    }

    /// So many that somebody taps for.
    pub(super) async fn allow_tapped(
        &self,
        intervention: i64,
        calls: u32,
    ) -> Result<Allowance, StoreError> {
        self.store.count_calls(intervention, Account::Tapped, calls).await?;
        Ok(Allowance { calls, intervention, account: Account::Tapped })
    }

    /// One more try without a tap, for what others of the operator's have kept from its place.
    pub(super) async fn allow_again(
        &self,
        allowance: &mut Allowance,
        calls: u32,
        kept: u32,
    ) -> Result<bool, StoreError> {
        let Some(missing) = calls.checked_sub(allowance.calls).filter(|missing| *missing > 0)
        else {
            return Ok(true);
        };
        if allowance.account == Account::Tapped {
            self.give_back(allowance).await;
        }
        let missing = if allowance.calls == 0 { calls } else { missing };
        let Some(more) = self.allow(allowance.intervention, missing, kept).await? else {
            return Ok(false);
        };
        *allowance = Allowance { calls: allowance.calls + more.calls, ..more };
        Ok(true)
    }

    /// Does something that calls the service, at most as often as is allowed. What it brought counts for more
    /// than what is written down about it: it is never lost to that.
    pub(super) async fn counted<T>(
        &self,
        allowance: &mut Allowance,
        tally: &Arc<Tally>,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        let outcome = watched(Arc::clone(tally) as _, work).await;
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        allowance.calls = allowance.calls.saturating_sub(tally.calls(&outcome));
        let intervention = allowance.intervention;
        if let Err(error) = self.journal_readings(intervention, tally.asked()).await {
            tracing::error!(%error, "readings could not be written down");
        }
        outcome
    }

    /// What was not made is not counted, and may not be made any more.
    pub(super) async fn give_back(&self, allowance: &mut Allowance) {
        let Allowance { intervention, account, .. } = *allowance;
        let calls = std::mem::take(&mut allowance.calls);
        if calls > 0
            && let Err(error) = self.store.give_back_calls(intervention, account, calls).await
        {
            tracing::error!(%error, "calls that were not made stay counted");
        }
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
}

fn allowance(intervention: i64, calls: u32) -> Option<Allowance> {
    (calls > 0).then_some(Allowance { calls, intervention, account: Account::Itself })
}
