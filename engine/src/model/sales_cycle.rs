//! A stage of a pipeline. Each contact type has its own stages; the same name may occur in several.

use entity::Amount;
use sea_orm::Value;

use super::{Kind, RecordTable};

/// A stage of a pipeline. Each contact type has its own stages; the same name may occur in several.
#[derive(Debug, Clone, PartialEq)]
pub struct SalesCycle {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// Name, which contacts and opportunities refer to.
    pub name: String,
    /// Place in the pipeline.
    pub position: Option<i32>,
    /// Whether the stage is shown in the pipeline.
    pub is_active: bool,
    /// Percent.
    pub likelihood_to_close: Option<Amount>,
    /// The upstream's code of the contact type.
    pub contact_type: Option<String>,
    /// Name of the contact type.
    pub contact_type_name: Option<String>,
}

impl SalesCycle {
    pub(super) const TABLE: RecordTable = RecordTable::new(
        "ct_sales_cycles",
        &[
            ("name", Kind::Text),
            ("position", Kind::Small),
            ("is_active", Kind::Flag),
            ("likelihood_to_close", Kind::Integer),
            ("contact_type", Kind::Text),
            ("contact_type_name", Kind::Text),
        ],
    );

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
            name,
            position,
            is_active,
            likelihood_to_close,
            contact_type,
            contact_type_name,
        } = self;
        vec![
            name.into(),
            position.into(),
            is_active.into(),
            likelihood_to_close.into(),
            contact_type.into(),
            contact_type_name.into(),
        ]
    }
}
