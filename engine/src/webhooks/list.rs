//! Looking at what came in.

use entity::webhook_event::{self, Column, WebhookStatus};
use entity::{ConnectionId, Stream, SyncRunId, TenantId, Timestamp, WebhookEventId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DerivePartialModel, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::Serialize;

use crate::error::{Attempt, Result};

/// Which messages are wanted.
#[derive(Debug, Clone, Copy)]
pub struct EventQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only those of this connection.
    pub connection: Option<ConnectionId>,
    /// Only those of which this became.
    pub status: Option<WebhookStatus>,
    /// Only those that came in then or later.
    pub since: Option<Timestamp>,
    /// Only those that come after this one in the order of the list.
    pub after: Option<(Timestamp, WebhookEventId)>,
    /// At most so many.
    pub limit: u64,
}

/// A message, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DerivePartialModel)]
#[sea_orm(entity = "webhook_event::Entity")]
#[serde(rename_all = "camelCase")]
pub struct EventEntry {
    /// The message.
    pub id: WebhookEventId,
    /// The connection it came in for.
    pub connection_id: ConnectionId,
    /// What happened, in the upstream's word.
    pub event: String,
    /// The stream of the record it is about, where that is mirrored.
    pub stream: Option<Stream>,
    /// What identifies that record upstream.
    pub upstream_id: Option<String>,
    /// When it happened, by the upstream's clock.
    pub acted_at: Option<Timestamp>,
    /// When it came in.
    pub received_at: Timestamp,
    /// What became of it.
    pub status: WebhookStatus,
    /// Readings of the record that failed.
    pub attempts: i32,
    /// Why the status is what it is.
    pub reason: Option<String>,
    /// When it came to its end.
    pub processed_at: Option<Timestamp>,
    /// The last run that read the record for it.
    pub run_id: Option<SyncRunId>,
}

/// Returns messages, the newest first.
pub async fn list_events(db: &impl ConnectionTrait, query: EventQuery) -> Result<Vec<EventEntry>> {
    let EventQuery {
        tenant,
        connection,
        status,
        since,
        after,
        limit,
    } = query;
    let mut filter = Condition::all()
        .add_option(connection.map(|connection| Column::ConnectionId.eq(connection)))
        .add_option(status.map(|status| Column::Status.eq(status)))
        .add_option(since.map(|since| Column::ReceivedAt.gte(since)));
    if let Some((received_at, id)) = after {
        let same_moment = Column::ReceivedAt.eq(received_at).and(Column::Id.lt(id));
        filter = filter.add(Column::ReceivedAt.lt(received_at).or(same_moment));
    }
    let rows = webhook_event::Entity::owned_by(tenant)
        .filter(filter)
        .order_by_desc(Column::ReceivedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .into_partial_model::<EventEntry>()
        .all(db)
        .await;
    rows.attempt("list the webhooks")
}
