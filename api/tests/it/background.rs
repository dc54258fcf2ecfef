//! A worker beside the service, as its process has one.

use std::sync::Arc;
use std::time::Duration;

use engine::jobs::{Worker, WorkerOptions};
use engine::observer::{NoObserver, Observer};
use tests::TestApp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A worker in the background, until it is dropped.
pub(crate) struct Background {
    _task: AbortOnDropHandle<engine::error::Result<()>>,
}

impl Background {
    /// Starts a worker on the database of `app`.
    pub(crate) fn start(app: &TestApp) -> Self {
        Self::watched(app, Arc::new(NoObserver))
    }

    /// The same, watched by `observer`.
    pub(crate) fn watched(app: &TestApp, observer: Arc<dyn Observer>) -> Self {
        let options = WorkerOptions {
            jobs: 2,
            poll_interval: Duration::from_millis(20),
            heartbeat: Duration::from_secs(1),
        };
        let work = Worker::new(app.engine.clone(), options).run(observer, CancellationToken::new());
        Self {
            _task: AbortOnDropHandle::new(tokio::spawn(work)),
        }
    }
}
