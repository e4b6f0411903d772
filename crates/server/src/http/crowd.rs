//! How many connections each address has: nobody takes all of them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::ip_list::{IpList, neighbourhood};

/// The connections that are open, by address.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
    exempt: Arc<IpList>,
}

/// One of them, until dropped.
#[derive(Debug)]
pub(super) struct Visitor {
    crowd: Crowd,
    /// None: it is not counted.
    address: Option<IpAddr>,
}

impl Crowd {
    /// At most `each_max` connections an address; those that are `exempt` have as many as they like.
    pub(super) fn new(each_max: usize, exempt: IpList) -> Self {
        Self { open: Arc::default(), each_max, exempt: exempt.into() }
    }

    /// Lets a connection in; `None`: its address has as many as it may.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Visitor> {
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
