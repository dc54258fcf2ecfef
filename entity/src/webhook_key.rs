//! A key in the address that an upstream sends its webhooks to.
//!
//! It stands for its connection. It is not stored, only a digest to recognise it by.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, TenantId, WebhookKeyId};

/// One key.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookKeyId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// SHA-256 of the key.
    #[sea_orm(unique, column_type = "Blob")]
    pub secret_hash: Vec<u8>,
    pub created_at: Timestamp,
    /// From then on the key is refused; none while it is current.
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();

impl Entity {
    /// Selects the key with this digest, of whichever tenant: it is what tells the tenant.
    pub fn with_digest(digest: &[u8; 32]) -> Select<Self> {
        Self::find().filter(Column::SecretHash.eq(digest.to_vec()))
    }
}
