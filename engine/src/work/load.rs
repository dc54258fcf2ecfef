//! What a worker is at, and what it may take on beside that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use entity::TenantId;
use tokio::sync::Notify;

use super::claim::{Claimed, Wanted};

/// What a worker is at.
pub(super) struct Load {
    slots: usize,
    kinds: Vec<&'static str>,
    taken: Mutex<Taken>,
    /// Rung when a slot becomes free.
    pub(super) freed: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    long: usize,
    by_tenant: HashMap<TenantId, usize>,
}

/// A slot that is taken until this is dropped.
pub(super) struct Slot {
    load: Arc<Load>,
    tenant: Option<TenantId>,
    is_long: bool,
}

impl Load {
    pub(super) fn new(slots: usize, kinds: Vec<&'static str>) -> Arc<Self> {
        Arc::new(Self {
            slots: slots.max(1),
            kinds,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// What may be taken on; none while every slot is taken.
    ///
    /// A tenant gets at most half of the slots, and long work at most three quarters, so that other tenants and short
    /// work find one free.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let tenant_share = (self.slots / 2).max(1);
        let long_share = (self.slots - (self.slots / 4).max(1)).max(1);
        let is_full = |(_, count): &(&TenantId, &usize)| **count >= tenant_share;
        (taken.all < self.slots).then(|| Wanted {
            kinds: self.kinds.clone(),
            full: taken
                .by_tenant
                .iter()
                .filter(is_full)
                .map(|(id, _)| *id)
                .collect(),
            only_short: taken.long >= long_share,
        })
    }

    /// Takes a slot for what was claimed.
    pub(super) fn take(self: &Arc<Self>, claimed: &Claimed) -> Slot {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all += 1;
        taken.long += usize::from(claimed.is_long);
        if let Some(tenant) = claimed.tenant_id {
            *taken.by_tenant.entry(tenant).or_default() += 1;
        }
        Slot {
            load: Arc::clone(self),
            tenant: claimed.tenant_id,
            is_long: claimed.is_long,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self
            .load
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        taken.long = taken.long.saturating_sub(usize::from(self.is_long));
        if let Some(tenant) = self.tenant
            && let Some(count) = taken.by_tenant.get_mut(&tenant)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_tenant.remove(&tenant);
            }
        }
        drop(taken);
        self.load.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claimed(tenant: u128, is_long: bool) -> Claimed {
        Claimed {
            kind: "any".to_owned(),
            key: String::new(),
            tenant_id: Some(TenantId::from_uuid(Uuid::from_u128(tenant))),
            connection_id: None,
            payload: None,
            run_id: None,
            attempts: 1,
            fence: 1,
            is_long,
        }
    }

    #[test]
    fn a_tenant_gets_half_of_the_slots() {
        let load = Load::new(4, vec!["any"]);
        let first = load.take(&claimed(1, false));
        assert_eq!(load.wanted().unwrap().full.len(), 0);
        let _second = load.take(&claimed(1, false));
        assert_eq!(
            load.wanted().unwrap().full,
            [TenantId::from_uuid(Uuid::from_u128(1))]
        );
        drop(first);
        assert_eq!(load.wanted().unwrap().full.len(), 0);
    }

    #[test]
    fn short_work_finds_a_slot_beside_first_loads() {
        let load = Load::new(4, vec!["any"]);
        let slots: Vec<_> = (0..3)
            .map(|tenant| load.take(&claimed(tenant, true)))
            .collect();
        assert!(load.wanted().unwrap().only_short);
        let _short = load.take(&claimed(9, false));
        assert!(load.wanted().is_none());
        drop(slots);
        assert!(!load.wanted().unwrap().only_short);
    }

    #[test]
    fn one_slot_is_for_everything() {
        let load = Load::new(1, vec!["any"]);
        assert!(!load.wanted().unwrap().only_short);
        let _slot = load.take(&claimed(1, true));
        assert!(load.wanted().is_none());
    }
}
