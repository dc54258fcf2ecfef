//! Runs that are recorded before they begin: those of the queue.
//!
//! Whoever holds the lease carries such a run on, from its beginning or after another worker vanished in the
//! middle of it; it is read anew each time, and its readings are told apart by the lease's fencing number.

use entity::sync_run;
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Life, Recorded, Supply};
use super::record::{self, Begun};
use super::{Engine, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::observer::Observer;

/// What became of a run that was to be carried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carried {
    /// It has ended.
    Ended,
    /// It waits for the lease, which someone has for another run.
    Waiting,
    /// Someone is at this very run, or was until a moment ago.
    Busy,
    /// It was stopped half-way and is in the queue again.
    HandedBack,
}

impl Engine {
    /// Carries on a run that is `queued`, or `running` without a worker.
    ///
    /// Stops when `interrupt` is cancelled: nothing is published and the run is queued again. When the lease is
    /// someone else's and `may_wait` is not given, the run ends as skipped.
    ///
    /// # Errors
    /// As [`Engine::sync`]. Whether the run has ended then is in its row.
    pub(crate) async fn carry_on(
        &self,
        row: &sync_run::Model,
        request: &SyncRequest,
        may_wait: bool,
        observer: &dyn Observer,
        interrupt: &CancellationToken,
    ) -> Result<Carried> {
        let begun = Begun::from(row);
        let target = match Target::load(self, row.connection_id).await {
            Ok(target) => target,
            // A database that is away says nothing about the run.
            Err(error @ Error::Database { .. }) => return Err(error),
            Err(error) => {
                record::fail(self, row.tenant_id, begun, &error).await;
                return Err(error);
            }
        };
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun,
            request,
            observer,
            stops: &Stops::interrupted_by(interrupt),
        };
        Ok(match Box::pin(run.live()).await? {
            Life::Ended(_) => Carried::Ended,
            Life::HandedBack => Carried::HandedBack,
            Life::HeldBy {
                is_own_run: true, ..
            } => Carried::Busy,
            Life::HeldBy { .. } if may_wait => Carried::Waiting,
            Life::HeldBy { holder, until, .. } => {
                record::skip(self, &target, begun, &holder, until).await?;
                Carried::Ended
            }
        })
    }

    /// Ends a run that nobody could bring to an end.
    pub(crate) async fn give_up(&self, row: &sync_run::Model, cause: &Error) {
        record::fail(self, row.tenant_id, Begun::from(row), cause).await;
    }
}
