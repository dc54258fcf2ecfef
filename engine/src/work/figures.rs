//! How the queue stands.

use entity::Timestamp;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::sql::Sql;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// How the queue stands, over all kinds of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueFigures {
    /// Pieces of work that somebody asked for and nobody is at; what comes round by itself is none of them.
    pub waiting: u64,
    /// Pieces that somebody is at; a sync is one, whoever started it.
    pub running: u64,
    /// For how long the oldest waiting piece could have been done, 0 when none waits.
    pub oldest_waiting_seconds: u64,
}

#[derive(FromQueryResult)]
struct Row {
    waiting: i64,
    running: i64,
    oldest: Option<Timestamp>,
    now: Timestamp,
}

/// Returns how the queue of `database` stands.
pub async fn figures(database: &Database, clock: &Clock) -> Result<QueueFigures> {
    let db = database.reader();
    let mut sql = Sql::new(db, clock);
    let now = sql.now();
    let text = format!(
        "SELECT SUM(CASE WHEN holder IS NULL THEN 1 ELSE 0 END) AS waiting, \
         SUM(CASE WHEN holder IS NULL THEN 0 ELSE 1 END) AS running, \
         MIN(CASE WHEN holder IS NULL THEN due_at END) AS oldest, {now} AS now \
         FROM work WHERE (due_at IS NOT NULL AND key <> '') OR holder IS NOT NULL HAVING COUNT(*) > 0"
    );
    let row = Row::find_by_statement(sql.statement(text)).one(db).await;
    let row = row.attempt("look at the queue")?;
    Ok(row.map_or_else(QueueFigures::default, |row| QueueFigures {
        waiting: row.waiting.unsigned_abs(),
        running: row.running.unsigned_abs(),
        oldest_waiting_seconds: row.oldest.map_or(0, |oldest| {
            u64::try_from((row.now - oldest).num_seconds()).unwrap_or_default()
        }),
    }))
}
