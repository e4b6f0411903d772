//! What a reading of getReprovisionning says about a put, and what to do about it: no call, no clock.

use ereprov_domain::reprovisioning::State;
use ereprov_wire::{code_erreur::CodeErreur, etat::Label};

use crate::{
    error::Error,
    methods::{follow_up::FollowUp, put::Put},
    shared::pending::Unsettled,
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

/// A put on its way to a known outcome.
pub(super) struct Driven {
    pub(super) put: Unsettled,
    pub(super) mode: Mode,
    /// How often this driver has sent it.
    pub(super) sends: u32,
    pub(super) sends_max: u32,
    /// How many calls it may make yet.
    pub(super) calls_left: u32,
    /// When it was last sent, as far as is known.
    pub(super) sent_ms: i64,
    /// Why the last time has no answer.
    pub(super) cause: Error,
}

/// What getReprovisionning says about a put.
#[derive(Debug)]
pub(super) enum Seen {
    /// The put was accepted.
    Accepted(FollowUp),
    /// It was not, and this one runs instead.
    Another(FollowUp),
    /// It was not, and nothing runs.
    Nothing,
    /// It is one that was accepted and has failed, or there was another one before it.
    Unclear(FollowUp),
}

/// What to do about a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Send it again, under its name.
    Send,
    /// It was accepted, and that is all that can be had.
    Accepted,
    /// It was accepted, and its discharge code may be had later.
    CodeToCome,
    /// It was not accepted.
    NotAccepted,
    /// Nobody knows.
    Unknown,
}

impl Driven {
    /// Counts a call that is about to be made.
    ///
    /// # Errors
    /// As many were made as were allowed.
    pub(super) fn spend(&mut self) -> Result<(), Error> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Error::CallsSpent)?;
        Ok(())
    }

    pub(super) fn next(&self, seen: &Seen, by_name: bool) -> Next {
        let spent = self.sends >= self.sends_max || self.calls_left == 0;
        let stops = self.mode == Mode::OnlySettle || is_answer(&self.cause);
        match (seen, by_name) {
            (Seen::Accepted(_), false) => Next::Accepted,
            (Seen::Accepted(_), true) if spent => Next::CodeToCome,
            (Seen::Accepted(_), true) => Next::Send,
            (Seen::Another(_) | Seen::Nothing, _) if spent && is_deciding(&self.cause) => {
                Next::Unknown
            }
            (Seen::Another(_) | Seen::Nothing, _) if spent || stops => Next::NotAccepted,
            (Seen::Another(_), false) => Next::NotAccepted,
            (Seen::Another(_), true) | (Seen::Nothing, _) => Next::Send,
            (Seen::Unclear(_), true) if !spent && self.mode != Mode::OnlySettle => Next::Send,
            (Seen::Unclear(_), _) => Next::Unknown,
        }
    }
}

impl Seen {
    pub(super) fn follow_up(self) -> Option<FollowUp> {
        match self {
            Self::Accepted(seen) | Self::Another(seen) | Self::Unclear(seen) => Some(seen),
            Self::Nothing => None,
        }
    }
}

