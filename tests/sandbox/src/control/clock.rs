//! An account's clock over HTTP.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::clock::Clock;

/// Which clock an account is to have: `{"at": "2026-05-01T09:00:00Z"}`, `{"aheadMs": -500}`, or `{}` for the right one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClockText {
    /// Where it stands still.
    at: Option<DateTime<Utc>>,
    /// How much it is ahead.
    ahead_ms: Option<i64>,
}

impl From<ClockText> for Clock {
    fn from(ClockText { at, ahead_ms }: ClockText) -> Self {
        match (at, ahead_ms.and_then(TimeDelta::try_milliseconds)) {
            (Some(at), ahead) => Self::fixed(at + ahead.unwrap_or_default()),
            (None, Some(ahead)) => Self::ahead_by(ahead),
            (None, None) => Self::system(),
        }
    }
}
