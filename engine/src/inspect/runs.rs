//! The history of runs.

use std::collections::HashMap;

use entity::{SyncRunId, TenantId, connection, sync_run, sync_run_stream, tenant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::run::RunReport;

/// Returns the last `limit` runs of `tenant`, or of all tenants, the newest first, without streams.
pub async fn list_runs(
    database: &Database,
    tenant: Option<TenantId>,
    limit: u64,
) -> Result<Vec<RunReport>> {
    let runs = match tenant {
        Some(tenant) => sync_run::Entity::owned_by(tenant),
        None => sync_run::Entity::find(),
    };
    let runs = runs
        .order_by_desc(sync_run::Column::StartedAt)
        .order_by_desc(sync_run::Column::Id)
        .limit(limit)
        .all(database.reader())
        .await
        .attempt("read the runs")?;
    reports(database, runs).await
}

/// Returns one run with its streams.
pub async fn show_run(database: &Database, id: SyncRunId) -> Result<RunReport> {
    let db = database.reader();
    let not_found = || Error::NotFound {
        what: "run",
        name: id.to_string(),
    };
    let run = sync_run::Entity::find_by_id(id)
        .one(db)
        .await
        .attempt("read the run")?
        .ok_or_else(not_found)?;
    let streams = sync_run_stream::Entity::owned_by(run.tenant_id)
        .filter(sync_run_stream::COLUMN.run_id.eq(id))
        .all(db)
        .await
        .attempt("read the run's counters")?;
    let report = reports(database, vec![run])
        .await?
        .pop()
        .ok_or_else(not_found)?;
    Ok(report.with_streams(streams))
}

async fn reports(database: &Database, runs: Vec<sync_run::Model>) -> Result<Vec<RunReport>> {
    let db = database.reader();
    let tenants = tenant::Entity::find()
        .filter(tenant::Column::Id.is_in(runs.iter().map(|run| run.tenant_id)))
        .all(db)
        .await
        .attempt("read the tenants")?;
    let slugs: HashMap<_, _> = tenants
        .into_iter()
        .map(|tenant| (tenant.id, tenant.slug))
        .collect();
    let connections = connection::Entity::find()
        .filter(connection::Column::Id.is_in(runs.iter().map(|run| run.connection_id)))
        .all(db)
        .await
        .attempt("read the connections")?;
    let connections: HashMap<_, _> = connections
        .into_iter()
        .map(|connection| (connection.id, connection))
        .collect();
    let report = |run: sync_run::Model| {
        let connection = connections.get(&run.connection_id)?;
        let slug = slugs.get(&run.tenant_id)?;
        Some(RunReport::new(run, slug, connection))
    };
    Ok(runs.into_iter().filter_map(report).collect())
}
