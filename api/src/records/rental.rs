//! The opportunities behind the numbers of the rental upstream.

use std::sync::Arc;

use engine::inspect::{self, LoadedWindows, RentalOpportunityFilter};
use entity::{RecordId, Source};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::rental_opportunity::{Opportunity, OpportunityDetail};
use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::error::{ApiError, Code};
use crate::literal::{Literal, Name, Search};
use crate::moment::Moment;
use crate::numbers::Numbers;
use crate::page::{List, default_limit};
use crate::reading::{Reading, Wanted, data_page};
use crate::state::State;

data_page! {
    /// Opportunities, those that were first seen last first.
    OpportunityPage of Opportunity
}

pub(crate) struct RentalApi;

#[OpenApi(prefix_path = "/api/opportunities", tag = "Tag::Records")]
#[expect(
    clippy::too_many_arguments,
    reason = "each is a parameter of the request"
)]
impl RentalApi {
    /// List rental opportunities
    ///
    /// Enquiries, quotations and orders of Current RMS. Without filters the `total` of the dashboard; `state` and
    /// `status` give the lines of `byState` and `byStatus`, `startsFrom` and `startsTo` those of `byMonth`,
    /// `hasStart=false` the one without a month. A filter narrows the list, `include…` widens it. Those that were
    /// first seen last come first.
    #[oai(path = "/", method = "get", operation_id = "list_opportunities")]
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
        /// Only opportunities with one of these states, separated by commas: 0 enquiry, 1 draft, 2 quotation, 3 order,
        /// any other number, or `none` where the state is not known.
        #[oai(name = "state")]
        in_state: Query<Option<Numbers>>,
        /// Only opportunities with one of these statuses, separated by commas: 0 open, 1 provisional, 5 reserved, 20
        /// active, 40 completed, 50 cancelled, 60 lost, 70 dead, 80 postponed, any other number, or `none` where the
        /// status is not known.
        #[oai(name = "status")]
        in_status: Query<Option<Numbers>>,
        /// Only opportunities that start at this time or later.
        #[oai(name = "startsFrom")]
        starts_from: Query<Option<Moment>>,
        /// Only opportunities that start before this time.
        #[oai(name = "startsTo")]
        starts_to: Query<Option<Moment>>,
        /// Only opportunities with a start, or only the others.
        #[oai(name = "hasStart")]
        has_start: Query<Option<bool>>,
        /// Only opportunities for this customer: the whole `memberId` or `memberName`.
        organisation: Query<Option<Name>>,
        /// Only opportunities that contain this in subject, number, or the name of customer or venue: literal text,
        /// ASCII letters in any case.
        search: Query<Option<Search>>,
        /// Only opportunities whose last change was seen here at this time or later.
        #[oai(name = "updatedSince")]
        updated_since: Query<Option<Moment>>,
        /// Opportunities that start outside of the months that are loaded, too: somebody has edited them upstream.
        #[oai(default, name = "includeOutside")]
        include_outside: Query<bool>,
        /// Opportunities that are gone upstream, too.
        #[oai(default, name = "includeDeleted")]
        include_deleted: Query<bool>,
    ) -> Answer<Fetched<OpportunityPage>> {
        let filter = RentalOpportunityFilter {
            states: Numbers::given(in_state.0),
            statuses: Numbers::given(in_status.0),
            starts_from: starts_from.0.map(|from| from.0),
            starts_to: starts_to.0.map(|to| to.0),
            has_start: has_start.0,
            organisation: Literal::given(organisation.0),
            search: Literal::given(search.0),
            updated_since: updated_since.0.map(|since| since.0),
            include_outside: include_outside.0,
            include_deleted: include_deleted.0,
        };
        let wanted = Wanted {
            limit: limit.0,
            cursor: cursor.0,
            offset: 0,
        };
        Ok(Fetched(page(&state, &viewer, &filter, &wanted).await?).into())
    }

    /// Show a rental opportunity
    ///
    /// With everything that the upstream says of it. Also an opportunity that is gone upstream is shown, with the
    /// time it was found gone.
    #[oai(path = "/:id", method = "get", operation_id = "get_opportunity")]
    async fn show(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// The opportunity.
        id: Path<Uuid>,
    ) -> Answer<Fetched<OpportunityDetail>> {
        let id = RecordId::from_uuid(id.0);
        let reading = Reading::begin(&state, &viewer).await?;
        let row = inspect::find_rental_opportunity(&reading.db, reading.tenant.id, id).await?;
        let windows = LoadedWindows::load(&reading.db, reading.tenant.id).await?;
        let freshness = reading.freshness(Source::CurrentRms).await?;
        let opportunity = OpportunityDetail::new(row, &windows, freshness);
        Ok(Fetched(opportunity).into())
    }
}

async fn page(
    state: &State,
    viewer: &TenantViewer,
    filter: &RentalOpportunityFilter,
    wanted: &Wanted,
) -> Result<OpportunityPage, ApiError> {
    if filter
        .starts_from
        .zip(filter.starts_to)
        .is_some_and(|(from, to)| from > to)
    {
        let detail = "`startsTo`: must not be before `startsFrom`";
        return Err(ApiError::new(Code::InvalidParameter, detail));
    }
    let list = List::new("list_opportunities", viewer.tenant().id, filter);
    let query = wanted.query(&list)?;
    let reading = Reading::begin(state, viewer).await?;
    let (db, tenant) = (&reading.db, reading.tenant.id);
    let windows = LoadedWindows::load(db, tenant).await?;
    let part = inspect::list_rental_opportunities(db, tenant, &windows, filter, query).await?;
    let show = |row| Opportunity::new(row, &windows);
    let shown = wanted.show(&list, part, |row| row.id, show);
    let freshness = reading.freshness(Source::CurrentRms).await?;
    Ok(OpportunityPage::new(shown, freshness))
}
