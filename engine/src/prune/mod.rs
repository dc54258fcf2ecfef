//! Retention: forgets what is old, but nothing that a row or a rebuild still needs.
//!
//! What may go is looked for without a lock, one connection after the other, and deleted in short statements that look
//! once more. So nobody waits for retention, it may be stopped at any moment, and it is right beside writers.

mod daily;
mod payloads;
mod rows;
mod runs;
mod snapshots;

use chrono::TimeDelta;
use entity::{ConnectionId, TenantId, Timestamp, connection, tenant};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, Statement, Value};
use serde::Serialize;

pub(crate) use daily::Retention;

use crate::answers;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// Rows that one statement deletes.
const BATCH: usize = 1_000;
/// Nothing younger is forgotten, whatever is asked for: a run may be about to refer to it.
const MIN_AGE: TimeDelta = TimeDelta::hours(1);

/// No transaction of a writer takes that long.
const LONGEST_WRITE: TimeDelta = TimeDelta::minutes(10);

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Snapshots, runs and webhooks, and what was resolved or acknowledged.
    pub history: TimeDelta,
    /// What webhooks said, once they came to their end.
    pub bodies: TimeDelta,
    /// The audit log.
    pub audit: TimeDelta,
}

impl Default for Periods {
    fn default() -> Self {
        Self {
            history: TimeDelta::days(30),
            bodies: TimeDelta::days(7),
            audit: TimeDelta::days(400),
        }
    }
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// Snapshots.
    pub snapshots: u64,
    /// Payloads that no snapshot refers to any more.
    pub payloads: u64,
    /// Runs that nothing refers to.
    pub runs: u64,
    /// Webhooks that came to their end.
    pub webhooks: u64,
    /// Texts of webhooks that are kept.
    pub bodies: u64,
    /// Rejects that were resolved.
    pub rejects: u64,
    /// Drift that was acknowledged.
    pub drifts: u64,
    /// Answers that could not be used.
    pub answers: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
}

impl Pruned {
    fn add(&mut self, other: Self) {
        let Self {
            snapshots,
            payloads,
            runs,
            webhooks,
            bodies,
            rejects,
            drifts,
            answers,
            audit_entries,
        } = other;
        self.snapshots += snapshots;
        self.payloads += payloads;
        self.runs += runs;
        self.webhooks += webhooks;
        self.bodies += bodies;
        self.rejects += rejects;
        self.drifts += drifts;
        self.answers += answers;
        self.audit_entries += audit_entries;
    }
}

/// Forgets what is older than `periods`, of all tenants.
///
/// Kept whatever their age: snapshots that rows or open rejects come from, those of the last whole reading of
/// each slice (a rebuild needs them), and runs that rows or snapshots refer to.
pub async fn prune(database: &Database, clock: &Clock, periods: Periods) -> Result<Pruned> {
    let tenants: Vec<TenantId> = tenant::Entity::find()
        .select_only()
        .column(tenant::Column::Id)
        .into_tuple()
        .all(database.reader())
        .await
        .attempt("list the tenants")?;
    let mut pruned = Pruned {
        audit_entries: rows::of_the_agency(database, clock.now() - periods.audit).await?,
        ..Pruned::default()
    };
    for tenant in tenants {
        pruned.add(prune_tenant(database, clock, tenant, periods).await?);
    }
    Ok(pruned)
}

/// Forgets what is older than `periods`, of one tenant.
pub async fn prune_tenant(
    database: &Database,
    clock: &Clock,
    tenant: TenantId,
    periods: Periods,
) -> Result<Pruned> {
    let now = clock.now();
    let before = now - periods.history.max(MIN_AGE);
    let of_tenant = OfTenant { database, tenant };
    let mut pruned = Pruned {
        webhooks: of_tenant.forget_webhooks(before).await?,
        bodies: of_tenant.forget_bodies(now - periods.bodies).await?,
        rejects: of_tenant.forget_rejects(before).await?,
        drifts: of_tenant.forget_drifts(before).await?,
        answers: of_tenant.forget_answers(now - answers::KEPT_FOR).await?,
        audit_entries: of_tenant.forget_acts(now - periods.audit).await?,
        ..Pruned::default()
    };
    for connection in of_tenant.connections().await? {
        let of_connection = OfConnection {
            of_tenant,
            connection,
            before,
        };
        pruned.snapshots += of_connection.forget_snapshots().await?;
        pruned.runs += of_connection.forget_runs().await?;
    }
    pruned.payloads = of_tenant.forget_payloads(now - MIN_AGE).await?;
    Ok(pruned)
}

/// Forgets the stored answers of a tenant that nothing refers to any more, such as those of a connection that was removed.
/// What was stored just now is left to [`prune`].
pub(crate) async fn forget_unneeded_answers(
    database: &Database,
    clock: &Clock,
    tenant: TenantId,
) -> Result<u64> {
    let of_tenant = OfTenant { database, tenant };
    of_tenant.forget_payloads(clock.now() - LONGEST_WRITE).await
}

/// What belongs to one tenant.
#[derive(Clone, Copy)]
struct OfTenant<'a> {
    database: &'a Database,
    tenant: TenantId,
}

impl OfTenant<'_> {
    async fn connections(&self) -> Result<Vec<ConnectionId>> {
        connection::Entity::owned_by(self.tenant)
            .select_only()
            .column(connection::Column::Id)
            .into_tuple()
            .all(self.database.reader())
            .await
            .attempt("list the connections")
    }
}

/// What belongs to one connection and is older than a moment.
struct OfConnection<'a> {
    of_tenant: OfTenant<'a>,
    connection: ConnectionId,
    before: Timestamp,
}

/// Executes one statement in a transaction of its own and returns how many rows it wrote.
async fn execute(
    database: &Database,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64> {
    let statement = Statement::from_sql_and_values(database.backend(), sql, values);
    let result = database.writer().execute_raw(statement).await;
    Ok(result.attempt("prune")?.rows_affected())
}

/// Places for `count` values from `first` on: `$3, $4`.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count)
        .map(|place| format!("${place}"))
        .collect();
    places.join(", ")
}
