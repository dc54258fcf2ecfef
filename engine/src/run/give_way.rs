//! Runs that come after all others: those of webhooks, which are many and can wait.

use entity::sync_run::RunStatus;
use entity::{ConnectionId, connection};
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Life, Recorded, Supply};
use super::record::{self, Begun};
use super::{Engine, RunReport, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::observer::Observer;

impl Engine {
    /// Syncs one connection as [`Engine::sync`] does, unless somebody is at it: then there is no report, and no trace
    /// of the attempt.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    pub(crate) async fn sync_if_free(
        &self,
        connection: ConnectionId,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Option<RunReport>> {
        let target = Target::load(self, connection).await?;
        target.require_record(request)?;
        if self.is_leased(&target.connection) {
            return Ok(None);
        }
        let (db, running) = (self.database.writer(), RunStatus::Running);
        let row = record::begin(self, db, &target.connection, request, running).await?;
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun: Begun::from(&row),
            request,
            observer,
            stops: &Stops::cancelled_by(cancel),
        };
        match Box::pin(run.live()).await? {
            Life::Ended(report) => Ok(Some(report)),
            Life::HeldBy { .. } => {
                record::withdraw(self, &row).await?;
                Ok(None)
            }
            Life::HandedBack => Err(Error::Internal(
                "a run of no queue was handed back".to_owned(),
            )),
        }
    }

    fn is_leased(&self, connection: &connection::Model) -> bool {
        let now = self.clock.now();
        connection.lease_expires_at.is_some_and(|until| until > now)
    }
}
