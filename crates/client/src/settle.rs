//! Finding out what became of a put that has no answer (contract.md, D22a): getReprovisionning is read
//! before anything is sent again.
//!
//! What is sent again bears the same name. A service that remembers names says so (`KEPT_HEADER`), and
//! does nothing twice: there, sending again is how the answer is had back, discharge code included.
//! Elsewhere only what was not accepted is sent again, and only once the service has had the time to
//! decide about the first.

use std::time::Duration;

use ereprov_domain::reprovisioning::State;
use ereprov_wire::{code_erreur::CodeErreur, etat::Label};

use crate::{
    Client,
    error::{Error, Unknown},
    methods::{
        follow_up::FollowUp,
        put::{Accepted, Put},
    },
    shared::pending::{self, Unsettled},
};

/// What a put's driver may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It was never sent.
    First,
    /// It may have been sent, by a process that has ended; it is asked for again.
    Again,
    /// It may have been sent; what was not accepted is not asked for any more.
    OnlySettle,
}

/// What getReprovisionning says about a put.
#[derive(Debug)]
enum Seen {
    /// The put was accepted.
    Accepted(FollowUp),
    /// It was not, and this one runs instead.
    Another(FollowUp),
    /// It was not, and nothing runs.
    Nothing,
    /// It is one that was accepted and has failed, or there was another one before it.
    Unclear(FollowUp),
}

/// A reading that could be had.
struct Reading {
    seen: Seen,
    /// Whether the service does nothing twice under the put's name.
    by_name: bool,
}

impl Client {
    /// Brings a put to a known outcome, or says that it could not.
    pub(crate) async fn drive(&self, put: Unsettled, mode: Mode) -> Result<Accepted, Error> {
        let (mut sends, mut cause) = (0, Error::Interrupted);
        if mode == Mode::First {
            sends = 1;
            match self.send(&put).await {
                Err(error) if error.leaves_doubt() => cause = error,
                settled => return self.settled(&put, settled),
            }
        }
        loop {
            let Reading { seen, by_name } = match self.find_out(&put).await {
                Ok(reading) => reading,
                Err((seen, reading)) => return unknown(put, cause, seen, Some(reading)),
            };
            let spent = sends >= self.endpoint.patience.sends_max;
            match (&seen, by_name) {
                (Seen::Accepted(_), false) => {
                    return self.settled(&put, Ok(found_out(&put.put, seen, false)));
                }
                (Seen::Accepted(_), true) if spent => return Ok(found_out(&put.put, seen, true)),
                (Seen::Accepted(_), true) => {}
                (Seen::Another(_) | Seen::Nothing, _) if is_deciding(&cause) && spent => {
                    return unknown(put, cause, None, None);
                }
                (Seen::Another(_) | Seen::Nothing, _)
                    if mode == Mode::OnlySettle || spent || is_answer(&cause) =>
                {
                    return self.settled(&put, Err(not_accepted(cause, seen)));
                }
                (Seen::Another(_), false) => {
                    return self.settled(&put, Err(not_accepted(cause, seen)));
                }
                (Seen::Another(_), true) | (Seen::Nothing, _) => {}
                (Seen::Unclear(_), true) if mode != Mode::OnlySettle && !spent => {}
                (Seen::Unclear(_), _) => return unknown(put, cause, seen.follow_up(), None),
            }
            sends += 1;
            match self.send(&put).await {
                Ok(accepted) => return self.settled(&put, Ok(accepted)),
                Err(error) if error.leaves_doubt() || is_deciding(&error) => cause = error,
                Err(error) => return self.refused_again(put, error, seen).await,
            }
        }
    }

    /// Sent again, the put was refused for certain, or not sent at all: what does that say about the
    /// first time?
    async fn refused_again(
        &self,
        put: Unsettled,
        error: Error,
        seen: Seen,
    ) -> Result<Accepted, Error> {
        let refused = matches!(error, Error::Ko(_) | Error::Fault(_) | Error::Http { .. });
        match (seen, refused) {
            // It does not remember names after all.
            (seen @ Seen::Accepted(_), true) => {
                self.settled(&put, Ok(found_out(&put.put, seen, false)))
            }
            (seen @ Seen::Accepted(_), false) => Ok(found_out(&put.put, seen, true)),
            (seen @ Seen::Unclear(_), _) => unknown(put, error, seen.follow_up(), None),
            (seen, false) => self.settled(&put, Err(not_accepted(error, seen))),
            // The refusal may be the first one's own doing, accepted late.
            (_, true) => match self.find_out(&put).await {
                Ok(Reading { seen: seen @ Seen::Accepted(_), .. }) => {
                    self.settled(&put, Ok(found_out(&put.put, seen, false)))
                }
                Ok(Reading { seen: Seen::Unclear(seen), .. }) => {
                    unknown(put, error, Some(seen), None)
                }
                Ok(_) => self.settled(&put, Err(error)),
                Err((seen, reading)) => unknown(put, error, seen, Some(reading)),
            },
        }
    }

