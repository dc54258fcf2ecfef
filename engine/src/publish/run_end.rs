//! Ends a run: its verdict, the counters of its streams, and what the connection now is.

use entity::connection::{self, ConnectionStatus};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, SyncRunStreamId, Timestamp, sync_run, sync_run_stream};
use sea_orm::sea_query::{Alias, Expr, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
};

use super::{Effect, Publication, RunEnd, stream_state};
use crate::error::{Attempt, Error, Result};
use crate::read::{Counters, StreamOutcome};
use crate::run::progress;
use crate::verdict;

/// When counters are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// With a part.
    Part,
    /// With the run's end.
    End,
}

/// Writes the end of the run.
pub(super) async fn write(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    end: &RunEnd<'_>,
    is_changed: bool,
) -> Result<()> {
    write_streams(publication, tx, end.outcomes, Moment::End).await?;
    write_run(publication, tx, end).await?;
    if publication.effect != Effect::RunOnly {
        write_connection(publication, tx, end, is_changed).await?;
    }
    if publication.effect == Effect::Publish && end.judges_connection {
        stream_state::settle(publication, tx).await?;
    }
    if publication.effect == Effect::Publish {
        write_credentials_state(publication, tx, end).await?;
    }
    Ok(())
}

/// Writes the counters of streams; what was written of them before in this run is added to.
pub(super) async fn write_streams(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    outcomes: &[StreamOutcome],
    moment: Moment,
) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let rows = outcomes
        .iter()
        .map(|outcome| stream_row(publication, outcome, moment));
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
    moment: Moment,
) -> sync_run_stream::ActiveModel {
    let (reason, sentence) = verdict::problem(outcome).unzip();
    // What was published was counted then.
    let nothing = Counters::default();
    let is_counted = moment == Moment::End && publication.effect != Effect::RunOnly;
    let counters = if is_counted {
        &nothing
    } else {
        &outcome.reading.counters
    };
    let at_end = |number: u64| count(if moment == Moment::End { number } else { 0 });
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
        retry_count: Set(at_end(outcome.retries)),
        byte_count: Set(count(counters.bytes)),
        duration_ms: Set(at_end(outcome.duration_ms)),
    }
}

async fn write_run(
    publication: &Publication<'_>,
    tx: &DatabaseTransaction,
    end: &RunEnd<'_>,
) -> Result<()> {
    use sync_run::Column;
    let now = publication.now();
    let rejected = end
        .outcomes
        .iter()
        .map(|outcome| outcome.reading.counters.rejected);
    let mut update = sync_run::Entity::update_many()
        .col_expr(Column::Status, Expr::value(end.verdict.status.as_str()))
        .col_expr(
            Column::Reason,
            Expr::value(end.verdict.reason.map(ReasonCode::as_str)),
        )
        .col_expr(
            Column::ErrorMessage,
            Expr::value(end.verdict.message.clone()),
        )
        .col_expr(Column::FinishedAt, Expr::value(now))
        .col_expr(Column::Progress, progress::none())
        .col_expr(Column::HeartbeatAt, Expr::value(now));
    // What was published was counted then; whoever only compares writes no record.
    if publication.effect == Effect::RunOnly {
        let failed = Expr::col(Column::RecordsFailed).add(count(rejected.sum()));
        update = update.col_expr(Column::RecordsFailed, failed);
    }
    let ended = update
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
    end: &RunEnd<'_>,
    is_changed: bool,
) -> Result<()> {
    use connection::Column;
    let (now, verdict) = (publication.now(), end.verdict);
    let is_success = verdict.status == RunStatus::Success;
    let mut update =
        connection::Entity::update_many().col_expr(Column::UpdatedAt, Expr::value(now));
    if publication.effect == Effect::Publish && end.judges_connection {
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
    if is_success && end.refreshes {
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
    end: &RunEnd<'_>,
) -> Result<()> {
    use ConnectionStatus::{Active, NeedsCredentials};
    use connection::Column;
    let mut failures = end
        .outcomes
        .iter()
        .filter_map(|outcome| outcome.failure.as_ref());
    let (from, to, reason) = if let Some(remedy) = failures.find_map(|failure| failure.remedy) {
        (Active, NeedsCredentials, Some(remedy))
    } else if end.verdict.status == RunStatus::Success {
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
