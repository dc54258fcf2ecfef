//! The job of one message: it reads the record again, once for all messages about it that wait.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::connection::{self, ConnectionStatus};
use entity::sync_run::{RunStatus, RunTrigger};
use entity::tenant::{self, TenantStatus};
use entity::webhook_event::{self, Model};
use entity::{ConnectionId, ReasonCode, Source, TenantId, Timestamp, WebhookEventId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::batch::{Batch, give_up};
use crate::error::{Attempt, Error, Result};
use crate::run::{RunReport, SyncRequest};
use crate::work::{Claimed, Desk, Handler, NewWork, Next};

/// The kind of this work.
const KIND: &str = "webhook";
/// For how long a message waits for its record to be read.
const PATIENCE: TimeDelta = TimeDelta::hours(48);
/// How soon a reading that failed is tried again; each time takes twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest of these times.
const LAST_RETRY: Duration = Duration::from_mins(10);
/// How often a connection that is not synced is looked at.
const PAUSE: Duration = Duration::from_mins(1);
/// Shortest and longest time after which a lease that was taken is tried for again.
const LEASE_WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Sees to one message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WebhookJob {
    tenant: TenantId,
    event: WebhookEventId,
    /// Since when the message waits.
    since: Timestamp,
}

impl WebhookJob {
    /// The job of `event`, which waits since `since`.
    pub(super) fn new(tenant: TenantId, event: WebhookEventId, since: Timestamp) -> Self {
        Self {
            tenant,
            event,
            since,
        }
    }

    /// Returns the message, unless somebody has seen to it.
    async fn unfinished(&self, desk: &Desk) -> Result<Option<Model>> {
        webhook_event::Entity::waiting(self.tenant)
            .filter(webhook_event::COLUMN.id.eq(self.event))
            .one(desk.engine.database.writer())
            .await
            .attempt("read the webhook")
    }

    /// Reads the record, for `event` and all others about it.
    async fn read(&self, desk: &Desk, source: Source, event: Model) -> Result<Next> {
        let now = desk.engine.clock.now();
        let Some(batch) = Batch::gather(desk, source, event).await? else {
            return Ok(Next::Done);
        };
        let request = SyncRequest {
            record: Some(batch.record.clone()),
            ..SyncRequest::new(RunTrigger::Webhook)
        };
        let connection = batch.own.connection_id;
        let (observer, shutdown) = (desk.observer.as_ref(), &desk.shutdown);
        let run = desk
            .engine
            .sync_if_free(connection, &request, observer, shutdown);
        match Box::pin(run).await {
            Ok(None) => Ok(Next::Later(lease_wait(now - self.since))),
            Ok(Some(report)) => self.settle(desk, &batch, &report).await,
            Err(error @ Error::Database { .. }) => Err(error),
            Err(error) => self.failed(desk, &batch, None, &error.to_string()).await,
        }
    }

    async fn settle(&self, desk: &Desk, batch: &Batch, report: &RunReport) -> Result<Next> {
        if was_read(report) {
            let again_in = batch.read_by(desk, report.id).await?;
            return Ok(again_in.map_or(Next::Done, Next::Later));
        }
        if report.status == RunStatus::Cancelled && desk.shutdown.is_cancelled() {
            return Ok(Next::Later(Duration::ZERO));
        }
        let reason = report.message.as_deref();
        let reason = reason.unwrap_or("the record could not be read");
        self.failed(desk, batch, Some(report), reason).await
    }

    /// Has the reading tried again, or not, when that was done for long enough.
    async fn failed(
        &self,
        desk: &Desk,
        batch: &Batch,
        report: Option<&RunReport>,
        reason: &str,
    ) -> Result<Next> {
        let delay = backoff(batch.own.attempts);
        let run = report.map(|report| report.id);
        batch.failed(desk, run, reason, delay).await?;
        if self.is_tired(desk) {
            return self.end(desk, &batch.own, reason).await;
        }
        Ok(Next::Later(delay))
    }

    fn is_tired(&self, desk: &Desk) -> bool {
        desk.engine.clock.now() - self.since >= PATIENCE
    }

    async fn end(&self, desk: &Desk, event: &Model, reason: &str) -> Result<Next> {
        warn!(webhook.id = %event.id, "webhook given up");
        give_up(desk, event, reason).await?;
        Ok(Next::Done)
    }
}

/// Sees to messages.
pub(crate) struct Webhooks;

#[async_trait]
impl Handler for Webhooks {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn work(&self, desk: &Desk, claimed: &Claimed) -> Result<Next> {
        let payload = claimed.payload.clone().unwrap_or_default();
        let job: WebhookJob = serde_json::from_value(payload).map_err(|error| {
            Error::Internal(format!("a webhook's work cannot be read: {error}"))
        })?;
        job.work(desk).await
    }
}

impl WebhookJob {
    /// The work that it is.
    pub(super) fn to_work(&self, connection: ConnectionId) -> NewWork {
        NewWork {
            tenant: Some(self.tenant),
            connection: Some(connection),
            payload: serde_json::to_value(self).ok(),
            ..NewWork::new(KIND, self.event.to_string())
        }
    }

    async fn work(&self, desk: &Desk) -> Result<Next> {
        let Some(event) = self.unfinished(desk).await? else {
            return Ok(Next::Done);
        };
        let wait = event.not_before.map(|at| at - desk.engine.clock.now());
        if let Some(wait) = wait
            .and_then(|wait| wait.to_std().ok())
            .filter(|wait| !wait.is_zero())
        {
            return Ok(Next::Later(wait));
        }
        match Standing::of(desk, &event).await? {
            Standing::Synced(source) => self.read(desk, source, event).await,
            Standing::LeftAlone(why) if self.is_tired(desk) => self.end(desk, &event, why).await,
            Standing::LeftAlone(_) => Ok(Next::Later(PAUSE)),
        }
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
    async fn of(desk: &Desk, event: &Model) -> Result<Self> {
        let db = desk.engine.database.reader();
        let tenant = tenant::Entity::find_by_id(event.tenant_id).one(db).await;
        let tenant = tenant.attempt("read the tenant")?;
        let connection = connection::Entity::owned_by(event.tenant_id)
            .filter(connection::COLUMN.id.eq(event.connection_id))
            .one(db)
            .await
            .attempt("read the connection")?;
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

/// Returns how long to wait for a lease, after having waited for so long: a first load takes long, and many may wait
/// for it.
fn lease_wait(waited: TimeDelta) -> Duration {
    let (shortest, longest) = LEASE_WAIT;
    (waited.to_std().unwrap_or_default() / 4).clamp(shortest, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_ever_more_slowly() {
        let seconds = [0, 1, 2, 6, 7, 1000].map(|failed| backoff(failed).as_secs());
        assert_eq!(seconds, [5, 10, 20, 320, 600, 600]);
    }

    #[test]
    fn a_lease_is_tried_for_soon_and_then_less_often() {
        let seconds =
            [-5, 0, 8, 20, 3600].map(|waited| lease_wait(TimeDelta::seconds(waited)).as_secs());
        assert_eq!(seconds, [1, 1, 2, 5, 10]);
    }
}
