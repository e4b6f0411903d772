//! How many connections each address has: nobody takes all of them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::ip_list::{IpList, neighbourhood};

/// Between two lines of the log about connections that were closed: who floods does not write it.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// The connections that are open, by address.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
    exempt: Arc<IpList>,
    turned_away: Arc<Mutex<TurnedAway>>,
}

/// Connections that were closed at once, since the log has told of some.
#[derive(Debug, Default)]
struct TurnedAway {
    count: u64,
    told: Option<Instant>,
}

/// One of them, until dropped.
#[derive(Debug)]
pub(crate) struct Visitor {
    crowd: Crowd,
    /// None: it is not counted.
    address: Option<IpAddr>,
}

impl Crowd {
    /// At most `each_max` connections an address; those that are `exempt` have as many as they like.
    pub(crate) fn new(each_max: usize, exempt: IpList) -> Self {
        let turned_away = Arc::default();
        Self { open: Arc::default(), each_max, exempt: exempt.into(), turned_away }
    }

    /// Lets a connection in; `None`: its address has as many as it may.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Visitor> {
        if self.exempt.contains(address) {
            return Some(Visitor { crowd: self.clone(), address: None });
        }
        let address = neighbourhood(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Visitor { crowd: self.clone(), address: Some(address) })
    }

    /// Counts a connection that was not let in, and tells of it in the log, once a second at the most.
    pub(crate) fn turn_away(&self, address: IpAddr) {
        if let Some(closed) = self.to_tell(Instant::now()) {
            tracing::info!(%address, closed, "closed: the address has too many connections");
        }
    }

    /// One more; how many there have been, where it is time to tell.
    fn to_tell(&self, now: Instant) -> Option<u64> {
        let mut away = self.turned_away.lock().unwrap_or_else(PoisonError::into_inner);
        away.count += 1;
        if away.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return None;
        }
        away.told = Some(now);
        Some(std::mem::take(&mut away.count))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut open = self.crowd.lock();
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_second_with_its_number() {
        let (crowd, now) = (Crowd::new(1, IpList::default()), Instant::now());
        let after = |ms: u64| crowd.to_tell(now + Duration::from_millis(ms));
        assert_eq!(after(0), Some(1), "the first at once");
        assert_eq!([after(1), after(500), after(999)], [None; 3]);
        assert_eq!(after(1000), Some(4));
        assert_eq!(after(5000), Some(1));
    }

    #[test]
    fn each_address_has_its_own_count() {
        let crowd = Crowd::new(2, IpList::parse("203.0.113.9").unwrap());
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let first = crowd.enter(one).unwrap();
        let _second =
            crowd.enter("::ffff:192.0.2.1".parse().unwrap()).expect("the same, written otherwise");
        assert!(crowd.enter(one).is_none());
        assert!(crowd.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        let _third = crowd.enter(one).expect("a place is free again");
        let net = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let _three = [crowd.enter(net(1)), crowd.enter(net(2))];
        assert!(crowd.enter(net(3)).is_none(), "one customer's network has 2^64 addresses");
        let exempt = || crowd.enter("203.0.113.9".parse().unwrap());
        let many: Vec<_> = (0..5).map(|_| exempt().unwrap()).collect();
        drop(many);
        assert!(exempt().is_some());
        assert!(crowd.enter(one).is_none(), "the others are counted as before");
    }
}
