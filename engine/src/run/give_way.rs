//! Runs that come after all others: those of webhooks, which are many and can wait.

use entity::sync_run::RunStatus;
use entity::{ConnectionId, connection};
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Life, Recorded, Supply};
use super::record::{self, Begun};
use super::{Engine, RunReport, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::lease;
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
        if self.is_leased(&target.connection).await? {
            return Ok(None);
        }
        let (db, running) = (self.database.writer(), RunStatus::Running);
        let row = record::begin(self, db, &target.connection, request, running).await?;
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun: Begun::from(&row),
            lease: None,
            request,
            observer,
            stops: &Stops::cancelled_by(cancel),
        };
        match Box::pin(run.live()).await? {
            Life::Ended(report) => Ok(Some(report)),
            Life::HeldBy(_) => {
                record::withdraw(self, &row).await?;
                Ok(None)
            }
            Life::HandedBack => Err(Error::Internal(
                "a run of no queue was handed back".to_owned(),
            )),
        }
    }

    async fn is_leased(&self, connection: &connection::Model) -> Result<bool> {
        let db = self.database.reader();
        let hold = lease::hold_of(db, connection.tenant_id, connection.id).await?;
        Ok(hold.is_some_and(|hold| hold.is_live(self.clock.now())))
    }
}
