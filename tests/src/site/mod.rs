//! An account of the sandbox, with the tenant and connection that mirror it.

mod create;
mod rows;
mod spec;
mod sync;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use chrono_tz::Tz;
use ctsync_sandbox::{Account, Collection, Truth};
use engine::run::Engine;
use entity::{ConnectionId, Stream, TenantId};
use serde_json::json;

pub use spec::SiteSpec;

use crate::TestClock;
use crate::identity::Identities;

/// An account of the sandbox, with the tenant and connection that mirror it.
#[derive(Clone)]
pub struct Site {
    /// The account.
    pub account: Account,
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The engine that syncs it.
    pub engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) streams: BTreeSet<Stream>,
    pub(crate) zone: Tz,
    identities: Identities,
}

impl Site {
    /// Returns the clock of its engine.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Returns the same site, mirroring only these streams from now on.
    pub async fn with_streams(&self, streams: &[Stream]) -> Self {
        self.change_settings(json!({"streams": streams})).await;
        Self {
            streams: streams.iter().copied().collect(),
            ..self.clone()
        }
    }

    /// Returns the same site, synced by another engine.
    #[must_use]
    pub fn with_engine(&self, engine: Engine) -> Self {
        Self {
            engine,
            ..self.clone()
        }
    }

    /// Returns the id of the `nth` client, counted from 0.
    pub fn client(&self, nth: usize) -> String {
        nth_id(&self.account.truth(), Collection::Clients, nth)
    }

    /// Returns the id of the `nth` opportunity, counted from 0.
    pub fn opportunity(&self, nth: usize) -> String {
        nth_id(&self.account.truth(), Collection::Opportunities, nth)
    }

    /// Moves the clock past the end of any lease.
    pub fn outlive_leases(&self) {
        self.clock.advance(TimeDelta::seconds(61));
    }
}

fn nth_id(truth: &Truth, collection: Collection, nth: usize) -> String {
    let record = truth.records(collection).get(nth);
    let record = record.expect("the account has that many records");
    record.text(collection.id_field()).to_owned()
}
