//! The history of runs.

use std::collections::HashMap;

use entity::sync_run::{RunKind, RunStatus};
use entity::{
    ConnectionId, SyncRunId, TenantId, Timestamp, connection, sync_run, sync_run_stream, tenant,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::lease::{self, Hold};
use crate::run::RunReport;
use crate::run::progress::is_stalled;

/// What runs did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunScope {
    /// Anything.
    All,
    /// Anything but read one record: there may be thousands of those between two syncs.
    NoRecords,
    /// They were meant to bring the mirror up to date: no comparison, dry run or replay, and not one record.
    Syncs,
}

/// Which runs are wanted.
#[derive(Debug, Clone, Copy)]
pub struct RunQuery {
    /// Only this tenant's; all tenants' when absent.
    pub tenant: Option<TenantId>,
    /// Only those that did this.
    pub scope: RunScope,
    /// Only those that come after the run with this start and id, in the order of the list.
    pub after: Option<(Timestamp, SyncRunId)>,
    /// At most so many.
    pub limit: u64,
}

/// In the words of an index, which holds only such runs: with the kind as a parameter SQLite could not use it.
const NO_RECORD: &str = "sync_runs.kind <> 'record'";

/// Returns runs with their streams, the newest first.
pub async fn list_runs(
    db: &impl ConnectionTrait,
    now: Timestamp,
    query: RunQuery,
) -> Result<Vec<RunReport>> {
    use sync_run::Column;
    let runs = match query.tenant {
        Some(tenant) => sync_run::Entity::owned_by(tenant),
        None => sync_run::Entity::of_all_tenants(),
    };
    let after = |(started_at, id): (Timestamp, SyncRunId)| {
        let same_start = Condition::all()
            .add(Column::StartedAt.eq(started_at))
            .add(Column::Id.lt(id));
        Condition::any()
            .add(Column::StartedAt.lt(started_at))
            .add(same_start)
    };
    let runs = runs
        .filter(query.after.map_or(Condition::all(), after))
        .filter(query.scope.condition())
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::Id)
        .limit(query.limit)
        .all(db)
        .await
        .attempt("read the runs")?;
    reports(db, now, runs).await
}

impl RunScope {
    fn condition(self) -> Condition {
        use sync_run::Column;
        let no_record = Condition::all().add(Expr::cust(NO_RECORD));
        match self {
            Self::All => Condition::all(),
            Self::NoRecords => no_record,
            Self::Syncs => no_record
                .add(Column::Kind.is_not_in([RunKind::Verify, RunKind::Replay]))
                .add(Column::DryRun.eq(false)),
        }
    }
}

/// Returns one run with its streams, of `tenant` or of any.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn show_run(
    database: &Database,
    clock: &Clock,
    tenant: Option<TenantId>,
    id: SyncRunId,
) -> Result<RunReport> {
    let db = database.begin_read().await?;
    let runs = match tenant {
        Some(tenant) => sync_run::Entity::owned_by(tenant),
        None => sync_run::Entity::of_all_tenants(),
    };
    let run = runs
        .filter(sync_run::COLUMN.id.eq(id))
        .one(&db)
        .await
        .attempt("read the run")?;
    let mut reports = reports(&db, clock.now(), run.into_iter().collect()).await?;
    reports.pop().ok_or_else(|| Error::NotFound {
        what: "run",
        name: id.to_string(),
    })
}

async fn reports(
    db: &impl ConnectionTrait,
    now: Timestamp,
    runs: Vec<sync_run::Model>,
) -> Result<Vec<RunReport>> {
    let tenants = tenant::Entity::find()
        .filter(tenant::Column::Id.is_in(runs.iter().map(|run| run.tenant_id)))
        .all(db)
        .await
        .attempt("read the tenants")?;
    let tenants: HashMap<_, _> = tenants.into_iter().map(|row| (row.id, row)).collect();
    let connections = connection::Entity::across(runs.iter().map(|run| run.tenant_id))
        .filter(connection::Column::Id.is_in(runs.iter().map(|run| run.connection_id)))
        .all(db)
        .await
        .attempt("read the connections")?;
    let connections: HashMap<_, _> = connections.into_iter().map(|row| (row.id, row)).collect();
    let mut streams = streams(db, &runs).await?;
    let holds = holds(db, &runs).await?;
    let report = |run: sync_run::Model| {
        let connection = connections.get(&run.connection_id)?;
        let slug = &tenants.get(&run.tenant_id)?.slug;
        let streams = streams.remove(&run.id).unwrap_or_default();
        Some(RunReport {
            is_stalled: is_stalled(&run, holds.get(&run.connection_id), now),
            ..RunReport::new(run, slug, connection).with_streams(streams)
        })
    };
    Ok(runs.into_iter().filter_map(report).collect())
}

/// Returns the leases of the connections whose runs go on.
async fn holds(
    db: &impl ConnectionTrait,
    runs: &[sync_run::Model],
) -> Result<HashMap<ConnectionId, Hold>> {
    let running = runs.iter().filter(|run| run.status == RunStatus::Running);
    let tenants: Vec<_> = running.map(|run| run.tenant_id).collect();
    match tenants.as_slice() {
        [] => Ok(HashMap::new()),
        tenants => lease::holds(db, tenants).await,
    }
}

async fn streams(
    db: &impl ConnectionTrait,
    runs: &[sync_run::Model],
) -> Result<HashMap<SyncRunId, Vec<sync_run_stream::Model>>> {
    let rows = sync_run_stream::Entity::across(runs.iter().map(|run| run.tenant_id))
        .filter(sync_run_stream::Column::RunId.is_in(runs.iter().map(|run| run.id)))
        .all(db)
        .await
        .attempt("read the runs' counters")?;
    let mut streams: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        streams.entry(row.run_id).or_default().push(row);
    }
    Ok(streams)
}
