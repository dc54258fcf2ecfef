//! Lists that nothing is mirrored of yet: their rows are written while they are still being read.
//!
//! So nobody waits long for the database, and no record is understood twice. Until the part is published such a list is
//! named in `first_loads`, and nobody reads its rows: neither requests and report views nor the numbers that derive from
//! them. The publication takes the name away. What was written of a list that turns out not to be whole goes.

use std::collections::HashMap;

use entity::{ConnectionId, Source, Stream, TenantId, first_load, stream_state};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, Statement,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::Publication;
use super::records::write_rows;
use super::rows::{Made, RowMaker};
use crate::connector::Boundary;
use crate::database::{Database, leave_to_later_commit};
use crate::error::{Attempt, Error, Result};
use crate::lease::Lease;
use crate::model;
use crate::read::{Ahead, AheadSender, StreamOutcome};

/// Rows that are written with one transaction; of a shorter list none is written before the publication.
const CHUNK_ROWS: usize = 1_000;
/// Pages that wait for being written.
const WAITING: usize = 8;

/// What was written of lists before their publication.
pub(crate) type Loads = HashMap<Stream, WrittenAhead>;

/// What was written of a list before its publication.
#[derive(Default)]
pub(crate) struct WrittenAhead {
    /// Rows that are there.
    pub(super) count: u64,
    /// Rows that are made.
    pub(super) rest: Vec<Made>,
}

/// Writes the rows of a list that is being read. Dropped, it stops.
pub(crate) struct Loader {
    sender: AheadSender,
    task: AbortOnDropHandle<Result<WrittenAhead>>,
}

impl Loader {
    /// Starts one for the list of `stream`; none where something of it was read whole before.
    pub(crate) async fn start(
        publication: &Publication<'_>,
        stream: Stream,
    ) -> Result<Option<Self>> {
        if !is_first(publication, stream).await? {
            return Ok(None);
        }
        let table = model::table(publication.connection.source, stream)?;
        let (sender, queue) = mpsc::channel(WAITING);
        let load = Load {
            maker: RowMaker::new(publication, table),
            stream,
            written: WrittenAhead::default(),
        };
        let task = AbortOnDropHandle::new(tokio::spawn(load.run(queue)));
        Ok(Some(Self { sender, task }))
    }

    /// Where records go.
    pub(crate) fn sender(&self) -> &AheadSender {
        &self.sender
    }

    /// Waits until all that was handed on is written or made.
    ///
    /// # Errors
    /// When the lease is lost or the database fails.
    pub(crate) async fn finish(self) -> Result<WrittenAhead> {
        let Self { sender, task } = self;
        drop(sender);
        let loaded = task.await;
        loaded.map_err(|error| Error::Internal(format!("rows were not written: {error}")))?
    }
}

struct Load {
    maker: RowMaker,
    stream: Stream,
    written: WrittenAhead,
}

impl Load {
    async fn run(mut self, mut queue: mpsc::Receiver<Ahead>) -> Result<WrittenAhead> {
        while let Some(ahead) = queue.recv().await {
            match ahead {
                Ahead::Page(page) => self.written.rest.extend(self.maker.rows_of_new(page)),
                Ahead::Restart => self.take_back().await?,
            }
            if self.written.rest.len() >= CHUNK_ROWS {
                self.write().await?;
            }
        }
        Ok(self.written)
    }

    async fn write(&mut self) -> Result<()> {
        let RowMaker {
            database,
            lease,
            table,
            ..
        } = &self.maker;
        let rows = std::mem::take(&mut self.written.rest);
        let count = rows.len() as u64;
        let tx = database.begin().await?;
        leave_to_later_commit(&tx).await?;
        if self.written.count == 0 {
            hide(&tx, lease, self.stream).await?;
        }
        write_rows(&tx, table, rows).await?;
        lease.extend(&tx).await?;
        tx.commit().await.attempt("write rows ahead")?;
        self.written.count += count;
        Ok(())
    }

