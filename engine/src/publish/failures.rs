//! Remembers which parts of a stream could not be read, and when they are tried again.

use entity::part_failure;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{CHUNK, Publication};
use crate::connector::Slice;
use crate::error::{Attempt, Result};
use crate::read::{FailedPart, StreamOutcome};

/// Writes what could not be read, and forgets what was read since or is gone.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    use part_failure::Column;
    let reading = &outcome.reading;
    let over: Vec<&Slice> = reading.recovered.iter().chain(&reading.gone).collect();
    for slices in over.chunks(CHUNK) {
        part_failure::Entity::delete_many()
            .filter(part_failure::COLUMN.tenant_id.eq(publication.lease.tenant))
            .filter(
                part_failure::COLUMN
                    .connection_id
                    .eq(publication.lease.connection),
            )
            .filter(part_failure::COLUMN.stream.eq(outcome.stream))
            .filter(Column::Slice.is_in(slices.iter().map(|slice| slice.key())))
            .exec(tx)
            .await
            .attempt("forget what can be read again")?;
    }
    let same = OnConflict::columns([
        Column::TenantId,
        Column::ConnectionId,
        Column::Stream,
        Column::Slice,
    ])
    .update_columns([
        Column::Attempts,
        Column::NextTryAt,
        Column::Reason,
        Column::Sentence,
        Column::RunId,
    ])
    .to_owned();
    for failed in reading.failed.chunks(CHUNK) {
        let rows = failed
            .iter()
            .map(|failed| row(publication, outcome, failed));
        part_failure::Entity::insert_many(rows)
            .on_conflict(same.clone())
            .exec_without_returning(tx)
            .await
            .attempt("remember what could not be read")?;
    }
    Ok(())
}

fn row(
    publication: &Publication<'_>,
    outcome: &StreamOutcome,
    failed: &FailedPart,
) -> part_failure::ActiveModel {
    part_failure::ActiveModel {
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(outcome.stream),
        slice: Set(failed.slice.key()),
        attempts: Set(failed.attempts),
        next_try_at: Set(failed.next_try_at(publication.now())),
        reason: Set(failed.failure.reason),
        sentence: Set(failed.failure.sentence.clone()),
        run_id: Set(publication.run()),
    }
}
