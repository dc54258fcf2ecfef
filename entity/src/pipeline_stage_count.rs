//! How many leads and opportunities a stage has; derived when they are published.

use sea_orm::entity::prelude::*;

use crate::amount::Amount;
use crate::amount_sum::AmountSum;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, StageCountId, TenantId};

/// The totals of one stage.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_stage_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StageCountId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub stage: String,
    /// Place among the stages.
    pub position: Option<i32>,
    /// Percent.
    pub likelihood: Option<Amount>,
    pub is_active: bool,
    pub count: i64,
    /// Those with a value above zero.
    pub opportunity_count: i64,
    /// Sum of the deal sizes, see [`Model::value`].
    pub dollar_value: Amount,
    pub dollar_value_carry: i64,
    /// Sum of the deal sizes above zero, see [`Model::value_above_zero`].
    pub positive_value: Amount,
    pub positive_value_carry: i64,
}

impl Model {
    /// Sum of the deal sizes.
    pub fn value(&self) -> AmountSum {
        AmountSum::joined(self.dollar_value, self.dollar_value_carry)
    }

    /// Sum of the deal sizes above zero.
    pub fn value_above_zero(&self) -> AmountSum {
        AmountSum::joined(self.positive_value, self.positive_value_carry)
    }
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
