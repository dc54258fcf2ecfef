//! What a run is asked to do.

use std::str::FromStr;
use std::time::Duration;

use entity::Stream;
use entity::connection::Model as Connection;
use entity::sync_run::{RunKind, RunTrigger};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::connector::{Boundary, Slice};

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct SyncRequest {
    /// What started it.
    pub trigger: RunTrigger,
    /// Who asked for it, where a person or token did.
    pub actor: Option<String>,
    /// Only these streams; all when absent.
    pub streams: Option<Vec<Stream>>,
    /// Only this record.
    pub record: Option<RecordRef>,
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
            record: None,
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
            None if self.record.is_some() => RunKind::Record,
            None if connection.last_success_at.is_none() => RunKind::Initial,
            None if self.full => RunKind::Full,
            None => RunKind::Incremental,
        }
    }
}

/// One record of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRef {
    /// The stream it is of.
    pub stream: Stream,
    /// What identifies it upstream.
    pub upstream_id: String,
}

impl RecordRef {
    /// The slice that is just this record.
    pub(crate) fn slice(&self) -> Slice {
        Slice::new(self.stream, Boundary::Record(self.upstream_id.clone()))
    }
}

/// Why a text names no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is named by its stream and id, for example opportunities/501")]
pub struct NotARecord;

impl FromStr for RecordRef {
    type Err = NotARecord;

    fn from_str(text: &str) -> Result<Self, NotARecord> {
        let (stream, upstream_id) = text.split_once('/').ok_or(NotARecord)?;
        let stream = stream.parse().map_err(|_| NotARecord)?;
        if upstream_id.is_empty() {
            return Err(NotARecord);
        }
        Ok(Self {
            stream,
            upstream_id: upstream_id.to_owned(),
        })
    }
}

/// What a connection uses when it has none of its own.
#[derive(Debug, Clone)]
pub struct UpstreamDefaults {
    /// Where ClientTether is.
    pub clienttether_url: Url,
    /// The enterprise token.
    pub clienttether_token: Option<SecretString>,
    /// Where Current RMS is.
    pub current_rms_url: Url,
}
