//! How fresh the data of a tenant is, and what to do about it when it is not.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::connection::{self, ConnectionStatus};
use entity::sync_run::{self, RunStatus};
use entity::tenant::{self, TenantStatus};
use entity::{ConnectionId, ReasonCode, Source, Stream, Timestamp, coverage, rejected_record};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;

use super::numbers::{self, Numbers};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::settings::tenant_settings;

/// The state of a tenant's data in one word, from bad to good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// The last run published nothing.
    Failed,
    /// There has been no run, or there is nothing to sync.
    Never,
    /// The last run published something, but not everything.
    Partial,
    /// A run is under way.
    Running,
    /// The last run published everything.
    Success,
}

/// The state of a tenant.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantState {
    /// Slug of the tenant.
    pub tenant: String,
    /// Name of the tenant.
    pub name: String,
    /// Whether the tenant is synced at all.
    pub tenant_status: TenantStatus,
    /// The worst of its connections.
    pub status: SyncState,
    /// End of the last success: of the connection where it is longest ago.
    pub last_sync_at: Option<Timestamp>,
    /// Start of the last attempt.
    pub last_attempt_at: Option<Timestamp>,
    /// Whether the data is older than the tenant's threshold, or was never complete.
    pub is_stale: bool,
    /// Seconds since the last success.
    pub age_seconds: Option<i64>,
    /// The state in a sentence.
    pub message: String,
    /// Connection by connection.
    pub connections: Vec<ConnectionState>,
    /// The numbers of the dashboards; only in the detailed view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Numbers>,
}

/// The state of a connection.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionState {
    /// The connection.
    pub id: ConnectionId,
    /// Its upstream.
    pub source: Source,
    /// Its name.
    pub name: String,
    /// Whether it is synced.
    pub connection_status: ConnectionStatus,
    /// The state of its data.
    pub status: SyncState,
    /// Why the last run was no success.
    pub reason: Option<ReasonCode>,
    /// The same for people.
    pub reason_message: Option<String>,
    /// End of the last success.
    pub last_sync_at: Option<Timestamp>,
    /// Start of the last attempt.
    pub last_attempt_at: Option<Timestamp>,
    /// Whether the data is stale.
    pub is_stale: bool,
    /// Seconds since the last success.
    pub age_seconds: Option<i64>,
    /// Runs in a row that were no success.
    pub consecutive_failures: i32,
    /// Records that could not be understood and still cannot.
    pub open_rejects: u64,
    /// What to do next, when something is to be done.
    pub next_action: Option<String>,
    /// What was read last of each stream.
    pub streams: Vec<StreamState>,
}

/// What was read last of a stream.
#[derive(Debug, Clone, Serialize, FromQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// The stream.
    pub stream: Stream,
    /// When the last of its parts was read whole.
    pub last_read_at: Timestamp,
    /// When the first of its parts was: everything is at least as fresh.
    pub oldest_read_at: Timestamp,
}

/// Returns the state of every tenant that is not archived, the worst first.
pub async fn fleet(database: &Database, clock: &Clock) -> Result<Vec<TenantState>> {
    let tenants = tenant::Entity::find()
        .filter(tenant::COLUMN.status.ne(TenantStatus::Archived))
        .order_by_asc(tenant::Column::Slug)
        .all(database.reader())
        .await
        .attempt("read the tenants")?;
    let mut states = Vec::with_capacity(tenants.len());
    for tenant in &tenants {
        states.push(state(database, clock, tenant).await?);
    }
    states.sort_by_key(|state| (state.status, !state.is_stale));
    Ok(states)
}

/// Returns the state of one tenant, with its numbers.
pub async fn tenant_state(
    database: &Database,
    clock: &Clock,
    tenant: &tenant::Model,
) -> Result<TenantState> {
    let mut state = state(database, clock, tenant).await?;
    state.numbers = Some(numbers::load(database, tenant.id).await?);
    Ok(state)
}

async fn state(database: &Database, clock: &Clock, tenant: &tenant::Model) -> Result<TenantState> {
    let settings = tenant_settings(&format!("tenant {}", tenant.slug), &tenant.settings)?;
    let threshold = TimeDelta::minutes(i64::from(settings.freshness_threshold_minutes));
    let rows = connection::Entity::owned_by(tenant.id)
        .order_by_asc(connection::Column::Name)
        .all(database.reader())
        .await
        .attempt("read the connections")?;
    let mut connections = Vec::with_capacity(rows.len());
    for row in rows {
        connections.push(connection_state(database, clock, tenant, threshold, row).await?);
    }
    Ok(summary(clock, tenant, connections))
}

