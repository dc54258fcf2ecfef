//! Remembers which parts of a stream were read whole, and when, and which snapshots these readings consist of.

use entity::{CoverageId, Timestamp, coverage};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
};

use super::proof::Proof;
use super::{CHUNK, Publication, stream_state};
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::read::{SliceReading, StreamOutcome};

/// From the first moment up to, not including, the second.
type Span = (Timestamp, Timestamp);

/// Writes the coverage of the slices of `outcome`.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    if outcome.reading.lacks_rows || !outcome.reading.doubted.is_empty() {
        return Ok(());
    }
    let slices = &outcome.reading.slices;
    let forgetting = Forgetting {
        publication,
        tx,
        outcome,
        proof: Proof::new(publication, tx, outcome.stream),
    };
    if slices
        .iter()
        .any(|slice| matches!(slice.slice.boundary, Boundary::Window(..)))
    {
        forgetting.forget_windows().await?;
    }
    if slices
        .iter()
        .any(|slice| matches!(slice.slice.boundary, Boundary::Changes(..)))
    {
        forgetting.forget_changes().await?;
    }
    let (lacking, slices): (Vec<&SliceReading>, Vec<&SliceReading>) =
        slices.iter().partition(|read| read.lacks_rows);
    let lacking = lacking.into_iter().map(|read| read.slice.as_ref());
    let forgotten: Vec<&Slice> = lacking.chain(&outcome.reading.gone).collect();
    forgetting.forget_slices(&forgotten).await?;
    forgetting.forget_larger().await?;
    forgetting.proof.give(&slices).await?;
    let same = OnConflict::columns([
        coverage::Column::TenantId,
        coverage::Column::ConnectionId,
        coverage::Column::Stream,
        coverage::Column::Slice,
    ])
    .update_columns([
        coverage::Column::ReadAt,
        coverage::Column::RunId,
        coverage::Column::RecordCount,
        coverage::Column::AnnouncedCount,
    ])
    .to_owned();
    for slices in slices.chunks(CHUNK) {
        let rows = slices.iter().map(|slice| row(publication, slice));
        coverage::Entity::insert_many(rows)
            .on_conflict(same.clone())
            .exec_without_returning(tx)
            .await
            .attempt("write coverage")?;
    }
    stream_state::write(publication, tx, outcome).await
}

fn row(publication: &Publication<'_>, reading: &SliceReading) -> coverage::ActiveModel {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    coverage::ActiveModel {
        id: Set(CoverageId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(reading.slice.stream),
        slice: Set(reading.slice.key()),
        read_at: Set(publication.now()),
        run_id: Set(publication.run()),
        record_count: Set(count(reading.counters.read)),
        announced_count: Set(reading.counters.announced.map(count)),
    }
}

/// Forgets what is no longer covered.
struct Forgetting<'a> {
    publication: &'a Publication<'a>,
    tx: &'a DatabaseTransaction,
    outcome: &'a StreamOutcome,
    proof: Proof<'a>,
}

impl Forgetting<'_> {
    /// What belonged to a record that is gone must not come back from old snapshots, and what lacks rows is to be read
    /// again.
    async fn forget_slices(&self, forgotten: &[&Slice]) -> Result<()> {
        for slices in forgotten.chunks(CHUNK) {
            self.forget(slice().is_in(slices.iter().map(|slice| slice.key())))
                .await?;
        }
        Ok(())
    }

    /// The window moves with every day; only the last one is covered.
    async fn forget_windows(&self) -> Result<()> {
        self.forget(self.is_not_read()).await
    }

    /// Only the last reading of what has changed says up to when changes are known.
    async fn forget_changes(&self) -> Result<()> {
        let is_older = slice().like("changes:%").and(self.is_not_read());
        self.forget(is_older).await
    }

    /// A window of dates that has grown too large is from now on covered by its pieces.
    async fn forget_larger(&self) -> Result<()> {
        let slices = self.outcome.reading.slices.iter();
        let read: Vec<Span> = slices.filter_map(|read| read.slice.dates()).collect();
        if read.is_empty() {
            return Ok(());
        }
        let is_larger = |key: &String| {
            let slice = Slice::from_key(self.outcome.stream, key);
            let dates = slice.and_then(|slice| slice.dates());
            dates.is_some_and(|larger| read.iter().any(|span| contains(larger, *span)))
        };
        let covered = self.covered_dates().await?;
        let larger: Vec<String> = covered.into_iter().filter(is_larger).collect();
        if larger.is_empty() {
            return Ok(());
        }
        self.forget(slice().is_in(larger)).await
    }

    /// Returns the windows of dates that are covered.
    async fn covered_dates(&self) -> Result<Vec<String>> {
        let lease = self.publication.lease;
        coverage::Entity::owned_by(lease.tenant)
            .select_only()
            .column(coverage::Column::Slice)
            .filter(coverage::COLUMN.connection_id.eq(lease.connection))
            .filter(coverage::COLUMN.stream.eq(self.outcome.stream))
            .filter(coverage::COLUMN.slice.starts_with("dates:"))
            .into_tuple()
            .all(self.tx)
            .await
            .attempt("read the coverage")
    }

    /// A slice that is not among those that were read now.
    fn is_not_read(&self) -> SimpleExpr {
        let slices = self.outcome.reading.slices.iter();
        slice().is_not_in(slices.map(|read| read.slice.key()))
    }

    /// Forgets that some slices were read, and what they brought.
    async fn forget(&self, which: SimpleExpr) -> Result<()> {
        let lease = self.publication.lease;
        coverage::Entity::delete_many()
            .filter(coverage::COLUMN.tenant_id.eq(lease.tenant))
            .filter(coverage::COLUMN.connection_id.eq(lease.connection))
            .filter(coverage::COLUMN.stream.eq(self.outcome.stream))
            .filter(which.clone())
            .exec(self.tx)
            .await
            .attempt("write coverage")?;
        self.proof.supersede(which).await
    }
}

/// The slice of coverage and snapshots.
fn slice() -> Expr {
    Expr::col("slice")
}

/// Whether a span is a true part of another one.
fn contains(larger: Span, span: Span) -> bool {
    larger != span && larger.0 <= span.0 && span.1 <= larger.1
}
