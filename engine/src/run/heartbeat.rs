//! Keeps the lease of a run alive, and tells the run when it must stop.
//!
//! It shows that the run's process is there; that the run comes on is for [`super::progress`] to tell.

use std::time::Duration;

use entity::sync_run;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::Engine;
use crate::error::{Error, chain};
use crate::lease::{HEARTBEAT, LEASE_TIME, Lease};

/// How often a run looks whether somebody wants it to end.
const WATCH: Duration = Duration::from_secs(2);

/// How a run may be stopped from within its own process.
#[derive(Clone, Default)]
pub(super) struct Stops {
    /// The run is to end.
    cancel: CancellationToken,
    /// The process is to end; another one will carry the run on.
    interrupt: CancellationToken,
}

impl Stops {
    pub(super) fn cancelled_by(cancel: &CancellationToken) -> Self {
        Self {
            cancel: cancel.clone(),
            ..Self::default()
        }
    }

    /// Whether the run is to end, or the process.
    pub(super) fn is_asked(&self) -> bool {
        self.cancel.is_cancelled() || self.interrupt.is_cancelled()
    }

    pub(super) fn interrupted_by(interrupt: &CancellationToken) -> Self {
        Self {
            interrupt: interrupt.clone(),
            ..Self::default()
        }
    }
}

/// Why a run must stop.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// The process is to end, but not the run.
    Interrupted,
    /// Its time is over.
    Deadline,
    /// The lease is lost, or could not be extended for as long as it holds.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The heartbeat of a run; it ends when this is dropped.
pub(super) struct Heartbeat {
    stop: oneshot::Receiver<Stop>,
    _task: AbortOnDropHandle<()>,
}

impl Heartbeat {
    /// Starts the heartbeat of the run that holds `lease`.
    pub(super) fn start(engine: &Engine, lease: &Lease, deadline: Duration, stops: &Stops) -> Self {
        let (sender, stop) = oneshot::channel();
        let (engine, lease, stops) = (engine.clone(), lease.clone(), stops.clone());
        let task = tokio::spawn(async move {
            let stop = tokio::select! {
                () = stops.cancel.cancelled() => Stop::Cancelled,
                () = stops.interrupt.cancelled() => Stop::Interrupted,
                () = tokio::time::sleep(deadline) => Stop::Deadline,
                () = cancel_requested(&engine, &lease) => Stop::Cancelled,
                stop = beat(&engine, &lease) => stop,
            };
            // Nobody listens any more when the run is already publishing.
            let _ = sender.send(stop);
        });
        Self {
            stop,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Waits until the run must stop.
    pub(super) async fn stopped(&mut self) -> Stop {
        let vanished = |_| Stop::Failed(Error::Internal("the heartbeat ended".to_owned()));
        (&mut self.stop).await.unwrap_or_else(vanished)
    }
}

/// Beats until the lease is lost.
async fn beat(engine: &Engine, lease: &Lease) -> Stop {
    let mut last_success = Instant::now();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match lease.extend(engine.database.writer()).await {
            Ok(()) => last_success = Instant::now(),
            Err(error @ Error::LeaseLost { .. }) => return Stop::Failed(error),
            Err(error) if last_success.elapsed() > LEASE_TIME => return Stop::Failed(error),
            Err(error) => warn!(error = %chain(&error), "heartbeat failed, will try again"),
        }
    }
}

/// Waits until somebody has asked for the run to end.
async fn cancel_requested(engine: &Engine, lease: &Lease) {
    loop {
        let asked = sync_run::Entity::owned_by(lease.tenant)
            .filter(sync_run::COLUMN.id.eq(lease.run))
            .filter(sync_run::COLUMN.cancel_requested_at.is_not_null())
            .count(engine.database.reader())
            .await;
        // A database that is away is the heartbeat's concern.
        if asked.is_ok_and(|count| count > 0) {
            return;
        }
        tokio::time::sleep(WATCH).await;
    }
}
