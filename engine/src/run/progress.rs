//! How far a run is: noted while it reads, for whoever watches it from outside.
//!
//! The sign of life of a run is that it comes on, not that its process is there: only progress moves `heartbeat_at`, and
//! a run that makes none under a lease that is kept alive is stalled. It is not abandoned: only who has the lease may
//! say that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::sync_run::{Column, RunKind, RunStatus};
use entity::{Stream, Timestamp, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::Engine;
use crate::error::{Attempt, Error, Result, chain};
use crate::lease::{Hold, Lease};
use crate::observer::{Event, Observer};

/// How often progress is noted, where there is any. What takes no longer notes none.
const INTERVAL: Duration = Duration::from_secs(2);
/// A run that has come no further for longer is stalled.
const STALLED_AFTER: TimeDelta = TimeDelta::minutes(5);

/// How far the reading of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamProgress {
    /// The stream.
    pub stream: Stream,
    /// What is done so far: contacts, where each is asked for its own records, and else records that were read.
    pub done: u64,
    /// How many that will be, when known.
    pub total: Option<u64>,
}

/// Returns how far a run is that goes on.
pub(super) fn stored(run: &sync_run::Model) -> Vec<StreamProgress> {
    let stored = run.progress.clone();
    let progress = stored.filter(|_| run.status == RunStatus::Running);
    // Another version may have written it in other words; it matters for a moment only.
    let progress = progress.and_then(|json| serde_json::from_value(json).ok());
    progress.unwrap_or_default()
}

/// What stands for no progress in the run's row.
pub(crate) fn none() -> Expr {
    Expr::value(Option::<Value>::None)
}

/// Whether `run` goes on under `hold`, the lease of its connection, and has made no progress for long.
pub(crate) fn is_stalled(run: &sync_run::Model, hold: Option<&Hold>, now: Timestamp) -> bool {
    let is_its_own = |hold: &Hold| hold.run == Some(run.id) && hold.is_live(now);
    // A replay asks nobody who could keep it waiting, and tells nothing while it reads.
    run.status == RunStatus::Running
        && run.kind != RunKind::Replay
        && hold.is_some_and(is_its_own)
        && now - run.heartbeat_at > STALLED_AFTER
}

/// What was seen of one stream.
#[derive(Debug, Clone, Copy)]
struct Seen {
    stream: Stream,
    /// What came with parts that are done.
    parts: u64,
    /// What has come with the present list.
    list: u64,
    total: Option<u64>,
    /// Whether it is read part by part: then what a list announces is not the whole.
    has_parts: bool,
}

impl Seen {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            parts: 0,
            list: 0,
            total: None,
            has_parts: false,
        }
    }

    fn page(&mut self, read: u64, expected: Option<u64>) {
        // Where it is known how many parts there are, they are counted, and not what is in them.
        if self.has_parts && self.total.is_some() {
            return;
        }
        self.list = read;
        self.total = expected.filter(|_| !self.has_parts);
    }

    fn part(&mut self, done: u64, total: Option<u64>) {
        (self.parts, self.list, self.total) = (done, 0, total);
        self.has_parts = true;
    }

    fn progress(&self) -> StreamProgress {
        StreamProgress {
            stream: self.stream,
            done: self.parts + self.list,
            total: self.total,
        }
    }
}

/// Watches a run beside its observer, and notes its progress until this is dropped.
pub(super) struct Progress<'a> {
    observer: &'a dyn Observer,
    seen: Arc<Mutex<Vec<Seen>>>,
    _task: AbortOnDropHandle<()>,
}

impl<'a> Progress<'a> {
    pub(super) fn start(engine: &Engine, lease: &Lease, observer: &'a dyn Observer) -> Self {
        let seen = Arc::new(Mutex::new(vec![]));
        let (engine, lease, noted) = (engine.clone(), lease.clone(), Arc::clone(&seen));
        let task = tokio::spawn(async move { keep_noting(&engine, &lease, &noted).await });
        Self {
            observer,
            seen,
            _task: AbortOnDropHandle::new(task),
        }
    }
}

