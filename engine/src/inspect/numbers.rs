//! The numbers of the dashboards, read from the aggregates.

use entity::lead_metric::{self, DimensionType};
use entity::{Amount, TenantId, hot_list_item, pipeline_stage_count};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use crate::database::Database;
use crate::error::{Attempt, Error, Result};

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
    pub pipeline_value: Amount,
    /// Opportunities in active stages that have a value.
    pub valued_opportunity_count: i64,
    /// Opportunities on the hot list.
    pub hot_list_count: u64,
    /// The active stages in order.
    pub stages: Vec<StageNumbers>,
}

/// The numbers of a stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageNumbers {
    /// Its name.
    pub stage: String,
    /// Place in the pipeline.
    pub position: Option<i32>,
    /// Opportunities in it.
    pub count: i64,
    /// Those that have a value.
    pub opportunity_count: i64,
    /// Sum of their values.
    pub value: Amount,
}

/// Loads the numbers of `tenant`.
pub(super) async fn load(database: &Database, tenant: TenantId) -> Result<Numbers> {
    let db = database.reader();
    let metrics = lead_metric::Entity::owned_by(tenant)
        .filter(lead_metric::COLUMN.dimension_type.eq(DimensionType::Source))
        .all(db)
        .await
        .attempt("read lead metrics")?;
    let rows = pipeline_stage_count::Entity::owned_by(tenant)
        .filter(pipeline_stage_count::COLUMN.is_active.eq(true))
        .order_by_asc(pipeline_stage_count::Column::Position)
        .all(db)
        .await
        .attempt("read stage counts")?;
    let mut numbers = Numbers {
        total_leads: metrics.iter().map(|row| row.leads).sum(),
        qualified_leads: metrics.iter().map(|row| row.qualified_leads).sum(),
        source_count: metrics.len(),
        hot_list_count: hot_list_item::Entity::owned_by(tenant)
            .count(db)
            .await
            .attempt("count the hot list")?,
        ..Numbers::default()
    };
    for row in rows {
        let sum = numbers.pipeline_value.checked_add(row.dollar_value);
        numbers.pipeline_value = sum
            .ok_or_else(|| Error::Internal("the value of the pipeline is too large".to_owned()))?;
        numbers.valued_opportunity_count += row.opportunity_count;
        numbers.stages.push(StageNumbers {
            stage: row.stage,
            position: row.position,
            count: row.count,
            opportunity_count: row.opportunity_count,
            value: row.dollar_value,
        });
    }
    Ok(numbers)
}
