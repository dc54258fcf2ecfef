//! Derives the numbers of the dashboards from the record tables, inside the publishing transaction.
//!
//! Everything is computed anew and only differences are written, so that an unchanged upstream changes
//! nothing here either.

use std::collections::BTreeMap;

use entity::lead_metric::{self, DimensionType};
use entity::{Amount, LeadMetricId, Source, StageCountId, pipeline_stage_count};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    FromQueryResult, QueryFilter, Statement,
};

use super::stages::{StageBook, StageInfo};
use super::{Publication, hot_list};
use crate::error::{Attempt, Error, Result};

/// What stands for "the upstream names none".
pub const NO_SOURCE: &str = "(none)";

#[derive(FromQueryResult)]
struct LeadGroup {
    stage: String,
    lead_source: Option<String>,
    contact_type: Option<String>,
    leads: i64,
}

#[derive(FromQueryResult)]
struct OpportunityGroup {
    stage: String,
    contact_type: Option<String>,
    count: i64,
    opportunity_count: i64,
    dollar_value: i64,
    positive_value: i64,
}

type MetricKey = (DimensionType, String);
type Metric = (Option<i32>, i64, i64);

/// Whether the dashboards' numbers derive from records of `source`.
pub(super) fn has_any(source: Source) -> bool {
    match source {
        Source::ClientTether => true,
        Source::CurrentRms => false,
    }
}

/// The numbers of a stage.
#[derive(Debug, Default, PartialEq)]
struct StageCount {
    position: Option<i32>,
    likelihood: Option<Amount>,
    is_active: bool,
    count: i64,
    opportunity_count: i64,
    dollar_value: i64,
    positive_value: i64,
}

/// Brings the aggregates of the connection up to date; tells whether anything changed.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
) -> Result<bool> {
    let stages =
        StageBook::load(tx, publication.lease.tenant, publication.lease.connection).await?;
    let metrics = refresh_lead_metrics(publication, tx, &stages).await?;
    let counts = refresh_stage_counts(publication, tx, &stages).await?;
    let hot_list = hot_list::refresh(publication, tx, &stages).await?;
    Ok(metrics || counts || hot_list)
}

