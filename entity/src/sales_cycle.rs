//! ClientTether's sales cycles: the stages of its pipelines.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::amount::Amount;
use crate::finder::tenant_records;
use crate::id::{ConnectionId, RecordId, SnapshotId, SyncRunId, TenantId};

/// One stage.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ct_sales_cycles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// The id the upstream gave it.
    pub upstream_id: String,
    pub name: String,
    /// Place among the stages, in the upstream's order.
    pub position: Option<i32>,
    pub is_active: bool,
    /// Percent.
    pub likelihood_to_close: Option<Amount>,
    /// The code of the contact type the stage is for.
    pub contact_type: Option<String>,
    pub contact_type_name: Option<String>,
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

tenant_records!(crate::stream::Stream::SalesCycles);
