//! Writes the records of a stream: the new, the changed, the returned and the vanished ones.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use tracing::info;

use super::first_load::WrittenAhead;
use super::rows::{Made, Making, Page, RowMaker, columns};
use super::upsert::Upsert;
use super::{CHUNK, Effect, Publication};
use crate::error::{Attempt, Error, Result};
use crate::model::{self, RecordTable};
use crate::read::StreamOutcome;

const KEY: [&str; 3] = ["tenant_id", "connection_id", "upstream_id"];
/// What a row keeps for ever.
const KEPT: [&str; 3] = ["id", "first_run_id", "created_at"];

/// Pages whose answers are loaded together.
const PAGES_AT_ONCE: usize = 8;
/// How often so many are in the making while earlier rows are written.
const AHEAD: usize = 2;

/// Where rows go, in the order in which their records were read: of two rows of a record the later one stays.
struct Sink {
    upsert: Upsert,
    /// The records whose rows wait for being written with the next statement, which takes each row once.
    waiting: HashSet<String>,
    /// How many rows were taken.
    count: u64,
}

impl Sink {
    fn new(effect: Effect, backend: DbBackend, table: &RecordTable) -> Self {
        // A rebuild trusts no row, not even one that says it was read later.
        let read_at = table.read_at.filter(|_| effect == Effect::Publish);
        let upsert = Upsert::new(backend, table.name, columns(table), &KEY, &KEPT);
        Self {
            upsert: upsert.unless_read_after(read_at),
            waiting: HashSet::with_capacity(CHUNK),
            count: 0,
        }
    }

    async fn add(&mut self, tx: &DatabaseTransaction, made: Made) -> Result<()> {
        if self.waiting.len() == CHUNK || self.waiting.contains(&made.upstream_id) {
            self.flush(tx).await?;
        }
        self.waiting.insert(made.upstream_id);
        self.count += 1;
        self.upsert.push(tx, made.row).await
    }

    async fn flush(&mut self, tx: &DatabaseTransaction) -> Result<()> {
        self.waiting.clear();
        self.upsert.flush(tx).await
    }
}

/// Writes rows, each of another record or of one that was flushed.
pub(super) async fn write_rows(
    tx: &DatabaseTransaction,
    table: &RecordTable,
    rows: Vec<Made>,
) -> Result<()> {
    let mut sink = Sink::new(Effect::Publish, tx.get_database_backend(), table);
    for made in rows {
        sink.add(tx, made).await?;
    }
    sink.flush(tx).await
}

/// Writes the records of a stream that are new, changed or back.
pub(super) struct RecordWriter<'a> {
    outcome: &'a StreamOutcome,
    maker: RowMaker,
    sink: Sink,
    /// Rows that are made.
    made: Vec<Made>,
    /// The pages whose rows are not in the making yet.
    pages: Box<dyn Iterator<Item = Page> + Send + 'a>,
    making: VecDeque<Making>,
}

impl<'a> RecordWriter<'a> {
    /// Writes what is not written `ahead`.
    pub(super) fn new(
        publication: &Publication<'_>,
        outcome: &'a StreamOutcome,
        ahead: WrittenAhead,
    ) -> Result<Self> {
        let table = model::table(publication.connection.source, outcome.stream)?;
        let slices = outcome.reading.slices.iter();
        let pages = slices.flat_map(|read| {
            let pages = read.pages.iter();
            pages.map(|page| (Arc::clone(&read.slice), page.clone()))
        });
        let backend = publication.database.backend();
        let mut sink = Sink::new(publication.effect, backend, table);
        sink.count = ahead.count;
        Ok(Self {
            outcome,
            maker: RowMaker::new(publication, table),
            sink,
            made: ahead.rest,
            pages: Box::new(pages),
            making: VecDeque::with_capacity(AHEAD),
        })
    }

    /// Writes everything.
    pub(super) async fn write(mut self, tx: &DatabaseTransaction) -> Result<()> {
        let before = self.sink.count;
        for made in std::mem::take(&mut self.made) {
            self.sink.add(tx, made).await?;
        }
        while let Some(rows) = self.next_rows().await? {
            for made in rows {
                self.sink.add(tx, made).await?;
            }
        }
        let count = self.sink.count;
        let affected = before + self.sink.upsert.finish(tx).await?;
        if affected < count {
            let rows = count - affected;
            info!(rows, "rows that were read later stay");
        }
        let counters = &self.outcome.reading.counters;
        let expected = counters.written() + counters.superseded;
        if count == expected {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "{count} rows of {} were written instead of {expected}",
            self.outcome.stream
        )))
    }

    /// Returns the next rows to write, while others are made.
    async fn next_rows(&mut self) -> Result<Option<Vec<Made>>> {
        while self.making.len() < AHEAD {
            let pages: Vec<Page> = self.pages.by_ref().take(PAGES_AT_ONCE).collect();
            if pages.is_empty() {
                break;
            }
            self.making.push_back(self.maker.start(pages));
        }
        let Some(making) = self.making.pop_front() else {
            return Ok(None);
        };
        let made = making.await;
        let made = made.map_err(|error| Error::Internal(format!("rows were not made: {error}")))?;
        made.map(Some)
    }
}

/// Marks the rows of vanished records as deleted, save those that another run has written since this one began, or whose
/// record it has asked for and found as it was: what it read may be later.
pub(super) async fn mark_deleted(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let now = publication.now();
    let table = model::table(publication.connection.source, outcome.stream)?;
    let read_at = table.read_at.map(|column| format!(", {column} = $1"));
    for rows in outcome.reading.vanished.chunks(CHUNK) {
        let places: Vec<String> = (0..rows.len()).map(|row| format!("${}", row + 5)).collect();
        let sql = format!(
            "UPDATE {} SET deleted_at = $1, updated_at = $1{}, last_run_id = $2 WHERE tenant_id = $3 AND deleted_at IS NULL AND (last_run_id = $2 OR updated_at <= $4) AND id IN ({}) \
             AND NOT EXISTS (SELECT 1 FROM coverage c WHERE c.tenant_id = $3 AND c.connection_id = {}.connection_id AND c.stream = '{}' \
             AND c.slice = 'record:' || {}.upstream_id AND c.run_id <> $2 AND c.read_at > $4)",
            table.name,
            read_at.as_deref().unwrap_or_default(),
            places.join(", "),
            table.name,
            outcome.stream,
            table.name
        );
        let fixed: [Value; 4] = [
            now.into(),
            publication.run().into(),
            publication.lease.tenant.into(),
            publication.lease.taken_at.into(),
        ];
        let values = fixed
            .into_iter()
            .chain(rows.iter().map(|row| row.id.into()));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        let result = tx
            .execute_raw(statement)
            .await
            .attempt("mark rows deleted")?;
        let kept = (rows.len() as u64).saturating_sub(result.rows_affected());
        if kept > 0 {
            info!(rows = kept, "rows that were written meanwhile stay");
        }
    }
    Ok(())
}
