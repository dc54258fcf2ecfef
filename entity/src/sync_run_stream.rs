//! What one run did to one stream, in numbers.
//!
//! Of a published stream, read = added + changed + unchanged + duplicate + rejected.

use sea_orm::entity::prelude::*;

use crate::finder::tenant_owned;
use crate::id::{SyncRunId, SyncRunStreamId, TenantId};
use crate::reason::ReasonCode;
use crate::stream::Stream;
use crate::text_enum::text_enum;

text_enum! {
    /// What became of one stream of a run.
    pub enum StreamStatus: "stream status" {
        /// Read whole and made visible.
        Published = "published",
        /// Not read whole; the old rows stay.
        Failed = "failed",
        /// Made visible, but without the deletions, which were implausibly many.
        Braked = "braked",
        /// Not attempted.
        Skipped = "skipped",
    }
}

/// The counters of one stream of one run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_run_streams")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SyncRunStreamId,
    pub tenant_id: TenantId,
    pub run_id: SyncRunId,
    pub stream: Stream,
    pub status: StreamStatus,
    /// Why the status is not `published`.
    pub reason: Option<ReasonCode>,
    /// A short sentence without data of the upstream.
    pub error_message: Option<String>,
    pub pages: i64,
    pub read_count: i64,
    pub added_count: i64,
    pub changed_count: i64,
    pub unchanged_count: i64,
    /// Records seen again within the run.
    pub duplicate_count: i64,
    pub rejected_count: i64,
    /// Rows that vanished upstream.
    pub deleted_count: i64,
    /// Rows that had vanished and returned; counted among the changed ones, too.
    pub revived_count: i64,
    /// Values of accepted records that could not be understood.
    pub unreadable_value_count: i64,
    /// Records that do not say when they were changed, or name a time yet to come.
    pub untimed_count: i64,
    /// How many records the upstream said there are, where it says so.
    pub announced_count: Option<i64>,
    pub retry_count: i64,
    pub byte_count: i64,
    pub duration_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
