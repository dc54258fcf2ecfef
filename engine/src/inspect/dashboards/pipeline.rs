//! What the pipeline is worth, stage by stage.

use std::collections::BTreeMap;

use entity::pipeline_stage_count::{self, Column, Model as StageCount};
use entity::{Amount, AmountSum, TenantId};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use super::{by_position, first_position};
use crate::error::{Attempt, Result};

/// The numbers of the pipeline: prospects' opportunities in active stages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipelineDashboard {
    /// Sum of the deal sizes.
    pub total_value: AmountSum,
    /// Opportunities whose value is above zero.
    pub opportunity_count: i64,
    /// Average value of these, rounded half to even at cents; none where there are none.
    pub average_deal_size: Option<Amount>,
    /// The active stages, in order.
    pub stages: Vec<StageNumbers>,
}

/// The numbers of a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageNumbers {
    /// Its name.
    pub stage: String,
    /// Place in the pipeline; none for a stage that the upstream does not list.
    pub position: Option<i32>,
    /// Opportunities in it.
    pub count: i64,
    /// Those whose value is above zero.
    pub opportunity_count: i64,
    /// Sum of the deal sizes.
    pub value: AmountSum,
    /// Percent, where the upstream tells it.
    #[serde(skip)]
    pub likelihood: Option<Amount>,
}

/// Loads the numbers of `tenant`'s pipeline.
pub async fn pipeline_dashboard(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<PipelineDashboard> {
    let counts = pipeline_stage_count::Entity::owned_by(tenant)
        .filter(Column::IsActive.eq(true))
        .order_by_asc(Column::ConnectionId)
        .all(db)
        .await
        .attempt("read stage counts")?;
    let opportunity_count = counts.iter().map(|row| row.opportunity_count).sum();
    let value_above_zero: AmountSum = counts.iter().map(StageCount::value_above_zero).sum();
    Ok(PipelineDashboard {
        total_value: counts.iter().map(StageCount::value).sum(),
        opportunity_count,
        average_deal_size: value_above_zero.divided_by(opportunity_count),
        stages: stages(counts),
    })
}

fn stages(counts: Vec<StageCount>) -> Vec<StageNumbers> {
    let mut stages: BTreeMap<String, StageNumbers> = BTreeMap::new();
    for row in counts {
        let value = row.value();
        let stage = stages.entry(row.stage).or_default();
        stage.position = first_position(stage.position, row.position);
        stage.count += row.count;
        stage.opportunity_count += row.opportunity_count;
        stage.value += value;
        stage.likelihood = stage.likelihood.or(row.likelihood);
    }
    let named = |(name, numbers)| StageNumbers {
        stage: name,
        ..numbers
    };
    let mut stages: Vec<_> = stages.into_iter().map(named).collect();
    stages.sort_by(|left, right| {
        by_position((left.position, &left.stage), (right.position, &right.stage))
    });
    stages
}

#[cfg(test)]
mod tests {
    use entity::{ConnectionId, StageCountId};
    use uuid::Uuid;

    use super::*;

    fn count(stage: &str, likelihood: Option<i64>, value: i64) -> StageCount {
        StageCount {
            id: StageCountId::from_uuid(Uuid::nil()),
            tenant_id: TenantId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::nil()),
            stage: stage.to_owned(),
            position: Some(3),
            likelihood: likelihood.map(Amount::from_scaled),
            is_active: true,
            count: 2,
            opportunity_count: 1,
            dollar_value: Amount::from_scaled(value),
            dollar_value_carry: 0,
            positive_value: Amount::from_scaled(value),
            positive_value_carry: 0,
        }
    }

    #[test]
    fn a_stage_of_several_connections_is_one() {
        let counts = vec![
            count("Won", None, 5),
            count("Lost", None, 1),
            count("Won", Some(7), 6),
        ];
        let stages = stages(counts);
        let won = &stages[1];
        assert_eq!(
            (&*won.stage, won.count, won.opportunity_count),
            ("Won", 4, 2)
        );
        assert_eq!(won.value, Amount::from_scaled(11).into());
        assert_eq!(won.likelihood, Some(Amount::from_scaled(7)));
    }

    #[test]
    fn a_sum_may_be_more_than_an_amount() {
        let stages = stages(vec![count("Won", None, i64::MAX), count("Won", None, 1)]);
        let most = AmountSum::from(Amount::from_scaled(i64::MAX));
        assert_eq!(stages[0].value, most + Amount::from_scaled(1).into());
    }
}
