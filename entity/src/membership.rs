//! What a person may do, in one tenant or in the whole agency.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{MembershipId, TenantId, UserId};
use crate::text_enum::text_enum;

text_enum! {
    /// What someone may do, from most to least.
    pub enum Role: "role" {
        /// Everything, in every tenant.
        AgencyAdmin = "agency_admin",
        /// Everything in one tenant.
        TenantAdmin = "tenant_admin",
        /// Reading in one tenant.
        TenantViewer = "tenant_viewer",
    }
}

/// One role of one person; a person has at most one a tenant, and one for the agency.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    pub user_id: UserId,
    /// The tenant, or none for the agency and so for every tenant.
    pub tenant_id: Option<TenantId>,
    pub role: Role,
    pub created_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();

impl Entity {
    /// Selects what `user` may do, everywhere.
    pub fn of_user(user: UserId) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user))
    }
}