fn summary(
    clock: &Clock,
    tenant: &tenant::Model,
    connections: Vec<ConnectionState>,
) -> TenantState {
    let counted: Vec<_> = connections
        .iter()
        .filter(|state| state.connection_status != ConnectionStatus::Paused)
        .collect();
    let is_complete = counted.iter().all(|state| state.last_sync_at.is_some());
    let last_sync_at = counted
        .iter()
        .filter_map(|state| state.last_sync_at)
        .min()
        .filter(|_| is_complete);
    let is_stale = counted.is_empty() || counted.iter().any(|state| state.is_stale);
    let status = counted
        .iter()
        .map(|state| state.status)
        .min()
        .unwrap_or(SyncState::Never);
    let age_seconds = last_sync_at.map(|at| (clock.now() - at).num_seconds());
    TenantState {
        tenant: tenant.slug.clone(),
        name: tenant.name.clone(),
        tenant_status: tenant.status,
        status,
        last_sync_at,
        last_attempt_at: counted
            .iter()
            .filter_map(|state| state.last_attempt_at)
            .max(),
        is_stale,
        age_seconds,
        message: message(
            status,
            is_stale,
            age_seconds,
            connections.is_empty(),
            counted.is_empty(),
        ),
        connections,
        numbers: None,
    }
}

async fn connection_state(
    database: &Database,
    clock: &Clock,
    tenant: &tenant::Model,
    threshold: TimeDelta,
    row: connection::Model,
) -> Result<ConnectionState> {
    let last_run = last_run(database, &row).await?;
    let status = sync_state(clock, &row, last_run.as_ref());
    let age = row.last_success_at.map(|at| clock.now() - at);
    let is_stale = age.is_none_or(|age| age > threshold);
    let open_rejects = rejected_record::Entity::owned_by(tenant.id)
        .filter(rejected_record::COLUMN.connection_id.eq(row.id))
        .filter(rejected_record::Column::ResolvedAt.is_null())
        .count(database.reader())
        .await
        .attempt("count rejected records")?;
    let reason = last_run.as_ref().and_then(|run| run.reason);
    Ok(ConnectionState {
        id: row.id,
        source: row.source,
        status,
        reason,
        reason_message: last_run
            .and_then(|run| run.error_message)
            .or_else(|| row.status_reason.clone()),
        last_sync_at: row.last_success_at,
        last_attempt_at: row.last_attempt_at,
        is_stale,
        age_seconds: age.map(|age| age.num_seconds()),
        consecutive_failures: row.consecutive_failures,
        open_rejects,
        next_action: next_action(tenant, &row, status, reason, is_stale),
        streams: streams(database, &row).await?,
        connection_status: row.status,
        name: row.name,
    })
}

/// Returns the last run that was meant to bring the mirror up to date.
async fn last_run(database: &Database, row: &connection::Model) -> Result<Option<sync_run::Model>> {
    use sync_run::RunKind;
    sync_run::Entity::owned_by(row.tenant_id)
        .filter(sync_run::COLUMN.connection_id.eq(row.id))
        .filter(sync_run::Column::Kind.is_not_in([
            RunKind::Verify,
            RunKind::Replay,
            RunKind::Record,
        ]))
        .filter(sync_run::COLUMN.dry_run.eq(false))
        .filter(sync_run::COLUMN.status.ne(RunStatus::Skipped))
        .order_by_desc(sync_run::Column::StartedAt)
        .order_by_desc(sync_run::Column::Id)
        .one(database.reader())
        .await
        .attempt("read the last run")
}

fn sync_state(
    clock: &Clock,
    row: &connection::Model,
    last_run: Option<&sync_run::Model>,
) -> SyncState {
    let is_leased = row
        .lease_expires_at
        .is_some_and(|expires_at| expires_at > clock.now());
    match last_run.map(|run| run.status) {
        None => SyncState::Never,
        Some(RunStatus::Running) if is_leased => SyncState::Running,
        Some(RunStatus::Success) => SyncState::Success,
        Some(RunStatus::Partial) => SyncState::Partial,
        Some(_) => SyncState::Failed,
    }
}

