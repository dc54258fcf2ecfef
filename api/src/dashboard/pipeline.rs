//! What the pipeline is worth, stage by stage.

use std::sync::Arc;

use engine::inspect;
use entity::Source;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::decimal::Decimal;
use crate::freshness::Freshness;
use crate::reading::Reading;
use crate::state::State;

/// What the pipeline is worth.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct PipelineDashboard {
    /// Sum of the deal sizes.
    total_value: Decimal,
    /// Stages of the pipeline.
    stage_count: u64,
    /// Opportunities whose deal size is above zero.
    opportunity_count: i64,
    /// Average deal size of these, rounded half to even at cents; null where there are none.
    average_deal_size: Option<Decimal>,
    /// The stages, in order.
    stages: Vec<PipelineStage>,
    /// How old the data is.
    freshness: Freshness,
}

/// A stage of the pipeline.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct PipelineStage {
    /// Its name.
    stage: String,
    /// Place in the pipeline; null for a stage that the upstream does not list.
    position: Option<i32>,
    /// Opportunities in it.
    count: i64,
    /// Those whose deal size is above zero.
    opportunity_count: i64,
    /// Sum of the deal sizes.
    value: Decimal,
    /// How likely they are to close, in percent; null where the upstream does not say.
    likelihood: Option<Decimal>,
}

pub(crate) struct PipelineApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl PipelineApi {
    /// Sum up the pipeline
    ///
    /// Prospects' opportunities in active stages. `GET /api/pipeline/opportunities` lists the opportunities
    /// behind each number: all of them, those in a `stage`, or those with `hasValue=true`.
    #[oai(
        path = "/pipeline",
        method = "get",
        operation_id = "get_pipeline_dashboard"
    )]
    async fn pipeline(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
    ) -> Answer<Fetched<PipelineDashboard>> {
        let reading = Reading::begin(&state, &viewer).await?;
        let numbers = inspect::pipeline_dashboard(&reading.db, reading.tenant.id).await?;
        let freshness = reading.freshness(Source::ClientTether).await?;
        Ok(Fetched(PipelineDashboard::new(numbers, freshness)).into())
    }
}

impl PipelineDashboard {
    fn new(numbers: inspect::PipelineDashboard, freshness: Freshness) -> Self {
        let inspect::PipelineDashboard {
            total_value,
            opportunity_count,
            average_deal_size,
            stages,
        } = numbers;
        Self {
            total_value: Decimal::total(total_value),
            stage_count: stages.len() as u64,
            opportunity_count,
            average_deal_size: average_deal_size.map(Decimal::money),
            stages: stages.into_iter().map(Into::into).collect(),
            freshness,
        }
    }
}

impl From<inspect::StageNumbers> for PipelineStage {
    fn from(numbers: inspect::StageNumbers) -> Self {
        let inspect::StageNumbers {
            stage,
            position,
            count,
            opportunity_count,
            value,
            likelihood,
        } = numbers;
        Self {
            stage,
            position,
            count,
            opportunity_count,
            value: Decimal::total(value),
            likelihood: likelihood.map(Decimal::number),
        }
    }
}
