//! Publishes a part of a stream while its run goes on.
//!
//! The lease is checked, not released, so that readers see the state before or after the part, and a worker that has
//! lost its lease publishes no part. Counters add up in the run's rows, part by part.

use entity::{connection, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};

use super::{Publication, run_end};
use crate::error::{Attempt, Error, Result};
use crate::observer::Event;
use crate::read::StreamOutcome;

impl Publication<'_> {
    /// Publishes one part.
    ///
    /// # Errors
    /// When the lease is lost, the database fails or numbers do not add up; then nothing has changed.
    pub async fn commit_part(&self, part: &StreamOutcome) -> Result<()> {
        let tx = self.database.begin().await?;
        let is_changed = self.publish_stream(&tx, part).await?;
        run_end::write_streams(self, &tx, std::slice::from_ref(part)).await?;
        self.note_progress(&tx, part).await?;
        if is_changed {
            self.note_change(&tx).await?;
        }
        self.lease.extend(&tx).await?;
        self.observer.on(Event::PublishingPart).await;
        tx.commit().await.attempt("publish a part")?;
        self.observer.on(Event::PartPublished).await;
        Ok(())
    }

    async fn note_progress(&self, tx: &DatabaseTransaction, part: &StreamOutcome) -> Result<()> {
        use sync_run::Column;
        let counters = &part.reading.counters;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let updated = count(counters.written() + counters.deleted);
        let noted = sync_run::Entity::update_many()
            .col_expr(
                Column::RecordsUpdated,
                Expr::col(Column::RecordsUpdated).add(updated),
            )
            .col_expr(
                Column::RecordsFailed,
                Expr::col(Column::RecordsFailed).add(count(counters.rejected)),
            )
            .col_expr(Column::HeartbeatAt, Expr::value(self.now()))
            .filter(sync_run::COLUMN.tenant_id.eq(self.lease.tenant))
            .filter(sync_run::COLUMN.id.eq(self.run()))
            .filter(sync_run::COLUMN.finished_at.is_null())
            .exec(tx)
            .await
            .attempt("record the run's progress")?;
        if noted.rows_affected == 1 {
            return Ok(());
        }
        Err(Error::LeaseLost {
            connection: self.lease.connection,
            run: self.run(),
        })
    }

    async fn note_change(&self, tx: &DatabaseTransaction) -> Result<()> {
        use connection::Column;
        connection::Entity::update_many()
            .col_expr(Column::DataVersion, Expr::col(Column::DataVersion).add(1))
            .filter(connection::COLUMN.tenant_id.eq(self.lease.tenant))
            .filter(connection::COLUMN.id.eq(self.lease.connection))
            .exec(tx)
            .await
            .attempt("write the connection's state")?;
        Ok(())
    }
}
