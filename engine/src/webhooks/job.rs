//! Reads a record again, once for all messages about it that wait.
//!
//! Messages make their record dirty: it has one piece of work, however many they are. Records of a connection are read one
//! at a time, beside whatever syncs it; one that could not be read comes after those that were not tried.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::connection::{self, ConnectionStatus};
use entity::sync_run::{RunStatus, RunTrigger};
use entity::tenant::{self, TenantStatus};
use entity::{ConnectionId, ReasonCode, Source, TenantId, Timestamp};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::batch::Batch;
use crate::error::{Attempt, Error, Result};
use crate::run::{RecordRef, RunReport, SyncRequest};
use crate::work::{Claimed, Desk, Handler, NewWork, Next, WEBHOOK};

/// For how long a message waits for its record to be read.
const PATIENCE: TimeDelta = TimeDelta::hours(48);
/// How soon a reading that failed is tried again; each time takes twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest of these times.
const LAST_RETRY: Duration = Duration::from_mins(10);
/// How often a connection that is not synced is looked at.
const PAUSE: Duration = Duration::from_mins(1);
/// How soon a connection is tried again that somebody must be alone with.
const CLOSED: Duration = Duration::from_secs(1);

/// What is to be read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Dirty {
    #[serde(flatten)]
    record: RecordRef,
    /// When the last message about it came in.
    since: Timestamp,
}

/// Reads records again that messages are about.
pub(crate) struct Webhooks;

#[async_trait]
impl Handler for Webhooks {
    fn kind(&self) -> &'static str {
        WEBHOOK
    }

    async fn work(&self, desk: &Desk, claimed: &Claimed) -> Result<Next> {
        let payload = claimed.payload.clone().unwrap_or_default();
        let dirty: Dirty = serde_json::from_value(payload).map_err(|error| {
            Error::Internal(format!("a webhook's work cannot be read: {error}"))
        })?;
        let (Some(tenant), Some(connection)) = (claimed.tenant_id, claimed.connection_id) else {
            return Ok(Next::Done);
        };
        let Some(batch) = Batch::gather(desk, (tenant, connection), dirty.record).await? else {
            return Ok(Next::Done);
        };
        let reading = Reading {
            desk,
            claimed,
            batch,
            since: dirty.since,
        };
        reading.read().await
    }
}

/// The work that makes up for messages about `record`, the last of which came in `since`.
pub(super) fn dirty(
    tenant: TenantId,
    connection: ConnectionId,
    record: RecordRef,
    since: Timestamp,
) -> NewWork {
    let key = format!("{connection}/{}/{}", record.stream, record.upstream_id);
    NewWork {
        tenant: Some(tenant),
        connection: Some(connection),
        payload: serde_json::to_value(Dirty { record, since }).ok(),
        ..NewWork::new(WEBHOOK, key)
    }
}

/// A record that is read for the messages about it.
struct Reading<'a> {
    desk: &'a Desk,
    claimed: &'a Claimed,
    batch: Batch,
    since: Timestamp,
}

