//! Upstream answers that were refused, broken or not understood, kept for a while to find out why.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SyncRunId, TenantId, UnusableAnswerId};

/// One answer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unusable_answers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnusableAnswerId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// The run that asked; it may have been forgotten.
    pub run_id: SyncRunId,
    pub endpoint: String,
    /// The request's parameters, without secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub parameters: Json,
    pub http_status: i32,
    /// What is wrong with it; a sentence without data of the upstream.
    pub reason: String,
    pub received_at: Timestamp,
    /// How many bytes had arrived.
    pub body_size: i64,
    /// The first of them, compressed with zstd, without credentials of ours that they may repeat.
    #[sea_orm(column_type = "Blob")]
    pub body: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
