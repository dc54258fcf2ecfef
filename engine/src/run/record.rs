//! The run's row, outside of its publication: its beginning, and ends without one.

use entity::sync_run::{self, RunKind, RunStatus};
use entity::{ReasonCode, SyncRunId, TenantId, Timestamp, connection};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use tracing::{error, warn};

use super::progress;
use super::report::{self, RunReport};
use super::{Engine, Place, SyncRequest};
use crate::error::{Attempt, Error, Result, chain};
use crate::lease::{Hold, LEASE_TIME, Lease};
use crate::work::Sql;

/// A run that is recorded and has not ended, as far as its worker knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// Its id.
    pub(crate) run: SyncRunId,
    /// The highest fencing number that this worker knows it to have had; 0 before its first lease.
    pub(crate) fence: i64,
    /// Whether it was recorded earlier than it begins.
    was_queued: bool,
}

impl Begun {
    /// The same run under `lease`.
    pub(super) fn under(self, lease: &Lease) -> Self {
        Self {
            fence: lease.fence,
            ..self
        }
    }

    /// Readings of a slice that an earlier worker of the run may have stored, or still be storing: those of a lower
    /// fencing number are counted lower than those of a higher one.
    pub(super) fn earlier_walks(self, lease: &Lease) -> i32 {
        const WALKS_PER_SLICE: i64 = 2;
        let is_first = self.fence == 0;
        let walks = if is_first {
            0
        } else {
            lease.fence.saturating_mul(WALKS_PER_SLICE)
        };
        i32::try_from(walks).unwrap_or(i32::MAX - 2)
    }
}

impl From<&sync_run::Model> for Begun {
    fn from(row: &sync_run::Model) -> Self {
        Self {
            run: row.id,
            fence: row.fence,
            was_queued: row.status == RunStatus::Queued,
        }
    }
}

/// Records a run of `connection` in `status`, before it asks for anything.
pub(crate) async fn begin(
    engine: &Engine,
    db: &impl ConnectionTrait,
    connection: &connection::Model,
    request: &SyncRequest,
    status: RunStatus,
) -> Result<sync_run::Model> {
    let id = SyncRunId::from_uuid(engine.clock.new_id());
    begin_as(engine, db, connection, request, (id, status)).await
}

/// Records a run as [`begin`] does, under an id that is known already.
pub(super) async fn begin_as(
    engine: &Engine,
    db: &impl ConnectionTrait,
    connection: &connection::Model,
    request: &SyncRequest,
    (id, status): (SyncRunId, RunStatus),
) -> Result<sync_run::Model> {
    let now = engine.clock.now();
    let row = sync_run::ActiveModel {
        id: Set(id),
        tenant_id: Set(connection.tenant_id),
        connection_id: Set(connection.id),
        kind: Set(request.kind(connection)),
        trigger: Set(request.trigger),
        actor: Set(request.actor.clone()),
        status: Set(status),
        reason: Set(None),
        dry_run: Set(request.dry_run),
        accepts_deletes: Set(request.accept_deletes),
        worker: Set(engine.worker.clone()),
        fence: Set(0),
        started_at: Set(now),
        finished_at: Set(None),
        heartbeat_at: Set(now),
        cancel_requested_at: Set(None),
        progress: Set(None),
        records_updated: Set(0),
        records_failed: Set(0),
        error_message: Set(None),
    };
    row.insert(db).await.attempt("record the run")
}

/// Notes that the run has its lease and runs, and marks earlier runs that never ended as abandoned: their lease
/// is ours.
///
/// # Errors
/// [`Error::LeaseLost`] when the run has ended meanwhile; then the lease is free again.
pub(super) async fn leased(
    engine: &Engine,
    lease: &Lease,
    begun: Begun,
    request: &SyncRequest,
) -> Result<()> {
    let now = engine.clock.now();
    let tx = engine.database.begin().await?;
    let is_ours = note_lease(engine, &tx, lease, begun, now).await?;
    if !is_ours {
        lease.release(&tx).await?;
        tx.commit().await.attempt("release the lease")?;
        return Err(Error::LeaseLost {
            connection: lease.connection,
            run: lease.run,
        });
    }
    if lease.is_of_connection() {
        mark_abandoned(engine, &tx, lease, now).await?;
    } else {
        lease.note_run(&tx).await?;
    }
    if request.record.is_none() {
        note_attempt(&tx, lease, now).await?;
    }
    tx.commit().await.attempt("record the lease")
}

