//! How often somebody may ask, and what they are told about it.
//!
//! Each caller has a quota of their own, whichever process or address they ask from, and those of one tenant share a
//! larger one. Failures of whoever is not known use up the quota of the address, so guessing is slow; when it is used up, a
//! credential that was never seen to be good is not even looked at. One that was good before is not held up by what
//! others behind the same address do.
//!
//! Answers tell the quota as `draft-ietf-httpapi-ratelimit-headers-10` has it: `RateLimit-Policy` the whole of
//! it and the seconds in which it comes back, `RateLimit` what is left and when the whole is back. Answers that
//! no quota was used up for tell none.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entity::{ConnectionId, TenantId};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use super::settings::{EdgeSettings, Rate};
use crate::error::{ApiError, Code};
use crate::network::network;

/// Most callers or addresses that are told apart; all further ones share what is left.
const MAX_KEYS: usize = 100_000;
/// How many requests pass until those are forgotten who have all of their quota again.
const TIDY_EVERY: usize = 10_000;
/// Most credentials that are remembered as good.
const MAX_KNOWN: usize = 100_000;

/// What is left of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    name: &'static str,
    capacity: u32,
    window_seconds: u64,
    remaining: u32,
    reset_seconds: u64,
}

impl Standing {
    /// The value of `RateLimit-Policy`.
    pub(super) fn policy(&self) -> String {
        format!(
            "\"{}\";q={};w={}",
            self.name, self.capacity, self.window_seconds
        )
    }

    /// The value of `RateLimit`.
    pub(super) fn limit(&self) -> String {
        format!(
            "\"{}\";r={};t={}",
            self.name, self.remaining, self.reset_seconds
        )
    }
}

/// A request is one too many.
#[derive(Debug)]
pub(crate) struct Exceeded {
    /// What is left: nothing.
    pub(super) standing: Standing,
    retry_after: Duration,
}

impl From<Exceeded> for ApiError {
    fn from(exceeded: Exceeded) -> Self {
        Self::from(Code::RateLimited).retry_after(exceeded.retry_after)
    }
}

/// The quotas of everybody.
pub(crate) struct Quotas {
    callers: Option<Limiter<String>>,
    tenants: Option<Limiter<String>>,
    addresses: Option<Limiter<IpAddr>>,
    webhooks: Option<Limiter<String>>,
    tests: Option<Limiter<ConnectionId>>,
    known: Mutex<HashSet<[u8; 32]>>,
    exhausted: Mutex<HashMap<IpAddr, Instant>>,
}

impl Quotas {
    pub(super) fn new(settings: &EdgeSettings) -> Self {
        let overflow = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        Self {
            callers: settings
                .callers
                .map(|rate| Limiter::new("caller", rate, String::new())),
            addresses: settings
                .strangers
                .map(|rate| Limiter::new("address", rate, overflow)),
            webhooks: settings
                .webhooks
                .map(|rate| Limiter::new("webhooks", rate, String::new())),
            tenants: settings
                .tenants
                .map(|rate| Limiter::new("tenant", rate, String::new())),
            tests: settings.tests.map(|rate| {
                let overflow = ConnectionId::from_uuid(Uuid::nil());
                Limiter::new("tests", rate, overflow)
            }),
            known: Mutex::default(),
            exhausted: Mutex::default(),
        }
    }

    /// Counts a request of the caller `key`.
    pub(crate) fn charge_caller(&self, key: &str) -> Result<Option<Standing>, Exceeded> {
        let limiter = self.callers.as_ref();
        limiter
            .map(|limiter| limiter.charge(key.to_owned()))
            .transpose()
    }

    /// Counts a request of one of the people and programs of `tenant`, which share this quota beside their own: tokens
    /// cost nothing.
    pub(crate) fn charge_tenant(&self, tenant: TenantId) -> Result<(), Exceeded> {
        let limiter = self.tenants.as_ref();
        let charged = limiter.map(|limiter| limiter.charge(tenant.to_string()));
        charged.transpose().map(|_| ())
    }

    /// Counts a test of a connection, which asks an upstream with credentials that may be somebody's guess.
    pub(crate) fn charge_test(&self, connection: ConnectionId) -> Result<(), Exceeded> {
        let limiter = self.tests.as_ref();
        let charged = limiter.map(|limiter| limiter.charge(connection));
        charged.transpose().map(|_| ())
    }

    /// Counts a webhook that comes in through the door called `name`.
    pub(crate) fn charge_webhooks(&self, name: &str) -> Result<Option<Standing>, Exceeded> {
        let limiter = self.webhooks.as_ref();
        limiter
            .map(|limiter| limiter.charge(name.to_owned()))
            .transpose()
    }

