//! How many leads each source and each status has.

use std::collections::BTreeMap;

use entity::lead_metric::{ActiveModel, Column, DimensionType, Entity, Model};
use entity::{LeadMetricId, lead_metric};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
};

use super::aggregate::{first_position, query};
use super::stages::StageBook;
use super::{CHUNK, Publication};
use crate::error::{Attempt, Result};

/// What stands for "the upstream names none".
pub const NO_SOURCE: &str = "(none)";

#[derive(FromQueryResult)]
struct Group {
    stage: String,
    lead_source: Option<String>,
    contact_type: Option<String>,
    leads: i64,
}

type Key = (DimensionType, String);

/// The numbers of a source or status.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Metric {
    position: Option<i32>,
    leads: i64,
    qualified_leads: i64,
}

/// Brings the numbers of leads up to date; tells whether any changed.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<bool> {
    let wanted = wanted(publication, tx, stages).await?;
    if stored(publication, tx).await? == wanted {
        return Ok(false);
    }
    Entity::delete_many()
        .filter(lead_metric::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(Column::ConnectionId.eq(publication.lease.connection))
        .exec(tx)
        .await
        .attempt("write lead metrics")?;
    let rows: Vec<_> = wanted
        .into_iter()
        .map(|(key, metric)| row(publication, key, metric))
        .collect();
    for rows in rows.chunks(CHUNK) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await
            .attempt("write lead metrics")?;
    }
    Ok(true)
}

async fn stored(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
) -> Result<BTreeMap<Key, Metric>> {
    let rows = Entity::owned_by(publication.lease.tenant)
        .filter(Column::ConnectionId.eq(publication.lease.connection))
        .all(tx)
        .await
        .attempt("read lead metrics")?;
    let metric = |row: Model| {
        let metric = Metric {
            position: row.position,
            leads: row.leads,
            qualified_leads: row.qualified_leads,
        };
        ((row.dimension_type, row.dimension_value), metric)
    };
    Ok(rows.into_iter().map(metric).collect())
}

fn row(publication: &Publication<'_>, key: Key, metric: Metric) -> ActiveModel {
    let (dimension_type, dimension_value) = key;
    ActiveModel {
        id: Set(LeadMetricId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        dimension_type: Set(dimension_type),
        dimension_value: Set(dimension_value),
        position: Set(metric.position),
        leads: Set(metric.leads),
        qualified_leads: Set(metric.qualified_leads),
        // The CRM knows nothing of advertising.
        clicks: Set(None),
        impressions: Set(None),
        cost: Set(None),
    }
}

async fn wanted(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<BTreeMap<Key, Metric>> {
    let mapping = &publication.settings.mapping;
    let groups: Vec<Group> = query(
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
        let is_qualified = mapping.is_qualified(&group.stage, &info);
        let source = group.lead_source.unwrap_or_else(|| NO_SOURCE.to_owned());
        let dimensions = [
            (DimensionType::Source, source, None),
            (DimensionType::Status, group.stage, info.position),
        ];
        for (dimension, value, position) in dimensions {
            let metric: &mut Metric = metrics.entry((dimension, value)).or_default();
            metric.position = first_position(metric.position, position);
            metric.leads += group.leads;
            metric.qualified_leads += if is_qualified { group.leads } else { 0 };
        }
    }
    Ok(metrics)
}
