//! Readings that pages wait for: each is made once, however many pages ask; it is kept for a while; and one
//! that failed is repeated by itself as seldom as its trouble says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    queue::{Stand, Ticket},
    trouble::{Kind, Trouble},
};

/// Readings of one kind, by the question.
pub(crate) struct Reads<V>(Mutex<HashMap<String, Slot<V>>>);

/// What a question brought.
#[derive(Debug)]
pub(crate) struct Fresh<V> {
    pub value: V,
    pub at_ms: i64,
}

/// What a question did not bring.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub trouble: Trouble,
    /// When it is asked again, if a page is there to ask.
    pub retry_at_ms: Option<i64>,
    tries: usize,
}

/// What a page gets.
#[derive(Debug)]
pub(crate) enum Loaded<V> {
    Ready(Arc<Fresh<V>>),
    /// Where it stands in line, and since when it waits.
    Waiting(Stand, i64),
    Failed(Failure),
    /// Whoever asks has asked for so much that he has to wait so long.
    TooOften(Duration),
    /// So many calls were made that only a tap makes another one.
    Spent,
}

/// What is to be done about a question.
pub(crate) enum Step<V> {
    /// Nothing: here it is.
    Have(Loaded<V>),
    /// It is being asked: wait for this.
    Wait(watch::Receiver<()>),
    /// It is to be asked; the sender tells that it was.
    Ask,
}

struct Slot<V> {
    state: State<V>,
    /// When a page asked for it last.
    looked_ms: i64,
    changed: watch::Sender<()>,
}

enum State<V> {
    Loading { ticket: Ticket, since_ms: i64, tries: usize },
    Read(Arc<Fresh<V>>),
    Failed(Failure),
}

/// Whoever has not asked for so long does not look at the page any more, in milliseconds.
const LOOKS_MS: i64 = 60_000;

/// How many answers are kept.
const KEPT_MAX: usize = 500;

impl<V> Default for Reads<V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<V> Reads<V> {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is there, if it is no older than this.
    pub fn fresh(&self, key: &str, now_ms: i64, lasts: Duration) -> Option<Arc<Fresh<V>>> {
        match &self.slots().get(key)?.state {
            State::Read(read) if is_fresh(read.at_ms, now_ms, lasts) => Some(Arc::clone(read)),
            _ => None,
        }
    }

    /// What is to be done; `is_tapped`: somebody has asked for it to be asked anew.
    pub fn step(&self, key: &str, now_ms: i64, lasts: Duration, is_tapped: bool) -> Step<V> {
        match self.found(key, now_ms, lasts, is_tapped) {
            Step::Ask if !make_room(&mut self.slots(), key) => {
                let trouble = Trouble::own(Kind::Busy, now_ms);
                Step::Have(Loaded::Failed(failure(trouble, 0, now_ms)))
            }
            step => step,
        }
    }

    fn found(&self, key: &str, now_ms: i64, lasts: Duration, is_tapped: bool) -> Step<V> {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(key) else { return Step::Ask };
        slot.looked_ms = now_ms;
        match &slot.state {
            State::Loading { .. } => Step::Wait(slot.changed.subscribe()),
            _ if is_tapped => Step::Ask,
            State::Read(read) if is_fresh(read.at_ms, now_ms, lasts) => {
                Step::Have(Loaded::Ready(Arc::clone(read)))
            }
            State::Read(_) => Step::Ask,
            State::Failed(failure) => match failure.retry_at_ms {
                Some(at_ms) if now_ms >= at_ms => Step::Ask,
                _ => Step::Have(Loaded::Failed(failure.clone())),
            },
        }
    }

    /// What there is after a while.
    pub fn look(&self, key: &str) -> Option<Loaded<V>> {
        Some(match &self.slots().get(key)?.state {
            State::Loading { ticket, since_ms, .. } => Loaded::Waiting(ticket.stand(), *since_ms),
            State::Read(read) => Loaded::Ready(Arc::clone(read)),
            State::Failed(failure) => Loaded::Failed(failure.clone()),
        })
    }

    /// Whether somebody looks at a page that waits for it.
    pub fn is_looked_at(&self, key: &str, now_ms: i64) -> bool {
        let slots = self.slots();
        slots.get(key).is_some_and(|slot| now_ms.saturating_sub(slot.looked_ms) < LOOKS_MS)
    }

