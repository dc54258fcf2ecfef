//! The run's row, outside of its publication: its beginning, and ends without one.

use entity::sync_run::{self, RunStatus};
use entity::{ReasonCode, SyncRunId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter,
};
use tracing::{error, warn};

use super::report::{self, RunReport};
use super::{Engine, Place, SyncRequest};
use crate::error::{Attempt, Error, Result, chain};
use crate::lease::{LEASE_TIME, Lease};

/// Records a run before it asks for anything.
pub(super) async fn begin(
    engine: &Engine,
    place: &Place,
    request: &SyncRequest,
) -> Result<SyncRunId> {
    let now = engine.clock.now();
    let id = SyncRunId::from_uuid(engine.clock.new_id());
    let row = sync_run::ActiveModel {
        id: Set(id),
        tenant_id: Set(place.tenant.id),
        connection_id: Set(place.connection.id),
        kind: Set(request.kind(&place.connection)),
        trigger: Set(request.trigger),
        actor: Set(request.actor.clone()),
        status: Set(RunStatus::Running),
        reason: Set(None),
        dry_run: Set(request.dry_run),
        worker: Set(engine.worker.clone()),
        fence: Set(0),
        started_at: Set(now),
        finished_at: Set(None),
        heartbeat_at: Set(now),
        cancel_requested_at: Set(None),
        records_updated: Set(0),
        records_failed: Set(0),
        error_message: Set(None),
    };
    row.insert(engine.database.writer())
        .await
        .attempt("record the run")?;
    Ok(id)
}

/// Notes the fencing number, and marks earlier runs that never ended as abandoned: their lease is ours.
pub(super) async fn leased(engine: &Engine, lease: &Lease) -> Result<()> {
    use sync_run::Column;
    let now = engine.clock.now();
    let tx = engine.database.begin().await?;
    sync_run::Entity::update_many()
        .col_expr(Column::Fence, Expr::value(lease.fence))
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .exec(&tx)
        .await
        .attempt("record the lease")?;
    let abandoned = sync_run::Entity::update_many()
        .col_expr(Column::Status, Expr::value(RunStatus::Abandoned.as_str()))
        .col_expr(Column::Reason, Expr::value(ReasonCode::LeaseLost.as_str()))
        .col_expr(Column::FinishedAt, Expr::value(now))
        .col_expr(
            Column::ErrorMessage,
            Expr::value("the run ended without a word; a later run found it"),
        )
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.connection_id.eq(lease.connection))
        .filter(sync_run::COLUMN.status.eq(RunStatus::Running))
        // A run that was recorded just now may not have tried for the lease yet; it will see that it is taken.
        .filter(
            Column::Fence
                .gt(0)
                .or(Column::HeartbeatAt.lt(now - LEASE_TIME)),
        )
        .filter(sync_run::COLUMN.id.ne(lease.run))
        .exec(&tx)
        .await
        .attempt("mark abandoned runs")?;
    tx.commit().await.attempt("record the lease")?;
    if abandoned.rows_affected > 0 {
        warn!(
            run_count = abandoned.rows_affected,
            "earlier runs were abandoned"
        );
    }
    Ok(())
}

/// Ends a run that did not get the lease.
pub(super) async fn skip(
    engine: &Engine,
    place: &Place,
    run: SyncRunId,
    holder: &str,
    until: Timestamp,
) -> Result<RunReport> {
    let message = format!(
        "{holder} is syncing this connection (its lease holds until {} unless extended)",
        until.format("%H:%M:%S UTC")
    );
    end(
        engine,
        place,
        run,
        RunStatus::Skipped,
        ReasonCode::Locked,
        &message,
    )
    .await?;
    report::load(engine, place, run, &[]).await
}

/// Ends a run that failed on our own side, as well as the database still lets us.
pub(super) async fn fail(engine: &Engine, place: &Place, run: SyncRunId, cause: &Error) {
    if !cause.leaves_run_ours() {
        return;
    }
    // The database's words may hold data; they are in the log only.
    let message = cause.to_string();
    if let Err(error) = end(
        engine,
        place,
        run,
        RunStatus::Failed,
        cause.reason(),
        &message,
    )
    .await
    {
        error!(error = %chain(&error), "the run's end could not be recorded");
    }
}

async fn end(
    engine: &Engine,
    place: &Place,
    run: SyncRunId,
    status: RunStatus,
    reason: ReasonCode,
    message: &str,
) -> Result<()> {
    let now = engine.clock.now();
    let tx = engine.database.begin().await?;
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::Status, Expr::value(status.as_str()))
        .col_expr(sync_run::Column::Reason, Expr::value(reason.as_str()))
        .col_expr(sync_run::Column::ErrorMessage, Expr::value(message))
        .col_expr(sync_run::Column::FinishedAt, Expr::value(now))
        .filter(sync_run::COLUMN.tenant_id.eq(place.tenant.id))
        .filter(sync_run::COLUMN.id.eq(run))
        .exec(&tx)
        .await
        .attempt("end the run")?;
    Lease::give_up(&tx, place.tenant.id, run).await?;
    tx.commit().await.attempt("end the run")
}
