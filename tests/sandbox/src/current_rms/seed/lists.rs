//! The short lists: stores, products, groups of custom fields, lists of values.

use serde_json::json;

use super::custom_fields::{FIRST_VALUE, LIST_ID};
use super::vocabulary::PRODUCTS;
use crate::record::Record;

pub(super) fn stores() -> Vec<Record> {
    let named = |(id, name): (u64, &str)| Record::new().with("id", id).with("name", name);
    [(1, "Main Warehouse"), (2, "North Depot")]
        .map(named)
        .to_vec()
}

pub(super) fn products() -> Vec<Record> {
    PRODUCTS
        .iter()
        .zip(1_u64..)
        .map(|((name, price), id)| {
            Record::new()
                .with("id", id)
                .with("name", *name)
                .with("active", true)
                .with("rental_price", *price)
        })
        .collect()
}

pub(super) fn custom_field_groups() -> Vec<Record> {
    vec![Record::new().with("id", 1).with("name", "Event details")]
}

pub(super) fn list_of_values() -> Vec<Record> {
    let values: Vec<_> = ["Referral", "Website", "Repeat"]
        .iter()
        .zip(FIRST_VALUE..)
        .map(|(name, id)| json!({"id": id, "name": name}))
        .collect();
    vec![
        Record::new()
            .with("id", LIST_ID)
            .with("name", "Lead sources")
            .with("list_values", values),
    ]
}
