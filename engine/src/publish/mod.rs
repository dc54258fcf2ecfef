//! Publishing: what a run read becomes visible part by part, each in one transaction; the run's end is the last one.
//!
//! A part is what was read of some streams: changed rows, tombstones, rejects, coverage, the numbers that derive from
//! them and counters. Readers see the state before a part or after it, never between; a process killed at any moment
//! leaves whole parts. The lease is checked by the last statements, which lock the rows that others need: whoever has
//! lost it publishes nothing, and nobody waits for a publication.

mod aggregate;
mod coverage;
mod failures;
pub(crate) mod first_load;
mod hot_list;
mod lead_metrics;
mod mapping;
mod part;
mod proof;
mod quality;
mod records;
mod rows;
mod rules;
mod run_end;
mod stage_counts;
mod stages;
mod stream_state;
mod upsert;

use std::sync::Arc;

use chrono::TimeDelta;
use entity::connection::Model as Connection;
use entity::{SyncRunId, Timestamp};

use aggregate::Refreshed;
pub use lead_metrics::NO_SOURCE;
pub use rules::{Columns, Rules, Subject};
pub use stages::{StageBook, StageInfo};

use crate::clock::Clock;
use crate::connector::Connector;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::lease::Lease;
use crate::observer::{Event, Observer};
use crate::read::StreamOutcome;
use crate::settings::TenantSettings;
use crate::verdict::Verdict;

/// Records written with one statement.
const CHUNK: usize = 500;

/// What a publication writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What the upstream said, and the run's end.
    Publish,
    /// What stored snapshots say, and the run's end: nothing becomes fresher.
    Rebuild,
    /// Only the run's end: a dry run or a comparison.
    RunOnly,
}

/// What a run publishes with, part by part.
pub struct Publication<'a> {
    /// Where.
    pub database: &'a Database,
    /// Time and ids.
    pub clock: &'a Clock,
    /// The right to publish.
    pub lease: &'a Lease,
    /// The connection, as it was when the run began.
    pub connection: &'a Connection,
    /// Settings of the tenant.
    pub settings: &'a TenantSettings,
    /// How long it takes until every window of dates was read again.
    pub sweep: TimeDelta,
    /// What the bytes mean.
    pub connector: &'a Arc<dyn Connector>,
    /// What the run may write.
    pub effect: Effect,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

/// How a run ends.
pub struct RunEnd<'a> {
    /// What was read.
    pub outcomes: &'a [StreamOutcome],
    /// What became of the run.
    pub verdict: &'a Verdict,
    /// Whether a success makes the mirror fresh: the upstream was asked for every stream.
    pub refreshes: bool,
    /// Whether the run's end says something about the connection as a whole, not just about a record.
    pub judges_connection: bool,
}

impl Publication<'_> {
    /// Ends the run and releases its lease.
    ///
    /// # Errors
    /// When the lease is lost or the database fails; then the run has not ended.
    pub async fn end(&self, end: &RunEnd<'_>) -> Result<()> {
        let tx = self.database.begin().await?;
        let mut numbers = None;
        if self.effect != Effect::RunOnly {
            for outcome in end.outcomes {
                quality::write_profile(self, &tx, outcome).await?;
            }
            numbers = aggregate::refresh(self, &tx, false).await?;
        }
        let verdict = end.verdict.with_numbers(numbers != Some(Refreshed::Stale));
        let end = RunEnd {
            verdict: &verdict,
            ..*end
        };
        run_end::write(self, &tx, &end, numbers == Some(Refreshed::Changed)).await?;
        if let Some(numbers) = numbers {
            mapping::note(self, &tx, numbers).await?;
        }
        // Last: it locks the row that others wait for.
        self.lease.release(&tx).await?;
        self.observer.on(Event::Publishing).await;
        tx.commit().await.attempt("end the run")?;
        self.observer.on(Event::Ended).await;
        Ok(())
    }

    fn run(&self) -> SyncRunId {
        self.lease.run
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
