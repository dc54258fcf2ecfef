//! Publishes a part: what was read of one stream, or of several that belong together.

use entity::{connection, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};

use super::aggregate::{self, Refreshed};
use super::first_load::Loads;
use super::records::{self, RecordWriter};
use super::{Effect, Publication, coverage, failures, first_load, mapping, quality, run_end};
use crate::error::{Attempt, Error, Result};
use crate::observer::Event;
use crate::read::StreamOutcome;

impl Publication<'_> {
    /// Publishes one part: readers see all of it or nothing.
    ///
    /// # Errors
    /// When the lease is lost, the database fails or numbers do not add up; then nothing has changed.
    pub async fn commit_part(&self, part: &[StreamOutcome]) -> Result<()> {
        self.commit_loaded(part, Loads::new()).await
    }

    /// The same, of lists of which `loads` are written or made already.
    pub(crate) async fn commit_loaded(
        &self,
        part: &[StreamOutcome],
        mut loads: Loads,
    ) -> Result<()> {
        let mut writers = vec![];
        for outcome in part {
            let ahead = loads.remove(&outcome.stream).unwrap_or_default();
            writers.push(RecordWriter::new(self, outcome, ahead)?);
        }
        let tx = self.database.begin().await?;
        let mut is_changed = false;
        for (outcome, writer) in part.iter().zip(writers) {
            is_changed |= self.publish_stream(&tx, outcome, writer).await?;
        }
        first_load::end(self, &tx, part).await?;
        let numbers = self.refresh_numbers(&tx, part, is_changed).await?;
        // From here on rows are locked that others need.
        run_end::write_streams(self, &tx, part, run_end::Moment::Part).await?;
        self.note_progress(&tx, part).await?;
        if let Some(numbers) = numbers {
            mapping::note(self, &tx, numbers).await?;
        }
        if is_changed || numbers == Some(Refreshed::Changed) {
            self.note_change(&tx).await?;
        }
        self.lease.extend(&tx).await?;
        self.observer.on(Event::PublishingPart).await;
        tx.commit().await.attempt("publish a part")?;
        self.observer.on(Event::PartPublished).await;
        Ok(())
    }

    /// Tells whether a record row was written.
    async fn publish_stream(
        &self,
        tx: &DatabaseTransaction,
        outcome: &StreamOutcome,
        writer: RecordWriter<'_>,
    ) -> Result<bool> {
        writer.write(tx).await?;
        records::mark_deleted(self, tx, outcome).await?;
        quality::write(self, tx, outcome).await?;
        if self.effect == Effect::Publish {
            coverage::write(self, tx, outcome).await?;
            failures::write(self, tx, outcome).await?;
        }
        let counters = &outcome.reading.counters;
        Ok(counters.written() + counters.deleted > 0)
    }

    /// Brings the derived numbers up to date when what they derive from has changed.
    async fn refresh_numbers(
        &self,
        tx: &DatabaseTransaction,
        part: &[StreamOutcome],
        is_changed: bool,
    ) -> Result<Option<Refreshed>> {
        let source = self.connection.source;
        let is_source = |outcome: &StreamOutcome| aggregate::derives_from(source, outcome.stream);
        if !part.iter().any(is_source) {
            return Ok(None);
        }
        // A rebuild trusts nothing that is derived.
        let is_due = is_changed || self.effect == Effect::Rebuild;
        aggregate::refresh(self, tx, is_due).await
    }

    async fn note_progress(&self, tx: &DatabaseTransaction, part: &[StreamOutcome]) -> Result<()> {
        use sync_run::Column;
        let sum = |number: fn(&StreamOutcome) -> u64| {
            let sum: u64 = part.iter().map(number).sum();
            i64::try_from(sum).unwrap_or(i64::MAX)
        };
        let updated = sum(|outcome| {
            let counters = &outcome.reading.counters;
            counters.written() + counters.deleted
        });
        let failed = sum(|outcome| outcome.reading.counters.rejected);
        let noted = sync_run::Entity::update_many()
            .col_expr(
                Column::RecordsUpdated,
                Expr::col(Column::RecordsUpdated).add(updated),
            )
            .col_expr(
                Column::RecordsFailed,
                Expr::col(Column::RecordsFailed).add(failed),
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
