//! Who did what to which object, kept even when the object or its tenant is gone.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{AuditId, TenantId};
use crate::text_enum::text_enum;

text_enum! {
    /// The door an action came through.
    pub enum Via: "way in" {
        /// The command line.
        Cli = "cli",
        /// The HTTP service.
        Api = "api",
    }
}

/// One action.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    /// The tenant concerned; none for what concerns the agency.
    pub tenant_id: Option<TenantId>,
    pub actor: String,
    pub via: Via,
    /// A verb, such as `pause`.
    pub action: String,
    pub object_type: String,
    pub object_id: String,
    /// What changed, without secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Json,
    pub created_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