    async fn take_back(&mut self) -> Result<()> {
        self.written = WrittenAhead::default();
        let RowMaker {
            database,
            lease,
            table,
            ..
        } = &self.maker;
        let loads = first_load::Entity::owned_by(lease.tenant)
            .filter(first_load::COLUMN.connection_id.eq(lease.connection))
            .filter(first_load::COLUMN.stream.eq(self.stream))
            .all(database.writer())
            .await
            .attempt("look for first loads")?;
        for load in loads {
            discard_one(database, lease, &load, table.name).await?;
        }
        Ok(())
    }
}

/// Shows the rows of a list to nobody.
async fn hide(tx: &DatabaseTransaction, lease: &Lease, stream: Stream) -> Result<()> {
    let row = first_load::ActiveModel {
        tenant_id: Set(lease.tenant),
        stream: Set(stream),
        connection_id: Set(lease.connection),
        run_id: Set(lease.run),
    };
    let hidden = first_load::Entity::insert(row);
    let hidden = hidden.exec_without_returning(tx).await;
    hidden.attempt("begin a first load").map(|_| ())
}

/// Whether nothing of a stream was read whole before.
async fn is_first(publication: &Publication<'_>, stream: Stream) -> Result<bool> {
    let lease = publication.lease;
    let states = stream_state::Entity::owned_by(lease.tenant)
        .filter(stream_state::COLUMN.connection_id.eq(lease.connection))
        .filter(stream_state::COLUMN.stream.eq(stream))
        .count(publication.database.reader())
        .await;
    Ok(states.attempt("read the stream's state")? == 0)
}

/// The lists of a part.
fn lists(part: &[StreamOutcome]) -> Vec<Stream> {
    let has_list = |outcome: &&StreamOutcome| {
        let mut slices = outcome.reading.slices.iter();
        slices.any(|read| matches!(read.slice.boundary, Boundary::Whole | Boundary::Window(..)))
    };
    let lists = part.iter().filter(has_list);
    lists.map(|outcome| outcome.stream).collect()
}

/// Shows the rows of the part's lists, with the transaction that publishes it.
pub(super) async fn end(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    part: &[StreamOutcome],
) -> Result<()> {
    let (lease, lists) = (publication.lease, lists(part));
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

/// Takes away what was written of lists that were not read whole: of all, save those of `part`.
///
/// # Errors
/// When the database fails; then the rest stays hidden.
pub(crate) async fn discard(
    database: &Database,
    lease: &Lease,
    source: Source,
    part: &[StreamOutcome],
) -> Result<()> {
    let loads = first_load::Entity::owned_by(lease.tenant)
        .filter(first_load::COLUMN.connection_id.eq(lease.connection))
        .filter(first_load::Column::Stream.is_not_in(lists(part)))
        .all(database.reader())
        .await
        .attempt("look for first loads")?;
    for load in loads {
        let table = model::table(source, load.stream)?;
        discard_one(database, lease, &load, table.name).await?;
    }
    Ok(())
}

/// Each deletion is under the lease: whoever has lost it must not take away what its successor has written.
async fn discard_one(
    database: &Database,
    lease: &Lease,
    load: &first_load::Model,
    table: &str,
) -> Result<()> {
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE tenant_id = $1 AND connection_id = $2 \
         AND first_run_id = $3 LIMIT {CHUNK_ROWS})"
    );
    loop {
        let values = [
            load.tenant_id.into(),
            load.connection_id.into(),
            load.run_id.into(),
        ];
        let statement = Statement::from_sql_and_values(database.backend(), sql.as_str(), values);
        let tx = database.begin().await?;
        let gone = tx.execute_raw(statement).await.attempt("discard rows")?;
        lease.extend(&tx).await?;
        tx.commit().await.attempt("discard rows")?;
        if gone.rows_affected() < CHUNK_ROWS as u64 {
            break;
        }
    }
    let tx = database.begin().await?;
    let gone = first_load::Entity::delete_many()
        .filter(first_load::COLUMN.tenant_id.eq(load.tenant_id))
        .filter(first_load::COLUMN.connection_id.eq(load.connection_id))
        .filter(first_load::COLUMN.stream.eq(load.stream))
        .filter(first_load::COLUMN.run_id.eq(load.run_id))
        .exec(&tx)
        .await;
    gone.attempt("discard a first load")?;
    lease.extend(&tx).await?;
    tx.commit().await.attempt("discard a first load")
}
