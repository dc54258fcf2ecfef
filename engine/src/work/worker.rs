//! The process that does work.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, trace, warn};

use super::claim::{Claimed, claim, time_to_next};
use super::handler::{self, Desk, Handler, Next};
use super::load::Load;
use super::queue::{NewWork, enqueue};
use super::wake;
use crate::error::{Error, Result, chain};
use crate::lease::HEARTBEAT;
use crate::observer::Observer;
use crate::run::Engine;

/// How soon a database that is away is tried again.
const DATABASE_RETRY: Duration = Duration::from_secs(2);
/// How soon what others have locked is looked at again.
const CONTENDED: Duration = Duration::from_millis(20);
/// How soon work that failed is tried again; every attempt takes longer.
const RETRY_STEP: Duration = Duration::from_secs(5);
/// The longest of these times.
const LAST_RETRY: Duration = Duration::from_mins(10);

/// The priority of what has failed.
const BEHIND: i16 = 1;

/// How often it is made sure that the tables are still those that this program knows.
const SCHEMA_CHECK: Duration = Duration::from_mins(1);

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Most pieces of work at once, at least one. They wait for upstreams, not for cores.
    pub slots: usize,
    /// How often an idle worker looks for work by itself.
    pub poll_interval: Duration,
    /// How often it looks whether a SQLite file has changed.
    pub watch_interval: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            slots: 16,
            poll_interval: Duration::from_secs(10),
            watch_interval: Duration::from_millis(250),
        }
    }
}

/// Does work until it is told to stop.
pub struct Worker {
    desk: Desk,
    options: WorkerOptions,
    handlers: Vec<Arc<dyn Handler>>,
    load: Arc<Load>,
    /// Whoever makes a worker has looked at the tables a moment before.
    schema_checked_at: Instant,
}

impl Worker {
    /// A worker on the engine's database, which works until `shutdown` is cancelled.
    pub fn new(
        engine: Engine,
        options: WorkerOptions,
        observer: Arc<dyn Observer>,
        shutdown: CancellationToken,
    ) -> Self {
        let handlers = handler::all();
        let kinds = handlers.iter().map(|handler| handler.kind()).collect();
        Self {
            load: Load::new(options.slots, kinds),
            desk: Desk {
                engine,
                observer,
                shutdown,
            },
            options,
            handlers,
            schema_checked_at: Instant::now(),
        }
    }

    /// Works until it is told to stop; then runs stop at their next page and go back into the queue.
    ///
    /// Dropping the future stops everything at once, as killing the process does.
    pub async fn run(mut self) {
        info!(slots = self.options.slots, "worker started");
        let database = self.desk.engine.database.clone();
        let listening = wake::listen(database, self.options.watch_interval);
        let listening = AbortOnDropHandle::new(tokio::spawn(listening));
        self.ask_for_standing_work().await;
        let mut tasks = JoinSet::new();
        while !self.desk.shutdown.is_cancelled() {
            while tasks.try_join_next().is_some() {}
            let next = match self.check_schema().await {
                Ok(()) => self.next().await,
                Err(error) => Err(error),
            };
            match next {
                Ok(Some(claimed)) => self.begin(&mut tasks, claimed),
                Ok(None) => {}
                Err(error) => {
                    warn!(error = %chain(&error), "no work can be taken, will try again");
                    self.wait(DATABASE_RETRY).await;
                }
            }
        }
        while tasks.join_next().await.is_some() {}
        drop(listening);
        info!("worker stopped");
    }

    /// Makes sure now and then that nobody has migrated the tables under a program that does not know them.
    async fn check_schema(&mut self) -> Result<()> {
        if self.schema_checked_at.elapsed() >= SCHEMA_CHECK {
            self.desk.engine.database.require_current_schema().await?;
            self.schema_checked_at = Instant::now();
        }
        Ok(())
    }

