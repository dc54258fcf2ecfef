//! Writes the records of a stream: the new, the changed, the returned and the vanished ones.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};

use super::upsert::Upsert;
use super::{CHUNK, Publication};
use crate::connector::Slice;
use crate::error::{Attempt, Error, Result};
use crate::model::{self, RecordTable};
use crate::read::{PageToWrite, StreamOutcome, normalize, record_text};
use crate::snapshot;

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

/// Writes the records that are new, changed or back.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcome: &StreamOutcome,
) -> Result<()> {
    let mut upsert = upsert(model::table(outcome.stream));
    for slice in &outcome.reading.slices {
        for page in &slice.pages {
            write_page(publication, tx, &mut upsert, &slice.slice, page).await?;
        }
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

fn upsert(table: &RecordTable) -> Upsert {
    let leading = ["id", "tenant_id", "connection_id", "upstream_id"];
    let own = table.columns.iter().map(|(name, _)| name);
    let columns = leading
        .iter()
        .chain(own)
        .chain(&TRAILING)
        .copied()
        .collect();
    Upsert::new(table.name, columns, &KEY, &KEPT)
}

/// Makes the rows of a page once more from its stored bytes, and writes them.
async fn write_page(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    upsert: &mut Upsert,
    slice: &Slice,
    page: &PageToWrite,
) -> Result<()> {
    let connector = publication.connector;
    let rules = connector.rules();
    let body = snapshot::load_payload(tx, publication.lease.tenant, &page.payload_hash).await?;
    let envelope = connector.open(&page.endpoint, &body)?;
    let (now, run) = (publication.now(), publication.run());
    for position in &page.positions {
        let changed =
            || Error::Internal("a stored answer reads differently than before".to_owned());
        let range = envelope
            .records
            .get(*position as usize)
            .ok_or_else(changed)?;
        let text = record_text(&body, range);
        let content = normalize(connector, &rules, slice, text).map_err(|_| changed())?;
        let record = content.normalized.record;
        let upstream_id = record.upstream_id().to_owned();
        let leading: [Value; 4] = [
            publication.clock.new_id().into(),
            publication.lease.tenant.into(),
            publication.lease.connection.into(),
            upstream_id.into(),
        ];
        let trailing: [Value; 8] = [
            text.into(),
            content.hash.to_vec().into(),
            page.snapshot.into(),
            run.into(),
            run.into(),
            now.into(),
            now.into(),
            None::<entity::Timestamp>.into(),
        ];
        upsert
            .push(
                tx,
                leading
                    .into_iter()
                    .chain(record.into_values())
                    .chain(trailing),
            )
            .await?;
    }
    Ok(())
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
