//! The numbers of the dashboards in short.

use entity::{AmountSum, TenantId, hot_list_item};
use sea_orm::{ConnectionTrait, PaginatorTrait};
use serde::Serialize;

use super::dashboards::{StageNumbers, leads_dashboard, pipeline_dashboard};
use crate::error::{Attempt, Result};

/// The numbers of a tenant.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    /// Prospects.
    pub total_leads: i64,
    /// Prospects in a stage that counts as qualified.
    pub qualified_leads: i64,
    /// Sources that prospects came from.
    pub source_count: usize,
    /// Value of the prospects' opportunities in active stages.
    pub pipeline_value: AmountSum,
    /// Opportunities in active stages that have a value.
    pub valued_opportunity_count: i64,
    /// Opportunities on the hot list.
    pub hot_list_count: u64,
    /// The active stages in order.
    pub stages: Vec<StageNumbers>,
}

/// Loads the numbers of `tenant`.
pub(super) async fn load(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Numbers> {
    let leads = leads_dashboard(db, tenant).await?;
    let pipeline = pipeline_dashboard(db, tenant).await?;
    let hot_items = hot_list_item::Entity::owned_by(tenant);
    Ok(Numbers {
        total_leads: leads.total_leads,
        qualified_leads: leads.qualified_leads,
        source_count: leads.source_count(),
        pipeline_value: pipeline.total_value,
        valued_opportunity_count: pipeline.opportunity_count,
        hot_list_count: hot_items.count(db).await.attempt("count the hot list")?,
        stages: pipeline.stages,
    })
}
