//! What is learnt about a request on its way in, for the layers that it meets on its way out.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use entity::TenantId;
use poem::Request;

use super::quota::{Exceeded, Standing};
use crate::error::ApiError;

/// What is learnt about a request. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Learnt>);

#[derive(Debug, Default)]
struct Learnt {
    address: OnceLock<IpAddr>,
    caller: OnceLock<String>,
    tenant: OnceLock<TenantId>,
    standing: Mutex<Option<Standing>>,
}

impl Notes {
    /// The notes about `request`; of one that came past the layers, notes that nobody reads.
    pub(crate) fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_default()
    }

    /// Notes where the request comes from.
    pub(super) fn set_address(&self, address: IpAddr) {
        let _ = self.0.address.set(address);
    }

    /// Where the request comes from, where that is known.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.address.get().copied()
    }

    /// Notes who calls, by what tells this caller from all others.
    pub(crate) fn set_caller(&self, key: &str) {
        let _ = self.0.caller.set(key.to_owned());
    }

    /// Whether somebody was recognised.
    pub(super) fn is_known(&self) -> bool {
        self.0.caller.get().is_some()
    }

    /// The kind of credential that the caller has: `token`, `user` or `webhooks`.
    pub(super) fn caller_kind(&self) -> Option<&str> {
        self.0.caller.get()?.split(' ').next()
    }

    /// Notes which tenant the request is about.
    pub(crate) fn set_tenant(&self, tenant: TenantId) {
        let _ = self.0.tenant.set(tenant);
    }

    /// The tenant that the request is about.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        self.0.tenant.get().copied()
    }

    /// Notes what is left of the quota that was charged; the last one counts.
    ///
    /// # Errors
    /// When nothing was left.
    pub(crate) fn settle(
        &self,
        charged: Result<Option<Standing>, Exceeded>,
    ) -> Result<(), ApiError> {
        let (standing, outcome) = match charged {
            Ok(standing) => (standing, Ok(())),
            Err(exceeded) => (Some(exceeded.standing.clone()), Err(exceeded.into())),
        };
        *self
            .0
            .standing
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = standing;
        outcome
    }

    /// How much the caller may still ask, if any quota was charged.
    pub(super) fn standing(&self) -> Option<Standing> {
        let standing = self.0.standing.lock();
        standing.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
