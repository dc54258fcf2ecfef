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
use crate::egress::Egress;
use crate::error::{Error, Result};
use crate::read::Basis;
use crate::settings::{ConnectionSettings, MAX_DAYS};

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
    /// Load what is not loaded yet, at least of this window.
    pub window: Option<Window>,
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
            window: None,
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
            None if self.window.is_some() => RunKind::Initial,
            None if connection.last_success_at.is_none() => RunKind::Initial,
            None if self.full => RunKind::Full,
            None => RunKind::Incremental,
        }
    }

    /// A comparison looks at every column: its answer must hold whoever else wrote a row.
    pub(super) fn basis(&self) -> Basis {
        if self.must_be_alone() {
            Basis::Columns
        } else {
            Basis::ContentHash
        }
    }

    /// Whether nobody may write a record of the connection meanwhile: it compares or rebuilds the mirror as it is now.
    pub(super) fn must_be_alone(&self) -> bool {
        matches!(self.kind_override, Some(RunKind::Verify | RunKind::Replay))
    }

    /// Whether a run of `connection` takes so long that others must not wait for it.
    pub(crate) fn is_long(&self, connection: &Connection) -> bool {
        let is_first = connection.last_success_at.is_none();
        self.record.is_none() && (is_first || self.full || self.window.is_some())
    }

    /// Whether it asks for everything that the connection mirrors.
    pub(super) fn is_whole(&self) -> bool {
        self.streams.is_none() && self.record.is_none()
    }

    /// Whether it may change more than its own row.
    pub(super) fn writes(&self) -> bool {
        !self.dry_run && self.kind_override != Some(RunKind::Verify)
    }
}

/// How far back and ahead records are loaded by their date, where that is further than the connection's settings say.
///
/// What was loaded once is kept up to date from then on, whatever later runs are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    past_days: Option<u32>,
    future_days: Option<u32>,
}

impl Window {
    /// A window of so many days before and after the day of the run; what is absent is as in the settings.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than [`MAX_DAYS`].
    pub fn new(past_days: Option<u32>, future_days: Option<u32>) -> Result<Self> {
        for (name, days) in [("past", past_days), ("future", future_days)] {
            if days.is_some_and(|days| days > MAX_DAYS) {
                let detail = format!("the {name} days must be at most {MAX_DAYS}");
                return Err(Error::Invalid(detail));
            }
        }
        Ok(Self {
            past_days,
            future_days,
        })
    }

    /// Returns the days back and ahead that a connection with these `settings` loads.
    pub(super) fn days(window: Option<Self>, settings: &ConnectionSettings) -> (u32, u32) {
        let Self {
            past_days,
            future_days,
        } = window.unwrap_or_default();
        (
            settings.past_days.max(past_days.unwrap_or_default()),
            settings.future_days.max(future_days.unwrap_or_default()),
        )
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

    fn from_str(text: &str) -> std::result::Result<Self, NotARecord> {
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
    /// How much is asked of what many connections share.
    pub rates: SharedRates,
    /// Where requests may go.
    pub egress: Egress,
}

impl UpstreamDefaults {
    /// Scheme, host and port of ClientTether.
    pub(crate) fn clienttether_origin(&self) -> String {
        self.clienttether_url.origin().ascii_serialization()
    }
}

/// Requests a second, of all processes together, of what many connections share; 0 = not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SharedRates {
    /// To one host.
    pub per_host: f64,
    /// With one enterprise token.
    pub per_token: f64,
}

#[cfg(test)]
mod tests {
    use entity::Source;

    use super::*;

    #[test]
    fn a_window_is_never_less_than_the_settings() {
        let settings = ConnectionSettings::of(Source::CurrentRms);
        let days = |past, future| {
            let window = Window::new(past, future).unwrap();
            Window::days(Some(window), &settings)
        };
        assert_eq!(Window::days(None, &settings), (30, 365));
        assert_eq!(days(None, None), (30, 365));
        assert_eq!(days(Some(90), Some(5)), (90, 365));
        assert_eq!(days(Some(0), Some(MAX_DAYS)), (30, MAX_DAYS));
    }

    #[test]
    fn a_window_has_an_end() {
        for (past, future) in [(Some(MAX_DAYS + 1), None), (None, Some(u32::MAX))] {
            let error = Window::new(past, future).unwrap_err().to_string();
            assert!(error.contains("at most 36500"), "{error}");
        }
    }
}
