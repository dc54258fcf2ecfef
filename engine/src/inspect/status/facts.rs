//! What the state of tenants is judged from: a few queries, however many tenants there are.

use std::collections::HashMap;

use entity::sync_run::{self, RunKind, RunStatus};
use entity::{ConnectionId, Stream, TenantId, connection, rejected_record, stream_state, tenant};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use super::StreamState;
use crate::error::{Attempt, Result};
use crate::lease::{self, Hold};
use crate::webhooks::{self, WebhookFigures};

/// How much is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Only what freshness follows from.
    Freshness,
    /// Streams, rejects and webhooks, too.
    Everything,
}

/// What is known of a connection.
pub(super) struct Facts {
    pub(super) connection: connection::Model,
    /// The last run that was meant to bring the mirror up to date and that nobody cancelled.
    pub(super) last_run: Option<sync_run::Model>,
    pub(super) open_reject_count: u64,
    pub(super) streams: Vec<StreamState>,
    pub(super) webhooks: Option<WebhookFigures>,
    /// The connection's lease, where somebody has it.
    pub(super) hold: Option<Hold>,
}

/// What is known of many tenants' connections.
pub(super) struct FactsByTenant(HashMap<TenantId, Vec<Facts>>);

impl FactsByTenant {
    /// Takes out what is known of `tenant`'s connections, by name.
    pub(super) fn take(&mut self, tenant: &tenant::Model) -> Vec<Facts> {
        self.0.remove(&tenant.id).unwrap_or_default()
    }
}

/// Asks what is known of the connections of `tenants`.
pub(super) async fn load(
    db: &impl ConnectionTrait,
    tenants: &[tenant::Model],
    detail: Detail,
) -> Result<FactsByTenant> {
    let tenants: Vec<_> = tenants.iter().map(|tenant| tenant.id).collect();
    let connections = connection::Entity::across(tenants.iter().copied())
        .order_by_asc(connection::Column::Name)
        .all(db)
        .await
        .attempt("read the connections")?;
    let mut last_runs = last_runs(db, &tenants).await?;
    let mut holds = lease::holds(db, &tenants).await?;
    let (mut rejects, mut streams, mut webhooks) = match detail {
        Detail::Freshness => Default::default(),
        Detail::Everything => (
            open_rejects(db, &tenants).await?,
            streams(db, &tenants).await?,
            webhooks::figures(db, &tenants).await?,
        ),
    };
    let mut facts: HashMap<_, Vec<_>> = HashMap::new();
    for connection in connections {
        facts.entry(connection.tenant_id).or_default().push(Facts {
            last_run: last_runs.remove(&connection.id),
            open_reject_count: rejects.remove(&connection.id).unwrap_or_default(),
            streams: streams.remove(&connection.id).unwrap_or_default(),
            webhooks: webhooks.remove(&connection.id),
            hold: holds.remove(&connection.id),
            connection,
        });
    }
    Ok(FactsByTenant(facts))
}

async fn last_runs(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, sync_run::Model>> {
    let last: SelectStatement = Query::select()
        .expr(last_run_of_connection())
        .from(connection::Entity)
        .and_where(connection::Column::TenantId.is_in(tenants.iter().copied()))
        .to_owned();
    // The ids are those of the tenants; each tenant with each id would be too many pairs to look for.
    let runs = sync_run::Entity::of_all_tenants()
        .filter(sync_run::Column::Id.in_subquery(last))
        .all(db)
        .await
        .attempt("read the last runs")?;
    Ok(runs
        .into_iter()
        .map(|run| (run.connection_id, run))
        .collect())
}

/// Selects, within a query of connections, the id of the last run that was meant to bring the mirror up to
/// date and that nobody cancelled.
fn last_run_of_connection() -> Expr {
    use sync_run::Column;
    let earlier = Alias::new("earlier");
    let column = |column: Column| Expr::col((earlier.clone(), column));
    let of_connection = |own: Column, connections: connection::Column| {
        column(own).eq(Expr::col((connection::Entity, connections)))
    };
    let query = Query::select()
        .expr(column(Column::Id))
        .from_as(sync_run::Entity, earlier.clone())
        .and_where(of_connection(
            Column::TenantId,
            connection::Column::TenantId,
        ))
        .and_where(of_connection(Column::ConnectionId, connection::Column::Id))
        // In the words of an index, which holds only such runs.
        .and_where(Expr::cust("earlier.kind <> 'record'"))
        .and_where(
            column(Column::Kind).is_not_in([RunKind::Verify.as_str(), RunKind::Replay.as_str()]),
        )
        .and_where(column(Column::DryRun).eq(false))
        // What never began, or was not let finish, says nothing of the data.
        .and_where(column(Column::Status).is_not_in([
            RunStatus::Queued.as_str(),
            RunStatus::Skipped.as_str(),
            RunStatus::Cancelled.as_str(),
        ]))
        .order_by((earlier.clone(), Column::StartedAt), sea_orm::Order::Desc)
        .order_by((earlier.clone(), Column::Id), sea_orm::Order::Desc)
        .limit(1)
        .to_owned();
    Expr::SubQuery(None, Box::new(query.into()))
}

#[derive(FromQueryResult)]
struct RejectCount {
    connection_id: ConnectionId,
    count: i64,
}

async fn open_rejects(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, u64>> {
    use rejected_record::Column;
    let counts = rejected_record::Entity::across(tenants.iter().copied())
        .filter(Column::ResolvedAt.is_null())
        .select_only()
        .column(Column::ConnectionId)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::ConnectionId)
        .into_model::<RejectCount>()
        .all(db)
        .await
        .attempt("count rejected records")?;
    let count = |row: RejectCount| (row.connection_id, row.count.unsigned_abs());
    Ok(counts.into_iter().map(count).collect())
}

/// Returns what was read of each connection's streams, in the order of [`Stream::ALL`].
async fn streams(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, Vec<StreamState>>> {
    let mut rows = stream_state::Entity::across(tenants.iter().copied())
        .all(db)
        .await
        .attempt("read the streams' states")?;
    rows.sort_by_key(|row| Stream::ALL.iter().position(|stream| *stream == row.stream));
    let mut streams: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let state = StreamState {
            stream: row.stream,
            last_read_at: row.last_read_at,
            oldest_read_at: row.oldest_read_at,
        };
        streams.entry(row.connection_id).or_default().push(state);
    }
    Ok(streams)
}
