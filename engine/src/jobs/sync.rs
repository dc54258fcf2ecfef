//! Carries on the run that waits in a connection's row.

use std::time::Duration;

use async_trait::async_trait;
use entity::{Stream, SyncRunId, TenantId, sync_run};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::error::{Attempt, Error, Result};
use crate::lease::Lease;
use crate::run::{RecordRef, SyncRequest, Window};
use crate::work::{Claimed, Desk, Handler, Next, SYNC};

/// How often a run may be begun and not come to an end.
const MAX_ATTEMPTS: i32 = 5;

/// What is asked of a run that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    streams: Option<Vec<Stream>>,
    #[serde(default)]
    record: Option<RecordRef>,
    #[serde(default)]
    window: Option<Window>,
    full: bool,
    dry_run: bool,
    accept_deletes: bool,
    deadline: Option<Duration>,
}

impl Order {
    pub(super) fn new(request: &SyncRequest) -> Self {
        Self {
            streams: request.streams.clone(),
            record: request.record.clone(),
            window: request.window,
            full: request.full,
            dry_run: request.dry_run,
            accept_deletes: request.accept_deletes,
            deadline: request.deadline,
        }
    }

    fn request(self, run: &sync_run::Model) -> SyncRequest {
        SyncRequest {
            actor: run.actor.clone(),
            streams: self.streams,
            record: self.record,
            window: self.window,
            full: self.full,
            dry_run: self.dry_run,
            accept_deletes: self.accept_deletes,
            deadline: self.deadline,
            ..SyncRequest::new(run.trigger)
        }
    }
}

/// Does what a connection's row is due for.
pub(crate) struct Syncs;

#[async_trait]
impl Handler for Syncs {
    fn kind(&self) -> &'static str {
        SYNC
    }

    async fn work(&self, desk: &Desk, claimed: &Claimed) -> Result<Next> {
        let run = claimed.run_id.unwrap_or(NOBODYS);
        let (worker, clock) = (&desk.engine.worker, &desk.engine.clock);
        let lease = Lease::of(claimed, run, worker, clock)
            .ok_or_else(|| Error::Internal("a lease of no connection".to_owned()))?;
        let run = unfinished_run(desk, lease.tenant, run).await?;
        let order = claimed.payload.clone().map(serde_json::from_value::<Order>);
        let (Some(run), Some(order)) = (run, order) else {
            // What was there to do is done; or a worker has vanished that nobody waits for.
            desk.engine.tidy(&lease).await?;
            return Ok(Next::GivenBack);
        };
        let order =
            order.map_err(|error| Error::Internal(format!("a request cannot be read: {error}")));
        let order = match order {
            Ok(order) if claimed.attempts <= MAX_ATTEMPTS => order,
            cause => {
                warn!(run.id = %run.id, "run given up");
                let cause = cause.err().unwrap_or_else(tired);
                desk.engine.give_up(&run, &lease, &cause).await;
                return Ok(Next::GivenBack);
            }
        };
        carry_on(desk, &run, order.request(&run), lease).await
    }
}

async fn carry_on(
    desk: &Desk,
    run: &sync_run::Model,
    request: SyncRequest,
    lease: Lease,
) -> Result<Next> {
    let tenant = lease.tenant;
    let (observer, shutdown) = (desk.observer.as_ref(), &desk.shutdown);
    let carried = desk
        .engine
        .carry_on(run, &request, lease, observer, shutdown);
    match Box::pin(carried).await {
        Ok(()) => Ok(Next::GivenBack),
        // The failure may have been the run's end.
        Err(error) => match unfinished_run(desk, tenant, run.id).await? {
            None => Ok(Next::GivenBack),
            Some(_) => Err(error),
        },
    }
}

/// The id of no run.
const NOBODYS: SyncRunId = SyncRunId::from_uuid(uuid::Uuid::nil());

fn tired() -> Error {
    Error::Internal(format!(
        "it was tried {MAX_ATTEMPTS} times and never came to its end"
    ))
}

/// Returns the run, unless it has ended.
async fn unfinished_run(
    desk: &Desk,
    tenant: TenantId,
    run: SyncRunId,
) -> Result<Option<sync_run::Model>> {
    sync_run::Entity::owned_by(tenant)
        .filter(sync_run::COLUMN.id.eq(run))
        .filter(sync_run::COLUMN.finished_at.is_null())
        .one(desk.engine.database.writer())
        .await
        .attempt("read the run")
}
