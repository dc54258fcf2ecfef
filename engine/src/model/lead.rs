//! A contact of the CRM, whatever its type.

use entity::{Amount, Timestamp};
use sea_orm::Value;

use super::{Kind, RecordTable};

/// A contact of the CRM, whatever its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// The number another system knows it by.
    pub external_id: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Company; some franchises keep the market here.
    pub company: Option<String>,
    /// E-mail address as the upstream has it.
    pub email: Option<String>,
    /// Phone number as the upstream has it.
    pub phone: Option<String>,
    /// Name of the lead source.
    pub lead_source: Option<String>,
    /// Name of the pipeline stage; [`super::NEW_LEAD`] for a blank one.
    pub stage: String,
    /// The upstream's code of the contact type.
    pub contact_type: Option<String>,
    /// Value of the deal; none when absent or unreadable.
    pub deal_size: Option<Amount>,
    /// Name of the person responsible.
    pub assigned_user: Option<String>,
    /// Free notes as plain text.
    pub whiteboard: Option<String>,
    /// When the upstream says it was made.
    pub source_created_at: Option<Timestamp>,
    /// When the upstream says it was last changed.
    pub source_modified_at: Option<Timestamp>,
}

impl Lead {
    pub(super) const TABLE: RecordTable = RecordTable::new(
        "ct_leads",
        &[
            ("external_id", Kind::Text),
            ("first_name", Kind::Text),
            ("last_name", Kind::Text),
            ("company", Kind::Text),
            ("email", Kind::Text),
            ("phone", Kind::Text),
            ("lead_source", Kind::Text),
            ("stage", Kind::Text),
            ("contact_type", Kind::Text),
            ("deal_size", Kind::Integer),
            ("assigned_user", Kind::Text),
            ("whiteboard", Kind::Text),
            ("source_created_at", Kind::Time),
            ("source_modified_at", Kind::Time),
        ],
    );

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
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
        } = self;
        vec![
            external_id.into(),
            first_name.into(),
            last_name.into(),
            company.into(),
            email.into(),
            phone.into(),
            lead_source.into(),
            stage.into(),
            contact_type.into(),
            deal_size.into(),
            assigned_user.into(),
            whiteboard.into(),
            source_created_at.into(),
            source_modified_at.into(),
        ]
    }
}
