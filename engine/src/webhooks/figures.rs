//! How the messages of connections stand.

use std::collections::HashMap;

use entity::webhook_event::{self, Column, WebhookStatus};
use entity::{ConnectionId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
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
    last_received_at: Timestamp,
    waiting: i64,
    failed: i64,
}

/// Returns how the messages of the connections of `tenants` stand; connections that never had one are absent.
pub(crate) async fn figures(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<ConnectionId, WebhookFigures>> {
    let rows = webhook_event::Entity::find()
        .filter(Column::TenantId.is_in(tenants.iter().copied()))
        .select_only()
        .column(Column::ConnectionId)
        .column_as(Column::ReceivedAt.max(), "last_received_at")
        .column_as(count_of(WebhookStatus::Received), "waiting")
        .column_as(count_of(WebhookStatus::Failed), "failed")
        .group_by(Column::ConnectionId)
        .into_model::<Row>()
        .all(db)
        .await
        .attempt("count the webhooks")?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let figures = |row: &Row| WebhookFigures {
        last_received_at: row.last_received_at,
        waiting: count(row.waiting),
        failed: count(row.failed),
    };
    let rows = rows.iter();
    Ok(rows.map(|row| (row.connection_id, figures(row))).collect())
}

fn count_of(status: WebhookStatus) -> SimpleExpr {
    let is_so = Column::Status.eq(status);
    Expr::case(is_so, 1).finally(0).sum()
}
