//! Has the records of messages read once more.

use std::collections::BTreeSet;

use entity::webhook_event::{self, Column, WebhookStatus};
use entity::{ConnectionId, Stream, TenantId, Timestamp, WebhookEventId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use serde_json::json;

use super::job::dirty;
use crate::admin::{Act, Admin};
use crate::clock::Clock;
use crate::error::{Attempt, Result};
use crate::run::RecordRef;
use crate::work::enqueue;

/// A message, and the record that it is about.
type Event = (WebhookEventId, ConnectionId, Option<Stream>, Option<String>);

/// Messages that are taken up in one transaction.
const CHUNK: u64 = 500;

/// Which messages are meant.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// Whose.
    pub tenant: TenantId,
    /// Only those of this connection.
    pub connection: Option<ConnectionId>,
    /// Those that came in then or later,
    pub from: Timestamp,
    /// and before then.
    pub to: Option<Timestamp>,
    /// Also those that were processed; else those that failed and those that wait.
    pub is_all: bool,
}

/// Has workers take up messages as if they had come in just now; returns how many.
///
/// Those that are about nothing that is mirrored are left out. Doing it twice does no more than doing it once.
pub async fn replay_events(admin: &Admin<'_>, replay: Replay) -> Result<u64> {
    let mut count: u64 = 0;
    let mut last = None;
    loop {
        let tx = admin.begin().await?;
        let events = chunk(&tx, replay, last).await?;
        let Some((id, ..)) = events.last() else {
            admin.commit(tx, act(replay, count)).await?;
            return Ok(count);
        };
        last = Some(*id);
        count += u64::try_from(events.len()).unwrap_or_default();
        take_up(&tx, admin.clock, replay.tenant, &events).await?;
        tx.commit().await.attempt("take the webhooks up again")?;
    }
}

fn act(replay: Replay, count: u64) -> Act {
    Act {
        tenant: Some(replay.tenant),
        action: "replay_webhooks",
        object_type: "tenant",
        object_id: replay.tenant.to_string(),
        detail: json!({ "from": replay.from, "to": replay.to, "all": replay.is_all, "webhooks": count }),
    }
}

async fn chunk(
    tx: &DatabaseTransaction,
    replay: Replay,
    after: Option<WebhookEventId>,
) -> Result<Vec<Event>> {
    let Replay {
        tenant,
        connection,
        from,
        to,
        is_all,
    } = replay;
    let mut statuses = vec![WebhookStatus::Received, WebhookStatus::Failed];
    statuses.extend(is_all.then_some(WebhookStatus::Processed));
    let mut events = webhook_event::Entity::owned_by(tenant)
        .select_only()
        .column(Column::Id)
        .column(Column::ConnectionId)
        .column(Column::Stream)
        .column(Column::UpstreamId)
        .filter(Column::ReceivedAt.gte(from))
        .filter(Column::Status.is_in(statuses))
        .order_by_asc(Column::Id)
        .limit(CHUNK);
    if let Some(connection) = connection {
        events = events.filter(Column::ConnectionId.eq(connection));
    }
    if let Some(to) = to {
        events = events.filter(Column::ReceivedAt.lt(to));
    }
    if let Some(after) = after {
        events = events.filter(Column::Id.gt(after));
    }
    let ids = events.into_tuple().all(tx).await;
    ids.attempt("read the webhooks")
}

async fn take_up(
    tx: &DatabaseTransaction,
    clock: &Clock,
    tenant: TenantId,
    events: &[Event],
) -> Result<()> {
    webhook_event::Entity::update_many()
        .col_expr(
            Column::Status,
            Expr::value(WebhookStatus::Received.as_str()),
        )
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::LookCount, Expr::value(0))
        .col_expr(Column::NotBefore, Expr::value(None::<Timestamp>))
        .col_expr(Column::ProcessedAt, Expr::value(None::<Timestamp>))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Id.is_in(events.iter().map(|(id, ..)| *id)))
        .exec(tx)
        .await
        .attempt("take the webhooks up again")?;
    let mut records = BTreeSet::new();
    for (_, connection, stream, upstream_id) in events {
        records.extend(
            stream
                .zip(upstream_id.as_ref())
                .map(|record| (connection, record)),
        );
    }
    for (connection, (stream, upstream_id)) in records {
        let record = RecordRef {
            stream,
            upstream_id: upstream_id.clone(),
        };
        let work = dirty(tenant, *connection, record, clock.now());
        enqueue(tx, clock, &work).await?;
    }
    Ok(())
}