async fn refresh_lead_metrics(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<bool> {
    let wanted = lead_metrics(publication, tx, stages).await?;
    let stored = lead_metric::Entity::owned_by(publication.lease.tenant)
        .filter(
            lead_metric::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .all(tx)
        .await
        .attempt("read lead metrics")?;
    let key = |row: &lead_metric::Model| (row.dimension_type, row.dimension_value.clone());
    let stored: BTreeMap<MetricKey, Metric> = stored
        .iter()
        .map(|row| (key(row), (row.position, row.leads, row.qualified_leads)))
        .collect();
    if stored == wanted {
        return Ok(false);
    }
    lead_metric::Entity::delete_many()
        .filter(lead_metric::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(
            lead_metric::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .exec(tx)
        .await
        .attempt("write lead metrics")?;
    let row = |((dimension_type, dimension_value), (position, leads, qualified_leads)): (
        MetricKey,
        Metric,
    )| lead_metric::ActiveModel {
        id: Set(LeadMetricId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        dimension_type: Set(dimension_type),
        dimension_value: Set(dimension_value),
        position: Set(position),
        leads: Set(leads),
        qualified_leads: Set(qualified_leads),
        // The CRM knows nothing of advertising.
        clicks: Set(None),
        impressions: Set(None),
        cost: Set(None),
    };
    if !wanted.is_empty() {
        lead_metric::Entity::insert_many(wanted.into_iter().map(row))
            .exec_without_returning(tx)
            .await
            .attempt("write lead metrics")?;
    }
    Ok(true)
}

async fn lead_metrics(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<BTreeMap<MetricKey, Metric>> {
    let mapping = &publication.settings.mapping;
    let groups: Vec<LeadGroup> = query(
        publication,
        tx,
        "SELECT stage, lead_source, contact_type, COUNT(*) AS leads FROM ct_leads \
         WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL GROUP BY stage, lead_source, contact_type",
    )
    .await?;
    let mut metrics = BTreeMap::new();
    for group in groups {
        let contact_type = group.contact_type.unwrap_or_default();
        if !mapping.is_prospect(&contact_type) {
            continue;
        }
        let info = stages.get(&contact_type, &group.stage);
        let qualified = if mapping.is_qualified(&group.stage, &info) {
            group.leads
        } else {
            0
        };
        let source = group.lead_source.unwrap_or_else(|| NO_SOURCE.to_owned());
        let dimensions = [
            (DimensionType::Source, source, None),
            (DimensionType::Status, group.stage, info.position),
        ];
        for (dimension, value, position) in dimensions {
            let metric: &mut Metric = metrics.entry((dimension, value)).or_default();
            metric.0 = first_position(metric.0, position);
            metric.1 += group.leads;
            metric.2 += qualified;
        }
    }
    Ok(metrics)
}

async fn refresh_stage_counts(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<bool> {
    let wanted = stage_counts(publication, tx, stages).await?;
    let stored = pipeline_stage_count::Entity::owned_by(publication.lease.tenant)
        .filter(
            pipeline_stage_count::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .all(tx)
        .await
        .attempt("read stage counts")?;
    let value = |row: &pipeline_stage_count::Model| StageCount {
        position: row.position,
        likelihood: row.likelihood,
        is_active: row.is_active,
        count: row.count,
        opportunity_count: row.opportunity_count,
        dollar_value: row.dollar_value.scaled(),
        positive_value: row.positive_value.scaled(),
    };
    let stored: BTreeMap<String, StageCount> = stored
        .iter()
        .map(|row| (row.stage.clone(), value(row)))
        .collect();
    if stored == wanted {
        return Ok(false);
    }
    pipeline_stage_count::Entity::delete_many()
        .filter(
            pipeline_stage_count::COLUMN
                .tenant_id
                .eq(publication.lease.tenant),
        )
        .filter(
            pipeline_stage_count::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .exec(tx)
        .await
        .attempt("write stage counts")?;
    let row = |(stage, count): (String, StageCount)| pipeline_stage_count::ActiveModel {
        id: Set(StageCountId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stage: Set(stage),
        position: Set(count.position),
        likelihood: Set(count.likelihood),
        is_active: Set(count.is_active),
        count: Set(count.count),
        opportunity_count: Set(count.opportunity_count),
        dollar_value: Set(Amount::from_scaled(count.dollar_value)),
        positive_value: Set(Amount::from_scaled(count.positive_value)),
    };
    if !wanted.is_empty() {
        pipeline_stage_count::Entity::insert_many(wanted.into_iter().map(row))
            .exec_without_returning(tx)
            .await
            .attempt("write stage counts")?;
    }
    Ok(true)
}

async fn stage_counts(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<BTreeMap<String, StageCount>> {
    let mapping = &publication.settings.mapping;
    let groups: Vec<OpportunityGroup> = query(
        publication,
        tx,
        "SELECT stage, contact_type, COUNT(*) AS count, \
         CAST(SUM(CASE WHEN deal_size > 0 THEN 1 ELSE 0 END) AS BIGINT) AS opportunity_count, \
         CAST(COALESCE(SUM(deal_size), 0) AS BIGINT) AS dollar_value, \
         CAST(COALESCE(SUM(CASE WHEN deal_size > 0 THEN deal_size END), 0) AS BIGINT) AS positive_value \
         FROM ct_opportunities \
         WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL GROUP BY stage, contact_type",
    )
    .await?;
    // Stages without opportunities are part of the pipeline, too.
    let mut counts: BTreeMap<String, StageCount> = BTreeMap::new();
    for (_, stage, info) in stages.of_prospects(mapping) {
        counts.entry(stage.to_owned()).or_default().describe(info);
    }
    for group in groups {
        let contact_type = group.contact_type.as_deref().unwrap_or_default();
        if !mapping.is_prospect(contact_type) {
            continue;
        }
        let info = stages.get(contact_type, &group.stage);
        let counted = counts.entry(group.stage.clone()).or_default();
        counted.describe(&info);
        counted.add(&group)?;
    }
    Ok(counts)
}

impl StageCount {
    /// Notes what is known of the stage for one contact type.
    fn describe(&mut self, info: &StageInfo) {
        self.position = first_position(self.position, info.position);
        self.likelihood = self.likelihood.or(info.likelihood);
        self.is_active |= info.is_active;
    }

    fn add(&mut self, group: &OpportunityGroup) -> Result<()> {
        let sum = |left: i64, right: i64| {
            left.checked_add(right)
                .ok_or_else(|| Error::Internal("the value of a stage is too large".to_owned()))
        };
        self.count += group.count;
        self.opportunity_count += group.opportunity_count;
        self.dollar_value = sum(self.dollar_value, group.dollar_value)?;
        self.positive_value = sum(self.positive_value, group.positive_value)?;
        Ok(())
    }
}

fn first_position(left: Option<i32>, right: Option<i32>) -> Option<i32> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

async fn query<T: FromQueryResult>(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    sql: &str,
) -> Result<Vec<T>> {
    let values = [
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
    ];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    T::find_by_statement(statement)
        .all(tx)
        .await
        .attempt("count records")
}
