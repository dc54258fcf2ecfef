//! An apalis worker for one kind of job.
//!
//! What we rely on apalis for: it fetches a due job for exactly one worker, keeps a sign of life of the worker in the
//! database, and makes the jobs of a worker without one due again. What we do not leave to it:
//!
//! * A job is marked as fetched (`Queued`) and not also as locked: that mark may be written after the job was given
//!   back, and would lose it.
//! * Jobs are fetched one by one: those fetched ahead would wait for a worker that is busy.
//! * A job that fails is given back by us, after a while, and counted.

use std::sync::Arc;
use std::time::Duration;

use apalis_core::backend::ext::BackendExt;
use apalis_core::error::{BoxDynError, WorkerError};
use apalis_core::task::attempt::Attempt;
use apalis_core::task::data::Data;
use apalis_core::task::task_id::TaskId;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tower::limit::GlobalConcurrencyLimitLayer;
use tracing::{error, warn};

use super::job::{Desk, Job, Next};
use super::queue;
use super::wake::when_due;
use super::worker::{Pool, WorkerOptions};
use crate::error::{Error, Result, chain};

/// Silences of this many signs of life make a worker a dead one.
const MISSED_HEARTBEATS: usize = 3;
/// How soon a job that failed is tried again; every attempt takes longer.
const RETRY_STEP: Duration = Duration::from_secs(5);
/// A job that comes to a worker which is about to end is left alone for this long, so that it goes to another one.
const ELSEWHERE: Duration = Duration::from_secs(1);
/// How soon a database that is away is tried again.
const DATABASE_RETRY: Duration = Duration::from_secs(1);

/// An apalis worker that has begun.
pub(super) struct Lane {
    /// Ends it.
    context: WorkerContext,
    /// What it says; it lives as long as this is polled.
    signs: BoxStream<'static, std::result::Result<(), WorkerError>>,
}

impl Lane {
    /// Starts a worker named `name` that does jobs of the kind `J`, as many at once as there are `slots`.
    pub(super) fn start<J: Job>(
        name: &str,
        pool: &Pool,
        desk: &Desk,
        slots: &Arc<Semaphore>,
        options: &WorkerOptions,
    ) -> Self {
        let context = WorkerContext::new(name);
        let wake = when_due::<J>(desk.engine.database.clone(), options.poll_interval);
        let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(slots));
        // The two storages have no trait in common that is short to name.
        macro_rules! signs_of {
            ($storage:ident, $config:path, $pool:expr) => {{
                let config = <$config>::default()
                    .queue(J::NAME)
                    .batch_size(1)
                    .lock_tasks(false)
                    .heartbeat_interval(options.heartbeat)
                    .missed_heartbeats(MISSED_HEARTBEATS);
                let storage = $storage::<Value>::new($pool).with_config(config);
                WorkerBuilder::new(context.clone())
                    .backend(storage.poll_with_stream(wake))
                    .data(desk.clone())
                    .layer(limit)
                    .build(deliver::<J>)
                    .stream()
                    .map_ok(|_| ())
                    .boxed()
            }};
        }
        let signs = match pool {
            Pool::Sqlite(pool) => signs_of!(SqliteStorage, apalis_sqlite::Config, pool),
            Pool::Postgres(pool) => signs_of!(PostgresStorage, apalis_postgres::Config, pool),
        };
        Self { context, signs }
    }

    /// Lets it work until it has ended; once `end` is cancelled, only until its jobs have.
    ///
    /// # Errors
    /// When the database was lost.
    pub(super) async fn serve(
        &mut self,
        end: &CancellationToken,
    ) -> std::result::Result<(), WorkerError> {
        let (mut is_told, mut is_stopped) = (false, false);
        loop {
            tokio::select! {
                biased;
                sign = self.signs.next() => match sign {
                    Some(sign) => sign?,
                    None => return Ok(()),
                },
                () = end.cancelled(), if !is_told => is_told = true,
            }
            // apalis does not go on with a statement it has begun while it waits for its last jobs to end; in the
            // middle of one it would keep SQLite's write lock from those very jobs. So they end first.
            if is_told && !is_stopped && !self.context.has_pending_tasks() {
                is_stopped = true;
                self.stop();
            }
        }
    }

    fn stop(&self) {
        if let Err(error) = self.context.stop() {
            warn!(%error, "the worker could not be stopped");
        }
    }
}

/// Does a job that apalis delivers.
///
/// # Errors
/// When the job could be neither done nor given back; apalis then marks it as failed, which makes it due.
async fn deliver<J: Job>(
    payload: Value,
    id: TaskId,
    attempt: Attempt,
    worker: WorkerContext,
    desk: Data<Desk>,
) -> std::result::Result<(), BoxDynError> {
    let Data(desk) = desk;
    let delivery = Delivery {
        worker: worker.name().to_owned(),
        id: id.to_string(),
        attempt: attempt.current(),
        desk,
    };
    // A fault of the job is not to end the worker.
    let task = AbortOnDropHandle::new(tokio::spawn(delivery.handle::<J>(payload)));
    Ok(task.await??)
}

struct Delivery {
    worker: String,
    id: String,
    /// How often the job was begun, this time included.
    attempt: usize,
    desk: Desk,
}

impl Delivery {
    async fn handle<J: Job>(self, payload: Value) -> Result<()> {
        let Ok(job) = serde_json::from_value::<J>(payload) else {
            error!(job.kind = J::NAME, job.id = %self.id, "a job cannot be read; it is left undone");
            return Ok(());
        };
        if self.desk.shutdown.is_cancelled() {
            return self.put_back(&job, 0, ELSEWHERE).await;
        }
        if self.attempt > J::MAX_ATTEMPTS {
            return self.give_up(&job).await;
        }
        match self.work(&job).await {
            Ok(Next::Done) => Ok(()),
            Ok(Next::Later(job, delay)) => self.put_back(&job, 0, delay).await,
            Err(cause) => {
                warn!(job.kind = J::NAME, job.id = %self.id, attempt = self.attempt, error = %chain(&cause), "a job failed, will try again");
                let place = u32::try_from(self.attempt).unwrap_or(u32::MAX);
                self.put_back(&job, 1, RETRY_STEP.saturating_mul(place))
                    .await
            }
        }
    }

    /// Does the job in a task of its own: a panic in it is a failure like others.
    async fn work<J: Job>(&self, job: &J) -> Result<Next<J>> {
        let (job, desk) = (job.clone(), self.desk.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move { job.work(&desk).await }));
        task.await
            .map_err(|error| Error::Internal(format!("the job broke off: {error}")))?
    }

    async fn give_up<J: Job>(&self, job: &J) -> Result<()> {
        let cause = Error::Internal(format!(
            "it was tried {} times and never came to its end",
            J::MAX_ATTEMPTS
        ));
        job.give_up(&self.desk, &cause).await
    }

    /// Gives the job back, as soon as the database lets us.
    async fn put_back<J: Job>(&self, job: &J, failed_attempts: i32, delay: Duration) -> Result<()> {
        let db = self.desk.engine.database.writer();
        loop {
            let (worker, id) = (&self.worker, &self.id);
            let done = queue::put_back(db, worker, id, job, failed_attempts, delay).await;
            match done {
                Err(error) if !self.desk.shutdown.is_cancelled() => {
                    warn!(error = %chain(&error), "a job could not be given back, will try again");
                    tokio::time::sleep(DATABASE_RETRY).await;
                }
                done => return done,
            }
        }
    }
}
