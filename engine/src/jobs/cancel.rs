//! Asking a run to stop.

use entity::sync_run::{self, RunStatus};
use entity::{ReasonCode, SyncRunId, TenantId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::start::Jobs;
use crate::error::{Attempt, Error, Result};
use crate::lease::Lease;

impl Jobs {
    /// Ends a queued run at once; asks a running one, whoever runs it, to stop at its next page.
    ///
    /// Returns the run as it is then.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant has no such run; [`Error::Conflict`] when it has ended.
    pub async fn cancel(&self, tenant: TenantId, run: SyncRunId) -> Result<sync_run::Model> {
        let tx = self.engine.database.begin().await?;
        let was_queued = self.end_queued(&tx, tenant, run).await?;
        if was_queued {
            Lease::give_up(&tx, &self.engine.clock, (tenant, run), i64::MAX).await?;
        } else {
            self.ask_running(&tx, tenant, run).await?;
        }
        let row = sync_run::Entity::owned_by(tenant)
            .filter(sync_run::COLUMN.id.eq(run))
            .one(&tx)
            .await
            .attempt("read the run")?;
        let row = row.ok_or_else(|| Error::NotFound {
            what: "run",
            name: run.to_string(),
        })?;
        if !was_queued && row.finished_at.is_some() {
            let sentence = format!("the run has ended: {}", row.status);
            return Err(Error::Conflict(sentence));
        }
        tx.commit().await.attempt("cancel the run")?;
        Ok(row)
    }

    async fn end_queued(
        &self,
        tx: &DatabaseTransaction,
        tenant: TenantId,
        run: SyncRunId,
    ) -> Result<bool> {
        use sync_run::Column;
        let now = self.engine.clock.now();
        let ended = sync_run::Entity::update_many()
            .col_expr(Column::Status, Expr::value(RunStatus::Cancelled.as_str()))
            .col_expr(Column::Reason, Expr::value(ReasonCode::Cancelled.as_str()))
            .col_expr(
                Column::ErrorMessage,
                Expr::value("the run was cancelled before it began"),
            )
            .col_expr(Column::CancelRequestedAt, Expr::value(now))
            .col_expr(Column::FinishedAt, Expr::value(now))
            .filter(sync_run::COLUMN.tenant_id.eq(tenant))
            .filter(sync_run::COLUMN.id.eq(run))
            .filter(sync_run::COLUMN.status.eq(RunStatus::Queued))
            .exec(tx)
            .await
            .attempt("cancel the run")?;
        Ok(ended.rows_affected == 1)
    }

    async fn ask_running(
        &self,
        tx: &DatabaseTransaction,
        tenant: TenantId,
        run: SyncRunId,
    ) -> Result<()> {
        use sync_run::Column;
        sync_run::Entity::update_many()
            .col_expr(
                Column::CancelRequestedAt,
                Expr::value(self.engine.clock.now()),
            )
            .filter(sync_run::COLUMN.tenant_id.eq(tenant))
            .filter(sync_run::COLUMN.id.eq(run))
            .filter(sync_run::COLUMN.status.eq(RunStatus::Running))
            .filter(sync_run::COLUMN.cancel_requested_at.is_null())
            .exec(tx)
            .await
            .attempt("cancel the run")?;
        Ok(())
    }
}
