//! Publishing: one transaction makes visible what a run read, and ends the run.
//!
//! Everything is in it: changed rows, tombstones, rejects, drift, coverage, aggregates, counters, the
//! run's end and the lease's release. The release comes last and fails when another worker has taken the
//! lease meanwhile; then nothing was written. Readers see the state before or after, never between; a process killed at
//! any moment leaves one of those two.

mod aggregate;
mod coverage;
mod hot_list;
mod lead_metrics;
mod mapping;
mod part;
mod proof;
mod quality;
mod records;
mod rules;
mod run_end;
mod stage_counts;
mod stages;
mod upsert;

use std::sync::Arc;

use entity::connection::Model as Connection;
use entity::{SyncRunId, Timestamp};
use sea_orm::DatabaseTransaction;

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

/// A run that is ready to end.
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
    /// What the bytes mean.
    pub connector: &'a Arc<dyn Connector>,
    /// What was read.
    pub outcomes: &'a [StreamOutcome],
    /// What became of the run.
    pub verdict: &'a Verdict,
    /// Whether a success makes the mirror fresh: the upstream was asked for every stream.
    pub refreshes: bool,
    /// Whether the run's end says something about the connection as a whole, not just about a record.
    pub judges_connection: bool,
    /// Whether what was read is to be made visible.
    pub effect: Effect,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

impl Publication<'_> {
    /// Publishes and ends the run.
    ///
    /// # Errors
    /// When the lease is lost, the database fails or numbers do not add up; then nothing has changed.
    pub async fn commit(&self) -> Result<()> {
        let tx = self.database.begin().await?;
        let mut is_changed = false;
        let mut numbers = Refreshed::Unchanged;
        if self.effect != Effect::RunOnly {
            for outcome in self
                .outcomes
                .iter()
                .filter(|outcome| outcome.reading.is_publishable() && !outcome.is_published)
            {
                is_changed |= self.publish_stream(&tx, outcome).await?;
            }
            for outcome in self.outcomes {
                quality::write_profile(self, &tx, outcome).await?;
            }
            numbers = aggregate::refresh(self, &tx, is_changed).await?;
        }
        let is_changed = is_changed || numbers == Refreshed::Changed;
        let verdict = self.verdict.with_numbers(numbers != Refreshed::Stale);
        run_end::write(self, &tx, &verdict, is_changed).await?;
        // Last: it locks the row that others wait for.
        self.lease.release(&tx).await?;
        self.observer.on(Event::Publishing).await;
        tx.commit().await.attempt("publish")?;
        self.observer.on(Event::Ended).await;
        Ok(())
    }

    /// Tells whether a record row was written.
    async fn publish_stream(
        &self,
        tx: &DatabaseTransaction,
        outcome: &StreamOutcome,
    ) -> Result<bool> {
        records::write(self, tx, outcome).await?;
        records::mark_deleted(self, tx, outcome).await?;
        quality::write(self, tx, outcome).await?;
        if self.effect == Effect::Publish {
            coverage::write(self, tx, outcome).await?;
        }
        let counters = &outcome.reading.counters;
        Ok(counters.written() + counters.deleted > 0)
    }

    fn run(&self) -> SyncRunId {
        self.lease.run
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
