//! How long one stays in line while other programs of the operator's have both its places.

use std::{sync::atomic::Ordering, time::Duration};

use ereprov_client::{CodeErreur, Error};
use tokio::time::Instant;

use super::{
    Flow,
    allowance::Allowance,
    queue::{Holder, PLACES, Turn, Wait},
};
use crate::{settings::Pace, store::StoreError};

/// How soon it is looked again whether programs of this machine have given a place back: that is no call.
const LOOK: Duration = Duration::from_secs(1);

/// Who says that there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// This machine's other programs have both: nothing was sent, and nothing counted.
    Here,
    /// The service: programs on other machines have them. The call was made; when to come back, where it
    /// says so.
    There(Option<Duration>),
}

impl NoPlace {
    /// Whether a call has ended so.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Busy(_) => Some(Self::Here),
            Error::Ko(ko) if ko.code == CodeErreur::TropDeRequetes.into() => {
                Some(Self::There(ko.retry_after))
            }
            _ => None,
        }
    }
}

/// Of one who wants a place.
pub(super) struct Patience {
    since: Instant,
    tries: usize,
}

impl Patience {
    pub fn new() -> Self {
        Self { since: Instant::now(), tries: 0 }
    }

    /// How long to wait before the next try; none: it is at its end.
    fn next(&mut self, why: NoPlace, pace: &Pace) -> Option<Duration> {
        match why {
            NoPlace::Here => {
                let left = self.since.elapsed() < pace.places_wait;
                left.then_some(LOOK.min(pace.places_wait))
            }
            NoPlace::There(told) => {
                let pause = *pace.places_tried.get(self.tries)?;
                self.tries += 1;
                Some(told.map_or(pause, |told| told.clamp(pause, pause.max(LONGEST))))
            }
        }
    }
}

/// A service that wants longer waits is not believed: somebody stands on a landing.
const LONGEST: Duration = Duration::from_mins(2);

/// What comes of a try for which there was no place.
pub(super) enum Next {
    /// Back in line.
    Wait(Wait),
    /// It was the last one.
    GivesUp,
}

impl Flow {
    /// Goes back in line with what had no place, where there is patience for it, and it may cost another `calls`
    /// with `kept` left afterwards.
    pub(super) async fn back_in_line(
        &self,
        why: NoPlace,
        turn: Option<Turn>,
        patience: Option<&mut Patience>,
        (allowance, calls, kept): (&mut Allowance, u32, u32),
    ) -> Result<Next, StoreError> {
        let Some(turn) = turn else { return Ok(Next::GivesUp) };
        let by = match why {
            NoPlace::There(_) => Holder::Elsewhere,
            NoPlace::Here if self.at_work.load(Ordering::SeqCst) >= PLACES => Holder::Us,
            NoPlace::Here => Holder::Here,
        };
        let next = match patience.and_then(|patience| patience.next(why, &self.pace)) {
            // Looking for a place of this machine has cost nothing.
            Some(pause)
                if why == NoPlace::Here || self.allow_again(allowance, calls, kept).await? =>
            {
                Next::Wait(turn.back(pause, by))
            }
            _ => {
                // Whoever comes next need not find it out by a call of his own at once.
                let pause = self.pace.places_tried.first().copied().unwrap_or(LOOK);
                turn.gives_up(if by == Holder::Elsewhere { pause } else { LOOK }, by);
                Next::GivesUp
            }
        };
        self.tell();
        Ok(next)
    }

    /// Whether this machine's programs leave no place: found out before anything is said to be sent.
    pub(super) fn no_place_here(&self) -> Option<NoPlace> {
        // A folder that cannot be used is told of by the call.
        let has_none = matches!(self.service.client.has_free_seat(), Ok(false));
        has_none.then_some(NoPlace::Here)
    }

    /// Waits for one's turn; none: the portal ends first.
    pub(super) async fn turn(&self, wait: Wait) -> Option<Turn> {
        tokio::select! {
            turn = wait.turn() => turn.filter(|_| !self.stop.is_cancelled()),
            () = self.stop.cancelled() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_this_machine_are_looked_for_often_and_others_as_seldom_as_it_costs() {
        let pace = Pace::default();
        let mut patience = Patience::new();
        let there = |told: Option<u64>| NoPlace::There(told.map(Duration::from_secs));
        let mut next = |why| patience.next(why, &pace).map(|pause| pause.as_secs());
        assert_eq!(next(there(None)), Some(20));
        assert_eq!(next(NoPlace::Here), Some(1));
        assert_eq!(next(there(Some(1))), Some(40), "sooner is another call for nothing");
        assert_eq!(next(there(Some(3600))), Some(120));
        assert_eq!(next(there(None)), None);
        assert_eq!(next(NoPlace::Here), Some(1));
        let hasty = Pace { places_wait: Duration::ZERO, ..pace };
        assert_eq!(patience.next(NoPlace::Here, &hasty), None);
    }
}
