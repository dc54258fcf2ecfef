//! A customer of the agency, the owner of everything else.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::id::TenantId;
use crate::text_enum::text_enum;

text_enum! {
    /// Whether a tenant is synced and can be read.
    pub enum TenantStatus: "tenant status" {
        /// Synced and readable.
        Active = "active",
        /// Readable, not synced.
        Paused = "paused",
        /// Neither synced nor readable; kept.
        Archived = "archived",
    }
}

/// One tenant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    /// Short name for command lines and URLs.
    #[sea_orm(unique)]
    pub slug: String,
    pub name: String,
    /// IANA name of the zone the tenant's people think in.
    pub time_zone: String,
    pub status: TenantStatus,
    /// Freshness threshold, field mapping and brake limits; what is absent has its default.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
