//! One account of one upstream that belongs to one tenant.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, TenantId};
use crate::source::Source;
use crate::text_enum::text_enum;

text_enum! {
    /// Whether a connection is synced.
    pub enum ConnectionStatus: "connection status" {
        /// Synced.
        Active = "active",
        /// Left alone by request.
        Paused = "paused",
        /// Left alone until someone sets credentials the upstream accepts.
        NeedsCredentials = "needs_credentials",
    }
}

/// One connection; source and name are unique within the tenant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConnectionId,
    pub tenant_id: TenantId,
    pub source: Source,
    /// Distinguishes several accounts of one upstream.
    pub name: String,
    /// The account's secrets, encrypted; none before they are set.
    #[sea_orm(column_type = "Blob", nullable)]
    pub credentials: Option<Vec<u8>>,
    /// Which key the credentials are encrypted with.
    pub credentials_key_id: Option<String>,
    /// Base URL, time zone, date window and streams; what is absent has its default.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub status: ConnectionStatus,
    /// Why the status is what it is, and what to do about it.
    pub status_reason: Option<String>,
    /// Grows whenever something visible changed.
    pub data_version: i64,
    /// Hash of the settings the derived numbers were last computed with.
    #[sea_orm(column_type = "Blob", nullable)]
    pub mapping_hash: Option<Vec<u8>>,
    /// End of the last run that published every stream it should have.
    pub last_success_at: Option<Timestamp>,
    /// Start of the last run, whatever became of it.
    pub last_attempt_at: Option<Timestamp>,
    /// Runs in a row that were no success.
    pub consecutive_failures: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
