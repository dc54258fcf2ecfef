//! Writes the records of a stream: the new, the changed, the returned and the vanished ones.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use entity::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use tokio::task::JoinHandle;
use tracing::info;

use super::upsert::Upsert;
use super::{CHUNK, Effect, Publication};
use crate::clock::Clock;
use crate::connector::{Connector, Slice};
use crate::error::{Attempt, Error, Result};
use crate::lease::Lease;
use crate::model::{self, RecordTable};
use crate::read::{Content, PageToWrite, StreamOutcome, normalize, record_text};
use crate::snapshot::load_payload;

const KEY: [&str; 3] = ["tenant_id", "connection_id", "upstream_id"];
/// What a row keeps for ever.
const KEPT: [&str; 3] = ["id", "first_run_id", "created_at"];
/// Columns of every record table behind its own ones and its text.
const TRAILING: [&str; 7] = [
    "content_hash",
    "snapshot_id",
    "first_run_id",
    "last_run_id",
    "created_at",
    "deleted_at",
    "updated_at",
];

/// Pages whose rows are made while earlier ones are written.
const AHEAD: usize = 8;

type Row = Vec<Value>;

/// A row, and the record that it mirrors.
struct Made {
    upstream_id: String,
    row: Row,
}

/// Where rows go, in the order in which their records were read: of two rows of a record the later one stays.
struct Sink {
    upsert: Upsert,
    /// The records whose rows wait for being written with the next statement, which takes each row once.
    waiting: HashSet<String>,
    /// How many rows were taken.
    count: u64,
}

impl Sink {
    fn new(publication: &Publication<'_>, backend: DbBackend, table: &RecordTable) -> Self {
        // A rebuild trusts no row, not even one that says it was read later.
        let read_at = table
            .read_at
            .filter(|_| publication.effect == Effect::Publish);
        Self {
            upsert: upsert(backend, table).unless_read_after(read_at),
            waiting: HashSet::with_capacity(CHUNK),
            count: 0,
        }
    }

    async fn add(&mut self, tx: &DatabaseTransaction, made: Made) -> Result<()> {
        if self.waiting.len() == CHUNK || self.waiting.contains(&made.upstream_id) {
            self.upsert.flush(tx).await?;
            self.waiting.clear();
        }
        self.waiting.insert(made.upstream_id);
        self.count += 1;
        self.upsert.push(tx, made.row).await
    }

    /// Writes the rest and returns how many rows were taken in all.
    async fn finish(self, tx: &DatabaseTransaction) -> Result<u64> {
        let affected = self.upsert.finish(tx).await?;
        if affected < self.count {
            info!(
                rows = self.count - affected,
                "rows that were read later stay"
            );
        }
        Ok(self.count)
    }
}

/// Writes the records that are new, changed or back.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let table = model::table(publication.connection.source, outcome.stream)?;
    let mut sink = Sink::new(publication, tx.get_database_backend(), table);
    let mut ahead = VecDeque::with_capacity(AHEAD);
    for slice in &outcome.reading.slices {
        for page in &slice.pages {
            ahead.push_back(start_rows(publication, tx, table, &slice.slice, page).await?);
            if ahead.len() == AHEAD {
                write_rows(tx, &mut sink, ahead.pop_front()).await?;
            }
        }
    }
    while let Some(rows) = ahead.pop_front() {
        write_rows(tx, &mut sink, Some(rows)).await?;
    }
    let count = sink.finish(tx).await?;
    let counters = &outcome.reading.counters;
    let expected = counters.written() + counters.superseded;
    if count == expected {
        return Ok(());
    }
    Err(Error::Internal(format!(
        "{count} rows of {} were written instead of {expected}",
        outcome.stream
    )))
}

fn upsert(backend: DbBackend, table: &RecordTable) -> Upsert {
    let leading = ["id", "tenant_id", "connection_id", "upstream_id"];
    let own = table.columns.iter().map(|(name, _)| name);
    let columns = leading.iter().chain(own).chain([&table.raw]);
    let columns = columns.chain(&TRAILING).copied().chain(table.read_at);
    Upsert::new(backend, table.name, columns.collect(), &KEY, &KEPT)
}

async fn write_rows(
    tx: &DatabaseTransaction,
    sink: &mut Sink,
    rows: Option<JoinHandle<Result<Vec<Made>>>>,
) -> Result<()> {
    let Some(rows) = rows else { return Ok(()) };
    let rows = rows
        .await
        .map_err(|error| Error::Internal(format!("rows could not be made: {error}")))?;
    for row in rows? {
        sink.add(tx, row).await?;
    }
    Ok(())
}

/// Starts to make the rows of a page once more from its stored bytes, on a thread for computing.
async fn start_rows(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    table: &'static RecordTable,
    slice: &Arc<Slice>,
    page: &PageToWrite,
) -> Result<JoinHandle<Result<Vec<Made>>>> {
    let body = load_payload(tx, publication.lease.tenant, &page.payload_hash).await?;
    let maker = RowMaker {
        connector: Arc::clone(publication.connector),
        clock: publication.clock.clone(),
        lease: publication.lease.clone(),
        table,
        slice: Arc::clone(slice),
        page: page.clone(),
    };
    Ok(tokio::task::spawn_blocking(move || maker.rows(&body)))
}

/// Makes the rows of one page.
struct RowMaker {
    connector: Arc<dyn Connector>,
    clock: Clock,
    lease: Lease,
    table: &'static RecordTable,
    slice: Arc<Slice>,
    page: PageToWrite,
}

impl RowMaker {
    fn rows(&self, body: &[u8]) -> Result<Vec<Made>> {
        let page = &self.page;
        let envelope = self.connector.open(&page.endpoint, page.status, body)?;
        let rules = self.connector.rules();
        let row = |position: &u32| {
            let range = envelope.records.get(*position as usize);
            let text = record_text(body, range.ok_or_else(changed)?);
            let content = normalize(self.connector.as_ref(), &rules, &self.slice, text);
            let content = content.map_err(|_| changed())?;
            Ok(Made {
                upstream_id: content.normalized.record.upstream_id().to_owned(),
                row: self.row(text, content),
            })
        };
        self.page.positions.iter().map(row).collect()
    }

    fn row(&self, text: &str, content: Content) -> Row {
        let (now, run) = (self.clock.now(), self.lease.run);
        let record = content.normalized.record;
        let leading: [Value; 4] = [
            self.clock.new_id().into(),
            self.lease.tenant.into(),
            self.lease.connection.into(),
            record.upstream_id().into(),
        ];
        let trailing: [Value; 7] = [
            content.hash.to_vec().into(),
            self.page.snapshot.into(),
            run.into(),
            run.into(),
            now.into(),
            None::<Timestamp>.into(),
            now.into(),
        ];
        let read_at = self.table.read_at.map(|_| self.page.asked_at.into());
        let values = leading.into_iter().chain(record.into_values());
        let values = values.chain([text.into()]).chain(trailing);
        values.chain(read_at).collect()
    }
}

fn changed() -> Error {
    Error::Internal("a stored answer reads differently than before".to_owned())
}

/// Marks the rows of vanished records as deleted, save those that another run has written since this one began: what it
/// read may be later.
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
            "UPDATE {} SET deleted_at = $1, updated_at = $1{}, last_run_id = $2 WHERE tenant_id = $3 AND deleted_at IS NULL AND (last_run_id = $2 OR updated_at <= $4) AND id IN ({})",
            table.name,
            read_at.as_deref().unwrap_or_default(),
            places.join(", ")
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
