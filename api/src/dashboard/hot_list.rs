//! The opportunities most likely to close.

use std::sync::Arc;

use engine::inspect;
use entity::{Source, hot_list_item};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::decimal::Decimal;
use crate::page::{List, default_limit};
use crate::reading::{Reading, Wanted, data_page};
use crate::state::State;

/// A likely opportunity.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct HotListItem {
    /// Its place on the list.
    id: Uuid,
    /// The opportunity.
    opportunity_id: Uuid,
    /// First and last name, else the company.
    candidate_name: Option<String>,
    /// The market, as the tenant's settings say where to find it.
    market: Option<String>,
    /// Units, as the tenant's settings say where to find them.
    units: Option<Decimal>,
    /// Units times likelihood.
    weighted_units: Option<Decimal>,
    /// Initial franchise fee: the deal size.
    iff: Option<Decimal>,
    /// Fee times likelihood, rounded half to even at cents.
    weighted_iff: Option<Decimal>,
    /// The stage it is in.
    stage: String,
    /// How likely it is to close, in percent.
    likely_pct: Decimal,
    /// Who looks after it.
    sales_lead: Option<String>,
}

data_page! {
    /// The opportunities most likely to close.
    HotListPage of HotListItem
}

pub(crate) struct HotListApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl HotListApi {
    /// Show the hot list
    ///
    /// The largest weighted fee first, items without one last.
    #[oai(path = "/hot-list", method = "get", operation_id = "get_hot_list")]
    async fn hot_list(
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
    ) -> Answer<Fetched<HotListPage>> {
        let list = List::new("get_hot_list", viewer.tenant().id, &());
        let wanted = Wanted {
            limit: limit.0,
            cursor: cursor.0,
            offset: 0,
        };
        let query = wanted.query(&list)?;
        let reading = Reading::begin(&state, &viewer).await?;
        let part = inspect::list_hot_items(&reading.db, reading.tenant.id, query).await?;
        let shown = wanted.show(&list, part, |row| (row.weighted_iff, row.id), Into::into);
        Ok(Fetched(HotListPage::new(
            shown,
            reading.freshness(Source::ClientTether).await?,
        ))
        .into())
    }
}

impl From<hot_list_item::Model> for HotListItem {
    fn from(row: hot_list_item::Model) -> Self {
        Self {
            id: row.id.as_uuid(),
            opportunity_id: row.opportunity_id.as_uuid(),
            candidate_name: row.candidate_name,
            market: row.market,
            units: row.units.map(Decimal::number),
            weighted_units: row.weighted_units.map(Decimal::number),
            iff: row.iff.map(Decimal::money),
            weighted_iff: row.weighted_iff.map(Decimal::money),
            stage: row.stage,
            likely_pct: Decimal::number(row.likely_pct),
            sales_lead: row.sales_lead,
        }
    }
}