/// Marks what vanished workers left as abandoned, and gives up the lease that is for no run.
pub(super) async fn tidy(engine: &Engine, lease: &Lease) -> Result<()> {
    let tx = engine.database.begin().await?;
    mark_abandoned(engine, &tx, lease, engine.clock.now()).await?;
    lease.release(&tx).await?;
    tx.commit().await.attempt("release the lease")
}

async fn note_attempt(db: &impl ConnectionTrait, lease: &Lease, now: Timestamp) -> Result<()> {
    connection::Entity::update_many()
        .col_expr(connection::Column::LastAttemptAt, Expr::value(now))
        .filter(connection::COLUMN.tenant_id.eq(lease.tenant))
        .filter(connection::COLUMN.id.eq(lease.connection))
        .exec(db)
        .await
        .attempt("record the attempt")
        .map(|_| ())
}

/// Tells whether the run has not ended.
async fn note_lease(
    engine: &Engine,
    db: &impl ConnectionTrait,
    lease: &Lease,
    begun: Begun,
    now: Timestamp,
) -> Result<bool> {
    use sync_run::Column;
    let mut update = sync_run::Entity::update_many()
        .col_expr(Column::Fence, Expr::value(lease.fence))
        .col_expr(Column::Status, Expr::value(RunStatus::Running.as_str()))
        .col_expr(Column::Worker, Expr::value(engine.worker.as_str()))
        .col_expr(Column::Progress, progress::none())
        .col_expr(Column::HeartbeatAt, Expr::value(now));
    // The time that a run stood in the queue is not its own.
    if begun.was_queued && begun.fence == 0 {
        update = update.col_expr(Column::StartedAt, Expr::value(now));
    }
    let noted = update
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .filter(sync_run::COLUMN.finished_at.is_null())
        .exec(db)
        .await
        .attempt("record the lease")?;
    Ok(noted.rows_affected == 1)
}

async fn mark_abandoned(
    engine: &Engine,
    db: &impl ConnectionTrait,
    lease: &Lease,
    now: Timestamp,
) -> Result<()> {
    const SENTENCE: &str = "the run ended without a word; a later run found it";
    let mut sql = Sql::new(db, &engine.clock);
    let (present, ended_at, sentence) = (sql.now(), sql.bind(now), sql.bind(SENTENCE));
    let (tenant, connection) = (
        sql.bind(lease.tenant.as_uuid()),
        sql.bind(lease.connection.as_uuid()),
    );
    let (run, recent) = (sql.bind(lease.run.as_uuid()), sql.bind(now - LEASE_TIME));
    // A run that was recorded just now may not have tried for the lease yet; it will see that it is taken. Single records
    // may be read beside.
    let text = format!(
        "UPDATE sync_runs SET status = 'abandoned', reason = 'lease_lost', finished_at = {ended_at}, error_message = {sentence}, progress = NULL \
         WHERE tenant_id = {tenant} AND connection_id = {connection} AND status = 'running' AND id <> {run} \
         AND (fence > 0 OR heartbeat_at < {recent}) AND NOT EXISTS (SELECT 1 FROM work w WHERE w.connection_id = {connection} \
         AND (w.kind = 'sync' OR w.holder IS NOT NULL) AND w.held_for = sync_runs.id AND w.expires_at > {present})"
    );
    let abandoned = db.execute_raw(sql.statement(text)).await;
    let run_count = abandoned.attempt("mark abandoned runs")?.rows_affected();
    if run_count > 0 {
        warn!(run_count, "earlier runs were abandoned");
    }
    Ok(())
}

