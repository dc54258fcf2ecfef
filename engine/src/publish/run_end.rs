//! Ends a run: its verdict, the counters of its streams, and what the connection now is.

use entity::connection::{self, ConnectionStatus};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, SyncRunStreamId, Timestamp, sync_run, sync_run_stream};
use sea_orm::sea_query::{Alias, Expr, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
};

use super::{Effect, Publication};
use crate::error::{Attempt, Error, Result};
use crate::read::{Counters, StreamOutcome};
use crate::verdict::{self, Verdict};

/// Writes the end of the run.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    verdict: &Verdict,
    is_changed: bool,
) -> Result<()> {
    write_streams(publication, tx, publication.outcomes).await?;
    write_run(publication, tx, verdict).await?;
    if publication.effect != Effect::RunOnly {
        write_connection(publication, tx, verdict, is_changed).await?;
    }
    if publication.effect == Effect::Publish {
        write_credentials_state(publication, tx, verdict).await?;
    }
    Ok(())
}

/// Writes the counters of streams; what was written of them before in this run is added to.
pub(super) async fn write_streams(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcomes: &[StreamOutcome],
) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let rows = outcomes
        .iter()
        .map(|outcome| stream_row(publication, outcome));
    sync_run_stream::Entity::insert_many(rows)
        .on_conflict(added_up())
        .exec_without_returning(tx)
        .await
        .attempt("write the run's counters")?;
    Ok(())
}

/// Adds counters to those that are there; everything else is as it is now.
fn added_up() -> OnConflict {
    use sync_run_stream::Column;
    let counters = [
        Column::Pages,
        Column::ReadCount,
        Column::AddedCount,
        Column::ChangedCount,
        Column::UnchangedCount,
        Column::DuplicateCount,
        Column::RejectedCount,
        Column::DeletedCount,
        Column::RevivedCount,
        Column::UnreadableValueCount,
        Column::UntimedCount,
        Column::RetryCount,
        Column::ByteCount,
        Column::DurationMs,
    ];
    let stored = |column| Expr::col((sync_run_stream::Entity, column));
    let given = |column| Expr::col((Alias::new("excluded"), column));
    let sums = counters.map(|column| (column, stored(column).add(given(column))));
    // None is announced nowhere or not yet.
    let announced = Func::coalesce([
        stored(Column::AnnouncedCount).add(given(Column::AnnouncedCount)),
        stored(Column::AnnouncedCount),
        given(Column::AnnouncedCount),
    ]);
    OnConflict::columns([Column::RunId, Column::Stream])
        .update_columns([Column::Status, Column::Reason, Column::ErrorMessage])
        .values(sums)
        .value(Column::AnnouncedCount, announced)
        .to_owned()
}

fn stream_row(
    publication: &Publication<'_>,
    outcome: &StreamOutcome,
) -> sync_run_stream::ActiveModel {
    let (reason, sentence) = verdict::problem(outcome).unzip();
    // What was published part by part was counted then.
    let nothing = Counters::default();
    let counters = if outcome.is_published {
        &nothing
    } else {
        &outcome.reading.counters
    };
    sync_run_stream::ActiveModel {
        id: Set(SyncRunStreamId::from_uuid(publication.clock.new_id())),
        tenant_id: Set(publication.lease.tenant),
        run_id: Set(publication.run()),
        stream: Set(outcome.stream),
        status: Set(verdict::stream_status(outcome)),
        reason: Set(reason),
        error_message: Set(sentence),
        pages: Set(count(counters.pages)),
        read_count: Set(count(counters.read)),
        added_count: Set(count(counters.added)),
        changed_count: Set(count(counters.changed)),
        unchanged_count: Set(count(counters.unchanged)),
        duplicate_count: Set(count(counters.duplicate)),
        rejected_count: Set(count(counters.rejected)),
        deleted_count: Set(count(counters.deleted)),
        revived_count: Set(count(counters.revived)),
        unreadable_value_count: Set(count(counters.unreadable)),
        untimed_count: Set(count(counters.untimed)),
        announced_count: Set(counters.announced.map(count)),
        retry_count: Set(count(outcome.retries)),
        byte_count: Set(count(counters.bytes)),
        duration_ms: Set(count(outcome.duration_ms)),
    }
}

