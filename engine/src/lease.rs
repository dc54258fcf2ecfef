//! The lease: at most one worker syncs a connection, and one that lost its lease cannot publish.
//!
//! It is a claim of the connection's row in the table of work, by the database's clock. Taking it raises a fencing
//! number; a publication checks holder and number as the last thing before it is committed, so that nobody else waits for
//! the row while it writes.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use entity::work::{Column, Entity, Model};
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect,
};

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::work::{Claimed, SYNC, Sql, announce};

/// How long a lease holds without a heartbeat.
pub const LEASE_TIME: Duration = Duration::from_mins(1);
/// How often the holder extends it.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);

/// A lease that was taken.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The connection it is for.
    pub connection: ConnectionId,
    /// The connection's tenant.
    pub tenant: TenantId,
    /// The run it was taken for.
    pub run: SyncRunId,
    /// Who holds it.
    pub holder: String,
    /// The fencing number.
    pub fence: i64,
    clock: Clock,
}

/// Who wants which lease.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The connection's tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The run it is for.
    pub run: SyncRunId,
    /// Who asks.
    pub holder: String,
    /// Only when no sync of the connection has begun since then.
    pub unless_since: Option<Timestamp>,
}

/// What came of trying to take a lease.
#[derive(Debug)]
pub enum Taken {
    /// It is ours.
    Lease(Lease),
    /// Someone else's lease has not expired.
    HeldBy(Hold),
}

/// A lease, as others see it.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Who holds it.
    pub holder: String,
    /// Until when, unless it is extended.
    pub until: Timestamp,
    /// The run it was taken for; none while single records are read.
    pub run: Option<SyncRunId>,
}

#[derive(FromQueryResult)]
struct Number {
    fence: i64,
}

impl Lease {
    /// Takes the lease that `claim` asks for, when it is free or expired.
    pub async fn take(database: &Database, clock: &Clock, claim: Claim) -> Result<Taken> {
        let Claim {
            tenant,
            connection,
            run,
            holder,
            unless_since,
        } = claim;
        let db = database.writer();
        let mut sql = Sql::new(db, clock);
        let (name, key) = (sql.bind(holder.as_str()), sql.bind(connection.to_string()));
        let (owner, run_id) = (sql.bind(tenant.as_uuid()), sql.bind(run.as_uuid()));
        let (until, now) = (sql.after(lease_time()), sql.now());
        let untried = unless_since.map_or_else(String::new, |since| {
            let since = sql.bind(since);
            format!(" AND EXISTS (SELECT 1 FROM connections c WHERE c.id = work.connection_id AND (c.last_attempt_at IS NULL OR c.last_attempt_at < {since}))")
        });
        let text = format!(
            "UPDATE work SET holder = {name}, held_for = {run_id}, expires_at = {until}, wanted_until = NULL, fence = fence + 1 \
             WHERE kind = '{SYNC}' AND key = {key} AND tenant_id = {owner} \
             AND (expires_at IS NULL OR expires_at <= {now}){untried} RETURNING fence"
        );
        let taken = Number::find_by_statement(sql.statement(text)).all(db).await;
        if let Some(Number { fence }) = taken.attempt("take the lease")?.pop() {
            return Ok(Taken::Lease(Self {
                connection,
                tenant,
                run,
                holder,
                fence,
                clock: clock.clone(),
            }));
        }
        let row = row_of(db, tenant, connection).await?;
        Ok(Taken::HeldBy(hold(&row).unwrap_or(Hold {
            holder: "another worker".to_owned(),
            until: clock.now(),
            run: None,
        })))
    }

    /// Lets others who read single records know that somebody waits for the connection, for `time`.
    pub(crate) async fn want(
        database: &Database,
        clock: &Clock,
        connection: ConnectionId,
        time: TimeDelta,
    ) -> Result<()> {
        let db = database.writer();
        let mut sql = Sql::new(db, clock);
        let (until, key) = (sql.after(time), sql.bind(connection.to_string()));
        let text =
            format!("UPDATE work SET wanted_until = {until} WHERE kind = '{SYNC}' AND key = {key}");
        let wanted = db.execute_raw(sql.statement(text)).await;
        wanted.attempt("wait for the lease").map(|_| ())
    }

    /// The lease of `run` that a worker has with its claim of a connection's row.
    pub(crate) fn of(
        claimed: &Claimed,
        run: SyncRunId,
        holder: &str,
        clock: &Clock,
    ) -> Option<Self> {
        Some(Self {
            connection: claimed.connection_id?,
            tenant: claimed.tenant_id?,
            run,
            holder: holder.to_owned(),
            fence: claimed.fence,
            clock: clock.clone(),
        })
    }

    /// Holds the lease for another [`LEASE_TIME`]. It locks the row until the transaction ends: a publication does this
    /// last.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when someone else has taken it; the transaction must not be committed.
    pub async fn extend(&self, db: &impl ConnectionTrait) -> Result<()> {
        let mut sql = Sql::new(db, &self.clock);
        let (until, ours) = (sql.after(lease_time()), self.is_ours(&mut sql));
        let text = format!("UPDATE work SET expires_at = {until} WHERE {ours}");
        let extended = db.execute_raw(sql.statement(text)).await;
        self.expect_one(extended.attempt("extend the lease")?.rows_affected())
    }

