//! ClientTether's opportunities.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::amount::Amount;
use crate::finder::tenant_records;
use crate::id::{ConnectionId, RecordId, SnapshotId, SyncRunId, TenantId};

/// One opportunity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ct_opportunities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// The id the upstream gave it.
    pub upstream_id: String,
    /// The upstream id of the lead it is for.
    pub contact_id: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub lead_source: Option<String>,
    /// The sales cycle's name; `New Lead` where the upstream has none.
    pub stage: String,
    /// The upstream's code; prospects are `1`.
    pub contact_type: Option<String>,
    pub deal_size: Option<Amount>,
    /// Percent.
    pub likelihood: Option<Amount>,
    pub assigned_user: Option<String>,
    pub source_created_at: Option<Timestamp>,
    pub source_modified_at: Option<Timestamp>,
    /// The record as the upstream sent it, its exact JSON text.
    pub raw_json: String,
    /// SHA-256 that changes when the record does.
    #[sea_orm(column_type = "Blob")]
    pub content_hash: Vec<u8>,
    /// The answer this version was read from.
    pub snapshot_id: SnapshotId,
    /// The run that first saw the record.
    pub first_run_id: SyncRunId,
    /// The run that last changed this row.
    pub last_run_id: SyncRunId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When the record was found gone upstream; none while it exists.
    pub deleted_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_records!(crate::stream::Stream::Opportunities);
