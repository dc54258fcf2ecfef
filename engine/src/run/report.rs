//! What a run reports, read back from what it wrote.

use entity::sync_run::{RunKind, RunStatus, RunTrigger};
use entity::sync_run_stream::StreamStatus;
use entity::{
    ConnectionId, ReasonCode, Source, Stream, SyncRunId, Timestamp, sync_run, sync_run_stream,
};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;

use super::progress::{self, StreamProgress};
use super::{Engine, Place};
use crate::error::{Attempt, Error, Result};
use crate::read::{NAMED_IDS, StreamOutcome};

/// What became of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The run.
    pub id: SyncRunId,
    /// Slug of the tenant.
    pub tenant: String,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its name.
    pub connection: String,
    /// Its upstream.
    pub source: Source,
    /// How much it read.
    pub kind: RunKind,
    /// What started it.
    pub trigger: RunTrigger,
    /// Who asked for it, where a person or token did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Whether it only compared.
    pub dry_run: bool,
    /// What became of it.
    pub status: RunStatus,
    /// Why it is not a success.
    pub reason: Option<ReasonCode>,
    /// For people.
    pub message: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Rows that were written: added, changed, deleted or revived. None where the run only compared.
    pub records_updated: i64,
    /// Records that could not be normalized.
    pub records_failed: i64,
    /// How far the reading of each stream is, while the run goes on; empty before and after.
    pub progress: Vec<StreamProgress>,
    /// Whether the run goes on but has made no progress for minutes.
    pub is_stalled: bool,
    /// Stream by stream, as far as they are published; all of them once the run has ended.
    pub streams: Vec<StreamReport>,
}

/// What became of one stream of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// The stream.
    pub stream: Stream,
    /// What became of it.
    pub status: StreamStatus,
    /// Why it is not published.
    pub reason: Option<ReasonCode>,
    /// For people.
    pub message: Option<String>,
    /// Records in the answers.
    pub read: i64,
    /// Records the mirror did not know.
    pub added: i64,
    /// Records that differ from the mirror.
    pub changed: i64,
    /// Records the mirror has just so.
    pub unchanged: i64,
    /// Records listed twice.
    pub duplicate: i64,
    /// Records that could not be normalized.
    pub rejected: i64,
    /// Rows whose record is gone.
    pub deleted: i64,
    /// Of the changed ones, those that had been deleted.
    pub revived: i64,
    /// Values that could not be read.
    pub unreadable: i64,
    /// Records that do not say when they were changed, or name a time yet to come.
    pub untimed: i64,
    /// How many records the upstream announced.
    pub announced: Option<i64>,
    /// Answers.
    pub pages: i64,
    /// Requests that were sent again.
    pub retries: i64,
    /// Bytes of the answers.
    pub bytes: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Upstream ids of some of the added records; only known to the run itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_ids: Vec<String>,
    /// Upstream ids of some of the changed records; only known to the run itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_ids: Vec<String>,
    /// Upstream ids of some of the deleted rows; only known to the run itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deleted_ids: Vec<String>,
}

/// Loads the report of `run`; `outcomes` add what is not stored.
pub(super) async fn load(
    engine: &Engine,
    place: &Place,
    run: SyncRunId,
    outcomes: &[StreamOutcome],
) -> Result<RunReport> {
    let db = engine.database.writer();
    let row = sync_run::Entity::owned_by(place.tenant.id)
        .filter(sync_run::COLUMN.id.eq(run))
        .one(db)
        .await
        .attempt("read the run")?;
    let row = row.ok_or_else(|| Error::NotFound {
        what: "run",
        name: run.to_string(),
    })?;
    let streams = sync_run_stream::Entity::owned_by(place.tenant.id)
        .filter(sync_run_stream::COLUMN.run_id.eq(run))
        .all(db)
        .await
        .attempt("read the run's counters")?;
    let mut report =
        RunReport::new(row, &place.tenant.slug, &place.connection).with_streams(streams);
    for stream in &mut report.streams {
        let outcome = outcomes
            .iter()
            .find(|outcome| outcome.stream == stream.stream);
        if let Some(outcome) = outcome {
            let written = |is_new| {
                outcome
                    .reading
                    .written
                    .iter()
                    .filter(move |written| written.is_new == is_new)
            };
            stream.added_ids = named(written(true).map(|written| written.upstream_id.as_ref()));
            stream.changed_ids = named(written(false).map(|written| written.upstream_id.as_ref()));
            stream.deleted_ids = named(
                outcome
                    .reading
                    .vanished
                    .iter()
                    .map(|row| row.upstream_id.as_str()),
            );
        }
    }
    Ok(report)
}

fn named<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    ids.take(NAMED_IDS).map(str::to_owned).collect()
}

impl RunReport {
    /// Makes a report of a stored run, without its streams; whether it is stalled follows from its lease.
    pub fn new(row: sync_run::Model, tenant: &str, connection: &entity::connection::Model) -> Self {
        let (finished_at, progress) = (row.finished_at, progress::stored(&row));
        Self {
            id: row.id,
            tenant: tenant.to_owned(),
            connection_id: connection.id,
            connection: connection.name.clone(),
            source: connection.source,
            kind: row.kind,
            trigger: row.trigger,
            actor: row.actor,
            dry_run: row.dry_run,
            status: row.status,
            reason: row.reason,
            message: row.error_message,
            started_at: row.started_at,
            finished_at,
            duration_ms: (finished_at.unwrap_or(row.heartbeat_at) - row.started_at)
                .num_milliseconds(),
            records_updated: row.records_updated,
            records_failed: row.records_failed,
            progress,
            is_stalled: false,
            streams: vec![],
        }
    }

    /// Adds the streams, in the order in which they are read.
    #[must_use]
    pub fn with_streams(mut self, streams: Vec<sync_run_stream::Model>) -> Self {
        self.streams = streams.into_iter().map(StreamReport::from).collect();
        self.streams.sort_by_key(|report| report.stream);
        self
    }
}

impl From<sync_run_stream::Model> for StreamReport {
    fn from(row: sync_run_stream::Model) -> Self {
        Self {
            stream: row.stream,
            status: row.status,
            reason: row.reason,
            message: row.error_message,
            read: row.read_count,
            added: row.added_count,
            changed: row.changed_count,
            unchanged: row.unchanged_count,
            duplicate: row.duplicate_count,
            rejected: row.rejected_count,
            deleted: row.deleted_count,
            revived: row.revived_count,
            unreadable: row.unreadable_value_count,
            untimed: row.untimed_count,
            announced: row.announced_count,
            pages: row.pages,
            retries: row.retry_count,
            bytes: row.byte_count,
            duration_ms: row.duration_ms,
            added_ids: vec![],
            changed_ids: vec![],
            deleted_ids: vec![],
        }
    }
}