    /// Gives the lease up, with its run if that was queued, as the last statement of the transaction that ends the run.
    ///
    /// # Errors
    /// As [`Lease::extend`].
    pub async fn release(&self, db: &impl ConnectionTrait) -> Result<()> {
        let mut sql = Sql::new(db, &self.clock);
        let (run, ours) = (sql.bind(self.run.as_uuid()), self.is_ours(&mut sql));
        self.free(db, sql, &format!("{FREE}, {}", without(&run)), &ours)
            .await
    }

    /// Gives the lease up and leaves its run in the queue.
    ///
    /// # Errors
    /// As [`Lease::extend`].
    pub(crate) async fn hand_back(&self, db: &impl ConnectionTrait) -> Result<()> {
        let mut sql = Sql::new(db, &self.clock);
        let ours = self.is_ours(&mut sql);
        self.free(db, sql, FREE, &ours).await
    }

    async fn free(
        &self,
        db: &impl ConnectionTrait,
        sql: Sql<'_>,
        change: &str,
        ours: &str,
    ) -> Result<()> {
        let text = format!("UPDATE work SET {change} WHERE {ours}");
        let freed = db.execute_raw(sql.statement(text)).await;
        self.expect_one(freed.attempt("release the lease")?.rows_affected())?;
        // Something may have waited for it.
        announce(db).await
    }

    /// Takes `run` out of the queue, when it ends without a publication, and gives up the lease that it may hold; not one
    /// of a higher number than `fence`, under which another worker carries the run on.
    pub async fn give_up(
        db: &impl ConnectionTrait,
        clock: &Clock,
        (tenant, run): (TenantId, SyncRunId),
        fence: i64,
    ) -> Result<()> {
        let mut sql = Sql::new(db, clock);
        let (run, tenant, fence) = (
            sql.bind(run.as_uuid()),
            sql.bind(tenant.as_uuid()),
            sql.bind(fence),
        );
        let is_its = format!("held_for = {run} AND fence <= {fence}");
        let kept = |column| format!("{column} = CASE WHEN {is_its} THEN NULL ELSE {column} END");
        let text = format!(
            "UPDATE work SET {}, {}, {}, {} WHERE kind = '{SYNC}' AND tenant_id = {tenant} \
             AND ((run_id = {run} AND fence <= {fence}) OR ({is_its}))",
            kept("holder"),
            kept("expires_at"),
            kept("held_for"),
            without(&run)
        );
        let freed = db.execute_raw(sql.statement(text)).await;
        freed.attempt("release the lease").map(|_| ())
    }

    fn is_ours(&self, sql: &mut Sql<'_>) -> String {
        let (key, tenant) = (
            sql.bind(self.connection.to_string()),
            sql.bind(self.tenant.as_uuid()),
        );
        let (fence, holder) = (sql.bind(self.fence), sql.bind(self.holder.as_str()));
        format!(
            "kind = '{SYNC}' AND key = {key} AND tenant_id = {tenant} AND fence = {fence} AND holder = {holder}"
        )
    }

    fn expect_one(&self, rows: u64) -> Result<()> {
        if rows == 1 {
            return Ok(());
        }
        Err(Error::LeaseLost {
            connection: self.connection,
            run: self.run,
        })
    }
}

const FREE: &str = "holder = NULL, expires_at = NULL, held_for = NULL, attempts = 0";

/// Takes the run out of the row that it waits in.
fn without(run: &str) -> String {
    let columns = ["payload", "due_at", "run_id"];
    let columns = columns
        .map(|column| format!("{column} = CASE WHEN run_id = {run} THEN NULL ELSE {column} END"));
    columns.join(", ")
}

/// Returns the lease of a connection of `tenant`, where somebody has it.
pub async fn hold_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<Option<Hold>> {
    Ok(hold(&row_of(db, tenant, connection).await?))
}

/// Locks the row that is a connection's lease, until the transaction ends.
pub(crate) async fn lock(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<()> {
    let row = Entity::find_by_id((SYNC.to_owned(), connection.to_string()));
    let row = row.filter(Column::TenantId.eq(tenant)).lock_exclusive();
    let row = row.one(tx).await;
    row.attempt("lock the lease").map(|_| ())
}

/// Returns the leases of the connections of `tenants` that somebody has.
pub async fn holds(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, Hold>> {
    let rows = Entity::find()
        .filter(Column::Kind.eq(SYNC))
        .filter(Column::TenantId.is_in(tenants.iter().copied()))
        .filter(Column::Holder.is_not_null())
        .all(db)
        .await
        .attempt("read the leases")?;
    let rows = rows.iter();
    Ok(rows
        .filter_map(|row| Some((row.connection_id?, hold(row)?)))
        .collect())
}

async fn row_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<Model> {
    let row = Entity::find_by_id((SYNC.to_owned(), connection.to_string()))
        .filter(Column::TenantId.eq(tenant))
        .one(db)
        .await
        .attempt("read the lease")?;
    row.ok_or_else(|| Error::NotFound {
        what: "connection",
        name: connection.to_string(),
    })
}

fn hold(row: &Model) -> Option<Hold> {
    Some(Hold {
        holder: row.holder.clone()?,
        until: row.expires_at?,
        run: row.held_for,
    })
}

impl Hold {
    /// Whether it holds still.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until > now
    }
}

fn lease_time() -> TimeDelta {
    TimeDelta::from_std(LEASE_TIME).unwrap_or_default()
}
