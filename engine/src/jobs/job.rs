//! What a job is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::run::Engine;

/// A piece of work, safe to be done twice.
#[async_trait]
pub(crate) trait Job: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Its kind: the name of its queue.
    const NAME: &'static str;

    /// How often it may be begun and not come to an end.
    const MAX_ATTEMPTS: usize;

    /// How many of them a worker does at once for each job that it may do.
    const AT_ONCE: usize = 1;

    /// Of the unfinished jobs of a kind no two have the same key.
    fn dedup_key(&self) -> String;

    /// Does it.
    ///
    /// # Errors
    /// What kept it from its end; it is tried again.
    async fn work(&self, desk: &Desk) -> Result<Next<Self>>;

    /// Says where it matters that the job is not tried again.
    async fn give_up(&self, desk: &Desk, cause: &Error) -> Result<()>;
}

/// What is to become of a job.
#[derive(Debug)]
pub(crate) enum Next<J> {
    /// It is done.
    Done,
    /// It goes back into the queue, as it is now, and is not delivered before this time has passed. That is no failed
    /// attempt.
    Later(J, Duration),
}

/// What a job is done with.
#[derive(Clone)]
pub(crate) struct Desk {
    /// Everything that syncing needs.
    pub(crate) engine: Engine,
    /// Who watches the runs.
    pub(crate) observer: Arc<dyn Observer>,
    /// Cancelled when the worker is to end.
    pub(crate) shutdown: CancellationToken,
}
