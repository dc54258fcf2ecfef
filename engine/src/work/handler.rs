//! What does work of a kind.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::claim::Claimed;
use crate::error::Result;
use crate::jobs::Syncs;
use crate::observer::Observer;
use crate::prune::Retention;
use crate::run::Engine;
use crate::webhooks::Webhooks;

/// What does work of a kind. Work is begun at least once: it must be safe to be done twice.
#[async_trait]
pub trait Handler: Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// How soon work of this kind, with an empty key, is made due by a worker that starts; none when somebody asks for
    /// each piece.
    fn standing(&self) -> Option<Duration> {
        None
    }

    /// Does it. It is dropped when the claim is lost.
    ///
    /// # Errors
    /// What kept it from its end; it is tried again, ever more slowly.
    async fn work(&self, desk: &Desk, claimed: &Claimed) -> Result<Next>;
}

/// What is to become of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Done,
    /// It is to be done again after this time. That is no failed attempt.
    Later(Duration),
    /// It has failed, and is to be tried again after this time, after what has not failed.
    Behind(Duration),
    /// The handler has given it back itself.
    GivenBack,
}

/// What work is done with.
#[derive(Clone)]
pub struct Desk {
    /// Everything that syncing needs.
    pub engine: Engine,
    /// Who watches the runs.
    pub observer: Arc<dyn Observer>,
    /// Cancelled when the worker is to end.
    pub shutdown: CancellationToken,
}

/// All kinds of work there are.
pub(super) fn all() -> Vec<Arc<dyn Handler>> {
    vec![Arc::new(Syncs), Arc::new(Webhooks), Arc::new(Retention)]
}