impl Reading<'_> {
    async fn read(&self) -> Result<Next> {
        if let Some(wait) = self.batch.wait(self.desk.engine.clock.now()) {
            return Ok(Next::Later(wait));
        }
        match Standing::of(self.desk, self.batch.tenant, self.batch.connection).await? {
            Standing::Synced(source) => self.read_from(source).await,
            Standing::LeftAlone(why) if self.is_tired() => self.end(why).await,
            Standing::LeftAlone(_) => Ok(Next::Later(PAUSE)),
        }
    }

    async fn read_from(&self, source: Source) -> Result<Next> {
        let request = SyncRequest {
            record: Some(self.batch.record.clone()),
            ..SyncRequest::new(RunTrigger::Webhook)
        };
        let (observer, shutdown) = (self.desk.observer.as_ref(), &self.desk.shutdown);
        let engine = &self.desk.engine;
        let run = engine.read_beside(self.claimed, &request, observer, shutdown);
        match Box::pin(run).await {
            Ok(None) => Ok(Next::Later(CLOSED)),
            Ok(Some(report)) => self.settle(source, &report).await,
            Err(error @ Error::Database { .. }) => Err(error),
            // That says nothing of the record, which is another worker's by now.
            Err(Error::LeaseLost { .. }) => Ok(Next::GivenBack),
            Err(error) => self.failed(None, &error.to_string()).await,
        }
    }

    async fn settle(&self, source: Source, report: &RunReport) -> Result<Next> {
        if was_read(report) {
            let again_in = self.batch.read_by(self.desk, source, report.id).await?;
            return Ok(again_in.map_or(Next::Done, Next::Later));
        }
        if report.status == RunStatus::Cancelled && self.desk.shutdown.is_cancelled() {
            return Ok(Next::Later(Duration::ZERO));
        }
        let reason = report.message.as_deref();
        let reason = reason.unwrap_or("the record could not be read");
        self.failed(Some(report), reason).await
    }

    /// Has the reading tried again, or not, when that was done for long enough. Of failures in a row the run of the first
    /// one is kept.
    async fn failed(&self, report: Option<&RunReport>, reason: &str) -> Result<Next> {
        let failed_before = self.batch.failed_before();
        let delay = backoff(failed_before);
        let mut run = report.map(|report| report.id);
        if failed_before > 0
            && let Some(id) = run.take()
        {
            self.desk.engine.forget(self.batch.tenant, id).await?;
        }
        self.batch.failed(self.desk, run, reason, delay).await?;
        if self.is_tired() {
            return self.end(reason).await;
        }
        Ok(Next::Behind(delay))
    }

    fn is_tired(&self) -> bool {
        self.desk.engine.clock.now() - self.since >= PATIENCE
    }

    async fn end(&self, reason: &str) -> Result<Next> {
        warn!(connection.id = %self.batch.connection, "webhooks given up");
        self.batch.give_up(self.desk, reason).await?;
        Ok(Next::Done)
    }
}

/// Whether records of a connection can be read now.
enum Standing {
    /// They can, from this upstream.
    Synced(Source),
    /// They cannot; why, for whoever has waited for it in vain.
    LeftAlone(&'static str),
}

impl Standing {
    async fn of(desk: &Desk, tenant: TenantId, connection: ConnectionId) -> Result<Self> {
        let db = desk.engine.database.reader();
        let connection = connection::Entity::owned_by(tenant)
            .filter(connection::COLUMN.id.eq(connection))
            .one(db)
            .await
            .attempt("read the connection")?;
        let tenant = tenant::Entity::find_by_id(tenant).one(db).await;
        let tenant = tenant.attempt("read the tenant")?;
        let is_active = tenant.is_some_and(|tenant| tenant.status == TenantStatus::Active);
        let Some(connection) = connection.filter(|_| is_active) else {
            return Ok(Self::LeftAlone("the tenant was not active for too long"));
        };
        Ok(match connection.status {
            ConnectionStatus::Active => Self::Synced(connection.source),
            ConnectionStatus::Paused => Self::LeftAlone("the connection was paused for too long"),
            ConnectionStatus::NeedsCredentials => {
                Self::LeftAlone("the upstream refused the credentials for too long")
            }
        })
    }
}

/// Whether a run has read its record, understood or not: what could not be understood is among the rejects.
fn was_read(report: &RunReport) -> bool {
    report.status == RunStatus::Success || report.reason == Some(ReasonCode::RejectedRecords)
}

/// Returns how long to wait after a reading that failed, and had failed so often before.
fn backoff(failed_before: i32) -> Duration {
    let doublings = u32::try_from(failed_before).unwrap_or_default().min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_ever_more_slowly() {
        let seconds = [0, 1, 2, 6, 7, 1000].map(|failed| backoff(failed).as_secs());
        assert_eq!(seconds, [5, 10, 20, 320, 600, 600]);
    }
}
