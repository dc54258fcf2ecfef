//! Keeps one row a stream: when it was read, and which windows of dates are loaded. Status and dashboards read these
//! instead of the coverage, which has a row for each part.

use entity::{Stream, Timestamp, coverage, stream_state};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QuerySelect, Statement,
};

use super::Publication;
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::read::StreamOutcome;

/// From the first moment up to, not including, the second.
type Span = (Timestamp, Timestamp);

/// Notes that parts of a stream were read; their coverage is written.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    use stream_state::Column;
    let Some(is_bounded) = bounded(outcome) else {
        return Ok(());
    };
    let mut changed = vec![Column::LastReadAt];
    let mut loaded = None;
    if is_bounded {
        changed.extend([Column::LoadedFrom, Column::LoadedTo]);
        loaded = loaded_windows(publication, tx, outcome.stream).await?;
    }
    let row = stream_state::ActiveModel {
        tenant_id: Set(publication.lease.tenant),
        connection_id: Set(publication.lease.connection),
        stream: Set(outcome.stream),
        last_read_at: Set(publication.now()),
        oldest_read_at: Set(publication.now()),
        loaded_from: Set(loaded.map(|(from, _)| from)),
        loaded_to: Set(loaded.map(|(_, to)| to)),
    };
    let same = OnConflict::columns([Column::TenantId, Column::ConnectionId, Column::Stream])
        .update_columns(changed)
        .to_owned();
    stream_state::Entity::insert(row)
        .on_conflict(same)
        .exec_without_returning(tx)
        .await
        .attempt("write the stream's state")?;
    Ok(())
}

/// Tells whether some of the parts say what is loaded; none where all are single records, which say nothing of the rest.
fn bounded(outcome: &StreamOutcome) -> Option<bool> {
    let slices = outcome.reading.slices.iter();
    let boundaries: Vec<_> = slices
        .map(|slice| &slice.slice.boundary)
        .filter(|boundary| !matches!(boundary, Boundary::Record(_)))
        .collect();
    let is_bounded =
        |boundary: &&Boundary| matches!(boundary, Boundary::Dates(..) | Boundary::Whole);
    (!boundaries.is_empty()).then(|| boundaries.iter().any(is_bounded))
}

/// Returns where the windows of dates begin and end that are loaded of a stream; a whole list has none.
async fn loaded_windows(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    stream: Stream,
) -> Result<Option<Span>> {
    let keys: Vec<String> = coverage::Entity::owned_by(publication.lease.tenant)
        .select_only()
        .column(coverage::Column::Slice)
        .filter(coverage::Column::ConnectionId.eq(publication.lease.connection))
        .filter(coverage::Column::Stream.eq(stream))
        .filter(coverage::Column::Slice.starts_with("dates:"))
        .into_tuple()
        .all(tx)
        .await
        .attempt("read the coverage")?;
    let spans = keys.iter();
    let spans = spans.filter_map(|key| Slice::from_key(stream, key)?.dates());
    Ok(spans.reduce(|all, span| (all.0.min(span.0), all.1.max(span.1))))
}

/// Notes, at the end of a run, since when everything of each stream was read.
pub(super) async fn settle(publication: &Publication<'_>, tx: &DatabaseTransaction) -> Result<()> {
    const SQL: &str = "UPDATE stream_states SET oldest_read_at = COALESCE((SELECT MIN(c.read_at) FROM coverage c \
        WHERE c.tenant_id = stream_states.tenant_id AND c.connection_id = stream_states.connection_id \
        AND c.stream = stream_states.stream AND c.slice NOT LIKE 'record:%'), oldest_read_at) \
        WHERE tenant_id = $1 AND connection_id = $2";
    let values = [
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
    ];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), SQL, values);
    tx.execute_raw(statement)
        .await
        .attempt("write the streams' states")?;
    Ok(())
}
