//! Leads as the API shows them.

use engine::publish::{Rules, Subject};
use entity::lead;
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::freshness::Freshness;
use crate::moment::Moment;

/// A lead.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
#[expect(
    clippy::struct_field_names,
    reason = "the name of the API is `leadSource`"
)]
pub(super) struct Lead {
    /// The lead.
    id: Uuid,
    /// What the upstream calls it.
    upstream_id: String,
    /// The connection it came through.
    connection_id: Uuid,
    /// The number another system knows it by.
    external_id: Option<String>,
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// Company.
    company: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Phone number.
    phone: Option<String>,
    /// Where it came from.
    lead_source: Option<String>,
    /// The stage it is in; `New Lead` where the upstream has none.
    stage: String,
    /// The upstream's code of what kind of contact it is.
    contact_type: Option<String>,
    /// Whether it is of a kind that the dashboards count.
    is_prospect: bool,
    /// Whether the dashboards count it as qualified.
    is_qualified: bool,
    /// What it may be worth.
    deal_size: Option<Decimal>,
    /// Who looks after it.
    assigned_user: Option<String>,
    /// Free text about it.
    whiteboard: Option<String>,
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

/// A lead with everything that the upstream says of it.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct LeadDetail {
    /// The lead.
    #[oai(flatten)]
    lead: Lead,
    /// The record as the upstream sent it.
    raw: Any<Value>,
    /// How old the data is.
    freshness: Freshness,
}

impl LeadDetail {
    pub(super) fn new(row: lead::Model, rules: &Rules, freshness: Freshness) -> Self {
        let raw = serde_json::from_str(&row.raw_json).unwrap_or_default();
        Self {
            lead: Lead::new(row, rules),
            raw: Any(raw),
            freshness,
        }
    }
}

impl Lead {
    pub(super) fn new(row: lead::Model, rules: &Rules) -> Self {
        let subject = Subject {
            connection: row.connection_id,
            contact_type: row.contact_type.as_deref(),
            stage: &row.stage,
        };
        let (is_prospect, is_qualified) = (rules.is_prospect(subject), rules.is_qualified(subject));
        let lead::Model {
            id,
            tenant_id: _,
            connection_id,
            upstream_id,
            external_id,
            first_name,
            last_name,
            company,
            email,
            phone,
            lead_source,
            stage,
            contact_type,
            deal_size,
            assigned_user,
            whiteboard,
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
            external_id,
            first_name,
            last_name,
            company,
            email,
            phone,
            lead_source,
            stage,
            contact_type,
            is_prospect,
            is_qualified,
            deal_size: deal_size.map(Decimal::money),
            assigned_user,
            whiteboard,
            source_created_at: source_created_at.map(Moment),
            source_modified_at: source_modified_at.map(Moment),
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
            deleted_at: deleted_at.map(Moment),
        }
    }
}
