//! The numbers of the dashboards, worked out once more from the upstream's records.

use std::collections::BTreeMap;

use ctsync_sandbox::Record;
use entity::{Amount, Stream};

use super::hot_list::{self, HotItem};
use super::upstream::Upstream;
use super::values::{amount, stage, text};
use crate::Records;

/// The contact type that counts, by default.
pub(super) const PROSPECT: &str = "1";
/// A prospect in a stage at least this likely is qualified, by default; ten-thousandths of a percent.
const QUALIFIED: i64 = 250_000;

/// Leads of one source or status.
#[derive(Debug, Default, PartialEq)]
struct LeadCount {
    position: Option<i32>,
    leads: i64,
    qualified: i64,
}

/// Opportunities in one stage.
#[derive(Debug, Default, PartialEq)]
struct StageCount {
    position: Option<i32>,
    likelihood: Option<i64>,
    is_active: bool,
    count: i64,
    with_value: i64,
    value: i64,
}

/// All aggregates of a connection.
#[derive(Debug, PartialEq)]
pub(super) struct Aggregates {
    leads: BTreeMap<(&'static str, String), LeadCount>,
    stages: BTreeMap<String, StageCount>,
    hot_list: BTreeMap<String, HotItem>,
}

impl Aggregates {
    /// What the tables hold.
    pub(super) fn stored(mirror: &Records) -> Self {
        let leads = mirror.lead_metrics.iter().map(|row| {
            let count = LeadCount {
                position: row.position,
                leads: row.leads,
                qualified: row.qualified_leads,
            };
            (
                (row.dimension_type.as_str(), row.dimension_value.clone()),
                count,
            )
        });
        let stages = mirror.stage_counts.iter().map(|row| {
            let count = StageCount {
                position: row.position,
                likelihood: row.likelihood.map(Amount::scaled),
                is_active: row.is_active,
                count: row.count,
                with_value: row.opportunity_count,
                value: row.dollar_value.scaled(),
            };
            (row.stage.clone(), count)
        });
        Self {
            leads: leads.collect(),
            stages: stages.collect(),
            hot_list: hot_list::stored(mirror),
        }
    }

    /// What they should hold.
    pub(super) fn expected(upstream: &Upstream) -> Self {
        Self {
            leads: lead_counts(upstream),
            stages: stage_counts(upstream),
            hot_list: hot_list::expected(upstream),
        }
    }
}

/// Returns the stage of prospects with this name: of several, the first active one.
pub(super) fn find_stage<'a>(upstream: &'a Upstream, name: &str) -> Option<&'a Record> {
    let named = prospect_stages(upstream)
        .filter(|stage| text(stage, "sales_cycle_name").as_deref() == Some(name));
    named.min_by_key(|stage| {
        (
            !is_active(stage),
            position(stage),
            text(stage, "sales_cycle_id"),
        )
    })
}

/// Returns the likelihood of a stage in ten-thousandths of a percent.
pub(super) fn likelihood(stage: Option<&Record>) -> Option<i64> {
    amount(stage?, "likelihood_to_close")
}

pub(super) fn is_active(stage: &Record) -> bool {
    stage.text("sales_cycle_active_status") == "1"
}

pub(super) fn is_prospect(record: &Record) -> bool {
    text(record, "contact_type").as_deref() == Some(PROSPECT)
}

fn prospect_stages(upstream: &Upstream) -> impl Iterator<Item = &Record> {
    upstream
        .records(Stream::SalesCycles)
        .iter()
        .filter(|record| is_prospect(record))
}

fn position(stage: &Record) -> Option<i32> {
    text(stage, "sales_cycle_order")?.parse().ok()
}

/// Returns the place of a stage in the pipeline, before which new leads stand.
fn position_of(name: &str, stage: Option<&Record>) -> Option<i32> {
    stage.map_or((name == "New Lead").then_some(0), position)
}

fn lead_counts(upstream: &Upstream) -> BTreeMap<(&'static str, String), LeadCount> {
    let mut counts: BTreeMap<_, LeadCount> = BTreeMap::new();
    for lead in upstream
        .records(Stream::Leads)
        .iter()
        .filter(|record| is_prospect(record))
    {
        let name = stage(lead, "clients_sales_cycle");
        let listed = find_stage(upstream, &name);
        let is_qualified = likelihood(listed).is_some_and(|likelihood| likelihood >= QUALIFIED);
        let position = position_of(&name, listed);
        let source = text(lead, "clients_lead_source").unwrap_or_else(|| "(none)".to_owned());
        for (key, position) in [(("source", source), None), (("status", name), position)] {
            let count = counts.entry(key).or_default();
            count.position = position;
            count.leads += 1;
            count.qualified += i64::from(is_qualified);
        }
    }
    counts
}

fn stage_counts(upstream: &Upstream) -> BTreeMap<String, StageCount> {
    let opportunities = upstream.records(Stream::Opportunities).iter();
    let opportunities: Vec<&Record> = opportunities.filter(|record| is_prospect(record)).collect();
    let used = opportunities
        .iter()
        .map(|opportunity| stage(opportunity, "contact_sales_cycle"));
    let listed = prospect_stages(upstream).filter_map(|stage| text(stage, "sales_cycle_name"));
    let mut counts: BTreeMap<String, StageCount> = listed
        .chain(used)
        .map(|name| (name.clone(), empty_count(upstream, &name)))
        .collect();
    for opportunity in opportunities {
        let count = counts
            .entry(stage(opportunity, "contact_sales_cycle"))
            .or_default();
        let value = amount(opportunity, "deal_size").unwrap_or_default();
        count.count += 1;
        count.with_value += i64::from(value > 0);
        count.value += value;
    }
    counts
}

fn empty_count(upstream: &Upstream, name: &str) -> StageCount {
    let listed = find_stage(upstream, name);
    StageCount {
        position: position_of(name, listed),
        likelihood: likelihood(listed),
        // A stage that is in no list is shown rather than hidden.
        is_active: listed.is_none_or(is_active),
        ..StageCount::default()
    }
}
