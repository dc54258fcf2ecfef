//! How many leads a source or a status has; derived from the leads when they are published.

use sea_orm::entity::prelude::*;

use crate::amount::Amount;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, LeadMetricId, TenantId};
use crate::text_enum::text_enum;

text_enum! {
    /// What leads are counted by.
    pub enum DimensionType: "dimension type" {
        /// Where the lead came from.
        Source = "source",
        /// The stage it is in.
        Status = "status",
    }
}

/// The leads of one source or status.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_metrics")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadMetricId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub dimension_type: DimensionType,
    /// The source's or the status's name.
    pub dimension_value: String,
    /// Place among the stages; statuses only.
    pub position: Option<i32>,
    pub leads: i64,
    pub qualified_leads: i64,
    pub clicks: Option<i64>,
    pub impressions: Option<i64>,
    pub cost: Option<Amount>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
