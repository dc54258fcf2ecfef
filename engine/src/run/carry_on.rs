//! Runs that are recorded before they begin: those of the queue.
//!
//! Whoever has the lease carries such a run on, from its beginning or after another worker vanished in the
//! middle of it; it is read anew each time, and its readings are told apart by the lease's fencing number.

use entity::sync_run;
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Recorded, Supply};
use super::record::{self, Begun};
use super::{Engine, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::observer::Observer;

impl Engine {
    /// Carries on a run that is `queued`, or `running` without a worker, under its lease, which is free afterwards.
    ///
    /// Stops when `interrupt` is cancelled: nothing is published and the run is queued again.
    ///
    /// # Errors
    /// As [`Engine::sync`]. Whether the run has ended then is in its row.
    pub(crate) async fn carry_on(
        &self,
        row: &sync_run::Model,
        request: &SyncRequest,
        lease: Lease,
        observer: &dyn Observer,
        interrupt: &CancellationToken,
    ) -> Result<()> {
        let target = match Target::load(self, row.connection_id).await {
            Ok(target) => target,
            // A database that is away says nothing about the run.
            Err(error @ Error::Database { .. }) => return Err(error),
            Err(error) => {
                self.give_up(row, &lease, &error).await;
                return Err(error);
            }
        };
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun: Begun::from(row),
            lease: Some(lease),
            request,
            observer,
            stops: &Stops::interrupted_by(interrupt),
        };
        Box::pin(run.live()).await.map(|_| ())
    }

    /// Ends a run that nobody could bring to an end.
    pub(crate) async fn give_up(&self, row: &sync_run::Model, lease: &Lease, cause: &Error) {
        record::fail(self, row.tenant_id, Begun::from(row).under(lease), cause).await;
    }

    /// Gives up a lease that is for no run, and tidies up after workers that vanished.
    pub(crate) async fn tidy(&self, lease: &Lease) -> Result<()> {
        record::tidy(self, lease).await
    }
}
