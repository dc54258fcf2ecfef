//! When each part of a stream was last read whole.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, CoverageId, SyncRunId, TenantId};
use crate::stream::Stream;

/// The last whole read of one slice.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "coverage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CoverageId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub stream: Stream,
    /// The part's boundary: the whole list, a date window, one record.
    pub slice: String,
    pub read_at: Timestamp,
    pub run_id: SyncRunId,
    pub record_count: i64,
    /// How many records the upstream said there are, where it says so.
    pub announced_count: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
