//! The hot list, worked out once more from the upstream's records.

use std::collections::BTreeMap;

use ctsync_sandbox::Record;
use engine::settings::Mapping;
use entity::{Amount, Stream};

use super::aggregates::{find_stage, is_active, likelihood};
use super::upstream::Upstream;
use super::values::{amount, assigned_user, stage, text};
use crate::Records;

/// One hot opportunity; amounts in ten-thousandths.
#[derive(Debug, PartialEq)]
pub(super) struct HotItem {
    candidate: Option<String>,
    market: Option<String>,
    units: Option<i64>,
    weighted_units: Option<i64>,
    iff: Option<i64>,
    weighted_iff: Option<i64>,
    sales_lead: Option<String>,
    stage: String,
    likely_pct: i64,
    raw_json: String,
}

/// Returns what the table holds, by upstream id.
pub(super) fn stored(mirror: &Records) -> BTreeMap<String, HotItem> {
    let entry = |row: &entity::hot_list_item::Model| {
        let opportunity = mirror
            .opportunities
            .iter()
            .find(|opportunity| opportunity.id == row.opportunity_id);
        let opportunity = opportunity.expect("a hot item has its opportunity");
        assert_eq!(opportunity.deleted_at, None, "a deleted opportunity is hot");
        let item = HotItem {
            candidate: row.candidate_name.clone(),
            market: row.market.clone(),
            units: row.units.map(Amount::scaled),
            weighted_units: row.weighted_units.map(Amount::scaled),
            iff: row.iff.map(Amount::scaled),
            weighted_iff: row.weighted_iff.map(Amount::scaled),
            sales_lead: row.sales_lead.clone(),
            stage: row.stage.clone(),
            likely_pct: row.likely_pct.scaled(),
            raw_json: row.raw_json.clone(),
        };
        (opportunity.upstream_id.clone(), item)
    };
    mirror.hot_list.iter().map(entry).collect()
}

/// Returns what it should hold.
pub(super) fn expected(upstream: &Upstream) -> BTreeMap<String, HotItem> {
    let opportunities = upstream.records(Stream::Opportunities).iter();
    opportunities
        .filter(|record| upstream.is_prospect(record))
        .filter_map(|opportunity| {
            Some((
                opportunity.text("opportunity_id").to_owned(),
                hot_item(upstream, opportunity)?,
            ))
        })
        .collect()
}

fn hot_item(upstream: &Upstream, opportunity: &Record) -> Option<HotItem> {
    let name = stage(opportunity, "contact_sales_cycle");
    let contact_type = text(opportunity, "contact_type");
    let listed = find_stage(upstream, contact_type.as_deref(), &name);
    if !is_hot(&upstream.mapping, &name, listed) {
        return None;
    }
    let likely_pct = likelihood(listed).unwrap_or_default();
    let iff = amount(opportunity, "deal_size");
    let units_field = upstream.mapping.units_field.as_deref();
    let units = units_field.and_then(|field| amount(opportunity, field));
    Some(HotItem {
        candidate: candidate(opportunity),
        market: text(opportunity, &upstream.mapping.market_field),
        units,
        weighted_units: units.map(|units| weighted(units, likely_pct)),
        iff,
        weighted_iff: iff.map(|iff| weighted(iff, likely_pct)),
        sales_lead: assigned_user(opportunity),
        stage: name,
        likely_pct,
        raw_json: opportunity.to_json(),
    })
}

fn is_hot(mapping: &Mapping, name: &str, listed: Option<&Record>) -> bool {
    let is_likely = |likelihood| likelihood >= mapping.hot_list_min_likelihood.scaled();
    let is_meant = match &mapping.hot_list_stages {
        Some(stages) => stages.iter().any(|stage| stage == name),
        None => likelihood(listed).is_some_and(is_likely),
    };
    is_meant && listed.is_none_or(is_active)
}

fn candidate(opportunity: &Record) -> Option<String> {
    let names = ["firstName", "lastName"].map(|field| text(opportunity, field));
    match names {
        [None, None] => text(opportunity, "compName"),
        names => Some(names.into_iter().flatten().collect::<Vec<_>>().join(" ")),
    }
}

/// Returns the percentage of an amount, in whole cents: the nearest, and of two equally near the even one.
fn weighted(amount: i64, percent: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(percent);
    // One cent of the product: ten-thousandths of the amount times those of the percent times one hundred.
    let cent = 100 * 10_000 * 100;
    let below = exact.div_euclid(cent);
    let candidates = [below, below + 1];
    let nearest = candidates
        .into_iter()
        .min_by_key(|cents| ((exact - cents * cent).abs(), cents.rem_euclid(2)));
    i64::try_from(nearest.unwrap_or(below) * 100).expect("a part of an amount is an amount")
}
