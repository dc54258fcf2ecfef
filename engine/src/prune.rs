//! Retention: forgets old snapshots, runs and webhooks, but nothing that a row or a rebuild still needs.

use chrono::TimeDelta;
use entity::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use serde::Serialize;

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::jobs;
use crate::model;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// Snapshots.
    pub snapshots: u64,
    /// Payloads that no snapshot refers to any more.
    pub payloads: u64,
    /// Runs without snapshots that no row refers to.
    pub runs: u64,
    /// Webhooks that came to their end.
    pub webhooks: u64,
}

/// Forgets snapshots, runs and webhooks that are older than `keep`, and jobs that finished a day ago.
///
/// Kept whatever their age: snapshots that rows or open rejects come from, those of the last whole reading of
/// each slice (a rebuild needs them), and runs that rows or snapshots refer to.
pub async fn prune(database: &Database, clock: &Clock, keep: TimeDelta) -> Result<Pruned> {
    let before = clock.now() - keep;
    let tx = database.begin().await?;
    let pruned = Pruned {
        snapshots: execute(&tx, &snapshots_sql(), Some(before)).await?,
        payloads: execute(&tx, PAYLOADS_SQL, None).await?,
        runs: execute(&tx, &runs_sql(), Some(before)).await?,
        webhooks: execute(&tx, WEBHOOKS_SQL, Some(before)).await?,
    };
    jobs::tidy(&tx).await?;
    tx.commit().await.attempt("prune")?;
    Ok(pruned)
}

// One that comes a second time after that is taken for a new one: it costs a reading.
const WEBHOOKS_SQL: &str =
    "DELETE FROM webhook_events WHERE received_at < $1 AND status <> 'received'";

const PAYLOADS_SQL: &str = "DELETE FROM raw_payloads WHERE NOT EXISTS (SELECT 1 FROM ct_raw_snapshots s \
     WHERE s.tenant_id = raw_payloads.tenant_id AND s.payload_hash = raw_payloads.hash)";

fn snapshots_sql() -> String {
    let rows =
        record_tables().map(|table| format!(" AND id NOT IN (SELECT snapshot_id FROM {table})"));
    format!(
        "DELETE FROM ct_raw_snapshots WHERE fetched_at < $1{} \
         AND id NOT IN (SELECT snapshot_id FROM rejected_records WHERE resolved_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM coverage c WHERE c.tenant_id = ct_raw_snapshots.tenant_id AND c.run_id = ct_raw_snapshots.run_id \
         AND c.stream = ct_raw_snapshots.stream AND c.slice = ct_raw_snapshots.slice)",
        rows.collect::<String>()
    )
}

fn runs_sql() -> String {
    let rows = record_tables()
        .map(|table| format!(" AND id NOT IN (SELECT first_run_id FROM {table}) AND id NOT IN (SELECT last_run_id FROM {table})"));
    format!(
        "DELETE FROM sync_runs WHERE started_at < $1 AND status NOT IN ('queued', 'running'){} \
         AND id NOT IN (SELECT run_id FROM ct_raw_snapshots) AND id NOT IN (SELECT run_id FROM coverage)",
        rows.collect::<String>()
    )
}

fn record_tables() -> impl Iterator<Item = &'static str> {
    let sources = entity::Source::ALL.iter();
    sources
        .flat_map(|source| model::tables(*source))
        .map(|(_, table)| table.name)
}

async fn execute(tx: &DatabaseTransaction, sql: &str, before: Option<Timestamp>) -> Result<u64> {
    let values = before.map(Into::into);
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx
        .execute_raw(statement)
        .await
        .attempt("prune")?
        .rows_affected())
}
