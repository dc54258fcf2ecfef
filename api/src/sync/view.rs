//! Runs and states as the API shows them.

use engine::inspect;
use engine::run::{RunReport, StreamProgress, StreamReport};
use poem_openapi::Object;
use uuid::Uuid;

use crate::moment::Moment;
use crate::word::{
    ConnectionStatus, ReasonCode, RunKind, RunStatus, RunTrigger, Source, Stream, StreamStatus,
    SyncState, TenantStatus,
};

/// One attempt to sync one connection.
#[expect(clippy::struct_field_names, reason = "a dry run is a kind of run")]
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct Run {
    /// The run.
    pub(crate) id: Uuid,
    /// The connection.
    connection_id: Uuid,
    /// Its name.
    connection: String,
    /// Its upstream.
    source: Source,
    /// How much it reads.
    kind: RunKind,
    /// What started it.
    trigger: RunTrigger,
    /// Who asked for it, where a person or token did.
    actor: Option<String>,
    /// Whether it only compares.
    is_dry_run: bool,
    /// What became of it.
    pub(crate) status: RunStatus,
    /// Why it is no success.
    reason: Option<ReasonCode>,
    /// The same for people.
    pub(super) message: Option<String>,
    /// When it began; of a queued run, when it was recorded.
    pub(crate) started_at: Moment,
    /// When it ended.
    pub(super) finished_at: Option<Moment>,
    /// How long it took, or has been known to work, in milliseconds.
    duration_ms: i64,
    /// Rows that were written: added, changed, deleted or revived. 0 for a dry run or comparison, which writes none.
    pub(crate) records_updated: i64,
    /// Records that could not be understood.
    pub(super) records_failed: i64,
    /// How far the reading of each stream is, while the run goes on; empty before and after.
    progress: Vec<RunProgress>,
    /// Whether the run goes on but has made no progress for five minutes.
    is_stalled: bool,
    /// Stream by stream. While the run goes on, those of which something is published, as far as it is; in the end all.
    streams: Vec<RunStream>,
}

/// How far the reading of a stream is.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RunProgress {
    /// The stream.
    stream: Stream,
    /// What is done so far: records that were read, or contacts, where each is asked for its own records, as for notes.
    done: u64,
    /// How many that will be; null while that is not known.
    total: Option<u64>,
}

/// What became of one stream of a run. Read = added + changed + unchanged + duplicate + rejected.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RunStream {
    /// The stream.
    stream: Stream,
    /// What became of it.
    status: StreamStatus,
    /// Why it was not published.
    reason: Option<ReasonCode>,
    /// The same for people.
    message: Option<String>,
    /// Records in the answers.
    read: i64,
    /// Records the mirror did not know.
    added: i64,
    /// Records that were different.
    changed: i64,
    /// Records that were just so.
    unchanged: i64,
    /// Records listed twice.
    duplicate: i64,
    /// Records that could not be understood.
    rejected: i64,
    /// Rows whose record is gone.
    deleted: i64,
    /// Of the changed ones, those that had been deleted.
    revived: i64,
    /// Values that could not be read.
    unreadable: i64,
    /// Records that do not say when they were changed, or name a time yet to come; they are read all the same.
    untimed: i64,
    /// How many records the upstream announced.
    announced: Option<i64>,
    /// Answers.
    pages: i64,
    /// Requests that were sent again.
    retries: i64,
    /// Bytes of the answers.
    bytes: i64,
    /// How long it took, in milliseconds.
    duration_ms: i64,
}

/// How fresh one connection is.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ConnectionState {
    /// The connection.
    id: Uuid,
    /// Its upstream.
    source: Source,
    /// Its name.
    name: String,
    /// The state of its data.
    status: SyncState,
    /// Whether its sync goes on but has made no progress for five minutes.
    is_stalled: bool,
    /// Whether it is synced at all.
    connection_status: ConnectionStatus,
    /// Why the last run was no success.
    reason: Option<ReasonCode>,
    /// End of the last success.
    last_sync_at: Option<Moment>,
    /// Start of the last attempt.
    last_attempt_at: Option<Moment>,
    /// Whether the data is stale.
    is_stale: bool,
    /// Seconds since the last success.
    age_seconds: Option<i64>,
    /// The state in a sentence.
    message: String,
    /// Runs in a row that were no success.
    consecutive_failures: i32,
    /// Records that could not be understood and still cannot.
    open_rejects: u64,
    /// What the operator should do next, when something is to be done.
    next_action: Option<String>,
    /// When each stream was read.
    streams: Vec<StreamState>,
}

/// When a stream was read.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamState {
    /// The stream.
    stream: Stream,
    /// When the last of its parts was read whole.
    last_read_at: Moment,
    /// When the first of its parts was: everything is at least as fresh.
    oldest_read_at: Moment,
}

