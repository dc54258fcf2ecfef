//! How far a run is: noted while it reads, for whoever watches it from outside.
//!
//! The sign of life of a run is that it comes on, not that its process is there: only progress moves `heartbeat_at`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use entity::{Stream, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::Engine;
use crate::error::{Attempt, Error, Result, chain};
use crate::lease::Lease;
use crate::observer::{Event, Observer};

/// How often progress is noted, where there is any.
const INTERVAL: Duration = Duration::from_secs(2);

/// How far the reading of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamProgress {
    /// The stream.
    pub stream: Stream,
    /// Records read so far.
    pub done: u64,
    /// Records there are, where the upstream says so of all at once.
    pub total: Option<u64>,
}

/// What was seen of one stream: what came with lists that were read before, and with the present one.
#[derive(Debug, Clone, Copy)]
struct Seen {
    stream: Stream,
    before: u64,
    read: u64,
    expected: Option<u64>,
}

impl Seen {
    fn note(&mut self, read: u64, expected: Option<u64>) {
        // A list that begins has fewer records than the one before had in the end.
        if read < self.read {
            self.before += self.read;
        }
        self.read = read;
        self.expected = expected;
    }

    fn progress(&self) -> StreamProgress {
        StreamProgress {
            stream: self.stream,
            done: self.before + self.read,
            total: self.expected.filter(|_| self.before == 0),
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
        if let Event::PageRead {
            stream,
            read,
            expected,
        } = event
        {
            note(&mut locked(&self.seen), stream, read, expected);
        }
        self.observer.on(event).await;
    }
}

/// Nothing that holds the lock can leave it half-way.
fn locked(seen: &Mutex<Vec<Seen>>) -> MutexGuard<'_, Vec<Seen>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(all: &mut Vec<Seen>, stream: Stream, read: u64, expected: Option<u64>) {
    if let Some(seen) = all.iter_mut().find(|seen| seen.stream == stream) {
        return seen.note(read, expected);
    }
    all.push(Seen {
        stream,
        before: 0,
        read,
        expected,
    });
}

async fn keep_noting(engine: &Engine, lease: &Lease, seen: &Mutex<Vec<Seen>>) {
    let mut written = vec![];
    loop {
        tokio::time::sleep(INTERVAL).await;
        let progress: Vec<StreamProgress> = locked(seen).iter().map(Seen::progress).collect();
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
        .col_expr(sync_run::Column::Progress, Expr::value(json))
        .col_expr(
            sync_run::Column::HeartbeatAt,
            Expr::value(engine.clock.now()),
        )
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .filter(sync_run::COLUMN.fence.eq(lease.fence))
        .filter(sync_run::COLUMN.finished_at.is_null())
        .exec(engine.database.writer())
        .await
        .attempt("note the run's progress")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_a_stream_add_up_and_only_the_first_tells_the_total() {
        let mut all = vec![];
        note(&mut all, Stream::Leads, 100, Some(250));
        note(&mut all, Stream::Leads, 200, Some(250));
        let whole = StreamProgress {
            stream: Stream::Leads,
            done: 200,
            total: Some(250),
        };
        assert_eq!(all[0].progress(), whole);
        note(&mut all, Stream::Leads, 10, Some(20));
        assert_eq!(
            (all[0].progress().done, all[0].progress().total),
            (210, None)
        );
    }
}