    /// It is being asked from now on; none: somebody else was faster.
    pub fn begin(&self, key: &str, ticket: Ticket, now_ms: i64) -> Option<watch::Receiver<()>> {
        let mut slots = self.slots();
        let tries = match slots.get(key).map(|slot| &slot.state) {
            Some(State::Loading { .. }) => return None,
            Some(State::Failed(failure)) => failure.tries,
            _ => 0,
        };
        let (changed, receiver) = watch::channel(());
        let state = State::Loading { ticket, since_ms: now_ms, tries };
        slots.insert(key.to_owned(), Slot { state, looked_ms: now_ms, changed });
        Some(receiver)
    }

    /// It was asked.
    pub fn end(&self, key: &str, outcome: Result<V, Trouble>, now_ms: i64) {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(key) else { return };
        let tries = match &slot.state {
            State::Loading { tries, .. } => *tries,
            State::Failed(failure) => failure.tries,
            State::Read(_) => 0,
        };
        slot.state = match outcome {
            Ok(value) => State::Read(Arc::new(Fresh { value, at_ms: now_ms })),
            Err(trouble) => State::Failed(failure(trouble, tries, now_ms)),
        };
        slot.changed.send_replace(());
    }

    /// What somebody else has read.
    pub fn put(&self, key: &str, value: V, now_ms: i64) {
        let state = State::Read(Arc::new(Fresh { value, at_ms: now_ms }));
        let mut slots = self.slots();
        if let Some(slot) = slots.get_mut(key) {
            slot.state = state;
            slot.changed.send_replace(());
        } else if make_room(&mut slots, key) {
            let changed = watch::Sender::new(());
            slots.insert(key.to_owned(), Slot { state, looked_ms: now_ms, changed });
        }
    }

    /// Forgets the answers of a contract: its line is about to move.
    pub fn forget(&self, belongs: impl Fn(&str) -> bool) {
        self.slots()
            .retain(|key, slot| matches!(slot.state, State::Loading { .. }) || !belongs(key));
    }
}

fn is_fresh(at_ms: i64, now_ms: i64, lasts: Duration) -> bool {
    let lasts = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
    now_ms.saturating_sub(at_ms) < lasts
}

fn failure(trouble: Trouble, tries: usize, now_ms: i64) -> Failure {
    let after_s = trouble.retries_s().get(tries).copied();
    let retry_at_ms = after_s.map(|after| {
        now_ms.saturating_add(i64::try_from(after.saturating_mul(1000)).unwrap_or(i64::MAX))
    });
    Failure { trouble, retry_at_ms, tries: tries + 1 }
}

/// Makes room for a question, where there is none, by forgetting the oldest answer; false: all are waited for,
/// and nobody's is forgotten.
fn make_room<V>(slots: &mut HashMap<String, Slot<V>>, key: &str) -> bool {
    if slots.len() < KEPT_MAX || slots.contains_key(key) {
        return true;
    }
    let age = |slot: &Slot<V>| match &slot.state {
        State::Loading { .. } => None,
        State::Read(read) => Some(read.at_ms),
        State::Failed(failure) => Some(failure.trouble.at_ms),
    };
    let ended = slots.iter().filter_map(|(key, slot)| Some((age(slot)?, key)));
    let oldest = ended.min().map(|(_, key)| key.clone());
    oldest.is_some_and(|key| slots.remove(&key).is_some())
}

#[cfg(test)]
mod tests {
    use super::{super::queue::Queue, *};

    #[test]
    fn what_is_waited_for_is_never_forgotten_and_more_than_that_is_told_to_come_back() {
        let (reads, queue) = (Reads::<u32>::default(), Queue::default());
        let hour = Duration::from_hours(1);
        let step = |key: usize, now_ms| reads.step(&key.to_string(), now_ms, hour, false);
        let ask = |key: usize, now_ms| {
            assert!(matches!(step(key, now_ms), Step::Ask));
            reads.begin(&key.to_string(), queue.enter().0, now_ms).unwrap();
        };
        (0..KEPT_MAX).for_each(|key| ask(key, 0));
        assert!(matches!(step(0, 0), Step::Wait(_)));
        let Step::Have(Loaded::Failed(failure)) = step(KEPT_MAX, 0) else { panic!("no room") };
        assert_eq!(failure.trouble.kind, Kind::Busy);
        reads.put("told by others", 7, 0);
        let waited = |key: usize| matches!(reads.look(&key.to_string()), Some(Loaded::Waiting(..)));
        assert!((0..KEPT_MAX).all(waited));

        for (key, at_ms) in [(7, 20), (8, 10)] {
            reads.end(&key.to_string(), Ok(1), at_ms);
        }
        ask(KEPT_MAX, 30);
        assert!(reads.look("8").is_none() && reads.look("7").is_some(), "the oldest one is gone");
    }
}
