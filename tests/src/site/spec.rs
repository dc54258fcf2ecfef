//! What a site is made from.

use ctsync_sandbox::AccountSpec;
use entity::Stream;
use serde_json::{Value, json};

/// What a site is made from.
#[derive(Clone, Debug)]
pub struct SiteSpec {
    pub(super) account: AccountSpec,
    pub(super) connection_settings: Value,
    pub(super) tenant_settings: Value,
    pub(super) streams: Vec<Stream>,
}

impl SiteSpec {
    /// A site of this account, with default settings, mirroring all streams.
    pub fn new(account: AccountSpec) -> Self {
        Self {
            account,
            connection_settings: json!({}),
            tenant_settings: json!({}),
            streams: Stream::ALL.to_vec(),
        }
    }

    /// Sets settings of the connection.
    #[must_use]
    pub fn connection_settings(mut self, settings: Value) -> Self {
        self.connection_settings = settings;
        self
    }

    /// Sets settings of the tenant.
    #[must_use]
    pub fn tenant_settings(mut self, settings: Value) -> Self {
        self.tenant_settings = settings;
        self
    }

    /// Mirrors only these streams.
    #[must_use]
    pub fn streams(mut self, streams: &[Stream]) -> Self {
        self.streams = streams.to_vec();
        self
    }
}
