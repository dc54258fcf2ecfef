//! How fresh the data of a tenant is, and what to do about it when it is not.

mod facts;
mod sentence;

use chrono::TimeDelta;
use entity::connection::ConnectionStatus;
use entity::sync_run::{self, RunStatus};
use entity::tenant::{self, TenantStatus};
use entity::{ConnectionId, ReasonCode, Source, Stream, TenantId, Timestamp};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use self::facts::{Detail, Facts};
pub use self::sentence::remedy;
use super::numbers::{self, Numbers};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::run::progress::is_stalled;
use crate::settings::tenant_settings;
use crate::webhooks::WebhookFigures;

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
    /// The tenant.
    pub id: TenantId,
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
    /// Whether its sync goes on but has made no progress for minutes.
    pub is_stalled: bool,
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
    /// The state in a sentence.
    pub message: String,
    /// Runs in a row that were no success.
    pub consecutive_failures: i32,
    /// Records that could not be understood and still cannot.
    pub open_rejects: u64,
    /// What to do next, when something is to be done.
    pub next_action: Option<String>,
    /// What was read last of each stream.
    pub streams: Vec<StreamState>,
    /// How its webhooks stand, if it ever had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<WebhookFigures>,
}

/// What was read last of a stream.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// The stream.
    pub stream: Stream,
    /// When the last of its parts was read whole.
    pub last_read_at: Timestamp,
    /// When the first of its parts was: everything is at least as fresh.
    pub oldest_read_at: Timestamp,
}

/// How old data is, for those who look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// End of the last success: of the connection where it is longest ago.
    pub as_of: Option<Timestamp>,
    /// Seconds since then.
    pub age_seconds: Option<i64>,
    /// Whether the data is older than the tenant's threshold, or was never complete.
    pub is_stale: bool,
    /// The state in a sentence.
    pub message: String,
}

/// Returns the state of every tenant that is not archived, the worst first.
pub async fn fleet(database: &Database, clock: &Clock) -> Result<Vec<TenantState>> {
    let db = database.begin_read().await?;
    let tenants = tenant::Entity::find()
        .filter(tenant::COLUMN.status.ne(TenantStatus::Archived))
        .order_by_asc(tenant::Column::Slug)
        .all(&db)
        .await
        .attempt("read the tenants")?;
    let mut facts = facts::load(&db, &tenants, Detail::Everything).await?;
    let state = |tenant| state(clock.now(), tenant, facts.take(tenant));
    let mut states: Vec<_> = tenants.iter().map(state).collect::<Result<_>>()?;
    states.sort_by_key(|state| (state.status, !state.is_stale));
    Ok(states)
}

/// Returns the state of one tenant, with its numbers.
pub async fn tenant_state(
    database: &Database,
    clock: &Clock,
    tenant: &tenant::Model,
) -> Result<TenantState> {
    let db = database.begin_read().await?;
    let mut state = tenant_state_at(&db, clock.now(), tenant).await?;
    state.numbers = Some(numbers::load(&db, tenant.id).await?);
    Ok(state)
}

/// Returns the state of one tenant as `db` sees it, without its numbers.
pub async fn tenant_state_at(
    db: &impl ConnectionTrait,
    now: Timestamp,
    tenant: &tenant::Model,
) -> Result<TenantState> {
    let mut facts = facts::load(db, std::slice::from_ref(tenant), Detail::Everything).await?;
    state(now, tenant, facts.take(tenant))
}

/// Returns how old the data of `tenant` from `source` is, as `db` sees it.
pub async fn freshness(
    db: &impl ConnectionTrait,
    now: Timestamp,
    tenant: &tenant::Model,
    source: Source,
) -> Result<Freshness> {
    let mut facts = facts::load(db, std::slice::from_ref(tenant), Detail::Freshness).await?;
    let mut facts = facts.take(tenant);
    facts.retain(|facts| facts.connection.source == source);
    let TenantState {
        last_sync_at,
        age_seconds,
        is_stale,
        message,
        ..
    } = state(now, tenant, facts)?;
    Ok(Freshness {
        as_of: last_sync_at,
        age_seconds,
        is_stale,
        message,
    })
}

fn state(now: Timestamp, tenant: &tenant::Model, facts: Vec<Facts>) -> Result<TenantState> {
    let settings = tenant_settings(&format!("tenant {}", tenant.slug), &tenant.settings)?;
    let threshold = TimeDelta::minutes(i64::from(settings.freshness_threshold_minutes));
    let connections = facts.into_iter();
    let connections = connections.map(|facts| connection_state(now, tenant, threshold, facts));
    Ok(summary(now, tenant, connections.collect()))
}

fn summary(
    now: Timestamp,
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
    let age_seconds = last_sync_at.map(|at| (now - at).num_seconds());
    TenantState {
        id: tenant.id,
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
        message: match status {
            SyncState::Running if counted.iter().any(|state| state.is_stalled) => {
                sentence::stalled(age_seconds)
            }
            _ => sentence::message(
                status,
                is_stale,
                age_seconds,
                connections.is_empty(),
                counted.is_empty(),
            ),
        },
        connections,
        numbers: None,
    }
}

fn connection_state(
    now: Timestamp,
    tenant: &tenant::Model,
    threshold: TimeDelta,
    facts: Facts,
) -> ConnectionState {
    let Facts {
        connection: row,
        last_run,
        open_reject_count,
        streams,
        webhooks,
        hold,
    } = facts;
    let last = last_run.as_ref();
    let is_stalled = last.is_some_and(|run| is_stalled(run, hold.as_ref(), now));
    let is_leased = hold.is_some_and(|hold| hold.is_live(now));
    let status = sync_state(is_leased, last);
    let age = row.last_success_at.map(|at| now - at);
    let is_stale = age.is_none_or(|age| age > threshold);
    let age_seconds = age.map(|age| age.num_seconds());
    let is_paused = row.status == ConnectionStatus::Paused;
    let reason = last_run.as_ref().and_then(|run| run.reason);
    ConnectionState {
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
        age_seconds,
        message: if is_stalled {
            sentence::stalled(age_seconds)
        } else {
            sentence::message(status, is_stale, age_seconds, false, is_paused)
        },
        is_stalled,
        consecutive_failures: row.consecutive_failures,
        open_rejects: open_reject_count,
        next_action: if is_stalled {
            Some(sentence::what_a_stall_needs())
        } else {
            sentence::next_action(tenant, &row, status, reason, is_stale)
        },
        streams,
        webhooks,
        connection_status: row.status,
        name: row.name,
    }
}

fn sync_state(is_leased: bool, last_run: Option<&sync_run::Model>) -> SyncState {
    match last_run.map(|run| run.status) {
        None => SyncState::Never,
        Some(RunStatus::Running) if is_leased => SyncState::Running,
        Some(RunStatus::Success) => SyncState::Success,
        Some(RunStatus::Partial) => SyncState::Partial,
        Some(_) => SyncState::Failed,
    }
}