    /// The outcome is known: the put need not be remembered.
    fn settled(
        &self,
        put: &Unsettled,
        outcome: Result<Accepted, Error>,
    ) -> Result<Accepted, Error> {
        // An outcome counts for more than a file that stays: it would be settled once more.
        let _ = pending::forget(&self.folder, &put.put.contract);
        outcome
    }

    /// Reads getReprovisionning until it says something, or patience is at its end; then what was seen,
    /// and why there is no more.
    async fn find_out(&self, put: &Unsettled) -> Result<Reading, (Option<FollowUp>, Error)> {
        let patience = &self.endpoint.patience;
        let mut failed = Error::Interrupted;
        for wait in &patience.reads {
            self.clock.wait(*wait).await;
            match self.read_about(put).await {
                Ok(reading) if reading.is_certain() => return Ok(reading),
                Ok(early) => {
                    let passed = self.clock.now_ms() - put.sent_ms;
                    let passed = Duration::from_millis(u64::try_from(passed).unwrap_or_default());
                    let left = patience.settled_after.saturating_sub(passed);
                    if left.is_zero() {
                        return Ok(early);
                    }
                    // The service may still be deciding about what it was sent.
                    self.clock.wait(left).await;
                    return self.read_about(put).await.map_err(|error| (None, error));
                }
                Err(error) if error.retry().is_worth_waiting() => failed = error,
                Err(error) => return Err((None, error)),
            }
        }
        Err((None, failed))
    }

    async fn read_about(&self, put: &Unsettled) -> Result<Reading, Error> {
        let read = self.follow_up(&put.put.contract).await;
        match read {
            Ok(answered) => {
                let seen = seen(answered.value, &put.put);
                Ok(Reading { seen, by_name: self.is_remembered(put, answered.remembers_s) })
            }
            Err(Error::Ko(ko)) if is(&ko.code, CodeErreur::ReprovisionningIntrouvable) => {
                let by_name = self.is_remembered(put, ko.remembers_s);
                Ok(Reading { seen: Seen::Nothing, by_name })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the service still remembers the put's name when it is sent again now.
    fn is_remembered(&self, put: &Unsettled, remembers_s: Option<i64>) -> bool {
        let age_ms = self.clock.now_ms() - put.sent_ms;
        // With time for the question to arrive, and for clocks that differ.
        let margin_ms = 10 * 60 * 1000;
        remembers_s.is_some_and(|seconds| age_ms + margin_ms < seconds.saturating_mul(1000))
    }
}

impl Reading {
    /// Whether time changes nothing about it: what was accepted was, and a name keeps the rest from
    /// being done twice.
    fn is_certain(&self) -> bool {
        self.by_name || !matches!(self.seen, Seen::Nothing | Seen::Another(_))
    }
}

impl Seen {
    fn follow_up(self) -> Option<FollowUp> {
        match self {
            Self::Accepted(seen) | Self::Another(seen) | Self::Unclear(seen) => Some(seen),
            Self::Nothing => None,
        }
    }
}

/// What the contract's latest re-provisioning says about a put.
fn seen(latest: FollowUp, put: &Put) -> Seen {
    let same_fibre = latest.fibre().map(|fibre| *fibre == put.fibre);
    match (&latest.state, same_fibre) {
        (Label::Known(State::Initiated | State::InProgress | State::Completed), Some(true)) => {
            Seen::Accepted(latest)
        }
        (Label::Known(State::Initiated | State::InProgress), Some(false)) => Seen::Another(latest),
        (Label::Known(_), Some(false)) => Seen::Nothing,
        // It names no fibre, or none that helps.
        _ => Seen::Unclear(latest),
    }
}

/// Whether a refusal says that a request for the contract is still being decided: the first one, maybe.
fn is_deciding(error: &Error) -> bool {
    matches!(error, Error::Ko(ko) if is(&ko.code, CodeErreur::RequeteDejaEnCours))
}

/// Whether the service itself has said that something went wrong: it is not asked again at once.
fn is_answer(error: &Error) -> bool {
    matches!(error, Error::Ko(_) | Error::Fault(_)) && !is_deciding(error)
}

fn is(code: &Label<CodeErreur>, known: CodeErreur) -> bool {
    *code == Label::Known(known)
}

fn not_accepted(cause: Error, seen: Seen) -> Error {
    let another = match seen {
        Seen::Another(running) => Some(Box::new(running)),
        _ => None,
    };
    Error::NotAccepted { cause: Box::new(cause), another }
}

fn found_out(put: &Put, seen: Seen, code_to_come: bool) -> Accepted {
    let latest = seen.follow_up();
    let route = latest.as_ref().and_then(|latest| latest.route.clone());
    Accepted {
        reference: put.contract.as_str().to_owned(),
        discharge_code: None,
        code_to_come,
        pm: route.as_ref().and_then(|route| route.pm.clone()),
        fibre: Some(put.fibre.clone()),
        pto: route.and_then(|route| route.pto),
        found_out: latest.map(Box::new),
    }
}

fn unknown(
    unsettled: Unsettled,
    cause: Error,
    seen: Option<FollowUp>,
    reading: Option<Error>,
) -> Result<Accepted, Error> {
    Err(Error::OutcomeUnknown(Box::new(Unknown { unsettled, cause, seen, reading })))
}
