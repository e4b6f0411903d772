//! Who is next when passwords wait to be hashed, which takes all of a machine for some tens of milliseconds
//! each. A phone that somebody has signed in on comes first, then networks that have sent no wrong password
//! lately, then the others; in each of these lanes, networks take turns. Where too many wait, whoever is last by
//! that order goes, so that a crowd keeps out itself first.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::bucket::{Allowance, Buckets};

/// Passwords that wait to be hashed at the most: some seconds' worth.
const WAITING_MAX: usize = 64;

/// For how long a wrong password is held against a network.
const STAIN: Allowance = Allowance { at_once: 1, every: Duration::from_hours(1) };

/// Which of them comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Lane {
    /// A phone that this login is known on, or somebody who is signed in.
    Known,
    /// No wrong password has come from there lately.
    Clean,
    Stained,
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub lane: Lane,
    pub network: IpAddr,
}

/// Too many others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

/// Passwords that are hashed, and those that wait; a clone is the same one.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Inside>);

struct Inside {
    runs_max: usize,
    line: Mutex<Line>,
    stains: Buckets<IpAddr>,
}

/// Lane, round of the network, order of arrival: the lowest is next.
type Rank = (Lane, u64, u64);

#[derive(Default)]
struct Line {
    runs: usize,
    arrivals: u64,
    waiting: BTreeMap<Rank, (IpAddr, oneshot::Sender<Run>)>,
    /// Of each network that waits in a lane: how many, and the round of its last.
    networks: HashMap<(Lane, IpAddr), (usize, u64)>,
    /// The round that each lane is in.
    rounds: [u64; 3],
}

/// One is hashed; another one may be when it is dropped.
pub(super) struct Run(Lanes);

impl Lanes {
    pub fn new(runs_max: usize) -> Self {
        let (line, stains) = (Mutex::default(), Buckets::new(STAIN));
        Self(Arc::new(Inside { runs_max, line, stains }))
    }

    /// Where an address that is on no known phone comes from.
    pub fn stranger(&self, address: IpAddr, now_ms: i64) -> Origin {
        let network = network(address);
        let is_stained = self.0.stains.is_used(&network, now_ms);
        Origin { lane: if is_stained { Lane::Stained } else { Lane::Clean }, network }
    }

    /// A wrong password came from there.
    pub fn stain(&self, origin: Origin, now_ms: i64) {
        // One that is held against it already is.
        let _ = self.0.stains.take(&origin.network, now_ms);
    }

    /// Waits until it is one's turn.
    ///
    /// # Errors
    /// There are too many whose turn is before.
    pub async fn enter(&self, origin: Origin) -> Result<Run, Busy> {
        let (give, wait) = oneshot::channel();
        self.line().insert(origin, give)?;
        self.serve();
        wait.await.map_err(|_| Busy)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        loop {
            let mut line = self.line();
            if line.runs >= self.0.runs_max {
                return;
            }
            let Some(next) = line.pop() else { return };
            line.runs += 1;
            drop(line);
            // Whoever has gone gives it back by not taking it.
            drop(next.send(Run(self.clone())));
        }
    }
}

impl Line {
    fn insert(&mut self, origin: Origin, give: oneshot::Sender<Run>) -> Result<(), Busy> {
        let Origin { lane, network } = origin;
        // Those whose connection has ended wait for nothing.
        if self.waiting.len() >= WAITING_MAX {
            self.forget_gone();
        }
        let now = self.rounds[lane as usize];
        let round = self.networks.get(&(lane, network)).map_or(now, |(_, last)| now.max(last + 1));
        let rank = (lane, round, self.arrivals);
        self.arrivals += 1;
        if self.waiting.len() >= WAITING_MAX {
            let last = self.waiting.last_key_value().map(|(last, _)| *last);
            let last = last.filter(|last| rank < *last).ok_or(Busy)?;
            self.remove(last);
        }
        let (count, last) = self.networks.entry((lane, network)).or_default();
        (*count, *last) = (*count + 1, round);
        self.waiting.insert(rank, (network, give));
        Ok(())
    }

    fn pop(&mut self) -> Option<oneshot::Sender<Run>> {
        let rank = *self.waiting.first_key_value()?.0;
        self.rounds[rank.0 as usize] = rank.1;
        self.remove(rank)
    }

