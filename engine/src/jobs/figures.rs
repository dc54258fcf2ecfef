//! How the queue stands.

use sea_orm::FromQueryResult;
use serde::Serialize;

use super::queue::{Dialect, statement};
use super::start::Jobs;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// How the queue stands, over all kinds of jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueFigures {
    /// Jobs that no worker has.
    pub waiting: u64,
    /// Jobs that a worker has.
    pub running: u64,
    /// Jobs that are not tried again.
    pub failed: u64,
    /// For how long the oldest waiting job could have been done, 0 when none waits.
    pub oldest_waiting_seconds: u64,
}

#[derive(FromQueryResult)]
struct Row {
    waiting: i64,
    running: i64,
    failed: i64,
    oldest: i64,
}

impl Jobs {
    /// Returns how the queue stands.
    pub async fn figures(&self) -> Result<QueueFigures> {
        figures(&self.engine.database).await
    }
}

/// Returns how the queue of `database` stands.
pub(crate) async fn figures(database: &Database) -> Result<QueueFigures> {
    let db = database.reader();
    let Dialect { jobs, now, .. } = Dialect::of(database.backend());
    let age = match database.backend() {
        sea_orm::DbBackend::Sqlite => format!("{now} - MIN(CASE WHEN {WAITING} THEN run_at END)"),
        _ => format!("EXTRACT(EPOCH FROM {now} - MIN(CASE WHEN {WAITING} THEN run_at END))"),
    };
    let sql = format!(
        "SELECT COALESCE(SUM(CASE WHEN {WAITING} THEN 1 ELSE 0 END), 0) AS waiting, \
         COALESCE(SUM(CASE WHEN status IN ('Queued', 'Running') THEN 1 ELSE 0 END), 0) AS running, \
         COALESCE(SUM(CASE WHEN {FAILED} THEN 1 ELSE 0 END), 0) AS failed, \
         CAST(COALESCE({age}, 0) AS BIGINT) AS oldest FROM {jobs}"
    );
    let row = Row::find_by_statement(statement(db, sql, [])).one(db).await;
    let row = row.attempt("look at the queue")?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(row.map_or_else(QueueFigures::default, |row| QueueFigures {
        waiting: count(row.waiting),
        running: count(row.running),
        failed: count(row.failed),
        oldest_waiting_seconds: count(row.oldest),
    }))
}

const WAITING: &str = "(status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts))";
const FAILED: &str = "(status = 'Killed' OR (status = 'Failed' AND attempts >= max_attempts))";