async fn write_run(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    verdict: &Verdict,
) -> Result<()> {
    let sum = |number: fn(&StreamOutcome) -> u64| {
        let outcomes = publication.outcomes.iter();
        count(
            outcomes
                .filter(|outcome| !outcome.is_published)
                .map(number)
                .sum(),
        )
    };
    let ended = sync_run::Entity::update_many()
        .col_expr(
            sync_run::Column::Status,
            Expr::value(verdict.status.as_str()),
        )
        .col_expr(
            sync_run::Column::Reason,
            Expr::value(verdict.reason.map(ReasonCode::as_str)),
        )
        .col_expr(
            sync_run::Column::ErrorMessage,
            Expr::value(verdict.message.clone()),
        )
        .col_expr(sync_run::Column::FinishedAt, Expr::value(publication.now()))
        .col_expr(
            sync_run::Column::HeartbeatAt,
            Expr::value(publication.now()),
        )
        .col_expr(
            sync_run::Column::RecordsUpdated,
            Expr::col(sync_run::Column::RecordsUpdated).add(sum(|outcome| {
                outcome.reading.counters.written() + outcome.reading.counters.deleted
            })),
        )
        .col_expr(
            sync_run::Column::RecordsFailed,
            Expr::col(sync_run::Column::RecordsFailed)
                .add(sum(|outcome| outcome.reading.counters.rejected)),
        )
        .filter(sync_run::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(sync_run::COLUMN.id.eq(publication.run()))
        .filter(sync_run::COLUMN.status.eq(RunStatus::Running))
        .exec(tx)
        .await
        .attempt("end the run")?;
    if ended.rows_affected == 1 {
        return Ok(());
    }
    // Somebody has declared the run abandoned, so its lease was somebody else's meanwhile.
    Err(Error::LeaseLost {
        connection: publication.lease.connection,
        run: publication.run(),
    })
}

async fn write_connection(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    verdict: &Verdict,
    is_changed: bool,
) -> Result<()> {
    use connection::Column;
    let now = publication.now();
    let is_success = verdict.status == RunStatus::Success;
    let mut update =
        connection::Entity::update_many().col_expr(Column::UpdatedAt, Expr::value(now));
    if publication.effect == Effect::Publish && publication.judges_connection {
        let failures = if is_success {
            Expr::value(0)
        } else {
            Expr::col(Column::ConsecutiveFailures).add(1)
        };
        update = update.col_expr(Column::ConsecutiveFailures, failures);
    }
    if is_changed {
        update = update.col_expr(Column::DataVersion, Expr::col(Column::DataVersion).add(1));
    }
    if is_success && publication.refreshes {
        update = update.col_expr(Column::LastSuccessAt, Expr::value(Some::<Timestamp>(now)));
    }
    update
        .filter(connection::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(connection::COLUMN.id.eq(publication.lease.connection))
        .exec(tx)
        .await
        .attempt("write the connection's state")?;
    Ok(())
}

/// Notes whether the upstream takes the credentials. A connection that was paused meanwhile stays so.
async fn write_credentials_state(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    verdict: &Verdict,
) -> Result<()> {
    use ConnectionStatus::{Active, NeedsCredentials};
    use connection::Column;
    let mut failures = publication
        .outcomes
        .iter()
        .filter_map(|outcome| outcome.failure.as_ref());
    let (from, to, reason) = if let Some(remedy) = failures.find_map(|failure| failure.remedy) {
        (Active, NeedsCredentials, Some(remedy))
    } else if verdict.status == RunStatus::Success {
        (NeedsCredentials, Active, None)
    } else {
        return Ok(());
    };
    connection::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to.as_str()))
        .col_expr(Column::StatusReason, Expr::value(reason))
        .filter(connection::COLUMN.tenant_id.eq(publication.lease.tenant))
        .filter(connection::COLUMN.id.eq(publication.lease.connection))
        .filter(connection::COLUMN.status.eq(from))
        .exec(tx)
        .await
        .attempt("write the connection's state")?;
    Ok(())
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
