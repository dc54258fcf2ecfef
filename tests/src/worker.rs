//! Workers in the background, and the queue that they work off.

use std::sync::Arc;
use std::time::Duration;

use engine::observer::Observer;
use engine::run::Engine;
use engine::work::{self, QueueFigures, Worker, WorkerOptions};
use sea_orm::ConnectionTrait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Everything that is waited for happens within a few seconds, or never.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that runs in the background; dropping it kills it.
pub struct RunningWorker {
    task: AbortOnDropHandle<()>,
    /// Cancelled when it is to end.
    pub shutdown: CancellationToken,
}

impl RunningWorker {
    /// Starts a worker that looks for work often.
    pub fn start(engine: &Engine, observer: Arc<dyn Observer>) -> Self {
        let options = WorkerOptions {
            slots: 4,
            poll_interval: Duration::from_millis(50),
            watch_interval: Duration::from_millis(50),
        };
        let shutdown = CancellationToken::new();
        let worker = Worker::new(engine.clone(), options, observer, shutdown.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(worker.run()));
        Self { task, shutdown }
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("the worker stops").expect("it does not panic");
    }

    /// Kills it, and waits until nothing of it moves any more.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Returns how the queue stands.
pub async fn queue_figures(engine: &Engine) -> QueueFigures {
    let figures = work::figures(&engine.database, &engine.clock).await;
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

/// Makes everything due that waits because somebody asked for it.
pub async fn hurry(engine: &Engine) {
    let sql = "UPDATE work SET due_at = '2020-01-01T00:00:00+00:00' WHERE due_at IS NOT NULL AND holder IS NULL AND key <> ''";
    let hurried = engine.database.writer().execute_unprepared(sql).await;
    hurried.expect("the queue can be changed");
}
