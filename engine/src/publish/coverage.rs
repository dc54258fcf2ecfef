//! Remembers which parts of a stream were read whole, and when.

use entity::{CoverageId, Timestamp, coverage};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeleteMany, EntityTrait, QueryFilter,
    QuerySelect,
};

use super::{CHUNK, Publication};
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
    if outcome.reading.lacks_rows {
        return Ok(());
    }
    let slices = &outcome.reading.slices;
    if slices
        .iter()
        .any(|slice| matches!(slice.slice.boundary, Boundary::Window(..)))
    {
        forget_windows(publication, tx, outcome).await?;
    }
    if slices
        .iter()
        .any(|slice| matches!(slice.slice.boundary, Boundary::Changes(..)))
    {
        forget_changes(publication, tx, outcome).await?;
    }
    forget_gone(publication, tx, outcome).await?;
    forget_larger(publication, tx, outcome).await?;
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
    Ok(())
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

/// What belonged to a record that is gone must not come back from old snapshots.
async fn forget_gone(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    for slices in outcome.reading.gone.chunks(CHUNK) {
        of_stream(publication, outcome)
            .filter(coverage::Column::Slice.is_in(slices.iter().map(Slice::key)))
            .exec(tx)
            .await
            .attempt("write coverage")?;
    }
    Ok(())
}

/// The window moves with every day; only the last one is covered.
async fn forget_windows(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    of_stream(publication, outcome)
        .exec(tx)
        .await
        .attempt("write coverage")?;
    Ok(())
}

/// Only the last reading of what has changed says up to when changes are known.
async fn forget_changes(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    of_stream(publication, outcome)
        .filter(coverage::COLUMN.slice.starts_with("changes:"))
        .exec(tx)
        .await
        .attempt("write coverage")?;
    Ok(())
}

/// A window of dates that has grown too large is from now on covered by its pieces.
async fn forget_larger(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let slices = outcome.reading.slices.iter();
    let read: Vec<Span> = slices.filter_map(|read| read.slice.dates()).collect();
    if read.is_empty() {
        return Ok(());
    }
    let covered: Vec<String> = coverage::Entity::owned_by(publication.lease.tenant)
        .select_only()
        .column(coverage::Column::Slice)
        .filter(
            coverage::COLUMN
                .connection_id
                .eq(publication.lease.connection),
        )
        .filter(coverage::COLUMN.stream.eq(outcome.stream))
        .filter(coverage::COLUMN.slice.starts_with("dates:"))
        .into_tuple()
        .all(tx)
        .await
        .attempt("read the coverage")?;
    let is_larger = |key: &String| {
        let slice = Slice::from_key(outcome.stream, key);
        let dates = slice.and_then(|slice| slice.dates());
        dates.is_some_and(|larger| read.iter().any(|span| contains(larger, *span)))
    };
    let larger: Vec<String> = covered.into_iter().filter(is_larger).collect();
    if larger.is_empty() {
        return Ok(());
    }
    of_stream(publication, outcome)
        .filter(coverage::Column::Slice.is_in(larger))
        .exec(tx)
        .await
        .attempt("write coverage")?;
    Ok(())
}

/// Whether a span is a true part of another one.
fn contains(larger: Span, span: Span) -> bool {
    larger != span && larger.0 <= span.0 && span.1 <= larger.1
}

/// The coverage of one stream of the connection, to be deleted.
fn of_stream(
    publication: &Publication<'_>,
    outcome: &StreamOutcome,
) -> DeleteMany<coverage::Entity> {
    let connection = publication.lease.connection;
    coverage::Entity::delete_many()
        .filter(coverage::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(coverage::COLUMN.connection_id.eq(connection))
        .filter(coverage::COLUMN.stream.eq(outcome.stream))
}
