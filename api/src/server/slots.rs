//! How many connections there may be: in all, and of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

use super::ConnectionLimits;
use crate::network::network;
use crate::seldom::Seldom;

/// How many connections each address has.
type Counts = Mutex<HashMap<IpAddr, usize>>;

/// Room for connections.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    addresses: Arc<Counts>,
    max_per_address: usize,
    trusted: Vec<IpAddr>,
    is_full: Seldom,
    is_refused: Seldom,
}

/// Room for one connection, until it is dropped.
pub(super) struct Slot {
    _one: OwnedSemaphorePermit,
    address: IpAddr,
    addresses: Arc<Counts>,
}

impl Slots {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.max_connections)),
            addresses: Arc::default(),
            max_per_address: limits.max_per_address,
            trusted: limits.trusted.clone(),
            is_full: Seldom::default(),
            is_refused: Seldom::default(),
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn wait_for_one(&self) {
        if self.all.available_permits() == 0 && self.is_full.is_due() {
            warn!("all connections are in use; further ones wait");
        }
        // The semaphore is never closed.
        let _ = self.all.acquire().await;
    }

    /// Takes room for a connection from `address`; none when it has too many.
    pub(super) fn take(&self, address: IpAddr) -> Option<Slot> {
        let address = address.to_canonical();
        let one = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let is_free = address.is_loopback() || self.trusted.contains(&address);
        let key = network(address);
        let mut addresses = lock(&self.addresses);
        let count = addresses.entry(key).or_default();
        if *count >= self.max_per_address && !is_free {
            if self.is_refused.is_due() {
                warn!(%address, "an address has too many connections; further ones are closed");
            }
            return None;
        }
        *count += 1;
        Some(Slot {
            _one: one,
            address: key,
            addresses: Arc::clone(&self.addresses),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut addresses = lock(&self.addresses);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

fn lock(addresses: &Counts) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    addresses.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_address_has_so_many_and_proxies_have_more() {
        let slots = Slots::new(&ConnectionLimits {
            max_connections: 10,
            max_per_address: 2,
            trusted: vec!["10.0.0.1".parse().unwrap()],
            first_head: Duration::ZERO,
            idle: Duration::ZERO,
            stalled: Duration::ZERO,
            shutdown: Duration::ZERO,
        });
        let take = |address: &str| slots.take(address.parse().unwrap());
        let held = [take("192.0.2.1"), take("::ffff:192.0.2.1")];
        assert!(held.iter().all(Option::is_some));
        assert!(take("192.0.2.1").is_none());
        assert!(take("192.0.2.2").is_some());
        for free in ["10.0.0.1", "127.0.0.1"] {
            let many = [take(free), take(free), take(free)];
            assert!(many.iter().all(Option::is_some), "{free}");
        }
        drop(held);
        assert!(take("192.0.2.1").is_some());
        assert!(lock(&slots.addresses).is_empty());
    }
}
