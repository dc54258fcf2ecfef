//! Upstream records that could not be normalized, so that none is lost silently.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, RejectId, SnapshotId, SyncRunId, TenantId};
use crate::stream::Stream;
use crate::text_enum::text_enum;

text_enum! {
    /// Why a record could not be normalized.
    pub enum RejectReason: "reject reason" {
        /// It is no JSON object.
        NotAnObject = "not_an_object",
        /// It has no id.
        MissingId = "missing_id",
        /// Its id is neither text nor a number.
        InvalidId = "invalid_id",
    }
}

/// One rejected record.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rejected_records")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RejectId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub stream: Stream,
    pub upstream_id: Option<String>,
    /// SHA-256 of the record's bytes: the same record rejected again is the same row.
    #[sea_orm(column_type = "Blob")]
    pub fingerprint: Vec<u8>,
    pub reason: RejectReason,
    /// The reason for people, without data of the record.
    pub sentence: String,
    /// The answer that holds the record.
    pub snapshot_id: SnapshotId,
    /// 0-based place of the record in that answer.
    pub position: i32,
    pub first_run_id: SyncRunId,
    pub last_run_id: SyncRunId,
    pub created_at: Timestamp,
    /// When the record was accepted or gone; none while it is a problem.
    pub resolved_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
