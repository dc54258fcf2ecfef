//! How many leads there are, by source and by status.

use std::sync::Arc;

use engine::inspect;
use entity::Source;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::freshness::Freshness;
use crate::reading::Reading;
use crate::state::State;

/// How many leads there are.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct LeadsDashboard {
    /// Leads: contacts of a type that counts as prospect.
    total_leads: i64,
    /// Those in a stage that counts as qualified.
    qualified_leads: i64,
    /// Sources that they came from; `(none)` is not one.
    source_count: u64,
    /// By source, the one with the most leads first.
    by_source: Vec<SourceLeads>,
    /// By status, in the order of the pipeline.
    by_status: Vec<StatusLeads>,
    /// How old the data is.
    freshness: Freshness,
}

/// The leads of one source.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct SourceLeads {
    /// Its name; `(none)` stands for leads without one.
    source: String,
    /// Its leads.
    leads: i64,
    /// Those that are qualified.
    qualified_leads: i64,
}

/// The leads in one status.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct StatusLeads {
    /// Its name, that of a stage.
    status: String,
    /// Leads in it.
    leads: i64,
    /// Place in the pipeline; null for a stage that the upstream does not list.
    position: Option<i32>,
}

pub(crate) struct LeadsApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl LeadsApi {
    /// Count leads
    ///
    /// `GET /api/leads` lists the leads behind each number: all of them, those with `isQualified=true`, of a
    /// `source`, or in a `stage`.
    #[oai(path = "/leads", method = "get", operation_id = "get_leads_dashboard")]
    async fn leads(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
    ) -> Answer<Fetched<LeadsDashboard>> {
        let reading = Reading::begin(&state, &viewer).await?;
        let numbers = inspect::leads_dashboard(&reading.db, reading.tenant.id).await?;
        let freshness = reading.freshness(Source::ClientTether).await?;
        Ok(Fetched(LeadsDashboard::new(numbers, freshness)).into())
    }
}

impl LeadsDashboard {
    fn new(numbers: inspect::LeadsDashboard, freshness: Freshness) -> Self {
        let source_count = numbers.source_count() as u64;
        let inspect::LeadsDashboard {
            total_leads,
            qualified_leads,
            by_source,
            by_status,
        } = numbers;
        Self {
            total_leads,
            qualified_leads,
            source_count,
            by_source: by_source.into_iter().map(Into::into).collect(),
            by_status: by_status.into_iter().map(Into::into).collect(),
            freshness,
        }
    }
}

impl From<inspect::SourceLeads> for SourceLeads {
    fn from(numbers: inspect::SourceLeads) -> Self {
        let inspect::SourceLeads {
            source,
            leads,
            qualified_leads,
        } = numbers;
        Self {
            source,
            leads,
            qualified_leads,
        }
    }
}

impl From<inspect::StatusLeads> for StatusLeads {
    fn from(numbers: inspect::StatusLeads) -> Self {
        let inspect::StatusLeads {
            status,
            leads,
            position,
        } = numbers;
        Self {
            status,
            leads,
            position,
        }
    }
}
