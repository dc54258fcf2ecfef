//! Keeps the lease of a run alive, and tells the run when it must stop.

use std::time::Duration;

use entity::sync_run;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::Engine;
use crate::error::{Attempt, Error, Result, chain};
use crate::lease::{HEARTBEAT, LEASE_TIME, Lease};

/// Why a run must stop.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// Its time is over.
    Deadline,
    /// The lease is lost, or could not be extended for as long as it holds.
    Failed(Error),
}

/// The heartbeat of a run; it ends when this is dropped.
pub(super) struct Heartbeat {
    stop: oneshot::Receiver<Stop>,
    _task: AbortOnDropHandle<()>,
}

impl Heartbeat {
    /// Starts the heartbeat of the run that holds `lease`.
    pub(super) fn start(
        engine: &Engine,
        lease: &Lease,
        deadline: Duration,
        cancel: CancellationToken,
    ) -> Self {
        let (sender, stop) = oneshot::channel();
        let (engine, lease) = (engine.clone(), lease.clone());
        let task = tokio::spawn(async move {
            let stop = tokio::select! {
                () = cancel.cancelled() => Stop::Cancelled,
                () = tokio::time::sleep(deadline) => Stop::Deadline,
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

/// Beats until the lease is lost or the run is to be cancelled.
async fn beat(engine: &Engine, lease: &Lease) -> Stop {
    let mut last_success = Instant::now();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match beat_once(engine, lease).await {
            Ok(true) => return Stop::Cancelled,
            Ok(false) => last_success = Instant::now(),
            Err(error @ Error::LeaseLost { .. }) => return Stop::Failed(error),
            Err(error) if last_success.elapsed() > LEASE_TIME => return Stop::Failed(error),
            Err(error) => warn!(error = %chain(&error), "heartbeat failed, will try again"),
        }
    }
}

/// Extends the lease; tells whether somebody asked for the run to stop.
async fn beat_once(engine: &Engine, lease: &Lease) -> Result<bool> {
    let now = engine.clock.now();
    let tx = engine.database.begin().await?;
    lease.extend(&tx, now).await?;
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::HeartbeatAt, Expr::value(now))
        .filter(sync_run::COLUMN.tenant_id.eq(lease.tenant))
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .exec(&tx)
        .await
        .attempt("record the heartbeat")?;
    let run = sync_run::Entity::owned_by(lease.tenant)
        .filter(sync_run::COLUMN.id.eq(lease.run))
        .one(&tx)
        .await
        .attempt("read the run")?;
    tx.commit().await.attempt("record the heartbeat")?;
    Ok(run.is_some_and(|run| run.cancel_requested_at.is_some()))
}
