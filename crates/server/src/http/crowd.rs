//! How many connections each address has: nobody takes all of them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::ip_list::neighbourhood;

/// The connections that are open, by address.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
}

/// One of them, until dropped.
#[derive(Debug)]
pub(super) struct Visitor {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    /// At most `each_max` connections an address.
    pub(super) fn new(each_max: usize) -> Self {
        Self { open: Arc::default(), each_max }
    }

    /// Lets a connection in; `None`: its address has as many as it may.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Visitor> {
        let address = neighbourhood(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Visitor { crowd: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let mut open = self.crowd.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count() {
        let crowd = Crowd::new(2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let first = crowd.enter(one).unwrap();
        let _second =
            crowd.enter("::ffff:192.0.2.1".parse().unwrap()).expect("the same, written otherwise");
        assert!(crowd.enter(one).is_none());
        assert!(crowd.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(crowd.enter(one).is_some());
        let net = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let _three = [crowd.enter(net(1)), crowd.enter(net(2))];
        assert!(crowd.enter(net(3)).is_none(), "one customer's network has 2^64 addresses");
    }
}
