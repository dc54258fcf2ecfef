//! What the opportunities of the rental upstream are worth.

use std::sync::Arc;

use engine::inspect;
use entity::Source;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::decimal::Decimal;
use crate::freshness::Freshness;
use crate::page::default_limit;
use crate::reading::Reading;
use crate::records::Opportunity;
use crate::state::State;

/// How many rental opportunities there are, and what they are worth.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct OpportunitiesDashboard {
    /// Opportunities.
    total: i64,
    /// Sum of their `chargeTotal`; one without it adds nothing.
    value: Decimal,
    /// By state, in the order of the numbers, those without one last.
    by_state: Vec<StateShare>,
    /// By status, in the order of the numbers, those without one last.
    by_status: Vec<StatusShare>,
    /// By the month in which they start, the earliest first, those without a start last.
    by_month: Vec<MonthShare>,
    /// Those that start next, from now on.
    upcoming: Vec<Opportunity>,
    /// How old the data is.
    freshness: Freshness,
}

/// The opportunities with one state.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct StateShare {
    /// What they are: 0 enquiry, 1 draft, 2 quotation, 3 order, or any other number that the upstream has; null where
    /// it is not known.
    state: Option<i32>,
    /// What the account calls it; null with the state.
    name: Option<String>,
    /// Opportunities.
    count: i64,
    /// Sum of their `chargeTotal`.
    value: Decimal,
}

/// The opportunities with one status.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct StatusShare {
    /// How far they are: 0 open, 1 provisional, 5 reserved, 20 active, 40 completed, 50 cancelled, 60 lost, 70 dead, 80
    /// postponed, or any other number that the upstream has; null where it is not known.
    status: Option<i32>,
    /// What the account calls it; null with the status.
    name: Option<String>,
    /// Opportunities.
    count: i64,
    /// Sum of their `chargeTotal`.
    value: Decimal,
}

/// The opportunities that start in one month.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct MonthShare {
    /// The month, of UTC; null for those without a start.
    month: Option<String>,
    /// Opportunities.
    count: i64,
    /// Sum of their `chargeTotal`.
    value: Decimal,
}

pub(crate) struct RentalApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl RentalApi {
    /// Sum up rental opportunities
    ///
    /// Enquiries, quotations and orders of Current RMS, whatever their state and status. The counts of `byState`, of
    /// `byStatus` and of `byMonth` each add up to `total`. `GET /api/opportunities` lists the opportunities behind each
    /// number. Those that are cancelled, lost or dead are not among the `upcoming` ones. What starts outside of the
    /// months that are loaded is not counted, though it may be known, since somebody has edited it upstream:
    /// `includeOutside=true` lists it, too. While a first load is under way the numbers are those of the months that
    /// have been read.
    #[oai(
        path = "/opportunities",
        method = "get",
        operation_id = "get_opportunities_dashboard"
    )]
    async fn opportunities(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many of the upcoming ones to show.
        #[oai(
            default = "default_limit::<10>",
            validator(minimum(value = "1"), maximum(value = "100"))
        )]
        limit: Query<u32>,
    ) -> Answer<Fetched<OpportunitiesDashboard>> {
        let reading = Reading::begin(&state, &viewer).await?;
        let (db, tenant) = (&reading.db, reading.tenant.id);
        let now = state.engine.clock.now();
        let numbers = inspect::rental_dashboard(db, tenant, now, limit.0.into()).await?;
        let freshness = reading.freshness(Source::CurrentRms).await?;
        Ok(Fetched(OpportunitiesDashboard::new(numbers, freshness)).into())
    }
}

impl OpportunitiesDashboard {
    fn new(numbers: inspect::RentalDashboard, freshness: Freshness) -> Self {
        let inspect::RentalDashboard {
            total,
            by_state,
            by_status,
            by_month,
            upcoming,
            windows,
        } = numbers;
        let shown = |row| Opportunity::new(row, &windows);
        Self {
            total: total.count,
            value: Decimal::total(total.value),
            by_state: by_state.into_iter().map(Into::into).collect(),
            by_status: by_status.into_iter().map(Into::into).collect(),
            by_month: by_month.into_iter().map(Into::into).collect(),
            upcoming: upcoming.into_iter().map(shown).collect(),
            freshness,
        }
    }
}

impl From<inspect::NumberShare> for StateShare {
    fn from(row: inspect::NumberShare) -> Self {
        Self {
            state: row.number,
            name: row.name,
            count: row.share.count,
            value: Decimal::total(row.share.value),
        }
    }
}

impl From<inspect::NumberShare> for StatusShare {
    fn from(row: inspect::NumberShare) -> Self {
        Self {
            status: row.number,
            name: row.name,
            count: row.share.count,
            value: Decimal::total(row.share.value),
        }
    }
}

impl From<inspect::MonthShare> for MonthShare {
    fn from(row: inspect::MonthShare) -> Self {
        Self {
            month: row.month,
            count: row.share.count,
            value: Decimal::total(row.share.value),
        }
    }
}
