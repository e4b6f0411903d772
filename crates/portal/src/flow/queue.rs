//! The line in front of the operator's two requests at once (§2.2): who waits knows where he stands. The
//! client's own seats hold between processes; this one is fair, and can be looked at.
//!
//! Other programs of the operator's may have both places. Whoever finds that out goes back to the head of the
//! line, which is shut until he tries again; he alone does, so that each try costs one call, not one of
//! everybody who waits.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

/// Requests at once.
pub(super) const PLACES: usize = 2;

/// A service that has no place says so sooner: whoever has no answer after so long has one.
const SAYS_SO: Duration = Duration::from_secs(2);

/// The line; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    inside: usize,
    /// By number, the next one first.
    waiting: VecDeque<(u64, oneshot::Sender<Turn>)>,
    tickets: u64,
    /// Others have the places; when it is tried again.
    shut_until: Option<Instant>,
    /// Whether those are other programs, or this one.
    shut_by: Holder,
    /// How often it was shut.
    shuts: u64,
    /// Who is inside to try.
    trying: Option<u64>,
}

/// Who has both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Holder {
    /// Other programs of the operator's, of which the service alone knows: a try is a call.
    #[default]
    Elsewhere,
    /// Other programs of this machine: looking is no call.
    Here,
    /// This one: it finds out what became of requests.
    Us,
}

/// A place in the line, which can be looked at while somebody else waits on it.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    queue: Queue,
    number: u64,
}

/// Where somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stand {
    /// How many come before, oneself included; none: it is one's turn.
    pub place: Option<usize>,
    /// Other programs of the operator's have both places.
    pub others: bool,
    /// That is known by a call: the next one is made after this.
    pub tries_in: Option<Duration>,
    /// Another number for each of these waits.
    pub round: u64,
}

/// A place at the counter, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: Queue,
    number: u64,
}

/// What comes to whoever waits.
pub(crate) struct Wait(oneshot::Receiver<Turn>);

impl Queue {
    /// Stands in line.
    pub fn enter(&self) -> (Ticket, Wait) {
        let (give, wait) = oneshot::channel();
        let mut line = self.line();
        let number = line.tickets;
        line.tickets += 1;
        line.waiting.push_back((number, give));
        drop(line);
        self.serve();
        (Ticket { queue: self.clone(), number }, Wait(wait))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whoever is next, while there is room.
    fn serve(&self) {
        loop {
            let mut line = self.line();
            let is_shut = match line.shut_until {
                None => false,
                Some(until) => Instant::now() < until || line.trying.is_some(),
            };
            if is_shut || line.inside >= PLACES {
                return;
            }
            let Some((number, next)) = line.waiting.pop_front() else { return };
            line.inside += 1;
            if line.shut_until.is_some() {
                line.trying = Some(number);
            }
            drop(line);
            // Whoever has gone gives the place back by not taking it.
            drop(next.send(Turn { queue: self.clone(), number }));
        }
    }

    /// Lets nobody in until others may have given a place back.
    fn shut(&self, pause: Duration, by: Holder) {
        let mut line = self.line();
        // Where the service has asked for a longer pause, nobody tries sooner.
        let longer = line.shut_until.filter(|_| line.shut_by == Holder::Elsewhere);
        let until = Instant::now() + pause;
        let (until, by) = match longer.filter(|longer| *longer > until) {
            Some(longer) => (longer, Holder::Elsewhere),
            None => (until, by),
        };
        (line.shut_until, line.shut_by) = (Some(until), by);
        line.shuts += 1;
        drop(line);
        let queue = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            queue.serve();
        });
    }
}

impl Ticket {
    /// Where one stands.
    pub fn stand(&self) -> Stand {
        let line = self.queue.line();
        let index = line.waiting.iter().position(|(number, _)| *number == self.number);
        let Some(index) = index else { return Stand::default() };
        // Who tries comes back to the head of the line if it was in vain.
        let place = index + 1 + usize::from(line.trying.is_some());
        let now = Instant::now();
        let is_in = |until: &Instant| line.trying.is_some() && now > *until + SAYS_SO;
        let until = line.shut_until.filter(|until| line.shut_by != Holder::Us && !is_in(until));
        let others = until.is_some();
        let until = until.filter(|_| line.shut_by == Holder::Elsewhere);
        let tries_in = until.map(|until| until.saturating_duration_since(now));
        let round = until.map_or(0, |_| line.shuts);
        Stand { place: Some(place), others, tries_in, round }
    }
}

impl Wait {
    /// Waits for one's turn.
    pub async fn turn(self) -> Option<Turn> {
        self.0.await.ok()
    }
}

impl Turn {
    /// The place in the line that has led here.
    pub fn ticket(&self) -> Ticket {
        Ticket { queue: self.queue.clone(), number: self.number }
    }

