//! A worker beside the service, as its process has one.

use std::sync::Arc;
use std::time::Duration;

use engine::observer::{NoObserver, Observer};
use engine::work::{Worker, WorkerOptions};
use tests::TestApp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A worker in the background, until it is dropped.
pub(crate) struct Background {
    _task: AbortOnDropHandle<()>,
}

impl Background {
    /// Starts a worker on the database of `app`.
    pub(crate) fn start(app: &TestApp) -> Self {
        Self::watched(app, Arc::new(NoObserver))
    }

    /// The same, watched by `observer`.
    pub(crate) fn watched(app: &TestApp, observer: Arc<dyn Observer>) -> Self {
        let options = WorkerOptions {
            slots: 4,
            poll_interval: Duration::from_millis(20),
            watch_interval: Duration::from_millis(20),
        };
        let worker = Worker::new(
            app.engine.clone(),
            options,
            observer,
            CancellationToken::new(),
        );
        Self {
            _task: AbortOnDropHandle::new(tokio::spawn(worker.run())),
        }
    }
}
