//! The leads behind the numbers.

use std::sync::Arc;

use engine::inspect::{self, LeadFilter};
use engine::publish::Rules;
use entity::{RecordId, Source};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::lead::{Lead, LeadDetail};
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
    /// Leads, those that were first seen last first.
    LeadPage of Lead
}

pub(crate) struct LeadsApi;

#[OpenApi(prefix_path = "/api/leads", tag = "Tag::Records")]
#[expect(
    clippy::too_many_arguments,
    reason = "each is a parameter of the request"
)]
impl LeadsApi {
    /// List leads
    ///
    /// Without filters the `totalLeads` of the dashboard; `isQualified=true` gives its `qualifiedLeads`, `source`
    /// and `stage` give the lines of `bySource` and `byStatus`. A filter narrows the list, `include…` widens it.
    /// Those that were first seen last come first.
    #[oai(path = "/", method = "get", operation_id = "list_leads")]
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
        /// Only leads of this source, as the dashboard calls it; `(none)` for those without one.
        source: Query<Option<Name>>,
        /// Only leads in this stage, which the dashboard calls status.
        #[oai(name = "stage")]
        in_stage: Query<Option<Name>>,
        /// Only qualified leads, or only the others.
        #[oai(name = "isQualified")]
        is_qualified: Query<Option<bool>>,
        /// Only leads that contain this in name, company, e-mail address or phone number: literal text, ASCII
        /// letters in any case.
        search: Query<Option<Search>>,
        /// Only leads whose last change was seen here at this time or later.
        #[oai(name = "updatedSince")]
        updated_since: Query<Option<Moment>>,
        /// Contacts of other types, too.
        #[oai(default, name = "includeNonProspects")]
        include_non_prospects: Query<bool>,
        /// Leads that are gone upstream, too.
        #[oai(default, name = "includeDeleted")]
        include_deleted: Query<bool>,
    ) -> Answer<Fetched<LeadPage>> {
        let filter = LeadFilter {
            source: Literal::given(source.0),
            stage: Literal::given(in_stage.0),
            is_qualified: is_qualified.0,
            search: Literal::given(search.0),
            updated_since: updated_since.0.map(|since| since.0),
            include_non_prospects: include_non_prospects.0,
            include_deleted: include_deleted.0,
        };
        let wanted = Wanted {
            limit: limit.0,
            cursor: cursor.0,
            offset: 0,
        };
        Ok(Fetched(page(&state, &viewer, &filter, &wanted).await?).into())
    }

    /// Show a lead
    ///
    /// With everything that the upstream says of it. Also a lead that is gone upstream is shown, with the time it
    /// was found gone.
    #[oai(path = "/:id", method = "get", operation_id = "get_lead")]
    async fn show(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// The lead.
        id: Path<Uuid>,
    ) -> Answer<Fetched<LeadDetail>> {
        let id = RecordId::from_uuid(id.0);
        let reading = Reading::begin(&state, &viewer).await?;
        let row = inspect::find_lead(&reading.db, reading.tenant.id, id).await?;
        let rules = Rules::load(&reading.db, reading.tenant).await?;
        let freshness = reading.freshness(Source::ClientTether).await?;
        Ok(Fetched(LeadDetail::new(row, &rules, freshness)).into())
    }
}

async fn page(
    state: &State,
    viewer: &TenantViewer,
    filter: &LeadFilter,
    wanted: &Wanted,
) -> Result<LeadPage, ApiError> {
    let list = List::new("list_leads", viewer.tenant().id, filter);
    let query = wanted.query(&list)?;
    let reading = Reading::begin(state, viewer).await?;
    let rules = Rules::load(&reading.db, reading.tenant).await?;
    let part = inspect::list_leads(&reading.db, reading.tenant.id, &rules, filter, query).await?;
    let shown = wanted.show(&list, part, |row| row.id, |row| Lead::new(row, &rules));
    Ok(LeadPage::new(
        shown,
        reading.freshness(Source::ClientTether).await?,
    ))
}
