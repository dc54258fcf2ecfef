//! An opportunity about which nothing is known yet: every field that upstream serves, in its order.

use serde_json::{Value, json};

use super::state::{set_state, set_status};
use crate::record::Record;

/// The phases of scheduling; each has a start and an end.
pub(crate) const PHASES: [&str; 9] = [
    "prep", "load", "deliver", "setup", "show", "takedown", "collect", "unload", "deprep",
];

/// Amounts, all of them decimal texts.
const AMOUNTS: [&str; 19] = [
    "charge_total",
    "charge_excluding_tax_total",
    "charge_including_tax_total",
    "rental_charge_total",
    "sale_charge_total",
    "service_charge_total",
    "surcharge_total",
    "tax_total",
    "original_rental_charge_total",
    "original_sale_charge_total",
    "original_service_charge_total",
    "original_surcharge_total",
    "original_tax_total",
    "replacement_charge_total",
    "provisional_cost_total",
    "predicted_cost_total",
    "actual_cost_total",
    "weight_total",
    "revenue",
];

const FLAGS: [&str; 11] = [
    "use_chargeable_days",
    "open_ended_rental",
    "invoiced",
    "customer_collecting",
    "customer_returning",
    "item_returned",
    "prices_include_tax",
    "pricing_locked",
    "has_deal_price",
    "has_opportunity_deal",
    "auto_costing_enabled",
];

/// Returns whether a field of this name holds a decimal as text.
pub(crate) fn is_decimal(field: &str) -> bool {
    AMOUNTS.contains(&field)
        || field.ends_with("_total")
        || matches!(
            field,
            "chargeable_days" | "quantity" | "price" | "discount_percent"
        )
}

/// Returns whether a field of this name is a phase of scheduling, which is not usable as a filter.
pub(crate) fn is_phase(field: &str) -> bool {
    let ends = ["_starts_at", "_ends_at"];
    let phase = ends.iter().find_map(|end| field.strip_suffix(end));
    phase.is_some_and(|phase| PHASES.contains(&phase))
}

/// Returns an opportunity with an empty value in every field.
pub(crate) fn opportunity() -> Record {
    let mut record = Record::new()
        .with("store_id", 1)
        .with("project_id", Value::Null)
        .with("member_id", Value::Null)
        .with("billing_address_id", Value::Null)
        .with("venue_id", Value::Null)
        .with("tax_class_id", 1)
        .with("source_opportunity_id", Value::Null);
    texts(&mut record);
    times(&mut record);
    set_state(&mut record, 0);
    set_status(&mut record, 0);
    for flag in FLAGS {
        record.set(flag, false);
    }
    record.set("chargeable_days", "0.0");
    record.set("rating", 0);
    for amount in AMOUNTS {
        record.set(amount, "0.0");
    }
    rest(record)
}

fn texts(record: &mut Record) {
    for field in [
        "subject",
        "description",
        "number",
        "reference",
        "external_description",
        "delivery_instructions",
        "collection_instructions",
    ] {
        record.set(field, "");
    }
}

fn times(record: &mut Record) {
    for field in [
        "starts_at",
        "ends_at",
        "charge_starts_at",
        "charge_ends_at",
        "ordered_at",
        "quote_invalid_at",
    ] {
        record.set(field, Value::Null);
    }
    for phase in PHASES {
        record.set(format!("{phase}_starts_at"), Value::Null);
        record.set(format!("{phase}_ends_at"), Value::Null);
    }
}

fn rest(record: Record) -> Record {
    record
        .with("owned_by", Value::Null)
        .with("tag_list", json!([]))
        .with("assigned_surcharge_group_ids", json!([]))
        .with("custom_fields", json!({}))
        .with("participants", json!([]))
        .with("billing_address", Value::Null)
        .with("destination", Value::Null)
        .with("opportunity_surcharges", json!([]))
        .with("created_at", Value::Null)
        .with("updated_at", Value::Null)
}
