//! The lease: at most one worker syncs a connection, and one that lost its lease cannot publish.
//!
//! It is a claim of the connection's row in the table of work, by the database's clock. Taking it raises a fencing
//! number; a publication checks holder and number as the last thing before it is committed, so that nobody else waits for
//! the row while it writes.
//!
//! A single record that a webhook names is read beside a sync, under the claim of its own piece of work ([`Lease::of`]).

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
use crate::work::{Claimed, SYNC, Sql, WEBHOOK, announce};

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
    /// When the run began that it was taken for, by our clock.
    pub(crate) taken_at: Timestamp,
    /// Kind and key of the claimed work.
    work: (String, String),
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
    /// The run it was taken for; none before that begins.
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
            "UPDATE work SET holder = {name}, held_for = {run_id}, expires_at = {until}, fence = fence + 1 \
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
                taken_at: clock.now(),
                work: (SYNC.to_owned(), connection.to_string()),
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

    /// The lease of `run` that a worker has with its claim: of a connection, when it claimed the connection's row.
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
            taken_at: clock.now(),
            work: (claimed.kind.clone(), claimed.key.clone()),
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

    /// Whether it is of the whole connection.
    pub(crate) fn is_of_connection(&self) -> bool {
        self.work.0 == SYNC
    }

    /// Notes which run a claim is for that was made before there was one.
    pub(crate) async fn note_run(&self, db: &impl ConnectionTrait) -> Result<()> {
        let mut sql = Sql::new(db, &self.clock);
        let (run, ours) = (sql.bind(self.run.as_uuid()), self.is_ours(&mut sql));
        let text = format!("UPDATE work SET held_for = {run} WHERE {ours}");
        let noted = db.execute_raw(sql.statement(text)).await;
        self.expect_one(noted.attempt("note the run")?.rows_affected())
    }

    /// Gives the lease up, with its run if that was queued, as the last statement of the transaction that ends the run. Work
    /// of another kind is given back by whoever claimed it.
    ///
    /// # Errors
    /// As [`Lease::extend`].
    pub async fn release(&self, db: &impl ConnectionTrait) -> Result<()> {
        if !self.is_of_connection() {
            return self.extend(db).await;
        }
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
        let (kind, key) = (
            sql.bind(self.work.0.as_str()),
            sql.bind(self.work.1.as_str()),
        );
        let tenant = sql.bind(self.tenant.as_uuid());
        let (fence, holder) = (sql.bind(self.fence), sql.bind(self.holder.as_str()));
        format!(
            "kind = {kind} AND key = {key} AND tenant_id = {tenant} AND fence = {fence} AND holder = {holder}"
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

/// Whether nobody reads single records of a connection: while its mirror is rebuilt or compared.
pub(crate) async fn is_closed(
    db: &impl ConnectionTrait,
    clock: &Clock,
    connection: ConnectionId,
) -> Result<bool> {
    let mut sql = Sql::new(db, clock);
    let (key, now) = (sql.bind(connection.to_string()), sql.now());
    let text = format!(
        "SELECT fence FROM work other WHERE key = {key} AND {}",
        closes(&now)
    );
    let closed = Number::find_by_statement(sql.statement(text)).one(db).await;
    closed.attempt("read the lease").map(|hold| hold.is_some())
}

/// Whether the row `other` is the lease of a run beside which no single record may be read.
pub(crate) fn closes(now: &str) -> String {
    format!(
        "other.kind = '{SYNC}' AND other.expires_at > {now} AND EXISTS (SELECT 1 FROM sync_runs r \
         WHERE r.tenant_id = other.tenant_id AND r.id = other.held_for AND r.kind IN ('replay', 'verify'))"
    )
}

/// Whether somebody reads single records of a connection beside its lease.
pub(crate) async fn has_readers(
    db: &impl ConnectionTrait,
    clock: &Clock,
    connection: ConnectionId,
) -> Result<bool> {
    let mut sql = Sql::new(db, clock);
    let (connection, now) = (sql.bind(connection.as_uuid()), sql.now());
    let text = format!(
        "SELECT fence FROM work WHERE connection_id = {connection} AND kind = '{WEBHOOK}' AND holder IS NOT NULL \
         AND expires_at > {now} LIMIT 1"
    );
    let reader = Number::find_by_statement(sql.statement(text)).one(db).await;
    reader
        .attempt("read the leases")
        .map(|reader| reader.is_some())
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
