//! The lease: at most one worker syncs a connection, and one that lost its lease cannot publish.
//!
//! The holder, the expiry and a fencing number stand on the connection's row. Taking the lease raises the
//! number; publishing checks holder and number inside its own transaction. Expiry is judged by the clocks
//! of the workers, which must agree to within a few seconds.

use std::time::Duration;

use chrono::TimeDelta;
use entity::connection::{COLUMN, Column, Entity};
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::database::Database;
use crate::error::{Attempt, Error, Result};

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
}

/// What came of trying to take a lease.
#[derive(Debug)]
pub enum Taken {
    /// It is ours.
    Lease(Lease),
    /// Someone else's lease has not expired.
    HeldBy {
        /// Who holds it.
        holder: String,
        /// The run it was taken for.
        run: Option<SyncRunId>,
        /// Until when, unless it is extended.
        until: Timestamp,
    },
}

impl Lease {
    /// Takes the lease that `claim` asks for, when it is free or expired.
    pub async fn take(database: &Database, now: Timestamp, claim: Claim) -> Result<Taken> {
        let Claim {
            tenant,
            connection,
            run,
            holder,
        } = claim;
        let tx = database.begin().await?;
        let taken = Entity::update_many()
            .col_expr(Column::LeaseHolder, Expr::value(holder.as_str()))
            .col_expr(Column::LeaseRunId, Expr::value(run.as_uuid()))
            .col_expr(Column::LeaseExpiresAt, Expr::value(now + lease_time()))
            .col_expr(Column::Fence, Expr::col(Column::Fence).add(1))
            .col_expr(Column::LastAttemptAt, Expr::value(now))
            .filter(COLUMN.tenant_id.eq(tenant))
            .filter(COLUMN.id.eq(connection))
            .filter(
                Column::LeaseExpiresAt
                    .is_null()
                    .or(Column::LeaseExpiresAt.lte(now)),
            )
            .exec(&tx)
            .await
            .attempt("take the lease")?;
        let row = Entity::owned_by(tenant)
            .filter(COLUMN.id.eq(connection))
            .one(&tx)
            .await
            .attempt("read the lease")?;
        tx.commit().await.attempt("take the lease")?;
        let row = row.ok_or_else(|| Error::NotFound {
            what: "connection",
            name: connection.to_string(),
        })?;
        Ok(if taken.rows_affected == 1 {
            Taken::Lease(Self {
                connection,
                tenant,
                run,
                holder,
                fence: row.fence,
            })
        } else {
            Taken::HeldBy {
                holder: row.lease_holder.unwrap_or_default(),
                run: row.lease_run_id,
                until: row.lease_expires_at.unwrap_or(now),
            }
        })
    }

    /// Holds the lease for another [`LEASE_TIME`].
    pub async fn extend(&self, db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
        let extended = Entity::update_many()
            .col_expr(Column::LeaseExpiresAt, Expr::value(now + lease_time()))
            .filter(self.is_ours())
            .exec(db)
            .await
            .attempt("extend the lease")?;
        self.expect_one(extended.rows_affected)
    }

    /// Gives the lease up, as the first statement of the transaction that ends the run: it locks the
    /// connection's row, so that nobody can take the lease before the transaction ends.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when someone else has taken it; the transaction must not be committed.
    pub async fn release(&self, db: &impl ConnectionTrait) -> Result<()> {
        self.expect_one(free(self.is_ours(), db).await?)
    }

    /// Gives up the lease that `run` may hold, when the run ends without a publication; not one of a higher number
    /// than `fence`, under which another worker carries the run on.
    pub async fn give_up(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        run: SyncRunId,
        fence: i64,
    ) -> Result<()> {
        let ours = Condition::all()
            .add(COLUMN.tenant_id.eq(tenant))
            .add(Column::LeaseRunId.eq(run))
            .add(Column::Fence.lte(fence));
        free(ours, db).await.map(|_| ())
    }

    fn is_ours(&self) -> Condition {
        Condition::all()
            .add(COLUMN.tenant_id.eq(self.tenant))
            .add(COLUMN.id.eq(self.connection))
            .add(COLUMN.fence.eq(self.fence))
            .add(Column::LeaseHolder.eq(&self.holder))
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

/// Frees the lease of the connections that meet `condition`; returns how many there were.
async fn free(condition: Condition, db: &impl ConnectionTrait) -> Result<u64> {
    let freed = Entity::update_many()
        .col_expr(Column::LeaseHolder, Expr::value(None::<String>))
        .col_expr(Column::LeaseRunId, Expr::value(None::<uuid::Uuid>))
        .col_expr(Column::LeaseExpiresAt, Expr::value(None::<Timestamp>))
        .filter(condition)
        .exec(db)
        .await
        .attempt("release the lease")?;
    Ok(freed.rows_affected)
}

fn lease_time() -> TimeDelta {
    TimeDelta::from_std(LEASE_TIME).unwrap_or_default()
}
