//! The mapping that the published numbers of a connection were computed with: the settings may say something
//! else by now, and hold from the next publication on.

use sea_orm::entity::prelude::*;

use crate::finder::tenant_owned;
use crate::id::{ConnectionId, TenantId};

/// The mapping behind one connection's numbers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "published_mappings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// As in the tenant's settings.
    #[sea_orm(column_type = "JsonBinary")]
    pub mapping: Json,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
