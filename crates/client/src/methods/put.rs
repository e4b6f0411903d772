//! putReprovisionning (§3.4), which never doubles: written down before it is sent, and read about before
//! it is ever sent again.

use ereprov_domain::{
    reason::Reason,
    refs::{ContractRef, FibreRef, PtoRef},
};
use ereprov_wire::{
    envelope::Answer,
    put_reprovisionning::{ContratReprovisionne, PutReprovisionning},
    question::Question,
};
use ereprov_words::motif;

use super::{Pm, follow_up::FollowUp};
use crate::{
    Client, Error,
    settle::Mode,
    shared::{
        pending::{self, Unsettled},
        seats::{self, Held},
    },
};

/// A request for another fibre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// For which contract.
    pub contract: ContractRef,
    /// Which fibre.
    pub fibre: FibreRef,
    /// The socket that is installed, if there is one; none with a virtual route.
    pub pto: Option<PtoRef>,
    /// Whether it stays.
    pub keep_pto: bool,
    /// Why.
    pub reason: Reason,
}

/// A request that was accepted: the fibre is reserved for the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the answer is about: the contract.
    pub reference: String,
    /// What the operator reports the change by. None: the answer was lost, and the service does not
    /// tell it again; or it can be asked for once more (`code_to_come`).
    pub discharge_code: Option<String>,
    /// The put is still unsettled: [`Client::settle`] may bring the discharge code later.
    pub code_to_come: bool,
    /// The PM.
    pub pm: Option<Pm>,
    /// The fibre.
    pub fibre: Option<FibreRef>,
    /// The socket it will serve.
    pub pto: Option<PtoRef>,
    /// What getReprovisionning showed, where the answer was lost and the acceptance was found out.
    pub found_out: Option<Box<FollowUp>>,
}

impl Client {
    /// Asks for another fibre (§3.4). After a timeout, a cut connection or a code that leaves doubt, it
    /// reads getReprovisionning before it sends again; it sends again, under the same
    /// `Idempotency-Key`, only what was not accepted, or what a service that remembers names will not
    /// do twice. Most often one call.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`] where it could not find out: the put stays written down, and
    /// [`Client::settle`], or the same put again, goes on from there, in another process too. With
    /// any other error nothing was done by this put.
    pub async fn put(&self, put: &Put) -> Result<Accepted, Error> {
        self.put_within(put, u32::MAX).await
    }

    /// The same with at most so many calls, the put itself and every reading about it: one that finds no
    /// connection counts, too. The outcome that so many do not bring is not known yet.
    ///
    /// # Errors
    /// As [`Self::put`]; where the calls are used up, [`Error::OutcomeUnknown`], whose `reading` says why
    /// the last one came to nothing, or is [`Error::CallsSpent`]: the put stays written down, for
    /// [`Client::settle`]. [`Error::CallsSpent`] itself: none was allowed, and nothing was sent.
    pub async fn put_within(&self, put: &Put, calls_max: u32) -> Result<Accepted, Error> {
        // What would be refused is not written down.
        self.shown(&question(put))?;
        let _held = self.hold(&put.contract).await?;
        match pending::find(&self.folder, &put.contract).map_err(Error::Folder)? {
            Some(earlier) if earlier.put != *put => Err(Error::EarlierUnsettled(Box::new(earlier))),
            Some(earlier) => self.drive(earlier, Mode::Again, calls_max).await,
            None => {
                let key = self.entropy.name();
                let sent_ms = self.clock.now_ms();
                let unsettled = Unsettled { put: put.clone(), key, sent_ms };
                pending::keep(&self.folder, &unsettled).map_err(Error::Folder)?;
                self.drive(unsettled, Mode::First, calls_max).await
            }
        }
    }

    /// Finds out about an earlier put of a contract whose outcome is unknown, and sends nothing that was
    /// not accepted. `None`: there is none. It makes at most `calls_max` calls, readings and what asks for a
    /// discharge code once more; one that finds no connection counts, too. One is a plain reading; three suffice
    /// where each is answered.
    ///
    /// # Errors
    /// [`Error::NotAccepted`]: it was not accepted, and is forgotten. [`Error::OutcomeUnknown`]: it
    /// is still not known; with [`Error::CallsSpent`] as its `reading`, more calls may tell.
    pub async fn settle(
        &self,
        contract: &ContractRef,
        calls_max: u32,
    ) -> Result<Option<Accepted>, Error> {
        let _held = self.hold(contract).await?;
        match pending::find(&self.folder, contract).map_err(Error::Folder)? {
            None => Ok(None),
            Some(earlier) => self.drive(earlier, Mode::OnlySettle, calls_max).await.map(Some),
        }
    }

    /// Every put whose outcome is unknown, the oldest first; no call.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn unsettled(&self) -> Result<Vec<Unsettled>, Error> {
        pending::all(&self.folder).map_err(Error::Folder)
    }

    /// Forgets a put whose outcome somebody has found out otherwise; no call.
    ///
    /// # Errors
    /// The folder cannot be used, or another process is at it.
    pub async fn forget(&self, contract: &ContractRef) -> Result<(), Error> {
        let _held = self.hold(contract).await?;
        pending::forget(&self.folder, contract).map_err(Error::Folder)
    }

    /// The whole text that a put would be sent as, the password masked: a dry run; no call.
    ///
    /// # Errors
    /// A value that the service would refuse.
    pub fn dry_put(&self, put: &Put) -> Result<String, Error> {
        self.shown(&question(put))
    }

    async fn hold(&self, contract: &ContractRef) -> Result<Held, Error> {
        let patience = self.endpoint.seat_timeout;
        let held =
            seats::take_contract(&self.folder, contract.as_str(), &self.clock, patience).await;
        held.map_err(Error::Folder)?.ok_or(Error::Busy(patience))
    }

    /// Sends a put once.
    pub(crate) async fn send(&self, unsettled: &Unsettled) -> Result<Accepted, Error> {
        let answered = self.call(&question(&unsettled.put), Some(&unsettled.key)).await?;
        match answered.value {
            Answer::Contrat(contract) => Ok(accepted(contract)),
            _ => unreachable!("an answer is of the method that was asked"),
        }
    }
}

fn question(put: &Put) -> Question {
    Question::PutReprovisionning(PutReprovisionning {
        reference_contrat: put.contract.as_str().to_owned(),
        reference_fibre: put.fibre.as_str().to_owned(),
        reference_pto: put.pto.as_ref().map(|pto| pto.as_str().to_owned()),
        conservation_pto: put.keep_pto,
        motif: motif(put.reason),
    })
}

fn accepted(contract: ContratReprovisionne) -> Accepted {
    let (fibre, pto) = contract.fibre.map(|f| (f.reference, f.reference_pto)).unzip();
    Accepted {
        reference: contract.reference,
        discharge_code: contract.code_decharge,
        code_to_come: false,
        pm: contract.pm.map(Pm::from),
        fibre: fibre.filter(|reference| !reference.is_empty()).map(FibreRef::new),
        pto: pto.flatten().map(PtoRef::new),
        found_out: None,
    }
}
