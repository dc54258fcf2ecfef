//! The brake with its memory: few deletions at a time are many in a day.

use chrono::TimeDelta;
use entity::{Stream, Timestamp};

use super::mirror::Mirror;
use crate::error::Result;
use crate::settings::BrakeLimits;

/// When the deletions of one stream are too many to be believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brake {
    limits: BrakeLimits,
    /// Live rows before anything is deleted.
    live: u64,
    /// Rows deleted within the last day that are still gone, save those that a person let through.
    recent: u64,
}

impl Brake {
    /// Loads what `stream` has lost of late.
    pub(crate) async fn load(
        mirror: Mirror<'_>,
        stream: Stream,
        limits: BrakeLimits,
        now: Timestamp,
    ) -> Result<Self> {
        let since = now - TimeDelta::days(1);
        Ok(Self {
            limits,
            live: mirror.live_count(stream).await?,
            recent: mirror.deleted_since(stream, since).await?,
        })
    }

    /// Whether deleting so many rows must wait for a person.
    pub(super) fn stops(&self, deleted: u64) -> bool {
        let within_a_day = self.recent + deleted;
        self.limits.stops(deleted, self.live)
            || (deleted > 0
                && self
                    .limits
                    .per_day()
                    .stops(within_a_day, self.live + self.recent))
    }

    #[cfg(test)]
    pub(super) fn new(limits: BrakeLimits, live: u64, recent: u64) -> Self {
        Self {
            limits,
            live,
            recent,
        }
    }
}
