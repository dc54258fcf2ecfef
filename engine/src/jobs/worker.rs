//! The process that does jobs.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbBackend;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::job::{Desk, Job};
use super::lane::Lane;
use super::queue;
use super::sync::SyncJob;
use crate::database::Database;
use crate::error::{Result, chain};
use crate::observer::Observer;
use crate::run::Engine;
use crate::webhooks::WebhookJob;

/// How soon a worker that lost the database begins anew.
const RESTART: Duration = Duration::from_secs(2);
/// How often finished jobs are forgotten.
const TIDY: Duration = Duration::from_hours(1);
/// apalis fetches, and gives signs of life, one statement at a time.
const POSTGRES_CONNECTIONS: u32 = 2;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Most syncs at once, at least one; small jobs may be more.
    pub jobs: usize,
    /// How often an idle worker looks into the queue.
    pub poll_interval: Duration,
    /// How often it gives a sign of life, in whole seconds; after three of them without one, others take its jobs over.
    pub heartbeat: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            jobs: 2,
            poll_interval: Duration::from_millis(500),
            heartbeat: Duration::from_secs(10),
        }
    }
}

/// Does jobs until it is told to stop.
pub struct Worker {
    engine: Engine,
    options: WorkerOptions,
}

/// Connections for apalis.
pub(super) enum Pool {
    /// The one connection of our own that writes: there is no second writer in the process.
    Sqlite(SqlitePool),
    /// Connections of its own: what it leaves on one when it is stopped in the middle of a statement ends with it.
    Postgres(PgPool),
}

impl Worker {
    /// A worker on the engine's database.
    pub fn new(engine: Engine, options: WorkerOptions) -> Self {
        Self { engine, options }
    }

    /// Does jobs until `shutdown` is cancelled; then runs stop at their next page and go back into the queue.
    ///
    /// Dropping the future stops everything at once, as killing the process does.
    ///
    /// # Errors
    /// When what it had could not be given back at the end; others take it over as from a worker that vanished.
    pub async fn run(self, observer: Arc<dyn Observer>, shutdown: CancellationToken) -> Result<()> {
        let Self { engine, options } = self;
        let desk = Desk {
            engine,
            observer,
            shutdown,
        };
        info!(job_count = options.jobs, "worker started");
        let tidied = tidy_now_and_then(&desk.engine.database);
        let worked = work_all(&desk, &options);
        tokio::pin!(worked);
        let result = tokio::select! {
            result = &mut worked => result,
            () = tidied => worked.await,
        };
        info!("worker stopped");
        result
    }
}

/// Does jobs of all kinds; those of one kind do not wait for those of another.
async fn work_all(desk: &Desk, options: &WorkerOptions) -> Result<()> {
    let (syncs, webhooks) = tokio::join!(
        Crew::new::<SyncJob>(desk, options).work::<SyncJob>(),
        Crew::new::<WebhookJob>(desk, options).work::<WebhookJob>(),
    );
    syncs.and(webhooks)
}

/// The lanes of one kind of job: one that fetches, and those before it that lost the database and still have jobs.
struct Crew {
    desk: Desk,
    options: WorkerOptions,
    slots: Arc<Semaphore>,
    older: JoinSet<()>,
}

impl Crew {
    fn new<J: Job>(desk: &Desk, options: &WorkerOptions) -> Self {
        let slots = options.jobs.max(1).saturating_mul(J::AT_ONCE);
        Self {
            desk: desk.clone(),
            options: options.clone(),
            slots: Arc::new(Semaphore::new(slots)),
            older: JoinSet::new(),
        }
    }

    async fn work<J: Job>(mut self) -> Result<()> {
        let pool = Pool::open(&self.desk.engine.database);
        let mut names = vec![];
        while !self.desk.shutdown.is_cancelled() {
            let clock = &self.desk.engine.clock;
            // A name is used once: apalis takes a second one of the same name for a mistake.
            let name = format!("{} {} {}", self.desk.engine.worker, J::NAME, clock.new_id());
            let lane = Lane::start::<J>(&name, &pool, &self.desk, &self.slots, &self.options);
            names.push(name);
            self.attend(lane).await;
        }
        while self.older.join_next().await.is_some() {}
        pool.close().await;
        for name in names {
            queue::sign_off(self.desk.engine.database.writer(), &name).await?;
        }
        Ok(())
    }

    /// Lets a lane work until it has ended, or until it has lost the database.
    async fn attend(&mut self, mut lane: Lane) {
        let shutdown = self.desk.shutdown.clone();
        let Err(error) = lane.serve(&shutdown).await else {
            return;
        };
        warn!(%error, "the queue cannot be served, will begin anew");
        // Another one takes its place, but it is at jobs still, and acknowledges them when it can. It would not end by
        // itself once the database is back.
        self.older.spawn(async move {
            let end = CancellationToken::new();
            end.cancel();
            if let Err(error) = lane.serve(&end).await {
                warn!(%error, "jobs could not be acknowledged, they will be delivered again");
            }
        });
        tokio::select! {
            () = tokio::time::sleep(RESTART) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

impl Pool {
    fn open(database: &Database) -> Self {
        let writer = database.writer();
        if database.backend() == DbBackend::Sqlite {
            return Self::Sqlite(writer.get_sqlite_connection_pool().clone());
        }
        let server = writer.get_postgres_connection_pool().connect_options();
        let options = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .idle_timeout(None)
            .max_lifetime(None);
        Self::Postgres(options.connect_lazy_with(server.as_ref().clone()))
    }

    /// Closes what is apalis's own.
    async fn close(self) {
        if let Self::Postgres(pool) = self {
            pool.close().await;
        }
    }
}

/// Forgets finished jobs, for as long as it is polled.
async fn tidy_now_and_then(database: &Database) {
    loop {
        if let Err(error) = queue::tidy(database.writer()).await {
            warn!(error = %chain(&error), "finished jobs could not be forgotten");
        }
        tokio::time::sleep(TIDY).await;
    }
}
