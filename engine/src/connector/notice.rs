//! What upstreams say when something happened there: which record to read again, never what it is like now.

use chrono::{DurationRound, TimeDelta};
use entity::{Source, Stream, Timestamp};

use super::current_rms;

/// Word of an upstream that something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What tells this word from all others of the account: one with the same key is the same, sent again.
    pub delivery_key: String,
    /// What happened, in the upstream's word: small letters, digits and underscores.
    pub event: String,
    /// The record it happened to, by stream and upstream id, where that stream is mirrored.
    pub record: Option<(Stream, String)>,
    /// When it happened, by the upstream's clock.
    pub acted_at: Option<Timestamp>,
}

/// A body is no word of the upstream, or is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a webhook of {source_name}, or not all of it")]
pub struct NotANotice {
    /// Whose webhook it should have been.
    source_name: Source,
}

impl Notice {
    /// Reads what an upstream of `source` sent.
    ///
    /// # Errors
    /// When it does not say what happened.
    pub fn read(source: Source, body: &str) -> Result<Self, NotANotice> {
        let notice = match source {
            Source::ClientTether => None,
            Source::CurrentRms => current_rms::notice(body),
        };
        let notice = notice.ok_or(NotANotice {
            source_name: source,
        })?;
        // What both databases can store.
        let stored = |at: Timestamp| at.duration_trunc(TimeDelta::microseconds(1)).ok();
        Ok(Self {
            acted_at: notice.acted_at.and_then(stored),
            ..notice
        })
    }
}

/// Whether `event` of `source` says that the record is gone.
pub fn tells_of_deletion(source: Source, event: &str) -> bool {
    match source {
        Source::ClientTether => false,
        Source::CurrentRms => event == current_rms::DESTROY,
    }
}
