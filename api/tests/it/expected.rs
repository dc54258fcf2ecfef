//! The numbers of the dashboards, worked out once more from the rows of the mirror.

use std::collections::{BTreeMap, BTreeSet};

use engine::settings::Mapping;
use entity::{Amount, lead, opportunity, sales_cycle};
use serde_json::{Value, json};
use tests::Records;

/// A dashboard's rows without their order, and its totals.
pub(crate) fn leads(records: &Records, mapping: &Mapping) -> Value {
    let prospects: Vec<_> = records
        .leads
        .iter()
        .filter(|row| is_prospect_lead(row, mapping))
        .collect();
    let is_qualified = |row: &&&lead::Model| is_qualified(row, records, mapping);
    let mut sources: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
    for row in &prospects {
        let source = row
            .lead_source
            .clone()
            .unwrap_or_else(|| "(none)".to_owned());
        let numbers = sources.entry(source).or_default();
        numbers.0 += 1;
        numbers.1 += u64::from(is_qualified(&row));
        *statuses.entry(row.stage.clone()).or_default() += 1;
    }
    let named_sources: BTreeSet<&String> = prospects
        .iter()
        .filter_map(|row| row.lead_source.as_ref())
        .collect();
    json!({
        "totalLeads": prospects.len(),
        "qualifiedLeads": prospects.iter().filter(is_qualified).count(),
        "sourceCount": named_sources.len(),
        "bySource": sources,
        "byStatus": statuses,
    })
}

/// Puts what the service says into the shape of [`leads`].
pub(crate) fn told_leads(told: &Value) -> Value {
    let rows = |list: &str| told[list].as_array().unwrap().clone();
    let sources = rows("bySource").into_iter();
    let sources = sources.map(|row| {
        (
            text(&row["source"]),
            json!([row["leads"], row["qualifiedLeads"]]),
        )
    });
    let statuses = rows("byStatus").into_iter();
    let statuses = statuses.map(|row| (text(&row["status"]), row["leads"].clone()));
    json!({
        "totalLeads": told["totalLeads"],
        "qualifiedLeads": told["qualifiedLeads"],
        "sourceCount": told["sourceCount"],
        "bySource": sources.collect::<BTreeMap<_, _>>(),
        "byStatus": statuses.collect::<BTreeMap<_, _>>(),
    })
}

/// A dashboard's stages without their order, and its totals.
pub(crate) fn pipeline(records: &Records, mapping: &Mapping) -> Value {
    let names = stage_names(records, mapping);
    let active: BTreeSet<_> = names
        .into_iter()
        .filter(|name| is_active(name, records, mapping))
        .collect();
    let counted: Vec<_> = records
        .opportunities
        .iter()
        .filter(|row| is_prospect_opportunity(row, mapping) && active.contains(&row.stage))
        .collect();
    let stage = |name: &String| {
        let rows: Vec<_> = counted
            .iter()
            .copied()
            .filter(|row| row.stage == *name)
            .collect();
        (
            name.clone(),
            json!([rows.len(), valued(&rows).len(), money(sum(&rows))]),
        )
    };
    let valued = valued(&counted);
    let count = i128::try_from(valued.len()).unwrap();
    json!({
        "totalValue": money(sum(&counted)),
        "stageCount": active.len(),
        "opportunityCount": count.to_string().parse::<u64>().unwrap(),
        "averageDealSize": (count > 0).then(|| money(nearest_cents(sum(&valued), count))),
        "stages": active.iter().map(stage).collect::<BTreeMap<_, _>>(),
    })
}

