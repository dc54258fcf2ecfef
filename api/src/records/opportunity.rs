//! Opportunities as the API shows them.

use engine::publish::{Rules, Subject};
use entity::opportunity;
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::freshness::Freshness;
use crate::moment::Moment;

/// An opportunity.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct PipelineOpportunity {
    /// The opportunity.
    id: Uuid,
    /// What the upstream calls it.
    upstream_id: String,
    /// The connection it came through.
    connection_id: Uuid,
    /// The `upstreamId` of the lead it is for.
    contact_id: Option<String>,
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// Company.
    company: Option<String>,
    /// Where it came from.
    lead_source: Option<String>,
    /// The stage it is in; `New Lead` where the upstream has none.
    stage: String,
    /// The upstream's code of what kind of contact it is for.
    contact_type: Option<String>,
    /// Whether it is for a contact of a kind that the dashboards count.
    is_prospect: bool,
    /// Whether its stage is part of the pipeline.
    is_active_stage: bool,
    /// Whether it is on the hot list.
    is_hot: bool,
    /// What it is worth.
    deal_size: Option<Decimal>,
    /// How likely it is to close, in percent, as the upstream says of this opportunity.
    likelihood: Option<Decimal>,
    /// Who looks after it.
    assigned_user: Option<String>,
    /// When it was made upstream.
    source_created_at: Option<Moment>,
    /// When it was changed upstream.
    source_modified_at: Option<Moment>,
    /// When it was first seen here.
    created_at: Moment,
    /// When its last change was seen here.
    updated_at: Moment,
    /// When it was found gone upstream; null while it is there.
    deleted_at: Option<Moment>,
}

/// An opportunity with everything that the upstream says of it.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct PipelineOpportunityDetail {
    /// The opportunity.
    #[oai(flatten)]
    opportunity: PipelineOpportunity,
    /// The record as the upstream sent it.
    raw: Any<Value>,
    /// How old the data is.
    freshness: Freshness,
}

impl PipelineOpportunityDetail {
    pub(super) fn new(row: opportunity::Model, rules: &Rules, freshness: Freshness) -> Self {
        let raw = serde_json::from_str(&row.raw_json).unwrap_or_default();
        Self {
            opportunity: PipelineOpportunity::new(row, rules),
            raw: Any(raw),
            freshness,
        }
    }
}

impl PipelineOpportunity {
    pub(super) fn new(row: opportunity::Model, rules: &Rules) -> Self {
        let subject = Subject {
            connection: row.connection_id,
            contact_type: row.contact_type.as_deref(),
            stage: &row.stage,
        };
        let is_prospect = rules.is_prospect(subject);
        let is_active_stage = rules.is_active(subject);
        let is_hot = row.deleted_at.is_none() && rules.is_hot(subject);
        let opportunity::Model {
            id,
            tenant_id: _,
            connection_id,
            upstream_id,
            contact_id,
            first_name,
            last_name,
            company,
            lead_source,
            stage,
            contact_type,
            deal_size,
            likelihood,
            assigned_user,
            source_created_at,
            source_modified_at,
            raw_json: _,
            content_hash: _,
            snapshot_id: _,
            first_run_id: _,
            last_run_id: _,
            created_at,
            updated_at,
            deleted_at,
        } = row;
        Self {
            id: id.as_uuid(),
            upstream_id,
            connection_id: connection_id.as_uuid(),
            contact_id,
            first_name,
            last_name,
            company,
            lead_source,
            stage,
            contact_type,
            is_prospect,
            is_active_stage,
            is_hot,
            deal_size: deal_size.map(Decimal::money),
            likelihood: likelihood.map(Decimal::number),
            assigned_user,
            source_created_at: source_created_at.map(Moment),
            source_modified_at: source_modified_at.map(Moment),
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
            deleted_at: deleted_at.map(Moment),
        }
    }
}
