//! Finding out what became of a put that has no answer (contract.md, D22a): getReprovisionning is read
//! before anything is sent again.
//!
//! What is sent again bears the same name. A service that remembers names says so (`KEPT_HEADER`), and
//! does nothing twice: there, sending again is how the answer is had back, discharge code included.
//! Elsewhere only what was not accepted is sent again, and only once the service has had the time to
//! decide about the first.

mod decide;

use std::time::Duration;

use ereprov_wire::code_erreur::CodeErreur;

pub(crate) use decide::Mode;
use decide::{Driven, Next, Seen, TWICE, is, is_deciding, seen};

use crate::{
    Client,
    error::{Error, Unknown},
    methods::{
        follow_up::FollowUp,
        put::{Accepted, Put},
    },
    shared::pending::{self, Unsettled},
};

/// A reading that could be had.
struct Reading {
    seen: Seen,
    /// Whether the service does nothing twice under the put's name.
    by_name: bool,
}

impl Client {
    /// Brings a put to a known outcome in at most so many calls, or says that it could not.
    pub(crate) async fn drive(
        &self,
        put: Unsettled,
        mode: Mode,
        calls_max: u32,
    ) -> Result<Accepted, Error> {
        let (sends_max, sent_ms) = (self.endpoint.patience.sends_max, put.sent_ms);
        let (sends, calls_left, cause) = (0, calls_max, Error::Interrupted);
        let mut driven = Driven { put, mode, sends, sends_max, calls_left, sent_ms, cause };
        // Known since before it was asked for its code once more.
        let mut accepted = None;
        if mode == Mode::First {
            match self.send_now(&mut driven).await {
                Err(error) if error.leaves_doubt() => driven.cause = error,
                settled => return self.settled(&driven.put, settled),
            }
        }
        loop {
            let Reading { seen, by_name } =
                match (self.find_out(&mut driven).await, accepted.take()) {
                    (Ok(reading), _) => reading,
                    (Err(_), Some(seen)) => return self.ended(driven, Next::CodeToCome, seen),
                    (Err((seen, reading)), None) => return driven.unknown(seen, Some(reading)),
                };
            match driven.next(&seen, by_name) {
                Next::Send => {}
                ended => return self.ended(driven, ended, seen),
            }
            match self.send_now(&mut driven).await {
                Err(error) if error.leaves_doubt() || is_deciding(&error) => {
                    driven.cause = error;
                    accepted = Some(seen).filter(|seen| matches!(seen, Seen::Accepted(_)));
                }
                Err(error) => return self.refused_again(driven, error, seen).await,
                accepted => return self.settled(&driven.put, accepted),
            }
        }
    }

    async fn send_now(&self, driven: &mut Driven) -> Result<Accepted, Error> {
        driven.spend()?;
        driven.sends += 1;
        driven.sent_ms = self.clock.now_ms();
        self.send(&driven.put).await
    }

    fn ended(&self, driven: Driven, ended: Next, seen: Seen) -> Result<Accepted, Error> {
        let Driven { put, cause, .. } = driven;
        match ended {
            Next::Accepted => self.settled(&put, Ok(found_out(&put.put, seen, false))),
            Next::CodeToCome => Ok(found_out(&put.put, seen, true)),
            Next::NotAccepted => self.settled(&put, Err(not_accepted(cause, seen))),
            Next::Send | Next::Unknown => unknown(put, cause, seen.follow_up(), None),
        }
    }

    /// Sent again, the put was refused for certain, or not sent at all: what does that say about the
    /// time before?
    async fn refused_again(
        &self,
        mut driven: Driven,
        error: Error,
        seen: Seen,
    ) -> Result<Accepted, Error> {
        let was_sent = matches!(error, Error::Ko(_) | Error::Fault(_) | Error::Http { .. });
        let is_twice = matches!(&error, Error::Ko(ko) if TWICE.iter().any(|c| is(&ko.code, *c)));
        driven.cause = error;
        let (seen, by_name) = match seen {
            seen @ (Seen::Accepted(_) | Seen::Unclear(_)) => (seen, !is_twice),
            seen if !was_sent => (seen, false),
            // The refusal may be the first one's own doing, accepted late.
            _ => match self.find_out(&mut driven).await {
                Ok(Reading { seen, by_name }) => (seen, by_name),
                Err((seen, reading)) => return driven.unknown(seen, Some(reading)),
            },
        };
        let ended = match &seen {
            Seen::Accepted(_) if by_name => Next::CodeToCome,
            Seen::Accepted(_) => Next::Accepted,
            Seen::Unclear(_) => Next::Unknown,
            Seen::Another(_) | Seen::Nothing => Next::NotAccepted,
        };
        self.ended(driven, ended, seen)
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

    /// Reads getReprovisionning until it says something, or patience or the calls are at their end; then what
    /// was seen, and why there is no more.
    async fn find_out(&self, driven: &mut Driven) -> Result<Reading, (Option<FollowUp>, Error)> {
        let patience = &self.endpoint.patience;
        let mut failed = None;
        for wait in &patience.reads {
            if driven.calls_left == 0 {
                // Nothing is waited for in vain.
                return Err((None, failed.unwrap_or(Error::CallsSpent)));
            }
            self.clock.wait(*wait).await;
            match self.read_about(driven).await {
                Ok(reading) if driven.may_act_on(&reading) => return Ok(reading),
                Ok(early) => {
                    let passed = self.clock.now_ms() - driven.sent_ms;
                    let passed = Duration::from_millis(u64::try_from(passed).unwrap_or_default());
                    let left = patience.settled_after.saturating_sub(passed);
                    if left.is_zero() {
                        return Ok(early);
                    }
                    if driven.calls_left == 0 {
                        return Err((early.seen.follow_up(), Error::CallsSpent));
                    }
                    // The service may still be deciding about what it was sent.
                    self.clock.wait(left).await;
                    return self.read_about(driven).await.map_err(|error| (None, error));
                }
                Err(error) if error.retry().is_worth_waiting() => failed = Some(error),
                Err(error) => return Err((None, error)),
            }
        }
        Err((None, failed.unwrap_or(Error::Interrupted)))
    }

    async fn read_about(&self, driven: &mut Driven) -> Result<Reading, Error> {
        driven.spend()?;
        let put = &driven.put;
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

impl Driven {
    /// Whether a reading is acted on at once: what was accepted was, and under its name nothing is done
    /// twice. Anything else has to be seen again when the service has had its time.
    fn may_act_on(&self, reading: &Reading) -> bool {
        match reading.seen {
            Seen::Accepted(_) | Seen::Unclear(_) => true,
            Seen::Another(_) | Seen::Nothing => {
                reading.by_name && self.next(&reading.seen, true) == Next::Send
            }
        }
    }

    fn unknown(self, seen: Option<FollowUp>, reading: Option<Error>) -> Result<Accepted, Error> {
        unknown(self.put, self.cause, seen, reading)
    }
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