/// Puts what the service says into the shape of [`pipeline`].
pub(crate) fn told_pipeline(told: &Value) -> Value {
    let stages = told["stages"].as_array().unwrap().iter();
    let stages = stages.map(|row| {
        (
            text(&row["stage"]),
            json!([row["count"], row["opportunityCount"], row["value"]]),
        )
    });
    json!({
        "totalValue": told["totalValue"],
        "stageCount": told["stageCount"],
        "opportunityCount": told["opportunityCount"],
        "averageDealSize": told["averageDealSize"],
        "stages": stages.collect::<BTreeMap<_, _>>(),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn is_prospect(contact_type: Option<&str>, mapping: &Mapping) -> bool {
    let contact_type = contact_type.unwrap_or_default();
    mapping
        .prospect_contact_types
        .iter()
        .any(|prospect| prospect == contact_type)
}

fn is_prospect_lead(row: &lead::Model, mapping: &Mapping) -> bool {
    row.deleted_at.is_none() && is_prospect(row.contact_type.as_deref(), mapping)
}

fn is_prospect_opportunity(row: &opportunity::Model, mapping: &Mapping) -> bool {
    row.deleted_at.is_none() && is_prospect(row.contact_type.as_deref(), mapping)
}

/// Returns the stage that the upstream lists: of several, the first active one.
fn listed<'a>(
    records: &'a Records,
    contact_type: Option<&str>,
    name: &str,
) -> Option<&'a sales_cycle::Model> {
    let live = records
        .sales_cycles
        .iter()
        .filter(|row| row.deleted_at.is_none());
    live.filter(|row| row.name == name && row.contact_type.as_deref() == contact_type)
        .min_by_key(|row| (!row.is_active, row.position, &row.upstream_id))
}

fn is_qualified(row: &lead::Model, records: &Records, mapping: &Mapping) -> bool {
    if let Some(stages) = &mapping.qualified_stages {
        return stages.contains(&row.stage);
    }
    let stage = listed(records, row.contact_type.as_deref(), &row.stage);
    let likelihood = stage.and_then(|stage| stage.likelihood_to_close);
    likelihood.is_some_and(|likelihood| likelihood >= mapping.qualified_min_likelihood)
}

/// Returns the stages that prospects may be in, and those that their opportunities are in.
fn stage_names(records: &Records, mapping: &Mapping) -> BTreeSet<String> {
    let cycles = records.sales_cycles.iter();
    let cycles = cycles.filter(|row| row.deleted_at.is_none());
    let cycles = cycles.filter(|row| is_prospect(row.contact_type.as_deref(), mapping));
    let opportunities = records.opportunities.iter();
    let opportunities = opportunities.filter(|row| is_prospect_opportunity(row, mapping));
    let used = opportunities.map(|row| row.stage.clone());
    cycles.map(|row| row.name.clone()).chain(used).collect()
}

/// A stage is shown when it is active for anybody, or when somebody is in it whose list does not have it.
fn is_active(name: &str, records: &Records, mapping: &Mapping) -> bool {
    let types = mapping.prospect_contact_types.iter();
    let is_listed_active = types.into_iter().any(|contact_type| {
        let contact_type = Some(contact_type.as_str()).filter(|name| !name.is_empty());
        listed(records, contact_type, name).is_some_and(|stage| stage.is_active)
    });
    let opportunities = records.opportunities.iter();
    let mut inside =
        opportunities.filter(|row| is_prospect_opportunity(row, mapping) && row.stage == name);
    is_listed_active
        || inside.any(|row| listed(records, row.contact_type.as_deref(), name).is_none())
}

fn valued<'a>(rows: &[&'a opportunity::Model]) -> Vec<&'a opportunity::Model> {
    let is_valued =
        |row: &&&opportunity::Model| row.deal_size.is_some_and(|size| size > Amount::ZERO);
    rows.iter().filter(is_valued).copied().collect()
}

/// In ten-thousandths.
fn sum(rows: &[&opportunity::Model]) -> i128 {
    rows.iter()
        .filter_map(|row| row.deal_size)
        .map(|size| i128::from(size.scaled()))
        .sum()
}

/// Returns a part in whole cents: the nearest, and of two equally near the even one; in ten-thousandths.
fn nearest_cents(sum: i128, count: i128) -> i128 {
    let below = sum.div_euclid(count * 100);
    let distance = |cents: &i128| ((sum - cents * count * 100).abs(), cents.rem_euclid(2));
    [below, below + 1].into_iter().min_by_key(distance).unwrap() * 100
}

fn money(scaled: i128) -> String {
    Amount::from_scaled(i64::try_from(scaled).unwrap()).to_decimal_string(2)
}
