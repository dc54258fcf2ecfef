//! Claiming work, keeping it, and giving it back.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;

use super::WEBHOOK;
use super::sql::Sql;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::lease::{LEASE_TIME, closes};

/// Work that was claimed.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Claimed {
    /// Its kind.
    pub kind: String,
    /// Tells it from others of its kind.
    pub key: String,
    /// Whose it is.
    pub tenant_id: Option<TenantId>,
    /// The connection that it goes with.
    pub connection_id: Option<ConnectionId>,
    /// What is to be done.
    pub payload: Option<Value>,
    /// The recorded run that is to be done.
    pub(crate) run_id: Option<SyncRunId>,
    /// How often it was begun since it last came to an end, this time included.
    pub attempts: i32,
    /// The number of this claim.
    pub(crate) fence: i64,
    pub(super) is_long: bool,
}

/// What a worker would take.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Of these kinds.
    pub(super) kinds: Vec<&'static str>,
    /// Not of these tenants.
    pub(super) full: Vec<TenantId>,
    /// Nothing that takes long.
    pub(super) only_short: bool,
}

impl Wanted {
    fn condition(&self, sql: &mut Sql<'_>) -> String {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| sql.bind(*kind)).collect();
        let mut text = format!("kind IN ({})", kinds.join(", "));
        for tenant in &self.full {
            let tenant = sql.bind(tenant.as_uuid());
            text.push_str(" AND (tenant_id IS NULL OR tenant_id <> ");
            text.push_str(&tenant);
            text.push(')');
        }
        if self.only_short {
            text.push_str(" AND NOT is_long");
        }
        let (now, also_now) = (sql.now(), sql.now());
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            " AND (kind <> '{WEBHOOK}' OR NOT EXISTS (SELECT 1 FROM work other WHERE other.connection_id = work.connection_id \
             AND (other.kind = 'sync' OR other.holder IS NOT NULL) AND ((other.kind = '{WEBHOOK}' AND other.expires_at > {now}) \
             OR ({}))))",
            closes(&also_now)
        );
        // What nobody wants and nobody has is not open; in the words of an index.
        text.push_str(" AND (due_at IS NOT NULL OR holder IS NOT NULL)");
        text
    }
}

#[derive(FromQueryResult)]
struct Look {
    due_at: Option<Timestamp>,
    now: Timestamp,
}

/// Tells how long it is until something that is wanted is due, without a lock; none when nothing is wanted.
pub(super) async fn time_to_next(
    db: &impl ConnectionTrait,
    clock: &Clock,
    wanted: &Wanted,
) -> Result<Option<Duration>> {
    let mut sql = Sql::new(db, clock);
    let (now, condition) = (sql.now(), wanted.condition(&mut sql));
    let text = format!(
        "SELECT MIN(COALESCE(expires_at, due_at)) AS due_at, {now} AS now FROM work WHERE {condition}"
    );
    let look = Look::find_by_statement(sql.statement(text)).one(db).await;
    let look = look.attempt("look for work")?;
    Ok(look.and_then(|Look { due_at, now }| Some((due_at? - now).to_std().unwrap_or_default())))
}

/// Claims what comes first of what is due.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    clock: &Clock,
    wanted: &Wanted,
    holder: &str,
) -> Result<Option<Claimed>> {
    let mut sql = Sql::new(db, clock);
    let (holder, expires_at) = (sql.bind(holder), sql.after(lease_time()));
    let (condition, now, skip_locked) = (wanted.condition(&mut sql), sql.now(), sql.skip_locked());
    // The reasons why a connection is due are known from elsewhere; other work may be asked for anew from now on.
    let text = format!(
        "UPDATE work SET holder = {holder}, expires_at = {expires_at}, held_for = run_id, fence = fence + 1, \
         attempts = attempts + 1, due_at = CASE WHEN kind = 'sync' THEN due_at END \
         WHERE (kind, key) = (SELECT kind, key FROM work WHERE {condition} AND COALESCE(expires_at, due_at) <= {now} \
         ORDER BY priority, COALESCE(expires_at, due_at) LIMIT 1 {skip_locked}) \
         RETURNING kind, key, tenant_id, connection_id, payload, run_id, attempts, fence, is_long"
    );
    let claimed = Claimed::find_by_statement(sql.statement(text))
        .all(db)
        .await;
    Ok(claimed.attempt("claim work")?.pop())
}

impl Claimed {
    /// Holds it for another while; tells whether it is still ours.
    pub(super) async fn extend(&self, database: &Database, clock: &Clock) -> Result<bool> {
        let db = database.writer();
        let mut sql = Sql::new(db, clock);
        let expires_at = sql.after(lease_time());
        self.change(db, sql, &format!("expires_at = {expires_at}"))
            .await
    }

    /// It is done: it goes, unless it was asked for anew meanwhile.
    pub(super) async fn finish(&self, database: &Database, clock: &Clock) -> Result<()> {
        let db = database.writer();
        let mut sql = Sql::new(db, clock);
        let condition = self.condition(&mut sql);
        let text = format!("DELETE FROM work WHERE {condition} AND due_at IS NULL");
        let done = db.execute_raw(sql.statement(text)).await;
        if done.attempt("finish work")?.rows_affected() == 0 {
            let free = "holder = NULL, expires_at = NULL, held_for = NULL, attempts = 0";
            self.change(db, Sql::new(db, clock), free).await?;
        }
        Ok(())
    }

    /// It is to be done again after `delay`, or sooner if somebody has asked for it; `attempts` were made in vain.
    pub(super) async fn retry_later(
        &self,
        database: &Database,
        clock: &Clock,
        delay: Duration,
        (attempts, priority): (i32, Option<i16>),
    ) -> Result<()> {
        let db = database.writer();
        let mut sql = Sql::new(db, clock);
        let due_at = sql.after(TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX));
        let (attempts, priority) = (sql.bind(attempts), sql.bind(priority));
        let change = format!(
            "holder = NULL, expires_at = NULL, held_for = NULL, attempts = {attempts}, priority = COALESCE({priority}, priority), \
             due_at = CASE WHEN kind <> 'sync' AND due_at <= {due_at} THEN due_at ELSE {due_at} END"
        );
        self.change(db, sql, &change).await.map(|_| ())
    }

    async fn change(
        &self,
        db: &impl ConnectionTrait,
        mut sql: Sql<'_>,
        change: &str,
    ) -> Result<bool> {
        let condition = self.condition(&mut sql);
        let text = format!("UPDATE work SET {change} WHERE {condition}");
        let changed = db.execute_raw(sql.statement(text)).await;
        Ok(changed.attempt("change work")?.rows_affected() == 1)
    }

    /// Its row, as long as the claim is not lost.
    fn condition(&self, sql: &mut Sql<'_>) -> String {
        let (kind, key) = (sql.bind(self.kind.as_str()), sql.bind(self.key.as_str()));
        let fence = sql.bind(self.fence);
        format!("kind = {kind} AND key = {key} AND fence = {fence} AND holder IS NOT NULL")
    }
}

fn lease_time() -> TimeDelta {
    TimeDelta::from_std(LEASE_TIME).unwrap_or_default()
}
