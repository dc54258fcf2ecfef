//! ClientTether's notes about contacts.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_records;
use crate::id::{ConnectionId, RecordId, SnapshotId, SyncRunId, TenantId};

/// One note.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ct_notes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// `<contact id>/<note id>`, or `<contact id>/<content hash>` where the upstream gives no id.
    pub upstream_id: String,
    /// The upstream id of the lead it is about.
    pub contact_id: String,
    pub note_date: Option<Timestamp>,
    pub author: Option<String>,
    pub content: Option<String>,
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

tenant_records!(crate::stream::Stream::Notes);