/// What the contract's latest re-provisioning says about a put.
pub(super) fn seen(latest: FollowUp, put: &Put) -> Seen {
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

/// What a service that remembers no names says to a put that it has accepted before.
pub(super) const TWICE: [CodeErreur; 4] = [
    CodeErreur::ReprovisionningEnCours,
    CodeErreur::OperationNonAutorisee,
    CodeErreur::AucuneCommande,
    CodeErreur::CommandeInvalide,
];

/// Whether a refusal says that a request for the contract is still being decided: the first one, maybe.
pub(super) fn is_deciding(error: &Error) -> bool {
    matches!(error, Error::Ko(ko) if is(&ko.code, CodeErreur::RequeteDejaEnCours))
}

/// Whether the service itself has said that something went wrong: it is not asked again at once.
fn is_answer(error: &Error) -> bool {
    matches!(error, Error::Ko(_) | Error::Fault(_)) && !is_deciding(error)
}

pub(super) fn is(code: &Label<CodeErreur>, known: CodeErreur) -> bool {
    *code == Label::Known(known)
}

#[cfg(test)]
mod tests {
    use ereprov_domain::{
        reason::Reason,
        refs::{ContractRef, FibreRef},
    };

    use super::*;
    use crate::{error::Ko, methods::follow_up::NewRoute};

    fn latest(state: Label<State>, fibre: Option<&str>) -> FollowUp {
        let route = NewRoute {
            pm: None,
            fibre: fibre.map(FibreRef::new),
            pto: None,
            cable: String::new(),
            tube: String::new(),
            colour: String::new(),
        };
        FollowUp { reference: String::new(), state, route: Some(route) }
    }

    fn put() -> Put {
        let (contract, fibre) = (ContractRef::new("C"), FibreRef::new("F"));
        Put { contract, fibre, pto: None, keep_pto: false, reason: Reason::NoSignal }
    }

    #[test]
    fn what_the_latest_re_provisioning_says() {
        let said = |state: State, fibre| match seen(latest(state.into(), fibre), &put()) {
            Seen::Accepted(_) => "accepted",
            Seen::Another(_) => "another",
            Seen::Nothing => "nothing",
            Seen::Unclear(_) => "unclear",
        };
        for state in [State::Initiated, State::InProgress, State::Completed] {
            assert_eq!(said(state, Some("F")), "accepted", "{state}");
            assert_eq!(said(state, None), "unclear", "{state}");
        }
        for running in [State::Initiated, State::InProgress] {
            assert_eq!(said(running, Some("G")), "another");
        }
        for over in [State::Completed, State::Cancelled, State::Failed] {
            assert_eq!(said(over, Some("G")), "nothing");
        }
        // Ours shows no route then: it may have been this one.
        assert_eq!(said(State::Failed, None), "unclear");
        assert_eq!(said(State::Cancelled, Some("F")), "unclear");
        let strange = latest(Label::Other("Suspendu".into()), Some("F"));
        assert!(matches!(seen(strange, &put()), Seen::Unclear(_)));
    }

    fn ko(code: CodeErreur) -> Error {
        let operation = ereprov_wire::operation::Operation::PutReprovisionning;
        let (label, retry_after, remembers_s) = (String::new(), None, None);
        Error::Ko(Ko { operation, code: code.into(), label, retry_after, remembers_s })
    }

    fn next(mode: Mode, sends: u32, cause: Error, seen: &Seen, by_name: bool) -> Next {
        let put = Unsettled { put: put(), key: String::new(), sent_ms: 0 };
        let (sends_max, calls_left, sent_ms) = (2, 9, 0);
        Driven { put, mode, sends, sends_max, calls_left, sent_ms, cause }.next(seen, by_name)
    }

    #[test]
    fn what_is_sent_again_and_what_is_not() {
        let running = || latest(State::Initiated.into(), Some("F"));
        let accepted = Seen::Accepted(running());
        let (another, unclear) = (Seen::Another(running()), Seen::Unclear(running()));
        let nothing = Seen::Nothing;
        let cut = || Error::TimedOut;
        let doubt = || ko(CodeErreur::TimeoutProxy);
        let deciding = || ko(CodeErreur::RequeteDejaEnCours);
        for (mode, sends, cause, seen, by_name, expected) in [
            // Where names are not remembered, only what is known not to be there.
            (Mode::First, 1, cut(), &nothing, false, Next::Send),
            (Mode::First, 1, cut(), &accepted, false, Next::Accepted),
            (Mode::First, 1, cut(), &another, false, Next::NotAccepted),
            (Mode::First, 1, cut(), &unclear, false, Next::Unknown),
            (Mode::First, 2, cut(), &nothing, false, Next::NotAccepted),
            // Where they are, everything that has not been answered.
            (Mode::First, 1, cut(), &nothing, true, Next::Send),
            (Mode::First, 1, cut(), &accepted, true, Next::Send),
            (Mode::First, 1, cut(), &another, true, Next::Send),
            (Mode::First, 1, cut(), &unclear, true, Next::Send),
            (Mode::First, 2, cut(), &accepted, true, Next::CodeToCome),
            (Mode::First, 2, cut(), &unclear, true, Next::Unknown),
            (Mode::First, 2, deciding(), &nothing, true, Next::Unknown),
            // The service has said that it failed: whoever asks decides.
            (Mode::First, 1, doubt(), &nothing, true, Next::NotAccepted),
            (Mode::First, 1, doubt(), &nothing, false, Next::NotAccepted),
            (Mode::First, 1, doubt(), &accepted, true, Next::Send),
            // After a crash.
            (Mode::Again, 0, Error::Interrupted, &nothing, false, Next::Send),
            (Mode::OnlySettle, 0, Error::Interrupted, &nothing, true, Next::NotAccepted),
            (Mode::OnlySettle, 0, Error::Interrupted, &accepted, true, Next::Send),
            (Mode::OnlySettle, 0, Error::Interrupted, &accepted, false, Next::Accepted),
            (Mode::OnlySettle, 0, Error::Interrupted, &unclear, true, Next::Unknown),
        ] {
            let said = format!("{mode:?} {sends} {cause} {seen:?} {by_name}");
            assert_eq!(next(mode, sends, cause, seen, by_name), expected, "{said}");
        }
    }
}
