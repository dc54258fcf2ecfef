//! How the messages of connections stand.

use std::collections::HashMap;

use entity::webhook_event::{self, Column};
use entity::{ConnectionId, TenantId, Timestamp, connection};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QuerySelect};
use serde::Serialize;

use crate::error::{Attempt, Result};

/// How the messages of a connection stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookFigures {
    /// When the last one came in.
    pub last_received_at: Timestamp,
    /// Those whose record is still to be read.
    pub waiting: u64,
    /// Those whose record could not be read for too long.
    pub failed: u64,
}

#[derive(FromQueryResult)]
struct Row {
    connection_id: ConnectionId,
    last_received_at: Option<Timestamp>,
    waiting: i64,
    failed: i64,
}

/// Returns how the messages of the connections of `tenants` stand; connections that never had one are absent.
pub(crate) async fn figures(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, WebhookFigures>> {
    let rows = connection::Entity::across(tenants.iter().copied())
        .select_only()
        .column_as(connection::Column::Id, "connection_id")
        .expr_as(last_received(), "last_received_at")
        .expr_as(count_of(WAITING), "waiting")
        .expr_as(count_of("status = 'failed'"), "failed")
        .into_model::<Row>()
        .all(db)
        .await
        .attempt("count the webhooks")?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let figures = |row: Row| {
        let figures = WebhookFigures {
            last_received_at: row.last_received_at?,
            waiting: count(row.waiting),
            failed: count(row.failed),
        };
        Some((row.connection_id, figures))
    };
    Ok(rows.into_iter().filter_map(figures).collect())
}

/// Those whose record is still to be read, in the words of an index. They have a stream, all of them; without that SQLite
/// takes the index of another question, and looks at every message.
pub(super) const WAITING: &str = "status = 'received' AND stream > ''";

/// Each question is answered from an index, however many messages there are.
fn of_connection(what: Expr) -> SelectStatement {
    let own = |column: Column| Expr::col((webhook_event::Entity, column));
    let same = |column: Column, other: connection::Column| {
        own(column).eq(Expr::col((connection::Entity, other)))
    };
    Query::select()
        .expr(what)
        .from(webhook_event::Entity)
        .and_where(same(Column::TenantId, connection::Column::TenantId))
        .and_where(same(Column::ConnectionId, connection::Column::Id))
        .take()
}

fn last_received() -> Expr {
    subquery(of_connection(Column::ReceivedAt.max()))
}

/// The condition is in the words of an index, which holds only such messages.
fn count_of(condition: &'static str) -> Expr {
    let mut query = of_connection(Column::Id.count());
    query.and_where(Expr::cust(condition));
    subquery(query)
}

fn subquery(query: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(query.into()))
}