#[async_trait]
impl Observer for Progress<'_> {
    async fn on(&self, event: Event) {
        note(&mut locked(&self.seen), event);
        self.observer.on(event).await;
    }
}

/// Nothing that holds the lock can leave it half-way.
fn locked(seen: &Mutex<Vec<Seen>>) -> MutexGuard<'_, Vec<Seen>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(all: &mut Vec<Seen>, event: Event) {
    match event {
        Event::StreamStarted(stream) => all.push(Seen::new(stream)),
        Event::PageRead {
            stream,
            read,
            expected,
        } => change(all, stream, |seen| seen.page(read, expected)),
        Event::PartRead {
            stream,
            done,
            total,
        } => change(all, stream, |seen| seen.part(done, total)),
        _ => {}
    }
}

fn change(all: &mut [Seen], stream: Stream, change: impl FnOnce(&mut Seen)) {
    if let Some(seen) = all.iter_mut().find(|seen| seen.stream == stream) {
        change(seen);
    }
}

async fn keep_noting(engine: &Engine, lease: &Lease, seen: &Mutex<Vec<Seen>>) {
    let mut written = vec![];
    loop {
        tokio::time::sleep(INTERVAL).await;
        let progress: Vec<_> = locked(seen).iter().map(Seen::progress).collect();
        if progress == written {
            continue;
        }
        match write(engine, lease, &progress).await {
            Ok(()) => written = progress,
            // The heartbeat judges whether the database is away for too long.
            Err(error) => warn!(error = %chain(&error), "progress could not be noted"),
        }
    }
}

async fn write(engine: &Engine, lease: &Lease, progress: &[StreamProgress]) -> Result<()> {
    let json =
        serde_json::to_value(progress).map_err(|error| Error::Internal(error.to_string()))?;
    sync_run::Entity::update_many()
        .col_expr(Column::Progress, Expr::value(json))
        .col_expr(Column::HeartbeatAt, Expr::value(engine.clock.now()))
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .filter(sync_run::COLUMN.fence.eq(lease.fence))
        .filter(sync_run::COLUMN.status.eq(RunStatus::Running))
        .exec(engine.database.writer())
        .await
        .attempt("note the run's progress")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: &[Event]) -> StreamProgress {
        let mut all = vec![];
        for event in events {
            note(&mut all, *event);
        }
        all[0].progress()
    }

    fn page(read: u64, expected: Option<u64>) -> Event {
        let stream = Stream::Leads;
        Event::PageRead {
            stream,
            read,
            expected,
        }
    }

    fn part(done: u64, total: Option<u64>) -> Event {
        let stream = Stream::Leads;
        Event::PartRead {
            stream,
            done,
            total,
        }
    }

    fn progress(done: u64, total: Option<u64>) -> StreamProgress {
        let stream = Stream::Leads;
        StreamProgress {
            stream,
            done,
            total,
        }
    }

    const STARTED: Event = Event::StreamStarted(Stream::Leads);

    #[test]
    fn a_list_tells_how_much_it_has() {
        let events = [STARTED, page(100, Some(250)), page(200, Some(250))];
        assert_eq!(after(&events), progress(200, Some(250)));
    }

    #[test]
    fn a_list_that_is_read_once_more_begins_anew() {
        let events = [STARTED, page(200, Some(250)), page(100, Some(251))];
        assert_eq!(after(&events), progress(100, Some(251)));
    }

    #[test]
    fn lists_of_a_stream_add_up() {
        let events = [
            STARTED,
            part(0, None),
            page(20, Some(20)),
            part(20, None),
            page(10, Some(30)),
        ];
        assert_eq!(after(&events), progress(30, None));
    }

    #[test]
    fn where_contacts_are_counted_their_records_are_not() {
        let events = [
            STARTED,
            part(0, Some(12)),
            page(3, None),
            part(1, Some(12)),
            page(5, None),
        ];
        assert_eq!(after(&events), progress(1, Some(12)));
    }
}
