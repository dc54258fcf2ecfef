//! Custom fields: their definitions, and values on opportunities.

use serde_json::{Map, Value};

use crate::record::Record;
use crate::seed::Generator;

/// Key, name, and number of the type of each field. Keys may begin with a digit and hold hyphens.
const FIELDS: [(&str, &str, u32); 6] = [
    ("on-site_contact_phone", "On-Site Contact Phone", 13),
    (
        "50_confirmation_deposit_received",
        "50% Confirmation Deposit Received",
        3,
    ),
    ("lead_source", "Lead Source", 9),
    ("guest_count", "Guest Count", 2),
    ("crew_notes", "Crew Notes", 1),
    ("load_in_date", "Load In Date", 5),
];

/// The id of the list that the field of type 9 takes its values from, and the first of its values.
pub(super) const LIST_ID: u64 = 1_000_010;
pub(super) const FIRST_VALUE: u64 = 1_000_058;

pub(super) fn definitions() -> Vec<Record> {
    FIELDS
        .iter()
        .zip(1_u64..)
        .map(|((key, name, field_type), id)| {
            Record::new()
                .with("id", id)
                .with("name", *name)
                .with("description", "")
                .with("module_type", "Opportunity")
                .with("field_type", *field_type)
                .with("list_name_id", (*field_type == 9).then_some(LIST_ID))
                .with("custom_field_group_id", 1)
                .with("document_layout_name", *key)
                .with("settings", Value::Object(Map::new()))
        })
        .collect()
}

/// Draws the values of one opportunity; in one of five it has none at all.
pub(super) fn values(generator: &mut Generator) -> Value {
    let mut values = Map::new();
    if generator.chance(20) {
        return Value::Object(values);
    }
    for (key, _, field_type) in FIELDS {
        values.insert(key.to_owned(), value(generator, field_type));
    }
    Value::Object(values)
}

fn value(generator: &mut Generator, field_type: u32) -> Value {
    match field_type {
        2 => generator.below(400).to_string().into(),
        3 => generator.pick(&["Yes", "No", ""]).into(),
        5 => "2026-06-01".into(),
        9 => (FIRST_VALUE + u64::try_from(generator.below(3)).unwrap_or_default()).into(),
        13 => format!("+44 7700 {:06}", generator.below(1_000_000)).into(),
        _ => generator
            .pick(&["", "Gate code 12", "Très lourd – 2 personnes"])
            .into(),
    }
}