    /// Counts a failure of somebody unknown at `address`.
    pub(crate) fn charge_address(
        &self,
        address: Option<IpAddr>,
    ) -> Result<Option<Standing>, Exceeded> {
        let Some((limiter, address)) = self.addresses.as_ref().zip(address.map(network)) else {
            return Ok(None);
        };
        let charged = limiter.charge(address);
        if let Err(exceeded) = &charged {
            let mut exhausted = lock(&self.exhausted);
            let now = Instant::now();
            if exhausted.len() >= MAX_KEYS {
                exhausted.retain(|_, until| *until > now);
            }
            exhausted.insert(address, now + exceeded.retry_after);
        }
        charged.map(Some)
    }

    /// Refuses somebody unknown at an `address` that has just failed too often.
    pub(crate) fn check_address(&self, address: Option<IpAddr>) -> Result<(), Exceeded> {
        let Some((limiter, address)) = self.addresses.as_ref().zip(address.map(network)) else {
            return Ok(());
        };
        let until = lock(&self.exhausted).get(&address).copied();
        let left = until.and_then(|until| until.checked_duration_since(Instant::now()));
        match left {
            Some(retry_after) => Err(Exceeded {
                standing: limiter.standing(0),
                retry_after,
            }),
            None => Ok(()),
        }
    }

    /// Whether the credential with this digest was good before.
    pub(crate) fn is_known(&self, digest: &[u8; 32]) -> bool {
        lock(&self.known).contains(digest)
    }

    /// Remembers that the credential with this digest is good.
    pub(crate) fn know(&self, digest: [u8; 32]) {
        let mut known = lock(&self.known);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(digest);
    }

    /// Forgets a credential that is not good any more.
    pub(crate) fn forget(&self, digest: &[u8; 32]) {
        lock(&self.known).remove(digest);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Buckets<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

struct Limiter<K: Hash + Eq + Clone> {
    name: &'static str,
    rate: Rate,
    buckets: Buckets<K>,
    /// Whom those are taken for who are too many to be told apart.
    overflow: K,
    charge_count: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(name: &'static str, rate: Rate, overflow: K) -> Self {
        let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
        Self {
            name,
            rate,
            buckets: RateLimiter::dashmap_with_clock(quota, DefaultClock::default())
                .with_middleware(),
            overflow,
            charge_count: AtomicUsize::new(0),
        }
    }

    fn charge(&self, key: K) -> Result<Standing, Exceeded> {
        if self.charge_count.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.buckets.retain_recent();
        }
        let is_full = self.buckets.len() >= MAX_KEYS;
        let key = if is_full { self.overflow.clone() } else { key };
        match self.buckets.check_key(&key) {
            Ok(snapshot) => Ok(self.standing(snapshot.remaining_burst_capacity())),
            Err(refused) => Err(Exceeded {
                standing: self.standing(0),
                retry_after: refused.wait_time_from(DefaultClock::default().now()),
            }),
        }
    }

    fn standing(&self, remaining: u32) -> Standing {
        let burst = self.rate.burst.get();
        Standing {
            name: self.name,
            capacity: burst,
            window_seconds: self.seconds_for(burst),
            remaining,
            reset_seconds: self.seconds_for(burst.saturating_sub(remaining)),
        }
    }

    /// How long it takes for so many requests to be allowed again.
    fn seconds_for(&self, requests: u32) -> u64 {
        (u64::from(requests) * 60).div_ceil(u64::from(self.rate.per_minute.get()))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn limiter(per_minute: u32, burst: u32) -> Limiter<String> {
        let rate = Rate {
            per_minute: NonZeroU32::new(per_minute).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        };
        Limiter::new("caller", rate, String::new())
    }

    #[test]
    fn a_quota_is_used_up_and_tells_when_it_is_back() {
        let limiter = limiter(6, 2);
        let first = limiter.charge("a".to_owned()).unwrap();
        assert_eq!(first.policy(), "\"caller\";q=2;w=20");
        assert_eq!(first.limit(), "\"caller\";r=1;t=10");
        limiter.charge("a".to_owned()).unwrap();
        let refused = limiter.charge("a".to_owned()).unwrap_err();
        assert_eq!(refused.standing.limit(), "\"caller\";r=0;t=20");
        assert!(refused.retry_after > Duration::from_secs(8), "{refused:?}");
    }

    #[test]
    fn callers_do_not_use_up_each_others_quota() {
        let limiter = limiter(1, 1);
        limiter.charge("a".to_owned()).unwrap();
        assert!(limiter.charge("a".to_owned()).is_err());
        limiter.charge("b".to_owned()).unwrap();
    }
}
