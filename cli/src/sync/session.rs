//! What commands that sync share: the engine, the progress, and the way to stop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use engine::admin::connections::Owned;
use engine::budget::Budgets;
use engine::connector::{AllConnectors, HttpClient};
use engine::database::Database;
use engine::error::Error;
use engine::observer::Observer;
use engine::process::worker_name;
use engine::run::{Engine, RunReport, SyncRequest};
use entity::connection::ConnectionStatus;
use entity::{TenantId, Timestamp};
use futures::future::BoxFuture;
use indicatif::MultiProgress;
use tokio_util::sync::CancellationToken;

use super::crew::{self, Done, Work};
use super::outcome::Outcome;
use super::{progress, signal};
use crate::context::Context;
use crate::exit::Usage;

/// With less time than this left, nothing is begun.
const LEAST_TIME: Duration = Duration::from_millis(500);

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
        Self::new(context, context.database().await?)
    }

    /// The same, for so many syncs at once.
    pub(crate) async fn open_for(context: &Context, syncs: u16) -> Result<Self> {
        Self::new(context, context.database_for(syncs).await?)
    }

    fn new(context: &Context, database: Database) -> Result<Self> {
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
        self.sync_each(targets, jobs, request, None).await
    }

    /// Syncs `targets` but for those that somebody else is at, or has begun to sync since `since`; those that have waited
    /// longest come first. What is not begun when the time is over is left for the next time.
    pub(crate) async fn sync_due(
        &self,
        mut targets: Vec<Owned>,
        jobs: usize,
        request: SyncRequest,
        since: Timestamp,
    ) -> Result<Vec<Outcome>> {
        by_wait(&mut targets);
        self.sync_each(targets, jobs, request, Some(since)).await
    }

    async fn sync_each(
        &self,
        targets: Vec<Owned>,
        jobs: usize,
        request: SyncRequest,
        since: Option<Timestamp>,
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
                Box::pin(async move { sync_one(job, request, since).await })
            })
            .await?;
        let outcome = |(target, synced): Done<Synced>| match synced {
            Ok(Synced::Ended(report)) => Outcome::new(&target, Ok(*report)),
            Ok(Synced::NeedsCredentials) => Outcome::needs_credentials(&target),
            Ok(Synced::Elsewhere) => Outcome::done_elsewhere(&target),
            Ok(Synced::NotStarted) => Outcome::not_started(&target),
            Err(error) => Outcome::new(&target, Err(error)),
        };
        Ok(done.into_iter().map(outcome).collect())
    }
}

/// Puts connections in order by how long they have waited; those of a tenant stay together.
fn by_wait(targets: &mut [Owned]) {
    let mut waits: HashMap<TenantId, Option<Timestamp>> = HashMap::new();
    for target in targets.iter() {
        let last = target.connection.last_attempt_at;
        let wait = waits.entry(target.tenant.id).or_insert(last);
        *wait = (*wait).min(last);
    }
    targets.sort_by_key(|target| {
        let of_tenant = waits.get(&target.tenant.id).copied().flatten();
        (
            of_tenant,
            target.tenant.id,
            target.connection.last_attempt_at,
        )
    });
}

/// What came of a connection that was to be synced.
enum Synced {
    Ended(Box<RunReport>),
    /// It is left alone until somebody acts.
    NeedsCredentials,
    /// Another process is at it, or has just done it.
    Elsewhere,
    /// There was no time left.
    NotStarted,
}

async fn sync_one(
    job: Job,
    request: SyncRequest,
    since: Option<Timestamp>,
) -> Result<Synced, Error> {
    let connection = &job.target.connection;
    if connection.status == ConnectionStatus::NeedsCredentials {
        return Ok(Synced::NeedsCredentials);
    }
    if request.deadline.is_some_and(|left| left < LEAST_TIME) {
        return Ok(Synced::NotStarted);
    }
    let (engine, observer) = (&job.engine, job.observer.as_ref());
    let report = match since {
        None => {
            let run = engine.sync(connection.id, &request, observer, &job.cancel);
            Some(Box::pin(run).await?)
        }
        Some(since) => {
            let run =
                engine.sync_unless_done(connection.id, since, &request, observer, &job.cancel);
            Box::pin(run).await?
        }
    };
    Ok(report.map_or(Synced::Elsewhere, |report| Synced::Ended(Box::new(report))))
}

/// Makes an engine that works on `database`.
pub(crate) fn engine(context: &Context, database: Database) -> Result<Engine> {
    Ok(Engine {
        database,
        clock: context.clock.clone(),
        http: HttpClient::new(&context.settings.defaults.egress)?,
        keys: context.settings.keys.clone(),
        defaults: context.settings.defaults.clone(),
        budgets: Budgets::default(),
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