/// How fresh one tenant is.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct TenantState {
    /// The tenant.
    id: Uuid,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// Whether it is synced at all.
    tenant_status: TenantStatus,
    /// The worst of its connections.
    pub(crate) status: SyncState,
    /// End of the last success: of the connection where it is longest ago; null unless each had one.
    pub(crate) last_sync_at: Option<Moment>,
    /// Start of the last attempt.
    pub(crate) last_attempt_at: Option<Moment>,
    /// Whether the data is older than the tenant allows, or was never complete.
    pub(crate) is_stale: bool,
    /// Seconds since the last success.
    pub(crate) age_seconds: Option<i64>,
    /// The state in a sentence.
    pub(crate) message: String,
    /// Connection by connection.
    pub(crate) connections: Vec<ConnectionState>,
}

impl From<RunReport> for Run {
    fn from(report: RunReport) -> Self {
        let RunReport {
            id,
            tenant: _,
            connection_id,
            connection,
            source,
            kind,
            trigger,
            actor,
            dry_run,
            status,
            reason,
            message,
            started_at,
            finished_at,
            duration_ms,
            records_updated,
            records_failed,
            progress,
            is_stalled,
            streams,
        } = report;
        Self {
            id: id.as_uuid(),
            connection_id: connection_id.as_uuid(),
            connection,
            source: source.into(),
            kind: kind.into(),
            trigger: trigger.into(),
            actor,
            is_dry_run: dry_run,
            status: status.into(),
            reason: reason.map(Into::into),
            message,
            started_at: Moment(started_at),
            finished_at: finished_at.map(Moment),
            duration_ms,
            records_updated,
            records_failed,
            progress: progress.into_iter().map(Into::into).collect(),
            is_stalled,
            streams: streams.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<StreamProgress> for RunProgress {
    fn from(progress: StreamProgress) -> Self {
        let StreamProgress {
            stream,
            done,
            total,
        } = progress;
        Self {
            stream: stream.into(),
            done,
            total,
        }
    }
}

impl From<StreamReport> for RunStream {
    fn from(report: StreamReport) -> Self {
        let StreamReport {
            stream,
            status,
            reason,
            message,
            read,
            added,
            changed,
            unchanged,
            duplicate,
            rejected,
            deleted,
            revived,
            unreadable,
            untimed,
            announced,
            pages,
            retries,
            bytes,
            duration_ms,
            added_ids: _,
            changed_ids: _,
            deleted_ids: _,
        } = report;
        Self {
            stream: stream.into(),
            status: status.into(),
            reason: reason.map(Into::into),
            message,
            read,
            added,
            changed,
            unchanged,
            duplicate,
            rejected,
            deleted,
            revived,
            unreadable,
            untimed,
            announced,
            pages,
            retries,
            bytes,
            duration_ms,
        }
    }
}

impl From<inspect::TenantState> for TenantState {
    fn from(state: inspect::TenantState) -> Self {
        let inspect::TenantState {
            id,
            tenant,
            name,
            tenant_status,
            status,
            last_sync_at,
            last_attempt_at,
            is_stale,
            age_seconds,
            message,
            connections,
            numbers: _,
        } = state;
        Self {
            id: id.as_uuid(),
            slug: tenant,
            name,
            tenant_status: tenant_status.into(),
            status: status.into(),
            last_sync_at: last_sync_at.map(Moment),
            last_attempt_at: last_attempt_at.map(Moment),
            is_stale,
            age_seconds,
            message,
            connections: connections.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<inspect::ConnectionState> for ConnectionState {
    fn from(state: inspect::ConnectionState) -> Self {
        let inspect::ConnectionState {
            id,
            source,
            name,
            connection_status,
            status,
            is_stalled,
            reason,
            // May name what only operators should know.
            reason_message: _,
            last_sync_at,
            last_attempt_at,
            is_stale,
            age_seconds,
            message,
            consecutive_failures,
            open_rejects,
            next_action,
            streams,
            // They have a list of their own.
            webhooks: _,
        } = state;
        Self {
            id: id.as_uuid(),
            source: source.into(),
            name,
            status: status.into(),
            is_stalled,
            connection_status: connection_status.into(),
            reason: reason.map(Into::into),
            last_sync_at: last_sync_at.map(Moment),
            last_attempt_at: last_attempt_at.map(Moment),
            is_stale,
            age_seconds,
            message,
            consecutive_failures,
            open_rejects,
            next_action,
            streams: streams.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<inspect::StreamState> for StreamState {
    fn from(state: inspect::StreamState) -> Self {
        let inspect::StreamState {
            stream,
            last_read_at,
            oldest_read_at,
        } = state;
        Self {
            stream: stream.into(),
            last_read_at: Moment(last_read_at),
            oldest_read_at: Moment(oldest_read_at),
        }
    }
}