/// Puts a run that was stopped half-way back into the queue and frees its lease.
///
/// Tells whether it did: somebody may have asked for the run to end instead.
pub(super) async fn hand_back(engine: &Engine, lease: &Lease) -> Result<bool> {
    let tx = engine.database.begin().await?;
    let queued = sync_run::Entity::update_many()
        .col_expr(
            sync_run::Column::Status,
            Expr::value(RunStatus::Queued.as_str()),
        )
        .col_expr(sync_run::Column::Progress, progress::none())
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .filter(sync_run::COLUMN.status.eq(RunStatus::Running))
        .filter(sync_run::COLUMN.cancel_requested_at.is_null())
        .exec(&tx)
        .await
        .attempt("hand the run back")?;
    if queued.rows_affected == 0 {
        return Ok(false);
    }
    lease.hand_back(&tx).await?;
    tx.commit().await.attempt("hand the run back")?;
    Ok(true)
}

/// Forgets a reading of a single record that failed as others before it did.
pub(super) async fn forget(engine: &Engine, tenant: TenantId, run: SyncRunId) -> Result<()> {
    sync_run::Entity::delete_many()
        .filter(sync_run::COLUMN.tenant_id.eq(tenant))
        .filter(sync_run::COLUMN.id.eq(run))
        .filter(sync_run::COLUMN.kind.eq(RunKind::Record))
        .exec(engine.database.writer())
        .await
        .attempt("forget the run")
        .map(|_| ())
}

/// Ends a run that did not get the lease.
pub(super) async fn skip(
    engine: &Engine,
    place: &Place,
    begun: Begun,
    hold: &Hold,
) -> Result<RunReport> {
    let Hold { holder, until, .. } = hold;
    let message = format!(
        "{holder} is syncing this connection (its lease holds until {} unless extended)",
        until.format("%H:%M:%S UTC")
    );
    let end = End {
        status: RunStatus::Skipped,
        reason: ReasonCode::Locked,
        message: &message,
    };
    end.write(engine, place.tenant.id, begun).await?;
    report::load(engine, place, begun.run, &[]).await
}

/// Ends a run whose time was over before it could begin.
pub(super) async fn late(engine: &Engine, place: &Place, begun: Begun) -> Result<RunReport> {
    let end = End {
        status: RunStatus::Failed,
        reason: ReasonCode::Deadline,
        message: "the time allowed for the run was over before it could begin",
    };
    end.write(engine, place.tenant.id, begun).await?;
    report::load(engine, place, begun.run, &[]).await
}

/// Ends a run that failed on our own side, as well as the database still lets us.
pub(super) async fn fail(engine: &Engine, tenant: TenantId, begun: Begun, cause: &Error) {
    if matches!(cause, Error::LeaseLost { .. }) {
        // Whoever has the lease now has the run's row, too.
        return;
    }
    // The database's words may hold data; they are in the log only.
    let end = End {
        status: RunStatus::Failed,
        reason: cause.reason(),
        message: &cause.to_string(),
    };
    if let Err(error) = end.write(engine, tenant, begun).await {
        error!(error = %chain(&error), "the run's end could not be recorded");
    }
}

/// An end without a publication.
struct End<'a> {
    status: RunStatus,
    reason: ReasonCode,
    message: &'a str,
}

impl End<'_> {
    /// Ends the run, unless another worker carries it on or it has ended.
    async fn write(&self, engine: &Engine, tenant: TenantId, begun: Begun) -> Result<()> {
        use sync_run::Column;
        let now = engine.clock.now();
        let tx = engine.database.begin().await?;
        sync_run::Entity::update_many()
            .col_expr(Column::Status, Expr::value(self.status.as_str()))
            .col_expr(Column::Reason, Expr::value(self.reason.as_str()))
            .col_expr(Column::ErrorMessage, Expr::value(self.message))
            .col_expr(Column::FinishedAt, Expr::value(now))
            .col_expr(Column::Progress, progress::none())
            .filter(sync_run::COLUMN.tenant_id.eq(tenant))
            .filter(sync_run::COLUMN.id.eq(begun.run))
            .filter(sync_run::COLUMN.fence.lte(begun.fence))
            .filter(sync_run::COLUMN.finished_at.is_null())
            .exec(&tx)
            .await
            .attempt("end the run")?;
        Lease::give_up(&tx, &engine.clock, (tenant, begun.run), begun.fence).await?;
        tx.commit().await.attempt("end the run")
    }
}
