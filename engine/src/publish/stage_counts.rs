//! How many opportunities each stage has, and what they are worth.

use std::collections::BTreeMap;

use entity::pipeline_stage_count::{ActiveModel, Column, Entity, Model};
use entity::{Amount, AmountSum, StageCountId, pipeline_stage_count};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
};

use super::aggregate::{first_position, query};
use super::stages::{StageBook, StageInfo};
use super::{CHUNK, Publication};
use crate::error::{Attempt, Result};

/// Sums are taken in halves: a whole one may be larger than the database can count.
#[derive(FromQueryResult)]
struct Group {
    stage: String,
    contact_type: Option<String>,
    count: i64,
    opportunity_count: i64,
    high: i64,
    low: i64,
    positive_high: i64,
    positive_low: i64,
}

/// The numbers of a stage.
#[derive(Debug, Default, PartialEq)]
struct StageCount {
    position: Option<i32>,
    likelihood: Option<Amount>,
    is_active: bool,
    count: i64,
    opportunity_count: i64,
    value: AmountSum,
    value_above_zero: AmountSum,
}

/// Brings the numbers of the stages up to date; tells whether any changed.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<bool> {
    let wanted = wanted(publication, tx, stages).await?;
    if stored(publication, tx).await? == wanted {
        return Ok(false);
    }
    let connection = publication.lease.connection;
    Entity::delete_many()
        .filter(
            pipeline_stage_count::COLUMN
                .tenant_id
                .eq(publication.lease.tenant),
        )
        .filter(Column::ConnectionId.eq(connection))
        .exec(tx)
        .await
        .attempt("write stage counts")?;
    let rows: Vec<_> = wanted
        .into_iter()
        .map(|(stage, count)| row(publication, stage, &count))
        .collect();
    for rows in rows.chunks(CHUNK) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await
            .attempt("write stage counts")?;
    }
    Ok(true)
}

async fn stored(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
) -> Result<BTreeMap<String, StageCount>> {
    let rows = Entity::owned_by(publication.lease.tenant)
        .filter(Column::ConnectionId.eq(publication.lease.connection))
        .all(tx)
        .await
        .attempt("read stage counts")?;
    let count = |row: Model| {
        let count = StageCount {
            position: row.position,
            likelihood: row.likelihood,
            is_active: row.is_active,
            count: row.count,
            opportunity_count: row.opportunity_count,
            value: row.value(),
            value_above_zero: row.value_above_zero(),
        };
        (row.stage, count)
    };
    Ok(rows.into_iter().map(count).collect())
}

fn row(publication: &Publication<'_>, stage: String, count: &StageCount) -> ActiveModel {
    let (dollar_value, dollar_value_carry) = count.value.split();
    let (positive_value, positive_value_carry) = count.value_above_zero.split();
    ActiveModel {
        id: Set(StageCountId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stage: Set(stage),
        position: Set(count.position),
        likelihood: Set(count.likelihood),
        is_active: Set(count.is_active),
        count: Set(count.count),
        opportunity_count: Set(count.opportunity_count),
        dollar_value: Set(dollar_value),
        dollar_value_carry: Set(dollar_value_carry),
        positive_value: Set(positive_value),
        positive_value_carry: Set(positive_value_carry),
    }
}

async fn wanted(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stages: &StageBook,
) -> Result<BTreeMap<String, StageCount>> {
    let mapping = &publication.settings.mapping;
    // Stages without opportunities are part of the pipeline, too.
    let mut counts: BTreeMap<String, StageCount> = BTreeMap::new();
    for (_, stage, info) in stages.of_prospects(mapping) {
        counts.entry(stage.to_owned()).or_default().describe(info);
    }
    for group in groups(publication, tx).await? {
        let contact_type = group.contact_type.as_deref().unwrap_or_default();
        if !mapping.is_prospect(contact_type) {
            continue;
        }
        let info = stages.get(contact_type, &group.stage);
        let counted = counts.entry(group.stage.clone()).or_default();
        counted.describe(&info);
        counted.add(&group);
    }
    Ok(counts)
}

async fn groups(publication: &Publication<'_>, tx: &DatabaseTransaction) -> Result<Vec<Group>> {
    const POSITIVE: &str = "CASE WHEN deal_size > 0 THEN deal_size ELSE 0 END";
    let half = AmountSum::HALF;
    let sum = |value: &str| format!("CAST(COALESCE(SUM({value}), 0) AS BIGINT)");
    let sql = format!(
        "SELECT stage, contact_type, COUNT(*) AS count, {count} AS opportunity_count, {high} AS high, {low} AS low, \
         {positive_high} AS positive_high, {positive_low} AS positive_low FROM ct_opportunities \
         WHERE tenant_id = $1 AND connection_id = $2 AND deleted_at IS NULL GROUP BY stage, contact_type",
        count = sum("CASE WHEN deal_size > 0 THEN 1 ELSE 0 END"),
        high = sum(&format!("deal_size / {half}")),
        low = sum(&format!("deal_size % {half}")),
        positive_high = sum(&format!("({POSITIVE}) / {half}")),
        positive_low = sum(&format!("({POSITIVE}) % {half}")),
    );
    query(publication, tx, &sql).await
}

impl StageCount {
    /// Notes what is known of the stage for one contact type.
    fn describe(&mut self, info: &StageInfo) {
        self.position = first_position(self.position, info.position);
        self.likelihood = self.likelihood.or(info.likelihood);
        self.is_active |= info.is_active;
    }

    fn add(&mut self, group: &Group) {
        self.count += group.count;
        self.opportunity_count += group.opportunity_count;
        self.value += AmountSum::of_halves(group.high, group.low);
        self.value_above_zero += AmountSum::of_halves(group.positive_high, group.positive_low);
    }
}
