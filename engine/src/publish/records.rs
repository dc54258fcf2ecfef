//! Writes the records of a stream: the new, the changed, the returned and the vanished ones.

use std::collections::VecDeque;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use tokio::task::JoinHandle;

use super::upsert::Upsert;
use super::{CHUNK, Publication};
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
/// Columns of every record table behind its own ones.
const TRAILING: [&str; 8] = [
    "raw_json",
    "content_hash",
    "snapshot_id",
    "first_run_id",
    "last_run_id",
    "created_at",
    "updated_at",
    "deleted_at",
];

/// Pages whose rows are made while earlier ones are written.
const AHEAD: usize = 8;

type Row = Vec<Value>;

/// Writes the records that are new, changed or back.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let mut upsert = upsert(tx.get_database_backend(), model::table(outcome.stream));
    let mut ahead = VecDeque::with_capacity(AHEAD);
    for slice in &outcome.reading.slices {
        for page in &slice.pages {
            ahead.push_back(start_rows(publication, tx, &slice.slice, page).await?);
            if ahead.len() == AHEAD {
                write_rows(tx, &mut upsert, ahead.pop_front()).await?;
            }
        }
    }
    while let Some(rows) = ahead.pop_front() {
        write_rows(tx, &mut upsert, Some(rows)).await?;
    }
    let affected = upsert.finish(tx).await?;
    let expected = outcome.reading.counters.written();
    if affected == expected {
        return Ok(());
    }
    Err(Error::Internal(format!(
        "{affected} rows of {} were written instead of {expected}",
        outcome.stream
    )))
}

fn upsert(backend: DbBackend, table: &RecordTable) -> Upsert {
    let leading = ["id", "tenant_id", "connection_id", "upstream_id"];
    let own = table.columns.iter().map(|(name, _)| name);
    let columns = leading.iter().chain(own).chain(&TRAILING).copied();
    Upsert::new(backend, table.name, columns.collect(), &KEY, &KEPT)
}

async fn write_rows(
    tx: &DatabaseTransaction,
    upsert: &mut Upsert,
    rows: Option<JoinHandle<Result<Vec<Row>>>>,
) -> Result<()> {
    let Some(rows) = rows else { return Ok(()) };
    let rows = rows
        .await
        .map_err(|error| Error::Internal(format!("rows could not be made: {error}")))?;
    for row in rows? {
        upsert.push(tx, row).await?;
    }
    Ok(())
}

/// Starts to make the rows of a page once more from its stored bytes, on a thread for computing.
async fn start_rows(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    slice: &Arc<Slice>,
    page: &PageToWrite,
) -> Result<JoinHandle<Result<Vec<Row>>>> {
    let body = load_payload(tx, publication.lease.tenant, &page.payload_hash).await?;
    let maker = RowMaker {
        connector: Arc::clone(publication.connector),
        clock: publication.clock.clone(),
        lease: publication.lease.clone(),
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
    slice: Arc<Slice>,
    page: PageToWrite,
}

impl RowMaker {
    fn rows(&self, body: &[u8]) -> Result<Vec<Row>> {
        let envelope = self.connector.open(&self.page.endpoint, body)?;
        let rules = self.connector.rules();
        let row = |position: &u32| {
            let range = envelope.records.get(*position as usize);
            let text = record_text(body, range.ok_or_else(changed)?);
            let content = normalize(self.connector.as_ref(), &rules, &self.slice, text);
            Ok(self.row(text, content.map_err(|_| changed())?))
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
        let trailing: [Value; 8] = [
            text.into(),
            content.hash.to_vec().into(),
            self.page.snapshot.into(),
            run.into(),
            run.into(),
            now.into(),
            now.into(),
            None::<entity::Timestamp>.into(),
        ];
        let values = leading.into_iter().chain(record.into_values());
        values.chain(trailing).collect()
    }
}

fn changed() -> Error {
    Error::Internal("a stored answer reads differently than before".to_owned())
}

/// Marks the rows of vanished records as deleted.
pub(super) async fn mark_deleted(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let now = publication.now();
    for rows in outcome.reading.vanished.chunks(CHUNK) {
        let places: Vec<String> = (0..rows.len()).map(|row| format!("${}", row + 4)).collect();
        let sql = format!(
            "UPDATE {} SET deleted_at = $1, updated_at = $1, last_run_id = $2 WHERE tenant_id = $3 AND deleted_at IS NULL AND id IN ({})",
            model::table(outcome.stream).name,
            places.join(", ")
        );
        let fixed: [Value; 3] = [
            now.into(),
            publication.run().into(),
            publication.lease.tenant.into(),
        ];
        let values = fixed
            .into_iter()
            .chain(rows.iter().map(|row| row.id.into()));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        let result = tx
            .execute_raw(statement)
            .await
            .attempt("mark rows deleted")?;
        if result.rows_affected() != rows.len() as u64 {
            return Err(Error::Internal(
                "a row to be deleted is not there".to_owned(),
            ));
        }
    }
    Ok(())
}