    fn remove(&mut self, rank: Rank) -> Option<oneshot::Sender<Run>> {
        let (network, give) = self.waiting.remove(&rank)?;
        let key = (rank.0, network);
        if let Some((count, _)) = self.networks.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&key);
            }
        }
        Some(give)
    }

    fn forget_gone(&mut self) {
        let gone = self.waiting.iter().filter(|(_, (_, give))| give.is_closed());
        let gone: Vec<_> = gone.map(|(rank, _)| *rank).collect();
        for rank in gone {
            self.remove(rank);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.0.line().runs -= 1;
        self.0.serve();
    }
}

/// What one has a great many addresses in: a /24, or, in IPv6, a /48.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn from(lane: Lane, number: u8) -> Origin {
        Origin { lane, network: IpAddr::from([198, 51, number, 0]) }
    }

    /// Who is served, in which order, of all that wait while one is hashed; none: turned away.
    async fn order(arrivals: &[Origin]) -> Vec<Option<usize>> {
        let lanes = Lanes::new(1);
        let first = lanes.enter(from(Lane::Known, 0)).await.unwrap();
        let mut waits: VecDeque<_> = VecDeque::new();
        for origin in arrivals {
            let (give, wait) = oneshot::channel();
            let _ = lanes.line().insert(*origin, give);
            waits.push_back(wait);
        }
        let (told, mut served) = tokio::sync::mpsc::unbounded_channel();
        for (number, wait) in waits.into_iter().enumerate() {
            let told = told.clone();
            tokio::spawn(async move {
                match wait.await {
                    // It is dropped once it was told, and the next one comes.
                    Ok(run) => drop((told.send((number, true)), run)),
                    Err(_) => drop(told.send((number, false))),
                }
            });
        }
        drop((told, first));
        let (mut places, mut place) = (vec![None; arrivals.len()], 0);
        while let Some((number, is_served)) = served.recv().await {
            if is_served {
                places[number] = Some(place);
                place += 1;
            }
        }
        places
    }

    #[tokio::test]
    async fn networks_take_turns_and_known_phones_come_first() {
        use Lane::{Clean, Known, Stained};
        let arrivals = [
            from(Stained, 1),
            from(Stained, 1),
            from(Stained, 1),
            from(Stained, 2),
            from(Clean, 3),
            from(Clean, 3),
            from(Clean, 4),
            from(Known, 5),
        ];
        let places = order(&arrivals).await.into_iter().map(Option::unwrap);
        assert_eq!(places.collect::<Vec<_>>(), [4, 6, 7, 5, 1, 3, 2, 0]);
    }

    #[tokio::test]
    async fn where_too_many_wait_a_crowd_keeps_out_itself() {
        let mut arrivals = vec![from(Lane::Stained, 1); WAITING_MAX + 10];
        arrivals.push(from(Lane::Stained, 2));
        arrivals.push(from(Lane::Clean, 3));
        let places = order(&arrivals).await;
        assert_eq!(places.iter().flatten().count(), WAITING_MAX);
        assert_eq!(places[WAITING_MAX + 11], Some(0), "nothing speaks against it");
        assert_eq!(places[WAITING_MAX + 10], Some(2), "its network's first");
        // Each network has one that waits: whoever comes then is told at once.
        let crowd = 0..=u8::try_from(WAITING_MAX).unwrap();
        let crowd: Vec<_> = crowd.map(|number| from(Lane::Clean, number)).collect();
        assert_eq!(order(&crowd).await[WAITING_MAX], None);
    }

    #[tokio::test]
    async fn a_wrong_password_is_held_against_its_network_for_an_hour() {
        let lanes = Lanes::new(1);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let lane = |text: &str, now_ms| lanes.stranger(address(text), now_ms).lane;
        lanes.stain(lanes.stranger(address("192.0.2.7"), 0), 0);
        assert_eq!(lane("192.0.2.200", 0), Lane::Stained);
        assert_eq!(lane("192.0.3.7", 0), Lane::Clean);
        assert_eq!(lane("192.0.2.7", 3_600_000), Lane::Clean);
        lanes.stain(lanes.stranger(address("2001:db8:1:2::3"), 0), 0);
        assert_eq!(lane("2001:db8:1:ffff::", 0), Lane::Stained);
        assert_eq!(lane("2001:db8:2::", 0), Lane::Clean);
    }
}
