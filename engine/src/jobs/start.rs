//! Starting a sync by hand: its run and its job, recorded together.

use entity::connection::{self, ConnectionStatus};
use entity::sync_run::{self, RunStatus};
use entity::tenant::{self, TenantStatus};
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use tracing::info;

use super::queue;
use super::sync::SyncJob;
use crate::error::{Attempt, Error, Result};
use crate::run::{Engine, SyncRequest, record};

/// The way to the queue, for whoever wants something done.
#[derive(Clone)]
pub struct Jobs {
    pub(super) engine: Engine,
}

/// A sync that is to be started.
#[derive(Debug, Clone)]
pub struct StartSync {
    /// Whose.
    pub tenant: TenantId,
    /// Of what.
    pub connection: ConnectionId,
    /// What is asked; it must be a sync, not a verification or a replay.
    pub request: SyncRequest,
}

impl Jobs {
    /// The queue in the engine's database.
    pub fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
        }
    }

    /// Records a run as `queued`, and the job that will do it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant has no such connection. [`Error::Conflict`] while a run of the connection is
    /// queued or running, and when the connection or the tenant is left alone.
    pub async fn start_sync(&self, start: StartSync) -> Result<sync_run::Model> {
        let StartSync {
            tenant,
            connection,
            request,
        } = start;
        if request.kind_override.is_some() {
            let sentence = "only a sync can be queued";
            return Err(Error::Invalid(sentence.to_owned()));
        }
        let tx = self.engine.database.begin().await?;
        let connection = locked(&tx, tenant, connection).await?;
        require_synced(&tx, &connection).await?;
        require_idle(&tx, &connection, self.engine.clock.now()).await?;
        let queued = RunStatus::Queued;
        let run = record::begin(&self.engine, &tx, &connection, &request, queued).await?;
        let job = SyncJob::new(&run, &request);
        if !queue::enqueue(&tx, run.id.as_uuid(), &job).await? {
            return Err(busy(queued));
        }
        tx.commit().await.attempt("start the run")?;
        info!(run.id = %run.id, "run queued");
        Ok(run)
    }
}

/// Reads the connection and makes other starts wait until this one is decided.
async fn locked(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<connection::Model> {
    let row = connection::Entity::owned_by(tenant)
        .filter(connection::COLUMN.id.eq(connection))
        .lock_exclusive()
        .one(db)
        .await
        .attempt("read the connection")?;
    row.ok_or_else(|| Error::NotFound {
        what: "connection",
        name: connection.to_string(),
    })
}

/// Refuses connections that cron would leave alone, too.
async fn require_synced(db: &impl ConnectionTrait, connection: &connection::Model) -> Result<()> {
    let tenant = tenant::Entity::find_by_id(connection.tenant_id)
        .one(db)
        .await
        .attempt("read the tenant")?;
    let is_active = tenant.is_some_and(|tenant| tenant.status == TenantStatus::Active);
    let sentence = match connection.status {
        _ if !is_active => "the tenant is not active; nothing of it is synced",
        ConnectionStatus::Paused => "the connection is paused; resume it first",
        ConnectionStatus::NeedsCredentials => {
            "the upstream refused the connection's credentials; set new ones first"
        }
        ConnectionStatus::Active => return Ok(()),
    };
    Err(Error::Conflict(sentence.to_owned()))
}

/// Refuses while a run of the connection is queued or running.
async fn require_idle(
    db: &impl ConnectionTrait,
    connection: &connection::Model,
    now: Timestamp,
) -> Result<()> {
    if connection.lease_expires_at.is_some_and(|until| until > now) {
        return Err(busy(RunStatus::Running));
    }
    let key = SyncJob::key_of(connection.id);
    let Some(id) = queue::holder_of::<SyncJob>(db, key).await? else {
        return Ok(());
    };
    let run = sync_run::Entity::owned_by(connection.tenant_id)
        .filter(sync_run::COLUMN.id.eq(SyncRunId::from_uuid(id)))
        .one(db)
        .await
        .attempt("read the run")?;
    match run {
        Some(run) if run.finished_at.is_none() => Err(busy(run.status)),
        // Its worker is about to notice that there is nothing left to do.
        _ => queue::remove(db, id).await,
    }
}

fn busy(status: RunStatus) -> Error {
    Error::Conflict(format!("a sync of this connection is {status} already"))
}
