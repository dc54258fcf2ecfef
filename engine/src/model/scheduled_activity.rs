//! Something planned with a contact.

use entity::Timestamp;
use sea_orm::Value;

use super::{BoundaryColumn, Kind, RecordTable};

/// Something planned with a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledActivity {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// Kind, as the upstream names it.
    pub activity_type: Option<String>,
    /// When it is planned for.
    pub scheduled_at: Option<Timestamp>,
    /// Upstream id of the contact.
    pub contact_id: Option<String>,
    /// Name of the contact.
    pub contact_name: Option<String>,
    /// What it is about, as plain text.
    pub description: Option<String>,
    /// State, as the upstream names it.
    pub status: Option<String>,
}

impl ScheduledActivity {
    pub(super) const TABLE: RecordTable = RecordTable::new(
        "ct_scheduled_activities",
        &[
            ("activity_type", Kind::Text),
            ("scheduled_at", Kind::Time),
            ("contact_id", Kind::Text),
            ("contact_name", Kind::Text),
            ("description", Kind::Text),
            ("status", Kind::Text),
        ],
    )
    .sliced_by(BoundaryColumn::Time("scheduled_at"));

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
            activity_type,
            scheduled_at,
            contact_id,
            contact_name,
            description,
            status,
        } = self;
        vec![
            activity_type.into(),
            scheduled_at.into(),
            contact_id.into(),
            contact_name.into(),
            description.into(),
            status.into(),
        ]
    }
}