async fn streams(database: &Database, row: &connection::Model) -> Result<Vec<StreamState>> {
    let mut streams: HashMap<Stream, StreamState> = coverage::Entity::owned_by(row.tenant_id)
        .filter(coverage::COLUMN.connection_id.eq(row.id))
        // A single record says nothing about the freshness of the rest.
        .filter(coverage::COLUMN.slice.not_like("record:%"))
        .select_only()
        .column(coverage::Column::Stream)
        .column_as(coverage::Column::ReadAt.max(), "last_read_at")
        .column_as(coverage::Column::ReadAt.min(), "oldest_read_at")
        .group_by(coverage::Column::Stream)
        .into_model::<StreamState>()
        .all(database.reader())
        .await
        .attempt("read the coverage")?
        .into_iter()
        .map(|state| (state.stream, state))
        .collect();
    Ok(Stream::ALL
        .iter()
        .filter_map(|stream| streams.remove(stream))
        .collect())
}

fn next_action(
    tenant: &tenant::Model,
    row: &connection::Model,
    status: SyncState,
    reason: Option<ReasonCode>,
    is_stale: bool,
) -> Option<String> {
    let slug = &tenant.slug;
    let reference = format!("{slug}/{}", row.name);
    match row.status {
        ConnectionStatus::NeedsCredentials => {
            return Some(format!("ctsync connections set-credentials {reference}"));
        }
        ConnectionStatus::Paused => return Some(format!("ctsync connections resume {reference}")),
        ConnectionStatus::Active => {}
    }
    match (status, reason) {
        (SyncState::Running, _) => None,
        (SyncState::Never, _) => Some(format!("ctsync tenant {slug}")),
        (_, Some(ReasonCode::MassDeleteBrake)) => Some(format!(
            "check the upstream, then ctsync tenant {slug} --accept-deletes"
        )),
        (_, Some(ReasonCode::RejectedRecords)) => Some(format!("ctsync rejects list {slug}")),
        (SyncState::Failed | SyncState::Partial, _) => Some(format!("ctsync tenant {slug}")),
        (SyncState::Success, _) if is_stale => {
            Some("no recent run: is ctsync in the crontab? (ctsync crontab)".to_owned())
        }
        (SyncState::Success, _) => None,
    }
}

fn message(
    status: SyncState,
    is_stale: bool,
    age_seconds: Option<i64>,
    has_no_connections: bool,
    is_paused: bool,
) -> String {
    let age = age_seconds.map(age_text);
    match (status, age) {
        _ if has_no_connections => "Nothing to sync - no connection yet".to_owned(),
        (SyncState::Running, Some(age)) => format!("Sync is running - data is {age} old"),
        (SyncState::Running, None) => "The first sync is running".to_owned(),
        _ if is_paused => "Paused - nothing is synced".to_owned(),
        (SyncState::Never, _) => "Never synced".to_owned(),
        (SyncState::Failed, Some(age)) => format!("Last sync failed - data is {age} old"),
        (SyncState::Failed, None) => "Last sync failed - no complete data yet".to_owned(),
        (SyncState::Partial, Some(age)) => {
            format!("Last sync was incomplete - complete data is {age} old")
        }
        (SyncState::Partial, None) => "Last sync was incomplete - no complete data yet".to_owned(),
        (SyncState::Success, Some(age)) if is_stale => {
            format!("Data is {age} old - sync may be delayed")
        }
        (SyncState::Success, Some(age)) => format!("Data is {age} old"),
        (SyncState::Success, None) => "No complete data yet".to_owned(),
    }
}

/// Returns an age in its largest unit: `3 hours`.
fn age_text(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => (seconds.max(0), "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (61, "1 minute"),
            (3 * 3600 + 59, "3 hours"),
            (47 * 3600, "47 hours"),
            (3 * 86_400, "3 days"),
        ] {
            assert_eq!(age_text(seconds), text);
        }
    }

    #[test]
    fn stale_data_says_so() {
        let text = message(SyncState::Success, true, Some(3 * 3600), false, false);
        assert_eq!(text, "Data is 3 hours old - sync may be delayed");
    }
}
