//! First loads of long lists, which are written in several transactions so that nobody waits long for the database.
//!
//! Until the last of them such a stream is named in `first_loads`, and nobody reads its rows: neither requests and report
//! views nor the numbers that derive from them. The last one takes the name away together with everything else that the
//! part publishes. What a load that was broken off has written goes before the stream is read again.

use entity::{ConnectionId, TenantId, first_load, stream_state};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, Statement,
};

use super::records::RecordWriter;
use super::{Effect, Publication};
use crate::connector::Boundary;
use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::lease::Lease;
use crate::model;
use crate::observer::Event;
use crate::read::StreamOutcome;

/// Rows of a stream above which a first load is written in several transactions, and about as many in each.
const CHUNK_ROWS: u64 = 5_000;

/// Writes the rows of a long list that is loaded for the first time, all but the last of them.
pub(super) async fn write_ahead(
    publication: &Publication<'_>,
    outcome: &StreamOutcome,
    writer: &mut RecordWriter<'_>,
) -> Result<()> {
    let is_long = outcome.reading.counters.written() > CHUNK_ROWS;
    if !is_long || publication.effect != Effect::Publish || !is_first(publication, outcome).await? {
        return Ok(());
    }
    let lease = publication.lease;
    let row = first_load::ActiveModel {
        tenant_id: Set(lease.tenant),
        stream: Set(outcome.stream),
        connection_id: Set(lease.connection),
        run_id: Set(lease.run),
    };
    let tx = publication.database.begin().await?;
    let named = first_load::Entity::insert(row);
    let named = named.exec_without_returning(&tx).await;
    named.attempt("begin a first load")?;
    lease.extend(&tx).await?;
    tx.commit().await.attempt("begin a first load")?;
    let mut is_more = true;
    while is_more {
        let tx = publication.database.begin().await?;
        is_more = writer.write_some(&tx, CHUNK_ROWS).await?;
        lease.extend(&tx).await?;
        tx.commit().await.attempt("write rows")?;
        publication.observer.on(Event::ChunkWritten).await;
    }
    Ok(())
}

/// Whether a list is read of which nothing was read whole before.
async fn is_first(publication: &Publication<'_>, outcome: &StreamOutcome) -> Result<bool> {
    if !has_list(outcome) {
        return Ok(false);
    }
    let lease = publication.lease;
    let states = stream_state::Entity::owned_by(lease.tenant)
        .filter(stream_state::COLUMN.connection_id.eq(lease.connection))
        .filter(stream_state::COLUMN.stream.eq(outcome.stream))
        .count(publication.database.reader())
        .await;
    Ok(states.attempt("read the stream's state")? == 0)
}

/// Lists are published at once; of anything else a part is one of many.
fn has_list(outcome: &StreamOutcome) -> bool {
    let mut slices = outcome.reading.slices.iter();
    slices.any(|read| matches!(read.slice.boundary, Boundary::Whole | Boundary::Window(..)))
}

/// Shows the rows of the part's streams, with the transaction that publishes it.
pub(super) async fn end(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    part: &[StreamOutcome],
) -> Result<()> {
    let lease = publication.lease;
    let lists = part.iter().filter(|outcome| has_list(outcome));
    let lists: Vec<_> = lists.map(|outcome| outcome.stream).collect();
    if lists.is_empty() {
        return Ok(());
    }
    let ended = first_load::Entity::delete_many()
        .filter(first_load::COLUMN.tenant_id.eq(lease.tenant))
        .filter(first_load::COLUMN.connection_id.eq(lease.connection))
        .filter(first_load::COLUMN.run_id.eq(lease.run))
        .filter(first_load::Column::Stream.is_in(lists))
        .exec(tx)
        .await;
    ended.attempt("end a first load").map(|_| ())
}

/// Whether rows of a connection are not to be read yet.
pub(super) async fn is_under_way(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<bool> {
    let loads = first_load::Entity::owned_by(tenant)
        .filter(first_load::COLUMN.connection_id.eq(connection))
        .count(db)
        .await;
    Ok(loads.attempt("look for first loads")? > 0)
}

/// Takes away what first loads of a connection have written that were broken off.
///
/// # Errors
/// When the database fails; then the rest stays hidden.
pub(crate) async fn discard(
    database: &Database,
    lease: &Lease,
    source: entity::Source,
) -> Result<()> {
    let loads = first_load::Entity::owned_by(lease.tenant)
        .filter(first_load::COLUMN.connection_id.eq(lease.connection))
        .all(database.reader())
        .await
        .attempt("look for first loads")?;
    for load in loads {
        let table = model::table(source, load.stream)?.name;
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE tenant_id = $1 AND connection_id = $2 \
             AND first_run_id = $3 LIMIT {CHUNK_ROWS})"
        );
        let mut is_more = true;
        while is_more {
            let values = [
                load.tenant_id.into(),
                load.connection_id.into(),
                load.run_id.into(),
            ];
            let statement =
                Statement::from_sql_and_values(database.backend(), sql.as_str(), values);
            let gone = database.writer().execute_raw(statement).await;
            is_more = gone.attempt("discard rows")?.rows_affected() == CHUNK_ROWS;
        }
        let gone = first_load::Entity::delete_many()
            .filter(first_load::COLUMN.tenant_id.eq(load.tenant_id))
            .filter(first_load::COLUMN.connection_id.eq(load.connection_id))
            .filter(first_load::COLUMN.stream.eq(load.stream))
            .filter(first_load::COLUMN.run_id.eq(load.run_id))
            .exec(database.writer())
            .await;
        gone.attempt("discard a first load")?;
    }
    Ok(())
}