    /// Claims the next piece of work; none after having waited for one.
    async fn next(&self) -> Result<Option<Claimed>> {
        let Engine {
            database,
            clock,
            worker,
            ..
        } = &self.desk.engine;
        let Some(wanted) = self.load.wanted() else {
            self.wait(self.options.poll_interval).await;
            return Ok(None);
        };
        let time = time_to_next(database.reader(), clock, &wanted).await?;
        trace!(due_in = ?time, "looked for work");
        if time == Some(Duration::ZERO) {
            let claimed = claim(database.writer(), clock, &wanted, worker).await?;
            if claimed.is_none() {
                self.wait(CONTENDED).await;
            }
            return Ok(claimed);
        }
        // Only the system's clock goes by itself.
        let time = time.filter(|_| clock.is_system()).unwrap_or(Duration::MAX);
        self.wait(time.min(self.options.poll_interval)).await;
        Ok(None)
    }

    async fn wait(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.desk.engine.database.work_announced() => {}
            () = self.load.freed.notified() => {}
            () = self.desk.shutdown.cancelled() => {}
        }
    }

    fn begin(&self, tasks: &mut JoinSet<()>, claimed: Claimed) {
        let handler = self
            .handlers
            .iter()
            .find(|handler| handler.kind() == claimed.kind);
        let Some(handler) = handler.cloned() else {
            return;
        };
        let (slot, desk) = (self.load.take(&claimed), self.desk.clone());
        tasks.spawn(async move {
            let _slot = slot;
            let next = attend(handler.as_ref(), &desk, &claimed).await;
            if let Err(error) = settle(&desk, &claimed, next).await {
                warn!(work.kind = %claimed.kind, error = %chain(&error), "work could not be given back, it will be taken over");
            }
        });
    }

    async fn ask_for_standing_work(&self) {
        let Engine {
            database, clock, ..
        } = &self.desk.engine;
        for handler in &self.handlers {
            let Some(delay) = handler.standing() else {
                continue;
            };
            let work = NewWork {
                delay,
                ..NewWork::new(handler.kind(), "")
            };
            if let Err(error) = enqueue(database.writer(), clock, &work).await {
                warn!(work.kind = work.kind, error = %chain(&error), "work could not be asked for");
            }
        }
    }
}

/// Does a piece of work for as long as the claim holds; a panic is a failure like others.
async fn attend(handler: &dyn Handler, desk: &Desk, claimed: &Claimed) -> Result<Next> {
    let work = AssertUnwindSafe(handler.work(desk, claimed)).catch_unwind();
    tokio::select! {
        done = work => done.unwrap_or_else(|_| Err(Error::Internal("the work broke off".to_owned()))),
        () = lost(desk, claimed) => Ok(Next::GivenBack),
    }
}

/// Keeps the claim alive; returns when it is lost.
async fn lost(desk: &Desk, claimed: &Claimed) {
    let Engine {
        database, clock, ..
    } = &desk.engine;
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match claimed.extend(database, clock).await {
            Ok(true) => {}
            // Runs see for themselves, and give their lease back before they have ended.
            Ok(false) if claimed.kind == super::SYNC => std::future::pending().await,
            Ok(false) => return,
            Err(error) => warn!(error = %chain(&error), "a claim could not be extended"),
        }
    }
}

async fn settle(desk: &Desk, claimed: &Claimed, next: Result<Next>) -> Result<()> {
    let Engine {
        database, clock, ..
    } = &desk.engine;
    match next {
        Ok(Next::Done) => claimed.finish(database, clock).await,
        Ok(Next::Later(delay)) => claimed.retry_later(database, clock, delay, (0, None)).await,
        Ok(Next::Behind(delay)) => {
            let behind = (0, Some(BEHIND));
            claimed.retry_later(database, clock, delay, behind).await
        }
        Ok(Next::GivenBack) => Ok(()),
        Err(error) => {
            warn!(work.kind = %claimed.kind, attempt = claimed.attempts, error = %chain(&error), "work failed, will try again");
            let place = u32::try_from(claimed.attempts).unwrap_or(u32::MAX);
            let delay = RETRY_STEP.saturating_mul(place).min(LAST_RETRY);
            let attempts = claimed.attempts;
            claimed
                .retry_later(database, clock, delay, (attempts, None))
                .await
        }
    }
}
