//! How many leads there are, by source and by status.

use std::collections::BTreeMap;

use entity::TenantId;
use entity::lead_metric::{self, DimensionType, Model as Metric};
use sea_orm::ConnectionTrait;

use super::{by_position, first_position};
use crate::error::{Attempt, Result};
use crate::publish::NO_SOURCE;

/// The numbers of leads: prospects, whatever their stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadsDashboard {
    /// Prospects.
    pub total_leads: i64,
    /// Prospects in a stage that counts as qualified.
    pub qualified_leads: i64,
    /// By source, the one with the most leads first.
    pub by_source: Vec<SourceLeads>,
    /// By status, in the order of the pipeline.
    pub by_status: Vec<StatusLeads>,
}

impl LeadsDashboard {
    /// Sources that leads came from; that some came from none makes no source.
    pub fn source_count(&self) -> usize {
        let named = |source: &&SourceLeads| source.source != NO_SOURCE;
        self.by_source.iter().filter(named).count()
    }
}

/// The leads of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceLeads {
    /// Its name; `(none)` stands for leads without one.
    pub source: String,
    /// Prospects.
    pub leads: i64,
    /// Qualified ones.
    pub qualified_leads: i64,
}

/// The leads in one status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusLeads {
    /// Its name, that of a stage.
    pub status: String,
    /// Prospects.
    pub leads: i64,
    /// Place in the pipeline; none for a stage that the upstream does not list.
    pub position: Option<i32>,
}

/// Loads the numbers of `tenant`'s leads.
pub async fn leads_dashboard(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<LeadsDashboard> {
    let metrics = lead_metric::Entity::owned_by(tenant).all(db).await;
    let metrics = metrics.attempt("read lead metrics")?;
    let (sources, statuses): (Vec<_>, Vec<_>) = metrics
        .into_iter()
        .partition(|metric| metric.dimension_type == DimensionType::Source);
    Ok(LeadsDashboard {
        // Every lead has exactly one source.
        total_leads: sources.iter().map(|metric| metric.leads).sum(),
        qualified_leads: sources.iter().map(|metric| metric.qualified_leads).sum(),
        by_source: by_source(sources),
        by_status: by_status(statuses),
    })
}

fn by_source(metrics: Vec<Metric>) -> Vec<SourceLeads> {
    let mut sources: BTreeMap<String, SourceLeads> = BTreeMap::new();
    for metric in metrics {
        let source = sources.entry(metric.dimension_value).or_default();
        source.leads += metric.leads;
        source.qualified_leads += metric.qualified_leads;
    }
    let named = |(name, numbers)| SourceLeads {
        source: name,
        ..numbers
    };
    let mut sources: Vec<_> = sources.into_iter().map(named).collect();
    // Stable, so that ties stay in the order of their names.
    sources.sort_by_key(|source| -source.leads);
    sources
}

fn by_status(metrics: Vec<Metric>) -> Vec<StatusLeads> {
    let mut statuses: BTreeMap<String, StatusLeads> = BTreeMap::new();
    for metric in metrics {
        let status = statuses.entry(metric.dimension_value).or_default();
        status.leads += metric.leads;
        status.position = first_position(status.position, metric.position);
    }
    let named = |(name, numbers)| StatusLeads {
        status: name,
        ..numbers
    };
    let mut statuses: Vec<_> = statuses.into_iter().map(named).collect();
    statuses.sort_by(|left, right| {
        by_position(
            (left.position, &left.status),
            (right.position, &right.status),
        )
    });
    statuses
}

#[cfg(test)]
mod tests {
    use entity::{ConnectionId, LeadMetricId};
    use uuid::Uuid;

    use super::*;

    fn metric(value: &str, position: Option<i32>, leads: i64) -> Metric {
        Metric {
            id: LeadMetricId::from_uuid(Uuid::nil()),
            tenant_id: TenantId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::nil()),
            dimension_type: DimensionType::Status,
            dimension_value: value.to_owned(),
            position,
            leads,
            qualified_leads: 1,
            clicks: None,
            impressions: None,
            cost: None,
        }
    }

    #[test]
    fn a_source_of_several_connections_is_one() {
        let metrics = ["Web", "Expo", "Web"].map(|name| metric(name, None, 2));
        let sources = by_source(metrics.to_vec());
        let numbers = sources
            .iter()
            .map(|row| (&*row.source, row.leads, row.qualified_leads));
        assert_eq!(numbers.collect::<Vec<_>>(), [("Web", 4, 2), ("Expo", 2, 1)]);
    }

    #[test]
    fn a_status_stands_where_the_first_connection_has_it() {
        let metrics = [
            ("Won", Some(9)),
            ("Odd", None),
            ("New", Some(2)),
            ("Won", Some(1)),
        ];
        let statuses = by_status(
            metrics
                .map(|(name, position)| metric(name, position, 1))
                .to_vec(),
        );
        let places = statuses
            .iter()
            .map(|row| (&*row.status, row.position, row.leads));
        assert_eq!(
            places.collect::<Vec<_>>(),
            [("Won", Some(1), 2), ("New", Some(2), 1), ("Odd", None, 1)]
        );
    }
}
