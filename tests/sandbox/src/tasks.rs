//! What runs beside the server, and ends with it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Tasks of a sandbox; they are aborted when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Tasks {
    runtime: Handle,
    running: Arc<Mutex<JoinSet<()>>>,
}

impl Tasks {
    /// Returns an empty set of tasks of the present runtime.
    pub(crate) fn of_this_runtime() -> Self {
        Self {
            runtime: Handle::current(),
            running: Arc::default(),
        }
    }

    /// Runs a task, also when called from outside the runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.spawn_on(task, &self.runtime);
    }
}