    /// A wait that is at its end.
    pub fn stays(self) -> Wait {
        let (give, wait) = oneshot::channel();
        // Its receiver is here.
        let _ = give.send(self);
        Wait(wait)
    }

    /// The service had a place: whoever waits need not wait for others any more.
    pub fn served(&self) {
        let mut line = self.queue.line();
        (line.shut_until, line.trying) = (None, None);
        drop(line);
        self.queue.serve();
    }

    /// Others have both places: back to where one stood in the line, which is shut for so long.
    pub fn back(self, pause: Duration, by: Holder) -> Wait {
        self.queue.shut(pause, by);
        let (give, wait) = oneshot::channel();
        let mut line = self.queue.line();
        let before = line.waiting.partition_point(|(number, _)| *number < self.number);
        line.waiting.insert(before, (self.number, give));
        drop(line);
        Wait(wait)
    }

    /// Others have both places, and one does not wait for them.
    pub fn gives_up(self, pause: Duration, by: Holder) {
        self.queue.shut(pause, by);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        line.inside -= 1;
        if line.trying == Some(self.number) {
            line.trying = None;
        }
        drop(line);
        self.queue.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: &[(Ticket, Wait)]) -> Vec<Option<usize>> {
        all.iter().map(|(ticket, _)| ticket.stand().place).collect()
    }

    #[tokio::test]
    async fn two_are_served_and_the_others_know_where_they_stand() {
        let queue = Queue::default();
        let all: Vec<_> = (0..5).map(|_| queue.enter()).collect();
        assert_eq!(places(&all), [None, None, Some(1), Some(2), Some(3)]);
        let mut all = all.into_iter();
        let first = all.next().unwrap().1.turn().await.unwrap();
        let rest: Vec<_> = all.collect();
        drop(first);
        assert_eq!(places(&rest), [None, None, Some(1), Some(2)]);
    }

    #[tokio::test]
    async fn whoever_leaves_the_line_gives_way() {
        let queue = Queue::default();
        let (one, two) = (queue.enter().1, queue.enter().1);
        let (gone, (ticket, last)) = (queue.enter().1, queue.enter());
        drop(gone);
        let (one, two) = (one.turn().await.unwrap(), two.turn().await.unwrap());
        assert_eq!(ticket.stand().place, Some(2));
        drop(one);
        assert_eq!(ticket.stand().place, None, "nobody stands before any more");
        let last = last.turn().await.unwrap();
        drop((two, last));
        assert!(queue.enter().1.turn().await.is_some());
    }

    #[tokio::test]
    async fn where_others_have_the_places_one_tries_for_all_who_wait() {
        let (queue, pause) = (Queue::default(), Duration::from_millis(50));
        let mut all: Vec<_> = (0..4).map(|_| queue.enter()).collect();
        let turn = std::mem::replace(&mut all[0].1, queue.enter().1).turn().await.unwrap();
        all[0].1 = turn.back(pause, Holder::Elsewhere);
        // The second one was let in before that was known; he, too, is refused.
        let turn = std::mem::replace(&mut all[1].1, queue.enter().1).turn().await.unwrap();
        all[1].1 = turn.back(pause, Holder::Elsewhere);
        assert_eq!(places(&all), [1, 2, 3, 4].map(Some), "each where he stood");
        let tried_at = Instant::now() + all[3].0.stand().tries_in.unwrap();
        let mut all = all.into_iter();
        let (_, first) = all.next().unwrap();
        let rest: Vec<_> = all.collect();
        let trying = first.turn().await.unwrap();
        assert!(Instant::now() >= tried_at, "nobody has tried before");
        assert_eq!(places(&rest), [2, 3, 4].map(Some), "one alone tries");
        let before = Instant::now();
        trying.gives_up(pause, Holder::Elsewhere);
        let mut rest = rest.into_iter();
        let trying = rest.next().unwrap().1.turn().await.unwrap();
        assert!(before.elapsed() >= pause, "nor then");
        let rest: Vec<_> = rest.collect();
        trying.served();
        assert_eq!(places(&rest), [None, Some(1)], "there was a place: the line goes on");
    }

    #[tokio::test]
    async fn a_place_that_one_of_the_line_gives_back_is_tried_for_at_once() {
        let (queue, pause) = (Queue::default(), Duration::from_secs(20));
        let (inside, refused) = (queue.enter().1, queue.enter().1);
        let (inside, refused) = (inside.turn().await.unwrap(), refused.turn().await.unwrap());
        let waits = refused.back(pause, Holder::Elsewhere);
        let before = Instant::now();
        inside.served();
        drop(inside);
        assert!(waits.turn().await.is_some());
        assert!(before.elapsed() < pause);
    }
}
