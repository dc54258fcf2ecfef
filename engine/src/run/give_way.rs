//! Runs that leave no trace when there is nothing for them to do: those of webhooks, and those of cron, of which one is
//! enough.

use entity::sync_run::RunStatus;
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Recorded, Supply};
use super::record::{self, Begun};
use super::{Engine, RunReport, SyncRequest, Target};
use crate::error::{Error, Result};
use crate::lease::{self, Claim, Lease, Taken};
use crate::observer::Observer;
use crate::work::Claimed;

impl Engine {
    /// Reads the record that `request` names under a worker's claim of that work, beside whatever syncs the connection; unless
    /// a run must be alone with it: then there is no report, and no trace of the attempt.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    pub(crate) async fn read_beside(
        &self,
        claimed: &Claimed,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Option<RunReport>> {
        let id = SyncRunId::from_uuid(self.clock.new_id());
        let lease = Lease::of(claimed, id, &self.worker, &self.clock)
            .ok_or_else(|| Error::Internal("a record of no connection".to_owned()))?;
        let target = Target::load(self, lease.connection).await?;
        target.require_record(request)?;
        let db = self.database.writer();
        // Asked after the claim: a run that must be alone looks for claims after it has taken its lease.
        if lease::is_closed(db, &self.clock, lease.connection).await? {
            return Ok(None);
        }
        let running = (id, RunStatus::Running);
        let row = record::begin_as(self, db, &target.connection, request, running).await?;
        let run = Recorded {
            engine: self,
            supply: Supply::Upstream(&target),
            begun: Begun::from(&row),
            lease: Some(lease),
            request,
            observer,
            stops: &Stops::cancelled_by(cancel),
        };
        Ok(Box::pin(run.live()).await?.into_report())
    }

    /// Syncs one connection as [`Engine::sync`] does, unless somebody is at it or has begun to sync it since `since`: then
    /// there is no report, and no trace of the attempt.
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
        let Taken::Lease(lease) = Lease::take(&self.database, &self.clock, claim).await? else {
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
        Ok(Box::pin(run.live()).await?.into_report())
    }

    /// Forgets a reading of a single record that failed as others before it did.
    pub(crate) async fn forget(&self, tenant: TenantId, run: SyncRunId) -> Result<()> {
        record::forget(self, tenant, run).await
    }
}
