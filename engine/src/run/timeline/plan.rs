//! Decides what a run reads of a timeline: what has changed, and the windows whose turn it is.

use chrono::TimeDelta;
use entity::sync_run::RunKind;
use entity::{Stream, Timestamp, coverage};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, Statement};

use super::Timeline;
use super::agenda::{Agenda, Task};
use super::windows::{self, Span};
use crate::connector::{Boundary, Slice};
use crate::error::{Attempt, Result};
use crate::model::{self, BoundaryColumn};
use crate::run::Window;

/// Most records outside of all windows that a run asks for one by one, unless it is to read everything.
const MAX_LONE_RECORDS: usize = 100;
/// Most windows outside of the usual ones that a run reads again, unless it is to read everything.
const MAX_OTHER_WINDOWS: usize = 24;
/// Records that are published together.
const LONE_RECORDS_AT_ONCE: usize = 25;

/// What was read whole of a stream before.
#[derive(Debug, Default)]
struct Coverage {
    /// Changes are known up to this moment of the upstream's clock.
    mark: Option<Timestamp>,
    windows: Vec<(Span, Timestamp)>,
    undated_at: Option<Timestamp>,
}

/// A live row with the time at which its record was last asked for.
#[derive(FromQueryResult)]
struct LoneRow {
    upstream_id: String,
    date: Option<Timestamp>,
    synced_at: Timestamp,
    read_at: Option<Timestamp>,
}

/// Returns what this run reads; `now` is the upstream's clock.
pub(super) async fn agenda(timeline: &Timeline<'_>, now: Timestamp) -> Result<Agenda> {
    let settings = &timeline.work.target.settings;
    let overlap = TimeDelta::minutes(i64::from(settings.incremental_overlap_minutes));
    if let Some(record) = &timeline.work.request.record {
        let task = Task::Slices(vec![record.slice()]);
        return Ok(Agenda::new([task], None, now, overlap));
    }
    let coverage = Coverage::load(timeline).await?;
    let sweep = sweep(timeline, &coverage, now).await?;
    let has_windows = !sweep.is_empty();
    // Windows lack what has no stamp, or one in the future; that is listed with the changes.
    let mut tasks = vec![Task::Changes(now)];
    tasks.extend(sweep.into_iter().map(Task::Slices));
    if is_comparison(timeline) {
        // All windows are read anyway.
        return Ok(Agenda::new(tasks, None, now, overlap));
    }
    if has_windows {
        tasks.push(Task::LaterChanges);
    }
    Ok(Agenda::new(tasks, coverage.mark, now, overlap))
}

/// Returns the slices whose turn it is, those to be published together in one list.
async fn sweep(
    timeline: &Timeline<'_>,
    coverage: &Coverage,
    now: Timestamp,
) -> Result<Vec<Vec<Slice>>> {
    let settings = &timeline.work.target.settings;
    let (past_days, future_days) = Window::days(timeline.work.request.window, settings);
    let (from, to) = windows::around(now, past_days, future_days);
    let covered: Vec<Span> = coverage.windows.iter().map(|(span, _)| *span).collect();
    let gaps = windows::gaps(from, to, &covered);
    let is_due = turn(timeline);
    let stale = coverage.windows.iter().filter(|(_, at)| is_due(*at));
    let mut due: Vec<Span> = bounded(timeline, now, stale.copied().collect());
    due.extend(&gaps);
    due.sort_unstable();
    let as_of = |boundary| Slice {
        as_of: Some(now),
        ..Slice::new(timeline.stream, boundary)
    };
    let dates = due
        .into_iter()
        .map(|(from, to)| as_of(Boundary::Dates(from, to)));
    let mut slices: Vec<Vec<Slice>> = dates.map(|slice| vec![slice]).collect();
    if coverage.undated_at.is_none_or(&is_due) {
        slices.push(vec![as_of(Boundary::Undated)]);
    }
    let windows = [covered, gaps].concat();
    slices.extend(lone_records(timeline, &windows, is_due).await?);
    Ok(slices)
}

