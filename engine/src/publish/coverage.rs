//! Remembers which parts of a stream were read whole, and when.

use entity::{CoverageId, coverage};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeleteMany, EntityTrait, QueryFilter,
};

use super::{CHUNK, Publication};
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::read::{SliceReading, StreamOutcome};

/// Writes the coverage of the slices of `outcome`.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
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
