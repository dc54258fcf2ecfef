//! One attempt to sync one connection, from before its first request to its verdict.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SyncRunId, TenantId};
use crate::reason::ReasonCode;
use crate::text_enum::text_enum;

text_enum! {
    /// How much a run reads, and from where.
    pub enum RunKind: "run kind" {
        /// Everything the upstream has.
        Full = "full",
        /// Everything, for the first time.
        Initial = "initial",
        /// What changed since the last run.
        Incremental = "incremental",
        /// One record.
        Record = "record",
        /// The stored snapshots instead of the upstream.
        Replay = "replay",
        /// Everything, to compare with the mirror only.
        Verify = "verify",
    }
}

text_enum! {
    /// What started a run.
    pub enum RunTrigger: "run trigger" {
        /// The schedule.
        Cron = "cron",
        /// A person at the command line.
        Cli = "cli",
        /// A request to the HTTP service.
        Api = "api",
        /// A message of the upstream.
        Webhook = "webhook",
    }
}

text_enum! {
    /// What became of a run.
    pub enum RunStatus: "run status" {
        /// Recorded, not yet started.
        Queued = "queued",
        /// Not finished.
        Running = "running",
        /// Every planned stream was published and no record rejected.
        Success = "success",
        /// Something was published, but not all that should have been.
        Partial = "partial",
        /// Nothing was published.
        Failed = "failed",
        /// It did not start: another run held the lease.
        Skipped = "skipped",
        /// Someone stopped it.
        Cancelled = "cancelled",
        /// Its worker vanished.
        Abandoned = "abandoned",
    }
}

/// One run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SyncRunId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub kind: RunKind,
    pub trigger: RunTrigger,
    /// Who asked for it, where a person or token did.
    pub actor: Option<String>,
    pub status: RunStatus,
    /// Why the status is not `success`.
    pub reason: Option<ReasonCode>,
    /// Whether the run only reports what it would change.
    pub dry_run: bool,
    /// Whether a person let it delete whatever is missing.
    pub accepts_deletes: bool,
    /// The process that runs it.
    pub worker: String,
    /// The lease number the run may publish under.
    pub fence: i64,
    /// When it began; while it is queued, when it was recorded.
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// When it last came on: began, read something or published something. That its worker is there, its lease tells.
    pub heartbeat_at: Timestamp,
    /// When someone asked the run to stop.
    pub cancel_requested_at: Option<Timestamp>,
    /// How far the reading of each stream is, while the run goes on; none before and after.
    pub progress: Option<Json>,
    /// Rows that were written, over all streams: added, changed, deleted or revived.
    pub records_updated: i64,
    /// Records rejected, over all streams.
    pub records_failed: i64,
    /// A short sentence without data of the upstream.
    pub error_message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
