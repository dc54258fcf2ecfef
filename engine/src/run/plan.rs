//! Decides what a run reads of each stream.

use std::collections::{BTreeSet, HashSet};

use chrono::{NaiveTime, TimeDelta};
use entity::{Stream, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::reading::Work;
use super::target::Target;
use super::{Engine, SyncRequest};
use crate::connector::{Boundary, Slice, local_to_utc};
use crate::error::{Attempt, Error, Result};
use crate::model::{self, BoundaryColumn};
use crate::read::{PartFailures, StreamOutcome, StreamPlan};

/// A record whose own records are read with a request each.
#[derive(FromQueryResult)]
struct Parent {
    upstream_id: String,
    updated_at: Timestamp,
    read_at: Option<Timestamp>,
}

/// The window of scheduled activities: whole days of the connection's zone.
pub(super) fn window(engine: &Engine, target: &Target) -> Result<Boundary> {
    let zone = target.zone()?;
    let today = engine.clock.now().with_timezone(&zone).date_naive();
    let midnight = |days: i64| {
        local_to_utc(
            (today + TimeDelta::days(days)).and_time(NaiveTime::MIN),
            zone,
        )
    };
    let past = -i64::from(target.settings.activities_past_days);
    let future = i64::from(target.settings.activities_future_days);
    let bounds = midnight(past).zip(midnight(future));
    let (from, to) =
        bounds.ok_or_else(|| Error::Internal("the activities' window has no bounds".to_owned()))?;
    Ok(Boundary::Window(from, to))
}

/// One slice for each parent that is new or changed, and, in turns, for the others: first those that are known to have
/// changed, then those not read for the longest. What could not be read before comes last, when its time has come.
pub(super) async fn per_record(
    engine: &Engine,
    work: &Work<'_>,
    stream: Stream,
    parent: Stream,
    outcomes: &[StreamOutcome],
    failures: &mut PartFailures,
) -> Result<StreamPlan> {
    let (target, now) = (work.target, engine.clock.now());
    let slice = |id: &str| Slice::new(stream, Boundary::Parent(id.to_owned()));
    let parent_outcome = outcomes.iter().find(|outcome| outcome.stream == parent);
    // Changes count only when they are published.
    let reading = parent_outcome
        .map(|outcome| &outcome.reading)
        .filter(|reading| reading.is_publishable());
    let written = reading.iter().flat_map(|reading| &reading.written);
    let mut wanted: Vec<&str> = written
        .map(|written| written.upstream_id.as_ref())
        .collect();
    let changed: HashSet<&str> = wanted.iter().copied().collect();
    let vanished = reading.iter().flat_map(|reading| &reading.vanished);
    let mut gone: BTreeSet<String> = vanished.map(|row| row.upstream_id.clone()).collect();
    let orphaned = orphaned_parents(engine, target, stream, parent).await?;
    gone.extend(
        orphaned
            .into_iter()
            .filter(|id| !changed.contains(id.as_str())),
    );
    let parents = parents_by_age(engine, target, stream, parent).await?;
    let due = due(engine, target, work.request, &parents, |parent| {
        failures.next_try_at(&slice(&parent.upstream_id)).is_some()
    });
    let due = due.map(|parent| parent.upstream_id.as_str());
    wanted.extend(due.filter(|id| !gone.contains(*id) && !changed.contains(id)));
    let (mut slices, mut later) = (vec![], vec![]);
    for slice in wanted.into_iter().map(slice) {
        match failures.next_try_at(&slice) {
            None => slices.push(slice),
            Some(at) if at <= now || is_full(work.request) => later.push((at, slice)),
            Some(_) => failures.passed_over(&slice),
        }
    }
    later.sort_by_key(|(at, _)| *at);
    slices.extend(later.into_iter().map(|(_, slice)| slice));
    Ok(StreamPlan {
        slices,
        gone: gone.iter().map(|id| slice(id)).collect(),
    })
}

fn is_full(request: &SyncRequest) -> bool {
    request.full || request.kind_override.is_some()
}

/// Returns the parents whose turn it is: those that could not be read, were not read for too long or not since they changed,
/// and as many of the others, oldest first, as it takes to get round in the sweep time.
fn due<'a>(
    engine: &Engine,
    target: &Target,
    request: &SyncRequest,
    parents: &'a [Parent],
    has_failed: impl Fn(&Parent) -> bool,
) -> impl Iterator<Item = &'a Parent> {
    let now = engine.clock.now();
    let sweep = TimeDelta::hours(i64::from(target.settings.notes_sweep_hours));
    let since_last = target
        .connection
        .last_attempt_at
        .map_or(sweep, |last| now - last);
    let quota = share(parents.len(), since_last, sweep);
    let is_full = is_full(request);
    let is_due = move |(place, parent): &(usize, &Parent)| {
        let is_overdue = |read_at| now - read_at >= sweep || read_at < parent.updated_at;
        is_full || *place < quota || parent.read_at.is_none_or(is_overdue) || has_failed(parent)
    };
    parents
        .iter()
        .enumerate()
        .filter(is_due)
        .map(|(_, parent)| parent)
}

/// Returns `count` × `part` / `whole`, rounded down, at most `count`.
fn share(count: usize, part: TimeDelta, whole: TimeDelta) -> usize {
    let share =
        count as i128 * i128::from(part.num_seconds()) / i128::from(whole.num_seconds().max(1));
    usize::try_from(share).unwrap_or_default().min(count)
}

/// Returns the live parents, those never read first, then by the time of their last reading.
async fn parents_by_age(
    engine: &Engine,
    target: &Target,
    stream: Stream,
    parent: Stream,
) -> Result<Vec<Parent>> {
    let db = engine.database.reader();
    let sql = format!(
        "SELECT p.upstream_id, p.updated_at, c.read_at FROM {} p LEFT JOIN coverage c ON c.tenant_id = p.tenant_id \
         AND c.connection_id = p.connection_id AND c.stream = $3 AND c.slice = 'of:' || p.upstream_id \
         WHERE p.tenant_id = $1 AND p.connection_id = $2 AND p.deleted_at IS NULL \
         ORDER BY c.read_at NULLS FIRST, p.upstream_id",
        model::table(target.connection.source, parent)?.name
    );
    let values = [
        target.tenant.id.into(),
        target.connection.id.into(),
        stream.as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Parent::find_by_statement(statement)
        .all(db)
        .await
        .attempt("plan what to read")
}

/// Returns the parents that are gone while records of theirs are still live.
async fn orphaned_parents(
    engine: &Engine,
    target: &Target,
    stream: Stream,
    parent: Stream,
) -> Result<Vec<String>> {
    let (table, parents) = (
        model::table(target.connection.source, stream)?,
        model::table(target.connection.source, parent)?,
    );
    let Some(BoundaryColumn::Parent(column)) = table.boundary else {
        return Ok(vec![]);
    };
    let db = engine.database.reader();
    let sql = format!(
        "SELECT DISTINCT r.{column} FROM {} r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.deleted_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM {} p WHERE p.tenant_id = r.tenant_id AND p.connection_id = r.connection_id \
         AND p.upstream_id = r.{column} AND p.deleted_at IS NULL)",
        table.name, parents.name
    );
    let values = [target.tenant.id.into(), target.connection.id.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await;
    let rows = rows.attempt("plan what to read")?;
    let ids = rows.iter().map(|row| row.try_get_by_index(0));
    ids.collect::<std::result::Result<_, _>>()
        .attempt("plan what to read")
}
