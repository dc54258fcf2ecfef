//! The job that carries a recorded run on.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::{ConnectionId, Stream, SyncRunId, TenantId, Timestamp, sync_run};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::job::{Desk, Job, Next};
use crate::error::{Attempt, Error, Result};
use crate::run::{Carried, RecordRef, SyncRequest, Window};

/// How soon a run that found its lease taken tries again.
const RETRY: Duration = Duration::from_secs(2);
/// For how long a run waits for a lease before it is skipped: a run of cron has an end.
const MAX_WAIT: TimeDelta = TimeDelta::hours(1);

/// Carries a recorded run on until it has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SyncJob {
    tenant: TenantId,
    connection: ConnectionId,
    run: SyncRunId,
    streams: Option<Vec<Stream>>,
    #[serde(default)]
    record: Option<RecordRef>,
    #[serde(default)]
    window: Option<Window>,
    full: bool,
    dry_run: bool,
    accept_deletes: bool,
    deadline: Option<Duration>,
    /// Since when it finds the lease taken.
    waiting_since: Option<Timestamp>,
}

impl SyncJob {
    /// The job of `run`.
    pub(super) fn new(run: &sync_run::Model, request: &SyncRequest) -> Self {
        Self {
            tenant: run.tenant_id,
            connection: run.connection_id,
            run: run.id,
            streams: request.streams.clone(),
            record: request.record.clone(),
            window: request.window,
            full: request.full,
            dry_run: request.dry_run,
            accept_deletes: request.accept_deletes,
            deadline: request.deadline,
            waiting_since: None,
        }
    }

    /// One job for a connection.
    pub(super) fn key_of(connection: ConnectionId) -> String {
        connection.to_string()
    }

    fn request(&self, run: &sync_run::Model) -> SyncRequest {
        SyncRequest {
            actor: run.actor.clone(),
            streams: self.streams.clone(),
            record: self.record.clone(),
            window: self.window,
            full: self.full,
            dry_run: self.dry_run,
            accept_deletes: self.accept_deletes,
            deadline: self.deadline,
            ..SyncRequest::new(run.trigger)
        }
    }

    /// Returns the run, unless it has ended.
    async fn unfinished_run(&self, desk: &Desk) -> Result<Option<sync_run::Model>> {
        sync_run::Entity::owned_by(self.tenant)
            .filter(sync_run::COLUMN.id.eq(self.run))
            .filter(sync_run::COLUMN.finished_at.is_null())
            .one(desk.engine.database.writer())
            .await
            .attempt("read the run")
    }

    fn later(&self, waiting_since: Option<Timestamp>, delay: Duration) -> Next<Self> {
        let job = Self {
            waiting_since,
            ..self.clone()
        };
        Next::Later(job, delay)
    }
}

#[async_trait]
impl Job for SyncJob {
    const NAME: &'static str = "sync";
    const MAX_ATTEMPTS: usize = 5;

    fn dedup_key(&self) -> String {
        Self::key_of(self.connection)
    }

    async fn work(&self, desk: &Desk) -> Result<Next<Self>> {
        let Some(run) = self.unfinished_run(desk).await? else {
            return Ok(Next::Done);
        };
        let now = desk.engine.clock.now();
        let since = self.waiting_since.unwrap_or(now);
        let may_wait = now - since < MAX_WAIT;
        let request = self.request(&run);
        let (observer, shutdown) = (desk.observer.as_ref(), &desk.shutdown);
        let carried = desk
            .engine
            .carry_on(&run, &request, may_wait, observer, shutdown);
        match Box::pin(carried).await {
            Ok(Carried::Ended) => Ok(Next::Done),
            Ok(Carried::HandedBack) => Ok(self.later(None, Duration::ZERO)),
            Ok(Carried::Busy) => Ok(self.later(None, RETRY)),
            Ok(Carried::Waiting) => Ok(self.later(Some(since), RETRY)),
            // The failure may have been the run's end.
            Err(error) => match self.unfinished_run(desk).await? {
                None => Ok(Next::Done),
                Some(_) => Err(error),
            },
        }
    }

    async fn give_up(&self, desk: &Desk, cause: &Error) -> Result<()> {
        if let Some(run) = self.unfinished_run(desk).await? {
            warn!(run.id = %run.id, "run given up");
            desk.engine.give_up(&run, cause).await;
        }
        Ok(())
    }
}
