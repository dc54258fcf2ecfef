//! The opportunities most likely to close; derived when they are published.

use sea_orm::entity::prelude::*;

use crate::amount::Amount;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, HotListItemId, RecordId, TenantId};

/// One likely opportunity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hot_list_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HotListItemId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// The row in `ct_opportunities`.
    #[sea_orm(unique)]
    pub opportunity_id: RecordId,
    pub candidate_name: Option<String>,
    pub market: Option<String>,
    pub units: Option<Amount>,
    /// Units times likelihood.
    pub weighted_units: Option<Amount>,
    /// Initial franchise fee: the deal size.
    pub iff: Option<Amount>,
    /// Fee times likelihood, rounded half to even at cents.
    pub weighted_iff: Option<Amount>,
    pub sales_lead: Option<String>,
    pub stage: String,
    /// Percent.
    pub likely_pct: Amount,
    /// The opportunity as the upstream sent it.
    pub raw_json: String,
    /// The opportunity's `content_hash` when the item was made of it.
    pub content_hash: Option<Vec<u8>>,
    /// The connection's `mapping_hash` then.
    pub mapping_hash: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
