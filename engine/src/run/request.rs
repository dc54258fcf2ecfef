//! What a run is asked to do.

use std::time::Duration;

use entity::Stream;
use entity::connection::Model as Connection;
use entity::sync_run::{RunKind, RunTrigger};
use secrecy::SecretString;
use url::Url;

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct SyncRequest {
    /// What started it.
    pub trigger: RunTrigger,
    /// Who asked for it, where a person or token did.
    pub actor: Option<String>,
    /// Only these streams; all when absent.
    pub streams: Option<Vec<Stream>>,
    /// Read also what is usually read in turns.
    pub full: bool,
    /// Compare only; write nothing but the run.
    pub dry_run: bool,
    /// Believe any deletion this time.
    pub accept_deletes: bool,
    /// Most time for the run; the connection's own limit counts, too.
    pub deadline: Option<Duration>,
    /// The kind, when it does not follow from the rest.
    pub kind_override: Option<RunKind>,
}

impl SyncRequest {
    /// A plain run.
    pub fn new(trigger: RunTrigger) -> Self {
        Self {
            trigger,
            actor: None,
            streams: None,
            full: false,
            dry_run: false,
            accept_deletes: false,
            deadline: None,
            kind_override: None,
        }
    }

    /// Returns the kind of run this is for `connection`.
    pub(crate) fn kind(&self, connection: &Connection) -> RunKind {
        match self.kind_override {
            Some(kind) => kind,
            None if connection.last_success_at.is_none() => RunKind::Initial,
            None if self.full => RunKind::Full,
            None => RunKind::Incremental,
        }
    }
}

/// What a connection uses when it has none of its own.
#[derive(Debug, Clone)]
pub struct UpstreamDefaults {
    /// Where ClientTether is.
    pub clienttether_url: Url,
    /// The enterprise token.
    pub clienttether_token: Option<SecretString>,
}
