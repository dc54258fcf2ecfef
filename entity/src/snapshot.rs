//! One upstream answer kept byte for byte, and the request that got it.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SnapshotId, SyncRunId, TenantId};
use crate::stream::Stream;

/// One answer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ct_raw_snapshots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SnapshotId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub run_id: SyncRunId,
    pub stream: Stream,
    /// The part of the stream the answer belongs to.
    pub slice: String,
    /// Which reading of the slice it belongs to: 1, or 2 where rows moved and the run read it again. A run that is
    /// carried on after its worker vanished counts on from a higher number.
    pub walk: i32,
    /// 0-based place of the answer within its walk.
    pub position: i32,
    pub endpoint: String,
    /// The request's parameters, without secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub parameters: Json,
    pub http_status: i32,
    pub fetched_at: Timestamp,
    pub duration_ms: i64,
    pub record_count: i64,
    /// The body's place in `raw_payloads`.
    #[sea_orm(column_type = "Blob")]
    pub payload_hash: Vec<u8>,
    /// When it became part of the last whole reading of its slice; none when what it belongs to was not published.
    pub proven_at: Option<Timestamp>,
    /// When another answer took its place, or its place was gone. Until then later readings that brought the same bytes
    /// stored nothing.
    pub superseded_at: Option<Timestamp>,
    /// The run that found that out.
    pub superseded_by: Option<SyncRunId>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        u16::try_from(self.http_status).unwrap_or_default()
    }
}

tenant_owned!();

impl Entity {
    /// Selects what the last whole readings of the slices of `tenant` brought.
    pub fn current(tenant: TenantId) -> Select<Self> {
        Self::owned_by(tenant)
            .filter(Column::ProvenAt.is_not_null())
            .filter(Column::SupersededAt.is_null())
    }
}
