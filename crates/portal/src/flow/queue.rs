//! The line in front of the operator's two requests at once (§2.2): who waits knows where he stands. The
//! client's own seats hold between processes; this one is fair, and can be looked at.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// Requests at once.
const PLACES: usize = 2;

/// The line; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    inside: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Turn>)>,
    tickets: u64,
}

/// A place in the line, which can be looked at while somebody else waits on it.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    queue: Queue,
    number: u64,
}

/// A place at the counter, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Queue);

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
            if line.inside >= PLACES {
                return;
            }
            let Some((_, next)) = line.waiting.pop_front() else { return };
            line.inside += 1;
            drop(line);
            // Whoever has gone gives the place back by not taking it.
            drop(next.send(Turn(self.clone())));
        }
    }
}

impl Ticket {
    /// How many come before, oneself included; none: it is one's turn.
    pub fn position(&self) -> Option<usize> {
        let line = self.queue.line();
        line.waiting.iter().position(|(number, _)| *number == self.number).map(|index| index + 1)
    }
}

impl Wait {
    /// Waits for one's turn.
    pub async fn turn(self) -> Option<Turn> {
        self.0.await.ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.line().inside -= 1;
        self.0.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_are_served_and_the_others_know_where_they_stand() {
        let queue = Queue::default();
        let all: Vec<_> = (0..5).map(|_| queue.enter()).collect();
        let stand = |all: &[(Ticket, Wait)]| -> Vec<_> {
            all.iter().map(|(ticket, _)| ticket.position()).collect()
        };
        assert_eq!(stand(&all), [None, None, Some(1), Some(2), Some(3)]);
        let mut all = all.into_iter();
        let first = all.next().unwrap().1.turn().await.unwrap();
        let rest: Vec<_> = all.collect();
        drop(first);
        assert_eq!(stand(&rest), [None, None, Some(1), Some(2)]);
    }

    #[tokio::test]
    async fn whoever_leaves_the_line_gives_way() {
        let queue = Queue::default();
        let (one, two) = (queue.enter().1, queue.enter().1);
        let (gone, (ticket, last)) = (queue.enter().1, queue.enter());
        drop(gone);
        let (one, two) = (one.turn().await.unwrap(), two.turn().await.unwrap());
        assert_eq!(ticket.position(), Some(2));
        drop(one);
        assert_eq!(ticket.position(), None, "nobody stands before any more");
        let last = last.turn().await.unwrap();
        drop((two, last));
        assert!(queue.enter().1.turn().await.is_some());
    }
}
