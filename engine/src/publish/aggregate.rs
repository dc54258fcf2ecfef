//! Derives the numbers of the dashboards from the record tables, inside the publishing transaction.
//!
//! Everything is computed anew and only differences are written, so that an unchanged upstream changes
//! nothing here either. Numbers that cannot be computed stay as they were and are marked: the records that they
//! derive from are published all the same.

use entity::{Source, Stream};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Statement, TransactionTrait};
use tracing::error;

use super::stages::StageBook;
use super::{Publication, first_load, hot_list, lead_metrics, mapping, stage_counts};
use crate::error::{Attempt, Result, chain};

/// What became of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// They are what they were, and right.
    Unchanged,
    /// Some have changed.
    Changed,
    /// They could not be computed and are those of an earlier publication.
    Stale,
}

/// Brings the derived numbers up to date when they are due, or are not those of the mapping; `None` when neither, or
/// when not all records may be read yet.
///
/// The caller notes with [`mapping::note`] what they are now.
pub(super) async fn refresh(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    is_due: bool,
) -> Result<Option<Refreshed>> {
    if !has_any(publication.connection.source) {
        return Ok(None);
    }
    let hash = mapping::fingerprint(publication.settings)?;
    if !is_due && mapping::is_noted(publication, tx, &hash).await? {
        return Ok(None);
    }
    let lease = publication.lease;
    if first_load::is_under_way(tx, lease.tenant, lease.connection).await? {
        return Ok(None);
    }
    let savepoint = tx.begin().await.attempt("compute the numbers")?;
    let refreshed = match write(publication, &savepoint, &hash).await {
        Ok(is_changed) => {
            savepoint.commit().await.attempt("compute the numbers")?;
            if is_changed {
                Refreshed::Changed
            } else {
                Refreshed::Unchanged
            }
        }
        Err(cause) => {
            savepoint.rollback().await.attempt("compute the numbers")?;
            error!(connection.id = %publication.lease.connection, error = %chain(&cause), "numbers could not be computed");
            Refreshed::Stale
        }
    };
    Ok(Some(refreshed))
}

/// Whether the dashboards' numbers derive from `stream` of `source`.
pub(super) fn derives_from(source: Source, stream: Stream) -> bool {
    let streams = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities];
    has_any(source) && streams.contains(&stream)
}

/// Whether the dashboards' numbers derive from records of `source`.
fn has_any(source: Source) -> bool {
    match source {
        Source::ClientTether => true,
        Source::CurrentRms => false,
    }
}

async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    mapping_hash: &[u8],
) -> Result<bool> {
    mapping::write(publication, tx, &publication.settings.mapping).await?;
    let stages =
        StageBook::load(tx, publication.lease.tenant, publication.lease.connection).await?;
    let metrics = lead_metrics::refresh(publication, tx, &stages).await?;
    let counts = stage_counts::refresh(publication, tx, &stages).await?;
    let hot_list = hot_list::refresh(publication, tx, &stages, mapping_hash).await?;
    Ok(metrics || counts || hot_list)
}

pub(super) fn first_position(left: Option<i32>, right: Option<i32>) -> Option<i32> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// Asks about the records of the publication's connection, which are `$1` and `$2`.
pub(super) async fn query<T: FromQueryResult>(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    sql: &str,
) -> Result<Vec<T>> {
    let values = [
        publication.lease.tenant.into(),
        publication.lease.connection.into(),
    ];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    T::find_by_statement(statement)
        .all(tx)
        .await
        .attempt("count records")
}
