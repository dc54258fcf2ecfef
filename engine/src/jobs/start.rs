//! Starting a sync by hand: its run, and the place where it waits.

use entity::connection::{self, ConnectionStatus};
use entity::sync_run::{self, RunStatus};
use entity::tenant::{self, TenantStatus};
use entity::{ConnectionId, TenantId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use tracing::info;

use super::sync::Order;
use crate::error::{Attempt, Error, Result};
use crate::lease;
use crate::run::{Engine, SyncRequest, record};
use crate::work::{SYNC, Sql, announce};

/// The way to the queue, for whoever wants a sync.
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

    /// Records a run as `queued`, and has it wait for a worker.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant has no such connection. [`Error::Conflict`], at once, while a run of the
    /// connection is queued or running, and when the connection or the tenant is left alone.
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
        let database = &self.engine.database;
        let connection = find(database.reader(), tenant, connection).await?;
        require_synced(database.reader(), &connection).await?;
        let tx = database.begin().await?;
        // Of several starts at once the later ones see what the first one did. Nobody has this row for long.
        lease::lock(&tx, tenant, connection.id).await?;
        let queued = RunStatus::Queued;
        let run = record::begin(&self.engine, &tx, &connection, &request, queued).await?;
        if !self.queue(&tx, &connection, &run, &request).await? {
            tx.rollback().await.attempt("start the run")?;
            return Err(self.busy(&connection).await?);
        }
        tx.commit().await.attempt("start the run")?;
        database.wake_workers();
        info!(run.id = %run.id, "run queued");
        Ok(run)
    }

    /// Has `run` wait in the connection's row; tells whether no other one is there, nor anybody at the connection.
    async fn queue(
        &self,
        db: &impl ConnectionTrait,
        connection: &connection::Model,
        run: &sync_run::Model,
        request: &SyncRequest,
    ) -> Result<bool> {
        let mut sql = Sql::new(db, &self.engine.clock);
        let order = serde_json::to_value(Order::new(request))
            .map_err(|error| Error::Internal(format!("a request could not be written: {error}")))?;
        let (order, run) = (sql.bind(Some::<Value>(order)), sql.bind(run.id.as_uuid()));
        let is_long = sql.bind(request.is_long(connection));
        let (key, tenant) = (
            sql.bind(connection.id.to_string()),
            sql.bind(connection.tenant_id.as_uuid()),
        );
        let (due_at, now) = (sql.now(), sql.now());
        let text = format!(
            "UPDATE work SET payload = {order}, run_id = {run}, due_at = {due_at}, priority = -1, is_long = {is_long}, attempts = 0 \
             WHERE kind = '{SYNC}' AND key = {key} AND tenant_id = {tenant} \
             AND (expires_at IS NULL OR expires_at <= {now}) \
             AND NOT EXISTS (SELECT 1 FROM sync_runs r WHERE r.tenant_id = {tenant} AND r.id = work.run_id AND r.finished_at IS NULL)"
        );
        let queued = db.execute_raw(sql.statement(text)).await;
        let is_queued = queued.attempt("queue the run")?.rows_affected() == 1;
        if is_queued {
            announce(db).await?;
        }
        Ok(is_queued)
    }

    async fn busy(&self, connection: &connection::Model) -> Result<Error> {
        let db = self.engine.database.reader();
        let hold = lease::hold_of(db, connection.tenant_id, connection.id).await?;
        let status = match hold {
            Some(hold) if hold.is_live(self.engine.clock.now()) => RunStatus::Running,
            _ => RunStatus::Queued,
        };
        let sentence = format!("a sync of this connection is {status} already");
        Ok(Error::Conflict(sentence))
    }
}

async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<connection::Model> {
    let row = connection::Entity::owned_by(tenant)
        .filter(connection::COLUMN.id.eq(connection))
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
