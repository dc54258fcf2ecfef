//! Lines of opportunities: a heading, and products under it.

use serde_json::{Value, json};

use super::Seeds;
use super::opportunities::FIRST_ID as FIRST_OPPORTUNITY;
use super::vocabulary::PRODUCTS;
use crate::record::Record;

/// The id of the first line of the first opportunity, and from there to that of the next one.
const FIRST_ID: usize = 20_001;
const STRIDE: usize = 10;

pub(super) fn records(seeds: &Seeds<'_>, place: usize) -> Vec<Record> {
    let count = seeds.spec.items_per_opportunity.min(STRIDE - 1);
    (0..count).map(|line| record(seeds, place, line)).collect()
}

fn record(seeds: &Seeds<'_>, place: usize, line: usize) -> Record {
    let id = FIRST_ID + place * STRIDE + line;
    let mut generator = seeds.generator("item", id);
    let product = generator.below(PRODUCTS.len());
    let (name, price) = PRODUCTS.get(product).copied().unwrap_or_default();
    let is_heading = line == 0;
    let parent = (!is_heading).then_some(id - line);
    Record::new()
        .with("id", id)
        .with("opportunity_id", FIRST_OPPORTUNITY + place)
        .with("item_id", (!is_heading).then_some(product + 1))
        .with(
            "item_type",
            if is_heading {
                Value::Null
            } else {
                "Product".into()
            },
        )
        .with("opportunity_item_type", usize::from(!is_heading))
        .with("transaction_type", 1)
        .with("name", if is_heading { "Equipment" } else { name })
        .with("quantity", format!("{}.0", generator.below(40) + 1))
        .with("price", if is_heading { "0.0" } else { price })
        .with("discount_percent", "0.0")
        .with("starts_at", Value::Null)
        .with("ends_at", Value::Null)
        .with("status", 0)
        .with("status_name", "Open")
        .with("path", format!("{:04}", line + 1))
        .with("parent_opportunity_item_id", parent)
        .with("item_assets", json!([]))
        .with("created_at", seeds.stamp(-1_000))
        .with("updated_at", seeds.stamp(-1_000))
}
