//! Runs that give way to others: those of webhooks, which come after all others, and those of cron, of which one is enough.

use entity::sync_run::RunStatus;
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp, connection};
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Life, Recorded, SHORT_HOLD, Supply, take_after_records};
use super::record::{self, Begun};
use super::{Engine, RunReport, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::lease::{self, Claim, Taken};
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

    /// Syncs one connection as [`Engine::sync`] does, unless somebody is at it or has begun to sync it since `since`: then
    /// there is no report, and no trace of the attempt. Who reads single records is waited for.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    pub async fn sync_unless_done(
        &self,
        connection: ConnectionId,
        since: Timestamp,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Option<RunReport>> {
        let stops = Stops::cancelled_by(cancel);
        let target = Target::load(self, connection).await?;
        let id = SyncRunId::from_uuid(self.clock.new_id());
        let claim = Claim {
            tenant: target.tenant.id,
            connection,
            run: id,
            holder: self.worker.clone(),
            unless_since: Some(since),
        };
        let Taken::Lease(lease) = take_after_records(self, &claim, SHORT_HOLD, &stops).await?
        else {
            return Ok(None);
        };
        let (db, running) = (self.database.writer(), (id, RunStatus::Running));
        let row = record::begin_as(self, db, &target.connection, request, running).await?;
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun: Begun::from(&row),
            lease: Some(lease),
            request,
            observer,
            stops: &stops,
        };
        match Box::pin(run.live()).await? {
            Life::Ended(report) => Ok(Some(report)),
            Life::HeldBy(_) | Life::HandedBack => Ok(None),
        }
    }

    /// Forgets a reading of a single record that failed as others before it did.
    pub(crate) async fn forget(&self, tenant: TenantId, run: SyncRunId) -> Result<()> {
        record::forget(self, tenant, run).await
    }

    async fn is_leased(&self, connection: &connection::Model) -> Result<bool> {
        let db = self.database.reader();
        let hold = lease::hold_of(db, connection.tenant_id, connection.id).await?;
        Ok(hold.is_some_and(|hold| hold.is_live(self.clock.now())))
    }
}
