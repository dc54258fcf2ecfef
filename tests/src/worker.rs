//! Workers in the background, and the queue that they work off.

use std::sync::Arc;
use std::time::Duration;

use engine::error::Result;
use engine::jobs::{Jobs, QueueFigures, Worker, WorkerOptions};
use engine::observer::Observer;
use engine::run::Engine;
use sea_orm::{ConnectionTrait, DbBackend};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Everything that is waited for happens within a few seconds, or never.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that runs in the background; dropping it kills it.
pub struct RunningWorker {
    task: AbortOnDropHandle<Result<()>>,
    /// Cancelled when it is to end.
    pub shutdown: CancellationToken,
}

impl RunningWorker {
    /// Starts a worker that looks into the queue often and is soon missed when it is killed.
    pub fn start(engine: &Engine, observer: Arc<dyn Observer>) -> Self {
        let options = WorkerOptions {
            jobs: 2,
            poll_interval: Duration::from_millis(50),
            heartbeat: Duration::from_secs(1),
        };
        let shutdown = CancellationToken::new();
        let work = Worker::new(engine.clone(), options).run(observer, shutdown.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(work));
        Self { task, shutdown }
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended
            .expect("the worker stops")
            .expect("it does not panic")
            .expect("it gives everything back");
    }

    /// Kills it, and waits until nothing of it moves any more.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Returns how the queue stands.
pub async fn queue_figures(engine: &Engine) -> QueueFigures {
    let figures = Jobs::new(engine).figures().await;
    figures.expect("the queue can be read")
}

/// Waits until no job waits or is being done.
pub async fn queue_is_empty(engine: &Engine) {
    wait_for_empty(engine, false).await;
}

/// Waits until no job waits or is being done, without waiting for the time when jobs are due.
pub async fn queue_is_hurried(engine: &Engine) {
    wait_for_empty(engine, true).await;
}

async fn wait_for_empty(engine: &Engine, is_hurried: bool) {
    let wait = async {
        loop {
            let QueueFigures {
                waiting, running, ..
            } = queue_figures(engine).await;
            if waiting + running == 0 {
                return;
            }
            if is_hurried {
                hurry(engine).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the queue empties");
}

/// Makes all jobs due that wait.
pub async fn hurry(engine: &Engine) {
    let db = engine.database.writer();
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "UPDATE Jobs SET run_at = run_at - 86400 WHERE status = 'Pending' AND run_at >= strftime('%s', 'now') - 5"
        }
        _ => {
            "UPDATE apalis.jobs SET run_at = run_at - interval '1 day' WHERE status = 'Pending' AND run_at >= now() - interval '5 seconds'"
        }
    };
    let hurried = db.execute_unprepared(sql).await;
    hurried.expect("the queue can be changed");
}
