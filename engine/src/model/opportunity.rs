//! A chance to sell something to a contact.

use entity::{Amount, Timestamp};
use sea_orm::Value;

use super::{Kind, RecordTable};

/// A chance to sell something to a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Opportunity {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// Upstream id of the contact, where the upstream tells it.
    pub contact_id: Option<String>,
    /// Given name of the contact.
    pub first_name: Option<String>,
    /// Family name of the contact.
    pub last_name: Option<String>,
    /// Company of the contact.
    pub company: Option<String>,
    /// Name of the lead source.
    pub lead_source: Option<String>,
    /// Name of the pipeline stage; [`super::NEW_LEAD`] for a blank one.
    pub stage: String,
    /// The upstream's code of the contact type.
    pub contact_type: Option<String>,
    /// Value of the deal; none when absent or unreadable.
    pub deal_size: Option<Amount>,
    /// Percent given on the record itself, where the upstream tells it.
    pub likelihood: Option<Amount>,
    /// Name of the person responsible.
    pub assigned_user: Option<String>,
    /// When the upstream says it was made.
    pub source_created_at: Option<Timestamp>,
    /// When the upstream says it was last changed.
    pub source_modified_at: Option<Timestamp>,
}

impl Opportunity {
    pub(super) const TABLE: RecordTable = RecordTable::new(
        "ct_opportunities",
        &[
            ("contact_id", Kind::Text),
            ("first_name", Kind::Text),
            ("last_name", Kind::Text),
            ("company", Kind::Text),
            ("lead_source", Kind::Text),
            ("stage", Kind::Text),
            ("contact_type", Kind::Text),
            ("deal_size", Kind::Integer),
            ("likelihood", Kind::Integer),
            ("assigned_user", Kind::Text),
            ("source_created_at", Kind::Time),
            ("source_modified_at", Kind::Time),
        ],
    );

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
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
        } = self;
        vec![
            contact_id.into(),
            first_name.into(),
            last_name.into(),
            company.into(),
            lead_source.into(),
            stage.into(),
            contact_type.into(),
            deal_size.into(),
            likelihood.into(),
            assigned_user.into(),
            source_created_at.into(),
            source_modified_at.into(),
        ]
    }
}
