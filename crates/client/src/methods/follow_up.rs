//! getReprovisionning: where a contract's latest re-provisioning stands (§3.5), and following it to its
//! end with few calls.

use std::time::Duration;

use ereprov_domain::{
    refs::{ContractRef, FibreRef, PtoRef},
    reprovisioning::State,
};
use ereprov_wire::{
    envelope::Answer,
    etat::Label,
    get_reprovisionning::{GetReprovisionning, Route, Suivi},
    question::Question,
};
use ereprov_words::read_state;

use super::{Pm, Said, said};
use crate::{Answered, Client, Error};

/// Where a re-provisioning stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// What the answer is about; some services give something else than the contract.
    pub reference: String,
    /// Its state.
    pub state: Said<State>,
    /// The route that is asked for or, once it is done, the contract's new one.
    pub route: Option<NewRoute>,
}

/// The route that a line moves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoute {
    /// The PM.
    pub pm: Option<Pm>,
    /// The fibre; some services leave it out.
    pub fibre: Option<FibreRef>,
    /// The socket.
    pub pto: Option<PtoRef>,
    /// The cable, in words.
    pub cable: String,
    /// The colour of the tube, as the service says it.
    pub tube: String,
    /// The colour of the fibre, as the service says it.
    pub colour: String,
}

impl FollowUp {
    /// Whether nothing moves any more; a state that is not known may still move.
    pub fn is_final(&self) -> bool {
        matches!(self.state, Label::Known(state) if state.is_final())
    }

    /// The fibre that it speaks of.
    pub fn fibre(&self) -> Option<&FibreRef> {
        self.route.as_ref()?.fibre.as_ref()
    }
}

/// When to look, each time after the one before: 15 s, 1 min, 4 min and 10 min after the acceptance.
pub const SCHEDULE: [Duration; 4] = [
    Duration::from_secs(15),
    Duration::from_secs(45),
    Duration::from_mins(3),
    Duration::from_mins(6),
];

impl Client {
    /// Reads where the contract's latest re-provisioning stands (§3.5); one call.
    ///
    /// # Errors
    /// See [`Error`]; the call changes nothing and may be repeated.
    pub async fn follow_up(&self, contract: &ContractRef) -> Result<Answered<FollowUp>, Error> {
        let reference_contrat = contract.as_str().to_owned();
        let question = Question::GetReprovisionning(GetReprovisionning { reference_contrat });
        let answered = self.call(&question, None).await?;
        Ok(answered.map(|answer| match answer {
            Answer::Suivi(read) => follow_up(read),
            _ => unreachable!("an answer is of the method that was asked"),
        }))
    }

    /// Follows a re-provisioning to its end: waits, looks, tells each look, until it is over or the
    /// schedule (by default [`SCHEDULE`]) is. One call a look; one that fails and may be repeated is
    /// told too, and the next one follows.
    ///
    /// # Errors
    /// The first failure that waiting does not mend, or the last look's.
    pub async fn follow(
        &self,
        contract: &ContractRef,
        schedule: &[Duration],
        mut tell: impl FnMut(&Result<Answered<FollowUp>, Error>),
    ) -> Result<Answered<FollowUp>, Error> {
        let mut looked = None;
        for wait in schedule {
            self.clock.wait(*wait).await;
            let look = self.follow_up(contract).await;
            tell(&look);
            let goes_on = match &look {
                Ok(seen) => !seen.value.is_final(),
                Err(error) => error.retry().is_worth_waiting(),
            };
            if !goes_on {
                return look;
            }
            looked = Some(look);
        }
        match looked {
            Some(last) => last,
            None => self.follow_up(contract).await,
        }
    }
}

fn follow_up(read: Suivi) -> FollowUp {
    FollowUp {
        reference: read.reference,
        state: said(read.statut, read_state),
        route: read.route.map(route),
    }
}

fn route(route: Route) -> NewRoute {
    NewRoute {
        pm: route.pm.map(Pm::from),
        fibre: Some(route.reference).filter(|text| !text.is_empty()).map(FibreRef::new),
        pto: route.reference_pto.map(PtoRef::new),
        cable: route.cable,
        tube: route.tube,
        colour: route.fibre,
    }
}