/// Returns the windows that are read again: of those that only a former run was asked for, a few, the oldest first.
///
/// A request for a hundred years would otherwise cost its thousand windows once more with every sweep.
fn bounded(
    timeline: &Timeline<'_>,
    now: Timestamp,
    mut stale: Vec<(Span, Timestamp)>,
) -> Vec<Span> {
    let settings = &timeline.work.target.settings;
    let (from, to) = windows::around(now, settings.past_days, settings.future_days);
    stale.sort_by_key(|(_, read_at)| *read_at);
    let is_usual = |(span, _): &(Span, Timestamp)| span.1 > from && span.0 < to;
    let (usual, others): (Vec<_>, Vec<_>) = stale.into_iter().partition(is_usual);
    let is_full = timeline.work.request.full || is_comparison(timeline);
    let most = if is_full {
        usize::MAX
    } else {
        MAX_OTHER_WINDOWS
    };
    let windows = usual.into_iter().chain(others.into_iter().take(most));
    windows.map(|(span, _)| span).collect()
}

fn is_comparison(timeline: &Timeline<'_>) -> bool {
    timeline.work.request.kind_override == Some(RunKind::Verify)
}

/// Tells whether it is time again to read what was last read at a moment.
fn turn(timeline: &Timeline<'_>) -> impl Fn(Timestamp) -> bool {
    let now = timeline.work.reader.clock.now();
    let sweep = timeline.work.target.settings.sweep();
    let is_full = timeline.work.request.full || is_comparison(timeline);
    move |read_at| is_full || now - read_at >= sweep
}

/// Returns the live records that are in no window, those not asked for for the longest first.
async fn lone_records(
    timeline: &Timeline<'_>,
    windows: &[Span],
    is_due: impl Fn(Timestamp) -> bool,
) -> Result<Vec<Vec<Slice>>> {
    let is_inside = |date: Timestamp| windows.iter().any(|(from, to)| *from <= date && date < *to);
    let mut rows = live_rows(timeline).await?;
    rows.retain(|row| {
        // Those without a date are a slice of their own.
        row.date.is_some_and(|date| !is_inside(date)) && is_due(row.last_read_at())
    });
    rows.sort_by_key(LoneRow::last_read_at);
    if !timeline.work.request.full && !is_comparison(timeline) {
        rows.truncate(MAX_LONE_RECORDS);
    }
    let record = |row: &LoneRow| {
        let boundary = Boundary::Record(row.upstream_id.clone());
        Slice::new(timeline.stream, boundary)
    };
    let together = rows.chunks(LONE_RECORDS_AT_ONCE);
    Ok(together
        .map(|rows| rows.iter().map(record).collect())
        .collect())
}

impl LoneRow {
    fn last_read_at(&self) -> Timestamp {
        self.read_at.unwrap_or(self.synced_at).max(self.synced_at)
    }
}

async fn live_rows(timeline: &Timeline<'_>) -> Result<Vec<LoneRow>> {
    let connection = &timeline.work.target.connection;
    let table = model::table(connection.source, timeline.stream)?;
    let Some(BoundaryColumn::Time(date)) = table.boundary else {
        return Ok(vec![]);
    };
    let db = timeline.work.reader.mirror.database.reader();
    let sql = format!(
        "SELECT r.upstream_id, r.{date} AS date, r.updated_at AS synced_at, c.read_at FROM {} r \
         LEFT JOIN coverage c ON c.tenant_id = r.tenant_id AND c.connection_id = r.connection_id \
         AND c.stream = $3 AND c.slice = 'record:' || r.upstream_id \
         WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.deleted_at IS NULL",
        table.name
    );
    let values = [
        connection.tenant_id.into(),
        connection.id.into(),
        timeline.stream.as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    LoneRow::find_by_statement(statement)
        .all(db)
        .await
        .attempt("plan what to read")
}

impl Coverage {
    async fn load(timeline: &Timeline<'_>) -> Result<Self> {
        let connection = &timeline.work.target.connection;
        let rows = coverage::Entity::owned_by(connection.tenant_id)
            .filter(coverage::COLUMN.connection_id.eq(connection.id))
            .filter(coverage::COLUMN.stream.eq(timeline.stream))
            .all(timeline.work.reader.mirror.database.reader())
            .await
            .attempt("read the coverage")?;
        let mut coverage = Self::default();
        for row in rows {
            coverage.add(timeline.stream, &row);
        }
        Ok(coverage)
    }

    fn add(&mut self, stream: Stream, row: &coverage::Model) {
        let Some(slice) = Slice::from_key(stream, &row.slice) else {
            return;
        };
        match slice.boundary {
            Boundary::Changes(_, until) => self.mark = self.mark.max(Some(until)),
            Boundary::Dates(from, to) => self.windows.push(((from, to), row.read_at)),
            Boundary::Undated => self.undated_at = Some(row.read_at),
            _ => {}
        }
    }
}
