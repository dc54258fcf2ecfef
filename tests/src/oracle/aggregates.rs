//! The numbers of the dashboards, worked out once more from the upstream's records.

use std::collections::BTreeMap;

use ctsync_sandbox::Record;
use engine::settings::Mapping;
use entity::{Amount, Stream};

use super::hot_list::{self, HotItem};
use super::upstream::Upstream;
use super::values::{amount, stage, text};
use crate::Records;

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
    value: i128,
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
                value: row.value().scaled(),
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

/// Returns the stage of a contact type with this name: of several, the first active one.
pub(super) fn find_stage<'a>(
    upstream: &'a Upstream,
    contact_type: Option<&str>,
    name: &str,
) -> Option<&'a Record> {
    let stages = upstream.records(Stream::SalesCycles).iter();
    let named = stages.filter(|stage| {
        text(stage, "contact_type").as_deref() == contact_type
            && text(stage, "sales_cycle_name").as_deref() == Some(name)
    });
    let place = |stage: &&Record| (!is_active(stage), position(stage), id(stage));
    named.min_by_key(place)
}

/// Returns the likelihood of a stage in ten-thousandths of a percent.
pub(super) fn likelihood(stage: Option<&Record>) -> Option<i64> {
    amount(stage?, "likelihood_to_close")
}

pub(super) fn is_active(stage: &Record) -> bool {
    stage.text("sales_cycle_active_status") == "1"
}

fn position(stage: &Record) -> Option<i32> {
    text(stage, "sales_cycle_order")?.parse().ok()
}

fn id(stage: &Record) -> Option<String> {
    text(stage, "sales_cycle_id")
}

/// Returns the place of a stage in the pipeline, before which new leads stand.
fn position_of(name: &str, stage: Option<&Record>) -> Option<i32> {
    stage.map_or((name == "New Lead").then_some(0), position)
}

/// Returns the records of prospects with their stages: its name, and what is known of it.
fn staged<'a>(
    upstream: &'a Upstream,
    stream: Stream,
    field: &'static str,
) -> impl Iterator<Item = (&'a Record, String, Option<&'a Record>)> {
    let records = upstream.records(stream).iter();
    let prospects = records.filter(|record| upstream.is_prospect(record));
    prospects.map(move |record| {
        let name = stage(record, field);
        let listed = find_stage(upstream, text(record, "contact_type").as_deref(), &name);
        (record, name, listed)
    })
}

fn lead_counts(upstream: &Upstream) -> BTreeMap<(&'static str, String), LeadCount> {
    let mut counts: BTreeMap<_, LeadCount> = BTreeMap::new();
    for (lead, name, listed) in staged(upstream, Stream::Leads, "clients_sales_cycle") {
        let is_qualified = is_qualified(&upstream.mapping, &name, listed);
        let position = position_of(&name, listed);
        let source = text(lead, "clients_lead_source").unwrap_or_else(|| "(none)".to_owned());
        for (key, position) in [(("source", source), None), (("status", name), position)] {
            let count = counts.entry(key).or_default();
            count.position = first(count.position, position);
            count.leads += 1;
            count.qualified += i64::from(is_qualified);
        }
    }
    counts
}

fn is_qualified(mapping: &Mapping, name: &str, listed: Option<&Record>) -> bool {
    let is_likely = |likelihood| likelihood >= mapping.qualified_min_likelihood.scaled();
    match &mapping.qualified_stages {
        Some(stages) => stages.iter().any(|stage| stage == name),
        None => likelihood(listed).is_some_and(is_likely),
    }
}

fn stage_counts(upstream: &Upstream) -> BTreeMap<String, StageCount> {
    let mut counts: BTreeMap<String, StageCount> = BTreeMap::new();
    // Stages in which nobody is belong to the pipeline, too.
    for (_, name, _) in staged(upstream, Stream::SalesCycles, "sales_cycle_name") {
        for contact_type in &upstream.mapping.prospect_contact_types {
            if let Some(listed) = find_stage(upstream, Some(contact_type), &name) {
                counts
                    .entry(name.clone())
                    .or_default()
                    .describe(&name, Some(listed));
            }
        }
    }
    for (opportunity, name, listed) in
        staged(upstream, Stream::Opportunities, "contact_sales_cycle")
    {
        let value = amount(opportunity, "deal_size").unwrap_or_default();
        let count = counts.entry(name.clone()).or_default();
        count.describe(&name, listed);
        count.count += 1;
        count.with_value += i64::from(value > 0);
        count.value += i128::from(value);
    }
    counts
}

impl StageCount {
    /// Notes what is known of the stage for one contact type; one that is in no list is shown.
    fn describe(&mut self, name: &str, listed: Option<&Record>) {
        self.position = first(self.position, position_of(name, listed));
        self.likelihood = self.likelihood.or(likelihood(listed));
        self.is_active |= listed.is_none_or(is_active);
    }
}

fn first(one: Option<i32>, other: Option<i32>) -> Option<i32> {
    one.into_iter().chain(other).min()
}
