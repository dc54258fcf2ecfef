//! The opportunities behind the numbers.

use std::sync::Arc;

use engine::inspect::{self, OpportunityFilter};
use engine::publish::Rules;
use entity::{RecordId, Source};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::opportunity::{PipelineOpportunity, PipelineOpportunityDetail};
use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::error::ApiError;
use crate::literal::{Literal, Name, Search};
use crate::moment::Moment;
use crate::page::{List, default_limit};
use crate::reading::{Reading, Wanted, data_page};
use crate::state::State;

data_page! {
    /// Opportunities, those that were first seen last first.
    PipelineOpportunityPage of PipelineOpportunity
}

pub(crate) struct OpportunitiesApi;

#[OpenApi(prefix_path = "/api/pipeline/opportunities", tag = "Tag::Records")]
#[expect(
    clippy::too_many_arguments,
    reason = "each is a parameter of the request"
)]
impl OpportunitiesApi {
    /// List opportunities
    ///
    /// Without filters those that the pipeline's stages count together; `stage` gives one line of them,
    /// `hasValue=true` its `opportunityCount`, `isHot=true` the hot list. A filter narrows the list, `include…`
    /// widens it. Those that were first seen last come first.
    #[oai(
        path = "/",
        method = "get",
        operation_id = "list_pipeline_opportunities"
    )]
    async fn list(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues the list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
        /// Only opportunities in this stage.
        #[oai(name = "stage")]
        in_stage: Query<Option<Name>>,
        /// Only opportunities whose deal size is above zero, or only the others.
        #[oai(name = "hasValue")]
        has_value: Query<Option<bool>>,
        /// Only opportunities on the hot list, or only the others.
        #[oai(name = "isHot")]
        is_hot: Query<Option<bool>>,
        /// Only opportunities that contain this in name or company: literal text, ASCII letters in any case.
        search: Query<Option<Search>>,
        /// Only opportunities whose last change was seen here at this time or later.
        #[oai(name = "updatedSince")]
        updated_since: Query<Option<Moment>>,
        /// Opportunities for contacts of other types, too.
        #[oai(default, name = "includeNonProspects")]
        include_non_prospects: Query<bool>,
        /// Opportunities in stages that are no part of the pipeline, too.
        #[oai(default, name = "includeInactiveStages")]
        include_inactive_stages: Query<bool>,
        /// Opportunities that are gone upstream, too.
        #[oai(default, name = "includeDeleted")]
        include_deleted: Query<bool>,
    ) -> Answer<Fetched<PipelineOpportunityPage>> {
        let filter = OpportunityFilter {
            stage: Literal::given(in_stage.0),
            has_value: has_value.0,
            is_hot: is_hot.0,
            search: Literal::given(search.0),
            updated_since: updated_since.0.map(|since| since.0),
            include_non_prospects: include_non_prospects.0,
            include_inactive_stages: include_inactive_stages.0,
            include_deleted: include_deleted.0,
        };
        let wanted = Wanted {
            limit: limit.0,
            cursor: cursor.0,
            offset: 0,
        };
        Ok(Fetched(page(&state, &viewer, &filter, &wanted).await?).into())
    }

    /// Show an opportunity
    ///
    /// With everything that the upstream says of it. Also an opportunity that is gone upstream is shown, with the
    /// time it was found gone.
    #[oai(
        path = "/:id",
        method = "get",
        operation_id = "get_pipeline_opportunity"
    )]
    async fn show(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// The opportunity.
        id: Path<Uuid>,
    ) -> Answer<Fetched<PipelineOpportunityDetail>> {
        let id = RecordId::from_uuid(id.0);
        let reading = Reading::begin(&state, &viewer).await?;
        let row = inspect::find_opportunity(&reading.db, reading.tenant.id, id).await?;
        let rules = Rules::load(&reading.db, reading.tenant).await?;
        let freshness = reading.freshness(Source::ClientTether).await?;
        Ok(Fetched(PipelineOpportunityDetail::new(row, &rules, freshness)).into())
    }
}

async fn page(
    state: &State,
    viewer: &TenantViewer,
    filter: &OpportunityFilter,
    wanted: &Wanted,
) -> Result<PipelineOpportunityPage, ApiError> {
    let list = List::new("list_pipeline_opportunities", viewer.tenant().id, filter);
    let query = wanted.query(&list)?;
    let reading = Reading::begin(state, viewer).await?;
    let rules = Rules::load(&reading.db, reading.tenant).await?;
    let (db, tenant) = (&reading.db, reading.tenant.id);
    let part = inspect::list_opportunities(db, tenant, &rules, filter, query).await?;
    let shown = wanted.show(
        &list,
        part,
        |row| row.id,
        |row| PipelineOpportunity::new(row, &rules),
    );
    Ok(PipelineOpportunityPage::new(
        shown,
        reading.freshness(Source::ClientTether).await?,
    ))
}
