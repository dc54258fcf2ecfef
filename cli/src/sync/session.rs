//! What commands that sync share: the engine, the progress, and the way to stop.

use std::sync::Arc;

use anyhow::Result;
use engine::admin::connections::Owned;
use engine::connector::{AllConnectors, HttpClient};
use engine::database::Database;
use engine::error::Error;
use engine::observer::Observer;
use engine::process::worker_name;
use engine::run::{Engine, RunReport, SyncRequest};
use entity::connection::ConnectionStatus;
use futures::future::BoxFuture;
use indicatif::MultiProgress;
use tokio_util::sync::CancellationToken;

use super::crew::{self, Done, Work};
use super::outcome::Outcome;
use super::{progress, signal};
use crate::context::Context;
use crate::exit::Usage;

/// What commands that sync share.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    bars: MultiProgress,
    is_watched: bool,
    cancel: CancellationToken,
}

/// What the work on one connection is given.
pub(crate) struct Job {
    pub(crate) engine: Engine,
    pub(crate) target: Arc<Owned>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) cancel: CancellationToken,
}

impl Session {
    /// Opens the database and makes everything ready.
    pub(crate) async fn open(context: &Context) -> Result<Self> {
        let database = context.database().await?;
        Ok(Self {
            engine: engine(context, database)?,
            bars: context.progress.clone(),
            is_watched: context.output.is_watched(),
            cancel: CancellationToken::new(),
        })
    }

    /// Does `work` for `targets`, for up to `jobs` tenants at once.
    ///
    /// # Errors
    /// When a second signal makes it leave everything where it is.
    pub(crate) async fn each<R, W>(
        &self,
        targets: Vec<Owned>,
        jobs: usize,
        work: W,
    ) -> Result<Vec<Done<R>>>
    where
        R: Send + 'static,
        W: Fn(Job) -> BoxFuture<'static, Result<R, Error>> + Send + Sync + 'static,
    {
        let (engine, bars) = (self.engine.clone(), self.bars.clone());
        let (is_watched, cancel) = (self.is_watched, self.cancel.clone());
        let work: Work<R> = Arc::new(move |target: Arc<Owned>| {
            work(Job {
                engine: engine.clone(),
                observer: progress::watcher(&bars, is_watched, target.reference()),
                target,
                cancel: cancel.clone(),
            })
        });
        let done = signal::interruptible(&self.cancel, crew::each(targets, jobs, work)).await?;
        Ok(done.ok_or(Interrupted)?)
    }

    /// Syncs `targets`; those that wait for credentials are left alone.
    pub(crate) async fn sync(
        &self,
        targets: Vec<Owned>,
        jobs: usize,
        request: SyncRequest,
    ) -> Result<Vec<Outcome>> {
        let started = tokio::time::Instant::now();
        let done = self
            .each(targets, jobs, move |job| {
                // The time allowed is for the whole command, not for each run.
                let left = request
                    .deadline
                    .map(|limit| limit.saturating_sub(started.elapsed()));
                let request = SyncRequest {
                    deadline: left,
                    ..request.clone()
                };
                Box::pin(async move { sync_one(job, request).await })
            })
            .await?;
        let outcome = |(target, report): Done<Option<RunReport>>| match report.transpose() {
            Some(result) => Outcome::new(&target, result),
            None => Outcome::needs_credentials(&target),
        };
        Ok(done.into_iter().map(outcome).collect())
    }
}

async fn sync_one(job: Job, request: SyncRequest) -> Result<Option<RunReport>, Error> {
    let connection = &job.target.connection;
    if connection.status == ConnectionStatus::NeedsCredentials {
        return Ok(None);
    }
    let run = job
        .engine
        .sync(connection.id, &request, job.observer.as_ref(), &job.cancel);
    Box::pin(run).await.map(Some)
}

/// Makes an engine that works on `database`.
pub(crate) fn engine(context: &Context, database: Database) -> Result<Engine> {
    Ok(Engine {
        database,
        clock: context.clock.clone(),
        http: HttpClient::new()?,
        keys: context.settings.keys.clone(),
        defaults: context.settings.defaults.clone(),
        connectors: Arc::new(AllConnectors),
        worker: worker_name(),
    })
}

/// The work was left where it was.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped without tidying up; the next run can start in a minute, when the lease expires")
    }
}

impl std::error::Error for Interrupted {}

/// Refuses to work on nothing.
pub(crate) fn require_some(
    targets: Vec<Owned>,
    why_none: impl FnOnce() -> String,
) -> Result<Vec<Owned>> {
    if targets.is_empty() {
        return Err(Usage(why_none()).into());
    }
    Ok(targets)
}
