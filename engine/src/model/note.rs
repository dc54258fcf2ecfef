//! A note about a contact.

use entity::Timestamp;
use sea_orm::Value;

use super::{BoundaryColumn, Kind, RecordTable};

/// A note about a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// Upstream id of the contact.
    pub contact_id: String,
    /// When it was written.
    pub note_date: Option<Timestamp>,
    /// Who wrote it.
    pub author: Option<String>,
    /// What it says, as plain text.
    pub content: Option<String>,
}

impl Note {
    pub(super) const TABLE: RecordTable = RecordTable::new(
        "ct_notes",
        &[
            ("contact_id", Kind::Text),
            ("note_date", Kind::Time),
            ("author", Kind::Text),
            ("content", Kind::Text),
        ],
    )
    .sliced_by(BoundaryColumn::Parent("contact_id"));

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
            contact_id,
            note_date,
            author,
            content,
        } = self;
        vec![
            contact_id.into(),
            note_date.into(),
            author.into(),
            content.into(),
        ]
    }
}
